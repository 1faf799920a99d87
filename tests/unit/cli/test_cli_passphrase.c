/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/fd.h"
#include "base/mem.h"
#include "base/path.h"
#include "cli/cli.h"
#include "cli/cli_passphrase.h"
#include "support/tempdir.h"

static const struct cli no_program;

static int get(const char *directory, const char *text, struct secret *ret_passphrase,
	       struct err *err)
{
	CLEANUP(mem_freep) char *path = path_join(directory, "pass");

	if (file_write(path, slice_of_string(text), 0600, FILE_REPLACE, err) < 0)
		return -1;
	return cli_passphrase_get(&no_program, path, "recovery.key", true, ret_passphrase,
				  err);
}

static void test_cli_passphrase_get__takes_the_first_line(void **state)
{
	CLEANUP(secret_release) struct secret passphrase = {0};
	struct err err = {0};

	assert_int_equal(get(*state, "horse staple\nsecond\n", &passphrase, &err), 0);
	assert_true(
		slice_equal(secret_slice(&passphrase), slice_of_string("horse staple")));
}

static void test_cli_passphrase_get__refuses_an_empty_one(void **state)
{
	struct secret passphrase = {0};
	struct err err = {0};

	assert_int_equal(get(*state, "\nsecond\n", &passphrase, &err), -1);
	assert_int_equal(err.code, ERR_USAGE);
	assert_non_null(strstr(err.msg, "the passphrase is empty"));
	assert_int_equal(get(*state, "", &passphrase, &err), -1);
	assert_non_null(strstr(err.msg, "the passphrase is empty"));
}

static void test_cli_passphrase_get__names_a_missing_file(void **state)
{
	struct secret passphrase = {0};
	struct err err = {0};

	(void)state;
	assert_int_equal(cli_passphrase_get(&no_program, "/nonexistent/p", "x", false,
					    &passphrase, &err),
			 -1);
	assert_int_equal(err.code, ERR_KEY);
	assert_non_null(strstr(err.msg, "/nonexistent/p"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		tempdir_test(test_cli_passphrase_get__takes_the_first_line),
		tempdir_test(test_cli_passphrase_get__refuses_an_empty_one),
		cmocka_unit_test(test_cli_passphrase_get__names_a_missing_file),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
