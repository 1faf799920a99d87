/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <signal.h>

#include "base/err.h"

static bool is_documented(int exit_code)
{
	for (const struct err_exit *row = err_exit_table(); row->meaning != NULL; row++) {
		const char *codes = row->codes;

		while (*codes != '\0') {
			char *end;

			if (strtol(codes, &end, 10) == exit_code)
				return true;
			codes = end + strspn(end, ", ");
		}
	}
	return false;
}

static void test_err_exit_table__documents_every_code(void **state)
{
	(void)state;
	for (int code = 0; code < ERR_CODE_COUNT; code++) {
		struct err err = {.code = (enum err_code)code, .signal = SIGINT};

		assert_true(is_documented(err_exit_code(&err)));
	}
}

static void test_err_exit_table__documents_signals(void **state)
{
	(void)state;
	assert_true(is_documented(128 + SIGHUP));
	assert_true(is_documented(128 + SIGINT));
	assert_true(is_documented(128 + SIGTERM));
	assert_false(is_documented(11));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_err_exit_table__documents_every_code),
		cmocka_unit_test(test_err_exit_table__documents_signals),
	};

	return cmocka_run_group_tests_name("base/err_exit", tests, NULL, NULL);
}
