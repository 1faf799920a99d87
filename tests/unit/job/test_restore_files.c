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

static int note_key(void *arg, const char *key, const struct store_info *info,
		    struct err *err)
{
	(void)info;
	(void)err;
	strings_add(arg, key);
	return 0;
}

/* Changes the first blob of a pack, or changes it back. */
static void flip(struct store *store, const char *key)
{
	struct store_put_options options = {.mode = STORE_PUT_REPLACE};
	CLEANUP(buf_release) struct buf pack = {0};
	struct err err = {0};

	buf_init(&pack, 0);
	assert_int_equal(store_get(store, key, 1 << 24, &pack, &err), 0);
	pack.data[180] ^= 1;
	assert_int_equal(store_put(store, key, buf_slice(&pack), &options, &err), 0);
}

/* The first blob of a pack of data is a file's, that of the other pack is the directory "sub".
 * Tells whether a file was lost. */
static bool loses_only_what_needs_it(const struct job_sample *sample, const char *target)
{
	struct restore_result result;
	struct err err = {0};
	bool is_file;

	restore_result_init(&result);
	assert_int_equal(restore(sample, target, FILE_EXISTING_REFUSE, &result, &err),
			 -1);
	assert_int_equal(err.code, ERR_CORRUPT);
	assert_non_null(strstr(err.msg, "could not be restored completely"));
	assert_in_range(result.lost, 1, 2);
	is_file = result.files + result.lost == 3;
	if (is_file && result.lost == 2)
		expect_file(sample, target, "sub/two", "second");
	else
		expect_file(sample, target, "one", "first");
	if (!is_file)
		assert_int_equal(result.files, 1);
	restore_result_release(&result);
	return is_file;
}

static void test_restore_job_files__restores_what_is_not_damaged(void **state)
{
	const struct job_sample *sample = *state;
	struct job_repo repo;
	struct strings packs;
	struct err err = {0};
	size_t n_lost = 0;

	assert_int_equal(job_sample_open(sample, "recovery.key", &repo, &err), 0);
	strings_init(&packs);
	assert_int_equal(store_list(repo.store, "packs/", note_key, &packs, NULL, &err),
			 0);
	for (size_t i = 0; i < strings_count(&packs); i++) {
		CLEANUP(mem_freep) char *target = mem_printf("damaged-%zu", i);

		flip(repo.store, strings_at(&packs, i));
		n_lost += loses_only_what_needs_it(sample, target);
		flip(repo.store, strings_at(&packs, i));
	}
	assert_in_range(n_lost, 1, 2);
	strings_release(&packs);
	job_repo_release(&repo);
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
		cmocka_unit_test(test_restore_job_files__restores_what_is_not_damaged),
		cmocka_unit_test(test_restore_job_plan__counts_and_writes_nothing),
	};
	return cmocka_run_group_tests(tests, job_snapshot_setup, job_sample_teardown);
}
