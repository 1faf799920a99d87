/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "support/job_sample.h"

static void test_job_repo_open__gives_each_key_its_rights(void **state)
{
	const struct writer_key *writer;
	const struct reader_key *reader;
	const struct owner_key *owner;
	const struct dedup_keys *dedup;
	struct job_repo repo;
	struct err err = {0};

	if (job_sample_open(*state, "writer.key", &repo, &err) < 0)
		fail_msg("%s", err.msg);
	assert_int_equal(job_repo_need_writer(&repo, &writer, &err), 0);
	assert_int_equal(job_repo_need_dedup(&repo, &dedup, &err), 0);
	assert_int_equal(job_repo_need_reader(&repo, &reader, &err), -1);
	assert_int_equal(err.code, ERR_KEY);
	assert_string_equal(err.msg,
			    "this is a writer key; expected a recovery or reader key");
	job_repo_release(&repo);
	err_clear(&err);
	if (job_sample_open(*state, "recovery.key", &repo, &err) < 0)
		fail_msg("%s", err.msg);
	assert_int_equal(job_repo_need_reader(&repo, &reader, &err), 0);
	assert_int_equal(job_repo_need_owner(&repo, &owner, &err), 0);
	assert_int_equal(job_repo_need_writer(&repo, &writer, &err), -1);
	assert_string_equal(err.msg, "this is a recovery key; expected a writer key");
	job_repo_release(&repo);
	err_clear(&err);
	if (job_sample_open(*state, "audit.pub", &repo, &err) < 0)
		fail_msg("%s", err.msg);
	assert_int_equal(job_repo_need_dedup(&repo, &dedup, &err), -1);
	assert_int_equal(err.code, ERR_KEY);
	assert_int_equal(job_repo_need_reader(&repo, &reader, &err), -1);
	assert_string_equal(err.msg,
			    "this is an audit key; expected a recovery or reader key");
	assert_non_null(strstr(err.hint, "audit.pub"));
	job_repo_release(&repo);
}

static void count_warning(const struct log *log, enum log_level level, const char *text)
{
	assert_int_equal(level, LOG_WARNING_LEVEL);
	assert_non_null(strstr(text, "is open to everybody"));
	++*(unsigned *)log->state;
}

/* How many warnings a key file of this mode is worth. */
static unsigned warnings_of(const struct job_sample *sample, const char *key, mode_t mode)
{
	CLEANUP(mem_freep) char *path = mem_printf("%s/keys/%s", sample->directory, key);
	struct job_repo_options options = {.url = sample->url, .key_file = path};
	struct job_env env = sample->env;
	unsigned n = 0;
	struct log log = {.write = count_warning, .state = &n};
	struct job_repo repo;
	struct err err = {0};
	struct stat st;

	env.log = &log;
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(chmod(path, mode), 0);
	assert_int_equal(job_repo_open(&options, &env, &repo, &err), 0);
	job_repo_release(&repo);
	assert_int_equal(chmod(path, st.st_mode & 07777), 0);
	return n;
}

static void test_job_repo_open__warns_of_keys_that_everybody_reads(void **state)
{
	assert_int_equal(warnings_of(*state, "writer.key", 0644), 1);
	assert_int_equal(warnings_of(*state, "recovery.key", 0604), 1);
	assert_int_equal(warnings_of(*state, "writer.key", 0640), 0);
	assert_int_equal(warnings_of(*state, "audit.pub", 0644), 0);
}

static void test_job_repo_open__hints_at_init(void **state)
{
	const struct job_sample *sample = *state;
	struct job_repo_options options = {.url = "file:///nonexistent/x",
					   .key_file = "k"};
	struct job_repo repo;
	struct err err = {0};

	assert_int_equal(job_repo_open(&options, &sample->env, &repo, &err), -1);
	assert_int_equal(err.code, ERR_NO_REPO);
	assert_string_equal(err.hint, "`quipu-backup init` creates a repository");
	options.url = sample->url;
	options.key_file = "/nonexistent/k";
	assert_int_equal(job_repo_open(&options, &sample->env, &repo, &err), -1);
	assert_int_equal(err.code, ERR_KEY);
	assert_non_null(strstr(err.msg, "/nonexistent/k"));
	assert_string_equal(err.hint, "`quipu-backup init` makes key files");
}

static void test_job_repo_cache_directory__is_one_a_repository(void **state)
{
	struct job_repo repo;
	struct err err = {0};

	assert_int_equal(job_sample_open(*state, "audit.pub", &repo, &err), 0);
	CLEANUP(mem_freep) char *directory = job_repo_cache_directory(&repo, "/cache");
	assert_int_equal(strlen(directory), strlen("/cache/") + 32);
	assert_null(job_repo_cache_directory(&repo, NULL));
	job_repo_release(&repo);
}

static void test_job_snapshot_find__in_an_empty_repository(void **state)
{
	const struct job_sample *sample = *state;
	const struct snapshot_header *header;
	struct snapshot_list list;
	struct job_repo repo;
	struct err err = {0};

	assert_int_equal(job_sample_open(sample, "audit.pub", &repo, &err), 0);
	assert_int_equal(
		job_snapshot_find(&repo, "latest:db", &sample->env, &list, &header, &err),
		-1);
	assert_int_equal(err.code, ERR_NOT_FOUND);
	job_repo_release(&repo);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_job_repo_open__gives_each_key_its_rights),
		cmocka_unit_test(test_job_repo_open__warns_of_keys_that_everybody_reads),
		cmocka_unit_test(test_job_repo_open__hints_at_init),
		cmocka_unit_test(test_job_repo_cache_directory__is_one_a_repository),
		cmocka_unit_test(test_job_snapshot_find__in_an_empty_repository),
	};
	return cmocka_run_group_tests(tests, job_sample_setup, job_sample_teardown);
}
