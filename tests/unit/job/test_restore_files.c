/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <sys/stat.h>

#include "job/restore_job.h"
#include "support/job_snapshot.h"

static int restore(const struct job_sample *sample, const char *target,
		   enum file_existing existing, struct restore_result *result,
		   struct err *err)
{
	CLEANUP(mem_freep) char *directory = path_join(sample->directory, target);
	struct restore_job job = {.target = directory,
				  .existing = existing,
				  .scratch_directory = sample->directory};
	struct job_opened opened;

	if (job_snapshot_open(sample, "recovery.key", "latest:files/a", &opened, err) < 0)
		return -1;
	int done = restore_job_files(opened.tree, &job, &sample->env, result, err);
	job_snapshot_close(&opened);
	return done;
}

/* What a restored file holds. */
static void expect_file(const struct job_sample *sample, const char *target,
			const char *name, const char *text)
{
	CLEANUP(mem_freep)
	char *path = mem_printf("%s/%s%s/data/%s", sample->directory, target,
				sample->directory, name);
	CLEANUP(buf_release) struct buf bytes = {0};
	struct err err = {0};

	buf_init(&bytes, 0);
	if (file_read(path, 1024, &bytes, &err) < 0)
		fail_msg("%s", err.msg);
	assert_string_equal(buf_string(&bytes), text);
}

static void test_restore_job_files__writes_the_tree(void **state)
{
	struct restore_result result;
	struct err err = {0};

	restore_result_init(&result);
	if (restore(*state, "a", FILE_EXISTING_REFUSE, &result, &err) < 0)
		fail_msg("%s", err.msg);
	assert_int_equal(result.files, 3);
	assert_int_equal(result.bytes, 11);
	expect_file(*state, "a", "one", "first");
	expect_file(*state, "a", "sub/two", "second");
	expect_file(*state, "a", "sub/again", "first");
	restore_result_release(&result);
}

static void test_restore_job_files__existing_is_refused_skipped_or_replaced(void **state)
{
	const struct job_sample *sample = *state;
	CLEANUP(mem_freep)
	char *one = mem_printf("%s/b%s/data/one", sample->directory, sample->directory);
	struct restore_result result;
	struct err err = {0};

	restore_result_init(&result);
	assert_int_equal(restore(sample, "b", FILE_EXISTING_REFUSE, &result, &err), 0);
	assert_int_equal(
		file_write(one, slice_of_string("mine"), 0644, FILE_REPLACE, &err), 0);
	assert_int_equal(restore(sample, "b", FILE_EXISTING_REFUSE, &result, &err), -1);
	assert_int_equal(err.code, ERR_TARGET);
	expect_file(sample, "b", "one", "mine");
	err_clear(&err);
	assert_int_equal(restore(sample, "b", FILE_EXISTING_SKIP, &result, &err), 0);
	expect_file(sample, "b", "one", "mine");
	assert_int_equal(restore(sample, "b", FILE_EXISTING_REPLACE, &result, &err), 0);
	expect_file(sample, "b", "one", "first");
	restore_result_release(&result);
}

static void test_restore_job_plan__counts_and_writes_nothing(void **state)
{
	const struct job_sample *sample = *state;
	CLEANUP(mem_freep) char *directory = path_join(sample->directory, "c");
	struct restore_job job = {.target = directory,
				  .scratch_directory = sample->directory};
	struct restore_plan_result plan;
	struct job_opened opened;
	struct err err = {0};
	struct stat st;

	assert_int_equal(job_snapshot_open(sample, "recovery.key", "latest:files/a",
					   &opened, &err),
			 0);
	if (restore_job_plan(opened.tree, &job, &sample->env, &plan, &err) < 0)
		fail_msg("%s", err.msg);
	assert_int_equal(plan.files, 3);
	assert_int_equal(plan.write_bytes, 16);
	assert_in_range(plan.requests, 1, 3);
	assert_int_equal(stat(directory, &st), -1);
	job_snapshot_close(&opened);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_restore_job_files__writes_the_tree),
		cmocka_unit_test(
			test_restore_job_files__existing_is_refused_skipped_or_replaced),
		cmocka_unit_test(test_restore_job_plan__counts_and_writes_nothing),
	};
	return cmocka_run_group_tests(tests, job_snapshot_setup, job_sample_teardown);
}
