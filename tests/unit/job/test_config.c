/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/fd.h"
#include "job/config.h"

static int parse(const char *text, struct config *config, struct err *err)
{
	if (config_parse(slice_of_string(text), "quipu.toml", config, err) < 0)
		return -1;
	if (config_check_jobs(config, err) == 0)
		return 0;
	config_release(config);
	return -1;
}

static void expect_parts(const char *text, bool repository_is_good, bool jobs_are_good)
{
	struct config config;
	struct err err = {0};

	if ((config_parse(slice_of_string(text), "c.toml", &config, &err) == 0) !=
	    repository_is_good)
		fail_msg("%s: %s", text, err.msg);
	if (!repository_is_good) {
		assert_null(strstr(err.msg, "job"));
		return;
	}
	assert_string_equal(config.repository.url, "file:///r");
	assert_int_equal(config_check_jobs(&config, &err), jobs_are_good ? 0 : -1);
	config_release(&config);
}

#define URL "[repository]\nurl = \"file:///r\"\n"

static void test_config_parse__judges_jobs_apart(void **state)
{
	(void)state;
	expect_parts(URL "[[job]]\nname = \"a\"\nfiles = [\"/x\"]\n", true, true);
	expect_parts(URL "[[job]]\nname = \"a\"\nfiles = [\"/x\"]\nmemory = \"1MiB\"\n",
		     true, false);
	expect_parts(URL "[[job]]\nname = \"a\"\n", true, false);
	expect_parts(URL "[[job]]\n", true, false);
	expect_parts(URL "[job]\nname = \"a\"\n", true, false);
	expect_parts(URL "[metrics]\ntextfle = \"a\"\n", true, false);
	expect_parts("[[job]]\nbad = 1\n" URL "ky = \"k\"\n", false, false);
	expect_parts("[[job]]\nbad = 1\n[repositry]\nurl = \"u\"\n", false, false);
}

static void test_config_parse__reads_repository_and_jobs(void **state)
{
	struct config config;
	struct err err = {0};

	(void)state;
	if (parse("[repository]\nurl = \"file:///srv/backup\"\nkey = \"writer.key\"\n"
		  "[[job]]\nname = \"etc\"\nfiles = [\"/etc\"]\nexclude = [\"*.tmp\"]\n"
		  "tags = {host = \"a\"}\nmemory = \"128MiB\"\n"
		  "[[job]]\nname = \"orders\"\nstream = \"db/orders\"\n"
		  "postgres = \"dbname=orders\"\nhooks = {failed = [\"page ops\"]}\n",
		  &config, &err) < 0)
		fail_msg("%s", err.msg);
	assert_string_equal(config.repository.url, "file:///srv/backup");
	assert_int_equal(config.jobs.n, 2);
	const struct config_job *job = vec_at(&config.jobs, 0);
	assert_string_equal(strings_at(&job->files, 0), "/etc");
	assert_string_equal(strings_at(&job->tags, 0), "host=a");
	assert_int_equal(job->memory, 128 * 1024 * 1024);
	assert_int_equal(job->compression, 3);
	job = vec_at(&config.jobs, 1);
	assert_string_equal(job->stream, "db/orders");
	assert_string_equal(strings_at(&job->hooks.failed, 0), "page ops");
	config_release(&config);
}

static void expect_error(const char *text, const char *message, const char *hint)
{
	struct config config;
	struct err err = {0};

	if (parse(text, &config, &err) == 0)
		fail_msg("accepted: %s", text);
	assert_int_equal(err.code, ERR_USAGE);
	if (strstr(err.msg, message) == NULL)
		fail_msg("\"%s\" is not in \"%s\"", message, err.msg);
	if (hint != NULL && strstr(err.hint, hint) == NULL)
		fail_msg("\"%s\" is not in \"%s\"", hint, err.hint);
}

static void test_config_parse__names_place_and_cause(void **state)
{
	(void)state;
	expect_error("[[job]]\nname = \"a\"\nstrem = \"x\"\nfiles = [\"/x\"]\n",
		     "quipu.toml:3:1", "stream");
	expect_error("[[job]]\nname = \"a\"\nfiles = [\"/x\"]\nthreads = 0.5\n",
		     "quipu.toml:4:11", NULL);
	expect_error("[[job]]\nname = \"a\"\nfiles = [\"/x\"]\nexclude = [\"[\"]\n",
		     "not closed", NULL);
	expect_error("[[job\n", "quipu.toml:1:", NULL);
	expect_error("[job]\nname = \"a\"\n", "job: expected an array of tables, found",
		     "write [[job]]");
}

static void test_config_parse__wants_one_source_a_job(void **state)
{
	(void)state;
	expect_error("[[job]]\nname = \"a\"\n", "expected exactly one of files", NULL);
	expect_error("[[job]]\nname = \"a\"\nfiles = [\"/x\"]\npostgres = \"dbname=x\"\n",
		     "found 2", NULL);
	expect_error("[[job]]\nname = \"a\"\ncommand = \"date\"\n",
		     "command and file_name belong together", NULL);
}

static void test_config_parse__looks_at_what_jobs_would_refuse(void **state)
{
	(void)state;
	expect_error("[[job]]\nname = \"a\"\npostgres = \"dbname=x password=y\"\n",
		     "quipu.toml:3:12: job.postgres: connection string holds a password",
		     "password file");
	expect_error("[[job]]\nname = \"a\"\npostgres = \"host=x\"\n",
		     "quipu.toml:3:12: job.postgres: connection string names no database",
		     "dbname=NAME");
	expect_error("[[job]]\nname = \"a\"\ncommand = \"x\"\nfile_name = \"../x\"\n",
		     "quipu.toml:4:13: job.file_name: file name ../x", NULL);
	expect_error("[[job]]\nname = \"a\"\ncommand = \"\"\nfile_name = \"x\"\n",
		     "quipu.toml:3:11: job.command: the command is empty", NULL);
	expect_error("[[job]]\nname = \"a b\"\nfiles = [\"/x\"]\n",
		     "quipu.toml:2:8: job.name: stream name", "give the job a stream");
}

static void test_config_parse__refuses_what_other_sources_ignore(void **state)
{
	(void)state;
	expect_error("[[job]]\nname = \"a\"\npostgres = \"dbname=x\"\n"
		     "one_file_system = true\n",
		     "quipu.toml:4:19: job.one_file_system: belongs to files", NULL);
	expect_error("[[job]]\nname = \"a\"\ncommand = \"x\"\nfile_name = \"x\"\n"
		     "include = [\"x\"]\nexclude = [\"y\"]\n",
		     "quipu.toml:5:11: job.include: belongs to files and files_from0 "
		     "(and 1 more finding)",
		     NULL);
}

static void test_config_parse__wants_names_once(void **state)
{
	(void)state;
	expect_error("[[job]]\nname = \"a\"\nfiles = [\"/x\"]\n"
		     "[[job]]\nname = \"a\"\nfiles = [\"/y\"]\n",
		     "another job has the same name", NULL);
}

static void test_config_job_find__suggests_the_near_one(void **state)
{
	const struct config_job *job;
	struct config config;
	struct err err = {0};

	(void)state;
	assert_int_equal(
		parse("[[job]]\nname = \"orders\"\nfiles = [\"/x\"]\n", &config, &err),
		0);
	assert_int_equal(config_job_find(&config, "orders", &job, &err), 0);
	assert_int_equal(config_job_find(&config, "order", &job, &err), -1);
	assert_string_equal(err.msg, "the configuration has no job order");
	assert_string_equal(err.hint, "did you mean orders?");
	config_release(&config);
}

static void test_config_load__names_a_missing_file(void **state)
{
	struct config config;
	struct err err = {0};

	(void)state;
	assert_int_equal(config_load("/nonexistent/quipu.toml", &config, &err), -1);
	assert_int_equal(err.code, ERR_USAGE);
	assert_non_null(strstr(err.msg, "/nonexistent/quipu.toml"));
}

/* To write it anew: copy what the failing test prints. */
static void test_config_schema__is_the_published_one(void **state)
{
	CLEANUP(buf_release) struct buf published = {0};
	CLEANUP(buf_release) struct buf generated = {0};
	struct err err = {0};

	(void)state;
	buf_init(&published, CONFIG_FILE_MAX);
	buf_init(&generated, 0);
	if (file_read("schemas/config.schema.json", CONFIG_FILE_MAX - 1, &published,
		      &err) < 0)
		fail_msg("%s", err.msg);
	config_schema(&generated);
	assert_string_equal(buf_string(&generated), buf_string(&published));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_config_parse__reads_repository_and_jobs),
		cmocka_unit_test(test_config_parse__judges_jobs_apart),
		cmocka_unit_test(test_config_parse__names_place_and_cause),
		cmocka_unit_test(test_config_parse__wants_one_source_a_job),
		cmocka_unit_test(test_config_parse__looks_at_what_jobs_would_refuse),
		cmocka_unit_test(test_config_parse__refuses_what_other_sources_ignore),
		cmocka_unit_test(test_config_parse__wants_names_once),
		cmocka_unit_test(test_config_job_find__suggests_the_near_one),
		cmocka_unit_test(test_config_load__names_a_missing_file),
		cmocka_unit_test(test_config_schema__is_the_published_one),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
