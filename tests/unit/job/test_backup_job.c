/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/fd.h"
#include "job/backup_job.h"
#include "support/job_sample.h"

/* A directory with two files, as the only root. */
static void make_files(const struct job_sample *sample, struct strings *roots)
{
	CLEANUP(mem_freep) char *directory = path_join(sample->directory, "data");
	CLEANUP(mem_freep) char *one = path_join(directory, "one");
	CLEANUP(mem_freep) char *two = path_join(directory, "two");
	struct err err = {0};

	if (directory_create(directory, 0755, &err) < 0 ||
	    file_write(one, slice_of_string("first"), 0644, FILE_REPLACE, &err) < 0 ||
	    file_write(two, slice_of_string("second"), 0644, FILE_REPLACE, &err) < 0)
		fail_msg("%s", err.msg);
	strings_init(roots);
	strings_add(roots, directory);
}

static int back_up(const struct job_sample *sample, const char *key,
		   const struct backup_job *job, struct run_report *report,
		   struct err *err)
{
	struct strings warnings;
	struct job_repo repo;

	if (job_sample_open(sample, key, &repo, err) < 0)
		return -1;
	strings_init(&warnings);
	int result = backup_job_run(&repo, job, &sample->env, &warnings, report, err);
	strings_release(&warnings);
	job_repo_release(&repo);
	return result;
}

static void test_backup_job_run__makes_snapshots_that_share_what_is_equal(void **state)
{
	const struct job_sample *sample = *state;
	struct strings roots;
	struct backup_job job = {.stream = "files/a",
				 .source = BACKUP_FILES,
				 .roots = &roots,
				 .program = "test"};
	struct run_report report;
	struct err err = {0};

	make_files(sample, &roots);
	if (back_up(sample, "writer.key", &job, &report, &err) < 0)
		fail_msg("%s", err.msg);
	assert_int_equal(report.files, 2);
	assert_int_equal(report.bytes, 11);
	assert_int_equal(report.exit_code, 0);
	assert_true(report.new_bytes > 11);
	job.stream = "files/b"; /* another stream of the same domain */
	if (back_up(sample, "writer.key", &job, &report, &err) < 0)
		fail_msg("%s", err.msg);
	/* nothing but the directories above, whose times others change */
	assert_in_range(report.new_bytes, 0, 400);
	strings_release(&roots);
}

static void test_backup_job_run__expects_as_much_as_the_last_time(void **state)
{
	struct job_sample sample = *(const struct job_sample *)*state;
	struct progress progress;
	struct strings roots;
	struct backup_job job = {
		.stream = "files/again", .source = BACKUP_FILES, .roots = &roots};
	struct run_report report;
	struct err err = {0};

	sample.env.progress = &progress;
	progress_init(&progress);
	make_files(&sample, &roots);
	if (back_up(&sample, "writer.key", &job, &report, &err) < 0)
		fail_msg("%s", err.msg);
	assert_int_equal(atomic_load(&progress.expected_bytes), 0);
	progress_init(&progress);
	if (back_up(&sample, "writer.key", &job, &report, &err) < 0)
		fail_msg("%s", err.msg);
	assert_int_equal(atomic_load(&progress.expected_files), 2);
	assert_int_equal(atomic_load(&progress.expected_bytes), 11);
	assert_int_equal(atomic_load(&progress.bytes), 11);
	strings_release(&roots);
}

static void say(const struct log *log, enum log_level level, const char *text)
{
	if (level >= LOG_WARNING_LEVEL)
		strings_add(log->state, text);
}

static void test_backup_job_run__goes_on_without_a_cache_that_cannot_be(void **state)
{
	struct job_sample sample = *(const struct job_sample *)*state;
	struct strings roots, said;
	struct log log = {.write = say, .state = &said};
	struct backup_job job = {.stream = "files/uncached",
				 .source = BACKUP_FILES,
				 .roots = &roots,
				 .cache_directory = "/dev/null"};
	struct run_report report;
	struct err err = {0};

	sample.env.log = &log;
	strings_init(&said);
	make_files(&sample, &roots);
	if (back_up(&sample, "writer.key", &job, &report, &err) < 0)
		fail_msg("%s", err.msg);
	assert_int_equal(report.exit_code, 0);
	assert_int_equal(strings_count(&said), 1);
	assert_non_null(strstr(strings_at(&said, 0), "there is no cache, so all files "
						     "are read: /dev/null"));
	strings_release(&said);
	strings_release(&roots);
}

static void test_backup_job_run__another_domain_stores_anew(void **state)
{
	const struct job_sample *sample = *state;
	struct strings roots;
	struct backup_job job = {
		.stream = "else", .source = BACKUP_FILES, .roots = &roots};
	struct run_report report;
	struct err err = {0};

	make_files(sample, &roots);
	if (back_up(sample, "writer.key", &job, &report, &err) < 0)
		fail_msg("%s", err.msg);
	assert_true(report.new_bytes > 11);
	strings_release(&roots);
}

static void test_backup_job_run__a_dry_run_leaves_no_snapshot(void **state)
{
	const struct job_sample *sample = *state;
	struct strings roots;
	struct backup_job job = {.stream = "dry",
				 .source = BACKUP_FILES,
				 .roots = &roots,
				 .dry_run = true};
	const struct snapshot_header *header;
	struct snapshot_list list;
	struct run_report report;
	struct job_repo repo;
	struct err err = {0};

	make_files(sample, &roots);
	if (back_up(sample, "writer.key", &job, &report, &err) < 0)
		fail_msg("%s", err.msg);
	assert_true(report.dry_run);
	assert_int_equal(report.files, 2);
	assert_int_equal(job_sample_open(sample, "audit.pub", &repo, &err), 0);
	assert_int_equal(job_snapshot_find(&repo, "latest:dry", &sample->env, &list,
					   &header, &err),
			 -1);
	assert_int_equal(err.code, ERR_NOT_FOUND);
	job_repo_release(&repo);
	strings_release(&roots);
}

static void test_backup_job_run__a_command_that_fails_leaves_no_snapshot(void **state)
{
	const struct job_sample *sample = *state;
	struct backup_job job = {.stream = "cmd",
				 .source = BACKUP_COMMAND,
				 .command = "echo partial; exit 4",
				 .file_name = "out"};
	struct run_report report;
	struct err err = {0};

	assert_int_equal(back_up(sample, "writer.key", &job, &report, &err), -1);
	assert_int_equal(err.code, ERR_FAILED);
	assert_non_null(strstr(err.msg, "exit status 4"));
	job.command = "echo whole";
	err_clear(&err);
	assert_int_equal(back_up(sample, "writer.key", &job, &report, &err), 0);
	assert_int_equal(report.bytes, 6);
}

static void test_backup_job_run__wants_a_writer_key_and_a_good_name(void **state)
{
	const struct job_sample *sample = *state;
	struct backup_job job = {.stream = "x",
				 .source = BACKUP_COMMAND,
				 .command = "true",
				 .file_name = "f"};
	struct run_report report;
	struct err err = {0};

	assert_int_equal(back_up(sample, "recovery.key", &job, &report, &err), -1);
	assert_int_equal(err.code, ERR_KEY);
	err_clear(&err);
	job.stream = "a//b";
	assert_int_equal(back_up(sample, "writer.key", &job, &report, &err), -1);
	assert_int_equal(err.code, ERR_USAGE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			test_backup_job_run__makes_snapshots_that_share_what_is_equal),
		cmocka_unit_test(test_backup_job_run__expects_as_much_as_the_last_time),
		cmocka_unit_test(
			test_backup_job_run__goes_on_without_a_cache_that_cannot_be),
		cmocka_unit_test(test_backup_job_run__another_domain_stores_anew),
		cmocka_unit_test(test_backup_job_run__a_dry_run_leaves_no_snapshot),
		cmocka_unit_test(
			test_backup_job_run__a_command_that_fails_leaves_no_snapshot),
		cmocka_unit_test(test_backup_job_run__wants_a_writer_key_and_a_good_name),
	};
	return cmocka_run_group_tests(tests, job_sample_setup, job_sample_teardown);
}
