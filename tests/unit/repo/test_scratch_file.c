/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>

#include "base/fd.h"
#include "repo/scratch_file.h"
#include "support/tempdir.h"

static void test_open__gives_a_file_without_a_name(void **state)
{
	CLEANUP(fd_closep) int fd = -1;
	struct err err = {0};
	struct stat st;
	char byte = 0;

	assert_int_equal(scratch_file_open(*state, &fd, &err), 0);
	assert_int_equal(fstat(fd, &st), 0);
	assert_int_equal(st.st_nlink, 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(fd_pwrite_all(fd, 5, "x", 1, &err), 0);
	assert_int_equal(fd_pread_exact(fd, 5, &byte, 1, &err), 0);
	assert_int_equal(byte, 'x');
}

static void test_open__names_the_directory_that_fails(void **state)
{
	struct err err = {0};
	int fd;

	(void)state;
	assert_int_equal(scratch_file_open("/nonexistent", &fd, &err), -1);
	assert_string_equal(err.msg, "cannot make a scratch file in /nonexistent: "
				     "No such file or directory");
}

static void test_counters__count_down_each_for_itself(void **state)
{
	CLEANUP(scratch_counters_freep)
	struct scratch_counters *counters = scratch_counters_new(*state);
	struct err err = {0};
	uint32_t left;

	assert_int_equal(scratch_counters_set(counters, 7, 2, &err), 0);
	assert_int_equal(scratch_counters_set(counters, 4000000000U, 5, &err), 0);
	assert_int_equal(scratch_counters_down(counters, 7, &left, &err), 0);
	assert_int_equal(left, 1);
	assert_int_equal(scratch_counters_down(counters, 4000000000U, &left, &err), 0);
	assert_int_equal(left, 4);
	assert_int_equal(scratch_counters_down(counters, 7, &left, &err), 0);
	assert_int_equal(left, 0);
}

static void test_counters__refuse_to_fall_below_zero(void **state)
{
	static const uint32_t never_set[] = {0, 6, 100};
	CLEANUP(scratch_counters_freep)
	struct scratch_counters *counters = scratch_counters_new(*state);
	uint32_t left;

	for (size_t i = 0; i < ARRAY_SIZE(never_set); i++) {
		struct err err = {0};

		assert_int_equal(
			scratch_counters_down(counters, never_set[i], &left, &err), -1);
		assert_int_equal(err.code, ERR_BUG);
		err_clear(&err);
		assert_int_equal(scratch_counters_set(counters, 50, 1, &err), 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		tempdir_test(test_open__gives_a_file_without_a_name),
		cmocka_unit_test(test_open__names_the_directory_that_fails),
		tempdir_test(test_counters__count_down_each_for_itself),
		tempdir_test(test_counters__refuse_to_fall_below_zero),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
