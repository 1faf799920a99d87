/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "repo/init_keys.h"
#include "support/repo_fixture.h"

static int setup(void **state)
{
	struct repo_fixture *f = mem_zalloc(sizeof(*f));

	*state = f;
	return repo_fixture_begin(f, 31);
}

static int teardown(void **state)
{
	int failed = repo_fixture_release(*state);

	mem_free(*state);
	return failed;
}

static int run(struct repo_fixture *f, struct init_keys *ret_keys, struct err *err)
{
	struct repo_init_options options = repo_fixture_options(f, &f->passphrase);

	if (init_keys_find(&options, ret_keys, err) < 0)
		return -1;
	return init_keys_complete(&options, "memory:", ret_keys, err);
}

/* The same records and epoch key from the files alone, at another time. */
static void test_init_keys__makes_the_same_records_again(void **state)
{
	struct repo_fixture *f = *state;
	CLEANUP(init_keys_release) struct init_keys first = {0};
	CLEANUP(init_keys_release) struct init_keys again = {0};
	struct err err = {0};

	assert_int_equal(run(f, &first, &err), 0);
	assert_false(first.resumed);
	f->now += 99;
	assert_int_equal(run(f, &again, &err), 0);
	assert_true(again.resumed);
	for (size_t i = 0; i < INIT_RECORDS; i++)
		assert_true(slice_equal(buf_slice(&first.records[i]),
					buf_slice(&again.records[i])));
	assert_true(secret_equal(dh_private_bytes(first.epoch),
				 dh_private_bytes(again.epoch)));
	assert_true(again.time_nsec == f->now - 99);
}

static void copy(const char *from, const char *from_directory, const char *to,
		 const char *to_directory)
{
	CLEANUP(mem_freep) char *source = path_join(from_directory, from);
	CLEANUP(mem_freep) char *target = path_join(to_directory, to);
	CLEANUP(buf_release) struct buf text = {0};
	struct err err = {0};

	assert_int_equal(file_read(source, 1 << 20, &text, &err), 0);
	assert_int_equal(file_write(target, buf_slice(&text), 0600, FILE_REPLACE, &err),
			 0);
}

static void test_init_keys__refuses_files_of_two_repositories(void **state)
{
	struct repo_fixture *f = *state;
	static const char *const names[] = {"writer.key", "audit.pub"};
	struct repo_fixture other = {0};
	CLEANUP(init_keys_release) struct init_keys own = {0};
	CLEANUP(init_keys_release) struct init_keys others = {0};
	struct err err = {0};

	assert_int_equal(repo_fixture_begin(&other, 32), 0);
	assert_int_equal(run(f, &own, &err), 0);
	assert_int_equal(run(&other, &others, &err), 0);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		CLEANUP(init_keys_release) struct init_keys mixed = {0};
		CLEANUP(mem_freep)
		char *expected =
			mem_printf("%s: %s does not belong to the recovery.key beside it",
				   f->directory, names[i]);

		copy(names[i], f->directory, "saved", f->directory);
		copy(names[i], other.directory, names[i], f->directory);
		assert_int_equal(run(f, &mixed, &err), -1);
		assert_int_equal(err.code, ERR_EXISTS);
		assert_string_equal(err.msg, expected);
		copy("saved", f->directory, names[i], f->directory);
	}
	assert_int_equal(repo_fixture_release(&other), 0);
}

static void test_init_keys_find__refuses_another_role(void **state)
{
	struct repo_fixture *f = *state;
	CLEANUP(init_keys_release) struct init_keys keys = {0};
	CLEANUP(init_keys_release) struct init_keys again = {0};
	struct err err = {0};

	assert_int_equal(run(f, &keys, &err), 0);
	copy("audit.pub", f->directory, "recovery.key", f->directory);
	assert_int_equal(run(f, &again, &err), -1);
	assert_int_equal(err.code, ERR_KEY);
	assert_non_null(strstr(err.msg, "holds no recovery key"));
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(test_init_keys__makes_the_same_records_again),
		CASE(test_init_keys__refuses_files_of_two_repositories),
		CASE(test_init_keys_find__refuses_another_role),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
