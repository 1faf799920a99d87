/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <sys/stat.h>
#include <sys/syscall.h>

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

/* Files of a target that takes no times. */
static bool refuses_times;

/* Called in place of the C library's. */
int futimens(int fd, const struct timespec times[2])
{
	if (refuses_times) {
		errno = EPERM;
		return -1;
	}
	return (int)syscall(SYS_utimensat, fd, NULL, times, 0);
}

static void test_restore_job_files__tells_of_metadata_that_failed(void **state)
{
	struct restore_result result;
	struct err err = {0};

	restore_result_init(&result);
	refuses_times = true;
	int done = restore(*state, "timeless", FILE_EXISTING_REFUSE, &result, &err);
	refuses_times = false;
	if (done < 0)
		fail_msg("%s", err.msg);
	assert_int_equal(result.files, 3);
	assert_in_range(result.metadata.times, 4, 9); /* 2 inodes and their directories */
	assert_int_equal(strings_count(&result.warnings), 1);
	assert_non_null(strstr(strings_at(&result.warnings, 0),
			       "modification times that could not be restored: "));
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

/* The inode of the file that has a bad sector; 0: none. */
static ino_t bad_inode;

/* Called in place of the C library's. */
ssize_t pread(int fd, void *to, size_t len, off_t offset)
{
	struct stat st;

	if (bad_inode != 0 && fstat(fd, &st) == 0 && st.st_ino == bad_inode) {
		errno = EIO;
		return -1;
	}
	return syscall(SYS_pread64, fd, to, len, offset);
}

/* Makes a pack unreadable, or readable again. */
static void spoil(const struct job_sample *sample, const char *key)
{
	CLEANUP(mem_freep)
	char *path = mem_printf("%s/repo/%s", sample->directory, key);
	struct stat st;

	assert_int_equal(stat(path, &st), 0);
	bad_inode = bad_inode == 0 ? st.st_ino : 0;
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

static void list_packs(const struct job_repo *repo, struct strings *packs)
{
	struct err err = {0};

	strings_init(packs);
	assert_int_equal(store_list(repo->store, "packs/", note_key, packs, NULL, &err),
			 0);
}

static void test_restore_job_files__restores_what_is_not_damaged(void **state)
{
	const struct job_sample *sample = *state;
	struct job_repo repo;
	struct strings packs;
	struct err err = {0};
	size_t n_lost = 0;

	assert_int_equal(job_sample_open(sample, "recovery.key", &repo, &err), 0);
	list_packs(&repo, &packs);
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

static uint64_t lost_of_plan(const struct job_sample *sample)
{
	CLEANUP(mem_freep) char *directory = path_join(sample->directory, "planned");
	struct restore_job job = {.target = directory,
				  .scratch_directory = sample->directory};
	struct restore_plan_result plan;
	struct job_opened opened;
	struct err err = {0};

	assert_int_equal(job_snapshot_open(sample, "recovery.key", "latest:files/a",
					   &opened, &err),
			 0);
	if (restore_job_plan(opened.tree, &job, &sample->env, &plan, &err) < 0)
		fail_msg("%s", err.msg);
	job_snapshot_close(&opened);
	return plan.lost;
}

static uint64_t lost_of_restore(const struct job_sample *sample, const char *target)
{
	struct restore_result result;
	struct err err = {0};
	uint64_t lost;

	restore_result_init(&result);
	assert_int_equal(restore(sample, target, FILE_EXISTING_REFUSE, &result, &err),
			 -1);
	if (strstr(err.msg, "could not be restored completely") == NULL)
		fail_msg("%s", err.msg);
	assert_int_equal(err.code, ERR_CORRUPT);
	lost = result.lost;
	restore_result_release(&result);
	return lost;
}

/* One pack has the directories: only it shows in a plan. */
static void test_restore_job_files__goes_on_past_a_bad_sector(void **state)
{
	const struct job_sample *sample = *state;
	struct job_repo repo;
	struct strings packs;
	struct err err = {0};
	uint64_t n_planned = 0;

	assert_int_equal(job_sample_open(sample, "recovery.key", &repo, &err), 0);
	list_packs(&repo, &packs);
	for (size_t i = 0; i < strings_count(&packs); i++) {
		CLEANUP(mem_freep) char *target = mem_printf("unreadable-%zu", i);

		spoil(sample, strings_at(&packs, i));
		assert_in_range(lost_of_restore(sample, target), 1, 3);
		n_planned += lost_of_plan(sample);
		spoil(sample, strings_at(&packs, i));
	}
	assert_int_equal(n_planned, 1);
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
	assert_int_equal(plan.write_bytes, 11); /* as restored: linked once */
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
		cmocka_unit_test(test_restore_job_files__tells_of_metadata_that_failed),
		cmocka_unit_test(test_restore_job_files__restores_what_is_not_damaged),
		cmocka_unit_test(test_restore_job_files__goes_on_past_a_bad_sector),
		cmocka_unit_test(test_restore_job_plan__counts_and_writes_nothing),
	};
	return cmocka_run_group_tests(tests, job_snapshot_setup, job_sample_teardown);
}
