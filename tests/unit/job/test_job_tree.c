/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "support/job_snapshot.h"

static void test_job_tree_open__reads_the_body(void **state)
{
	struct job_opened opened;
	struct err err = {0};

	if (job_snapshot_open(*state, "recovery.key", "latest:files/a", &opened, &err) <
	    0)
		fail_msg("%s", err.msg);
	assert_string_equal(opened.tree->body.source_kind, "files");
	assert_int_equal(opened.tree->header->files, 3);
	assert_int_equal(job_tree_check(opened.tree, &err), 0);
	job_snapshot_close(&opened);
}

static void test_job_tree_open__wants_a_key_that_reads(void **state)
{
	struct job_opened opened;
	struct err err = {0};

	assert_int_equal(
		job_snapshot_open(*state, "writer.key", "latest:files/a", &opened, &err),
		-1);
	assert_int_equal(err.code, ERR_KEY);
	assert_non_null(strstr(err.hint, "cannot read what it wrote"));
}

static void test_job_tree_open__names_a_snapshot_that_is_not_there(void **state)
{
	struct job_opened opened;
	struct err err = {0};

	assert_int_equal(job_snapshot_open(*state, "recovery.key", "latest:files/b",
					   &opened, &err),
			 -1);
	assert_int_equal(err.code, ERR_NOT_FOUND);
}

static void test_job_tree_path__is_relative_and_clean(void **state)
{
	static const char *const cases[][2] = {{"/a/b", "a/b"},	 {"a//b/", "a/b"},
					       {"/a/../b", "b"}, {"../../a", "a"},
					       {"/", ""},	 {"./a/./b", "a/b"}};
	struct err err = {0};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(mem_freep) char *path = job_tree_path(cases[i][0], &err);

		assert_string_equal(path, cases[i][1]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_job_tree_open__reads_the_body),
		cmocka_unit_test(test_job_tree_open__wants_a_key_that_reads),
		cmocka_unit_test(test_job_tree_open__names_a_snapshot_that_is_not_there),
		cmocka_unit_test(test_job_tree_path__is_relative_and_clean),
	};
	return cmocka_run_group_tests(tests, job_snapshot_setup, job_sample_teardown);
}
