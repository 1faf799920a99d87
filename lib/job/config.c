/* SPDX-License-Identifier: Apache-2.0 */
#include "job/config.h"

#include "base/fd.h"
#include "base/mem.h"
#include "base/pattern.h"
#include "base/quote.h"
#include "base/suggest.h"
#include "files/stream_source.h"
#include "format/table.h"
#include "format/toml.h"
#include "job/job_env.h"
#include "pg/pg_params.h"
#include "repo/snapshots.h"

static int check_pattern(const char *text, struct err *err)
{
	return pattern_check(text, err);
}

static int check_stream(const char *text, struct err *err)
{
	return stream_name_check(text, err);
}

static int check_file_name(const char *text, struct err *err)
{
	return stream_source_name_check(text, err);
}

static int check_command(const char *text, struct err *err)
{
	return stream_source_command_check(text, err);
}

static int check_conninfo(const char *text, struct err *err)
{
	struct pg_params params;

	if (pg_params_parse(text, &params, err) < 0)
		return -1;
	pg_params_release(&params);
	return 0;
}

static const struct field repository_fields[] = {
	{.key = "url",
	 .type = FIELD_TEXT,
	 .offset = offsetof(struct config_repository, url),
	 .doc = "where the repository is, for example file:///srv/backup; --repo goes "
		"first"},
	{.key = "key",
	 .type = FIELD_TEXT,
	 .offset = offsetof(struct config_repository, key),
	 .doc = "key file; --key goes first"},
	{.key = "passphrase_file",
	 .type = FIELD_TEXT,
	 .offset = offsetof(struct config_repository, passphrase_file),
	 .doc = "file whose first line is the key file's passphrase"},
	{.key = "cache_directory",
	 .type = FIELD_TEXT,
	 .offset = offsetof(struct config_repository, cache_directory),
	 .doc = "local index and file cache; losing it costs time only"},
	{0},
};
static const struct table repository_table = {repository_fields,
					      sizeof(struct config_repository),
					      "the repository that all jobs write to"};

static const struct field metrics_fields[] = {
	{.key = "textfile",
	 .type = FIELD_TEXT,
	 .offset = offsetof(struct config_metrics, textfile),
	 .doc = "Prometheus text file, replaced atomically after each run; what it says "
		"of other streams stays"},
	{0},
};
static const struct table metrics_table = {metrics_fields, sizeof(struct config_metrics),
					   "metrics after each run"};

static const struct field hooks_fields[] = {
	{.key = "before",
	 .type = FIELD_LIST,
	 .offset = offsetof(struct config_hooks, before),
	 .doc = "commands run by /bin/sh before the job; one that fails fails the job; "
		"QUIPU_JOB and QUIPU_STREAM are in the environment of every hook"},
	{.key = "after",
	 .type = FIELD_LIST,
	 .offset = offsetof(struct config_hooks, after),
	 .doc = "commands run after the job succeeded, with QUIPU_SNAPSHOT and "
		"QUIPU_EXIT_CODE (0 or 3); one that fails fails the job, the snapshot "
		"stays"},
	{.key = "failed",
	 .type = FIELD_LIST,
	 .offset = offsetof(struct config_hooks, failed),
	 .doc = "commands run after the job failed or was interrupted, with QUIPU_ERROR "
		"and QUIPU_EXIT_CODE, and QUIPU_SNAPSHOT if one was made"},
	{0},
};
static const struct table hooks_table = {hooks_fields, sizeof(struct config_hooks),
					 "commands around a job; not run with --dry-run"};

static const struct field job_fields[] = {
	{.key = "name",
	 .type = FIELD_TEXT,
	 .offset = offsetof(struct config_job, name),
	 .required = true,
	 .min = 1,
	 .max = 200,
	 .doc = "name of the job, for the command line"},
	{.key = "stream",
	 .type = FIELD_TEXT,
	 .offset = offsetof(struct config_job, stream),
	 .check = check_stream,
	 .doc = "stream of its snapshots; the job's name when absent"},
	{.key = "files",
	 .type = FIELD_LIST,
	 .offset = offsetof(struct config_job, files),
	 .doc = "paths to back up"},
	{.key = "files_from0",
	 .type = FIELD_TEXT,
	 .offset = offsetof(struct config_job, files_from0),
	 .doc = "file with NUL-separated paths to back up"},
	{.key = "command",
	 .type = FIELD_TEXT,
	 .offset = offsetof(struct config_job, command),
	 .check = check_command,
	 .doc = "command whose output is backed up; its failure means no snapshot"},
	{.key = "file_name",
	 .type = FIELD_TEXT,
	 .offset = offsetof(struct config_job, file_name),
	 .check = check_file_name,
	 .doc = "name of the file that holds the command's output"},
	{.key = "postgres",
	 .type = FIELD_TEXT,
	 .offset = offsetof(struct config_job, postgres),
	 .check = check_conninfo,
	 .doc = "PostgreSQL connection string with a dbname and without a password"},
	{.key = "exclude",
	 .type = FIELD_LIST,
	 .offset = offsetof(struct config_job, exclude),
	 .check = check_pattern,
	 .doc = "patterns of paths to leave out"},
	{.key = "include",
	 .type = FIELD_LIST,
	 .offset = offsetof(struct config_job, include),
	 .check = check_pattern,
	 .doc = "patterns of the only paths to take"},
	{.key = "exclude_files",
	 .type = FIELD_LIST,
	 .offset = offsetof(struct config_job, exclude_files),
	 .doc = "files with patterns to leave out, one a line"},
	{.key = "exclude_caches",
	 .type = FIELD_BOOL,
	 .offset = offsetof(struct config_job, exclude_caches),
	 .doc = "leave out the content of directories with a CACHEDIR.TAG"},
	{.key = "one_file_system",
	 .type = FIELD_BOOL,
	 .offset = offsetof(struct config_job, one_file_system),
	 .doc = "do not descend into other file systems"},
	{.key = "tags",
	 .type = FIELD_MAP,
	 .offset = offsetof(struct config_job, tags),
	 .doc = "free keys and values that are stored with the snapshot"},
	{.key = "compression",
	 .type = FIELD_INT,
	 .offset = offsetof(struct config_job, compression),
	 .fallback = "3",
	 .min = 1,
	 .max = 19,
	 .doc = "zstd level"},
	{.key = "threads",
	 .type = FIELD_INT,
	 .offset = offsetof(struct config_job, threads),
	 .fallback = "0",
	 .min = 0,
	 .max = 256,
	 .doc = "worker threads; 0 = one a processor"},
	{.key = "memory",
	 .type = FIELD_SIZE,
	 .offset = offsetof(struct config_job, memory),
	 .fallback = "64MiB",
	 .min = JOB_MEMORY_MIN,
	 .doc = "memory to use; scales pack size and parallelism"},
	{.key = "limit_upload",
	 .type = FIELD_RATE,
	 .offset = offsetof(struct config_job, limit_upload),
	 .min = JOB_UPLOAD_MIN,
	 .doc = "most bytes a second that go to the repository"},
	{.key = "hooks",
	 .type = FIELD_TABLE,
	 .offset = offsetof(struct config_job, hooks),
	 .table = &hooks_table,
	 .doc = "commands around the job; not run with --dry-run"},
	{0},
};
static const struct table job_table = {job_fields, sizeof(struct config_job),
				       "a backup job"};

static const struct field config_fields[] = {
	{.key = "repository",
	 .type = FIELD_TABLE,
	 .offset = offsetof(struct config, repository),
	 .table = &repository_table,
	 .doc = "the repository"},
	{.key = "metrics",
	 .type = FIELD_TABLE,
	 .offset = offsetof(struct config, metrics),
	 .table = &metrics_table,
	 .doc = "metrics after each run"},
	{.key = "job",
	 .type = FIELD_TABLES,
	 .offset = offsetof(struct config, jobs),
	 .table = &job_table,
	 .max = CONFIG_JOBS_MAX,
	 .doc = "backup jobs, in the order in which they run"},
	{0},
};
static const struct table config_table = {config_fields, sizeof(struct config),
					  "configuration of quipu-backup"};

static unsigned n_sources(const struct config_job *job)
{
	unsigned n = 0;

	n += strings_count(&job->files) > 0;
	n += job->files_from0 != NULL;
	n += job->command != NULL;
	n += job->postgres != NULL;
	return n;
}

/* A job without a stream writes to one of its own name. */
static void check_default_stream(const struct config_job *job, const struct value *at,
				 struct findings *findings)
{
	struct err err = {0};

	if (job->name != NULL && job->stream == NULL &&
	    stream_name_check(job->name, &err) < 0)
		findings_add(findings, value_get(at, "name"),
			     "give the job a stream whose name is one", "%s", err.msg);
}

/* What other sources would ignore. */
static void check_keys_of_files(const struct config_job *job, const struct value *at,
				struct findings *findings)
{
	static const char *const keys[] = {"exclude", "include", "exclude_files",
					   "exclude_caches", "one_file_system"};

	if (strings_count(&job->files) > 0 || job->files_from0 != NULL)
		return;
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		if (value_get(at, keys[i]) != NULL)
			findings_add(findings, value_get(at, keys[i]), NULL,
				     "belongs to files and files_from0");
}

/* Rules that a table of fields cannot say. */
static void check_jobs(const struct config *config, const struct value *root,
		       struct findings *findings)
{
	const struct value *jobs = value_get(root, "job");

	for (size_t i = 0; i < config->jobs.n; i++) {
		const struct config_job *job = vec_at(&config->jobs, i);
		const struct value *at = value_at(jobs, i);

		if (n_sources(job) != 1)
			findings_add(
				findings, at, NULL,
				"expected exactly one of files, files_from0, command "
				"and postgres, found %u",
				n_sources(job));
		if ((job->command != NULL) != (job->file_name != NULL))
			findings_add(findings, at, NULL,
				     "command and file_name belong together");
		check_default_stream(job, at, findings);
		check_keys_of_files(job, at, findings);
		for (size_t k = 0; k < i && job->name != NULL; k++) {
			const struct config_job *other = vec_at(&config->jobs, k);

			if (other->name != NULL && strcmp(other->name, job->name) == 0)
				findings_add(findings, at, NULL,
					     "another job has the same name");
		}
	}
}

/* Those of jobs and metrics make *ret_jobs_error, any other one fails. */
static int judge(struct findings *findings, struct err *ret_jobs_error, struct err *err)
{
	struct findings of_jobs;

	findings_init(&of_jobs);
	findings_move(findings, "metrics", &of_jobs);
	findings_move(findings, "job", &of_jobs);
	findings_sort(findings);
	findings_sort(&of_jobs);
	if (findings_check(&of_jobs, ret_jobs_error) == 0)
		err_clear(ret_jobs_error);
	findings_release(&of_jobs);
	return findings_check(findings, err);
}

int config_parse(struct slice text, const char *file_name, struct config *ret_config,
		 struct err *err)
{
	CLEANUP(value_freep) struct value *root = NULL;
	struct findings findings;
	struct config config;

	if (toml_parse(text, file_name, CONFIG_FILE_MAX, &root, err) < 0)
		return -1;
	findings_init(&findings);
	table_decode(&config_table, root, &config, &findings);
	if (findings_count(&findings) ==
	    0) /* else they may only be what a typo leads to */
		check_jobs(&config, root, &findings);
	int result = judge(&findings, &config.jobs_error, err);
	findings_release(&findings);
	if (result < 0)
		config_release(&config);
	else
		*ret_config = config;
	return result;
}

int config_load(const char *path, struct config *ret_config, struct err *err)
{
	CLEANUP(buf_release) struct buf text = {0};

	buf_init(&text, CONFIG_FILE_MAX + 1);
	if (file_read(path, CONFIG_FILE_MAX, &text, err) < 0) {
		err->code = ERR_USAGE;
		return err_wrap(err, "configuration");
	}
	return config_parse(buf_slice(&text), path, ret_config, err);
}

void config_release(struct config *config)
{
	table_release(&config_table, config);
}

int config_check_jobs(const struct config *config, struct err *err)
{
	if (config->jobs_error.code == ERR_NONE)
		return 0;
	*err = config->jobs_error;
	return -1;
}

int config_job_find(const struct config *config, const char *name,
		    const struct config_job **ret_job, struct err *err)
{
	char shown[QUOTE_TEXT_MAX];
	struct vec names;

	vec_init(&names, sizeof(const char *));
	for (size_t i = 0; i < config->jobs.n; i++) {
		const struct config_job *job = vec_at(&config->jobs, i);

		if (strcmp(job->name, name) == 0) {
			vec_release(&names);
			*ret_job = job;
			return 0;
		}
		vec_push(&names, &job->name);
	}
	const char *near = suggest_word(name, names.data, names.n);
	(void)err_set(err, ERR_USAGE, "the configuration has no job %s",
		      quote_string(name, shown));
	if (near != NULL)
		(void)err_hint(err, "did you mean %s?", near);
	vec_release(&names);
	return -1;
}

void config_schema(struct buf *text)
{
	table_schema(&config_table, "https://quipu.dev/schemas/config.schema.json",
		     "quipu-backup configuration", text);
}
