/* SPDX-License-Identifier: Apache-2.0 */
#include "job/config_run.h"

#include <stdarg.h>

#include "base/fd.h"
#include "base/mem.h"
#include "base/quote.h"
#include "job/job_absent.h"
#include "job/job_hooks.h"

enum { PATTERN_FILE_MAX = 16 * 1024 * 1024 };

/* Includes first: the last matching rule wins, and an exclude goes before an include. */
static int make_selection(const struct config_job *job, struct selection **ret_selection,
			  struct err *err)
{
	CLEANUP(selection_freep) struct selection *selection = selection_new();

	for (size_t i = 0; i < strings_count(&job->include); i++)
		if (selection_include(selection, strings_at(&job->include, i), err) < 0)
			return err_wrap(err, "--include");
	for (size_t i = 0; i < strings_count(&job->exclude); i++)
		if (selection_exclude(selection, strings_at(&job->exclude, i), err) < 0)
			return err_wrap(err, "--exclude");
	for (size_t i = 0; i < strings_count(&job->exclude_files); i++) {
		const char *path = strings_at(&job->exclude_files, i);
		CLEANUP(buf_release) struct buf text = {0};

		buf_init(&text, PATTERN_FILE_MAX + 1);
		if (file_read(path, PATTERN_FILE_MAX, &text, err) < 0 ||
		    selection_exclude_text(selection, buf_slice(&text), path, err) < 0)
			return err_wrap(err, "--exclude-file");
	}
	*ret_selection = STEAL(selection);
	return 0;
}

static enum backup_source source_of(const struct config_job *job)
{
	if (job->postgres != NULL)
		return BACKUP_POSTGRES;
	if (job->command != NULL)
		return BACKUP_COMMAND;
	return job->file_name != NULL ? BACKUP_STDIN : BACKUP_FILES;
}

static const char *stream_of(const struct config_job *job)
{
	return job->stream != NULL ? job->stream : job->name;
}

static bool has_key(const struct strings *tags, const char *tag)
{
	size_t len = strcspn(tag, "=");

	for (size_t i = 0; i < strings_count(tags); i++)
		if (strcspn(strings_at(tags, i), "=") == len &&
		    memcmp(strings_at(tags, i), tag, len) == 0)
			return true;
	return false;
}

/* `more` replaces tags of the same key. */
static void join_tags(const struct strings *tags, const struct strings *more,
		      struct strings *ret_all)
{
	strings_init(ret_all);
	for (size_t i = 0; i < strings_count(tags); i++)
		if (more == NULL || !has_key(more, strings_at(tags, i)))
			strings_add(ret_all, strings_at(tags, i));
	for (size_t i = 0; more != NULL && i < strings_count(more); i++)
		strings_add(ret_all, strings_at(more, i));
}

static uint64_t setting(uint64_t of_all, uint64_t of_job)
{
	return of_all != 0 ? of_all : of_job;
}

/* Where warnings go: all to the same three. */
struct warner {
	const struct log *log;
	struct strings *texts;
	struct run_report *report;
};

static void warn(const struct warner *to, const char *format, ...) PRINTF_LIKE(2, 3);
static void warn(const struct warner *to, const char *format, ...)
{
	static const char kind[] = "warning: ";
	CLEANUP(buf_release) struct buf text = {0};
	va_list ap;

	buf_init(&text, 0);
	buf_append_string(&text, kind);
	va_start(ap, format);
	buf_vprintf(&text, format, ap);
	va_end(ap);
	log_warning(to->log, "%s", buf_string(&text) + strlen(kind));
	strings_add(to->texts, buf_string(&text));
	to->report->warnings = to->texts;
	to->report->n_warnings++;
}

static void warn_of_unmatched(const struct selection *selection,
			      enum selection_rules which, const struct warner *to)
{
	CLEANUP(strings_release) struct strings texts = {0};

	strings_init(&texts);
	job_absent_rules(selection, which, &texts);
	for (size_t i = 0; i < strings_count(&texts); i++)
		warn(to, "%s", strings_at(&texts, i));
}

/* A snapshot of nothing may be what was asked for, but is hardly what was meant. The program in
 * front of us in a pipe may have failed: its exit status is not ours to see. */
static void warn_of_nothing(const struct backup_job *job,
			    const struct selection *selection, const struct warner *to)
{
	char shown[QUOTE_TEXT_MAX];

	if (job->source == BACKUP_FILES) {
		warn_of_unmatched(selection, SELECTION_INCLUDES, to);
		warn_of_unmatched(selection, SELECTION_EXCLUDES, to);
		if (to->report->files == 0)
			warn(to, "there is no file in the snapshot");
	} else if (job->source != BACKUP_POSTGRES && to->report->bytes == 0) {
		warn(to, "%s: %s", quote_string(job->file_name, shown),
		     job->source == BACKUP_COMMAND
			     ? "the command printed nothing"
			     : "there was nothing on standard input");
	}
}

static int back_up(const struct config_job *job, const struct config_run_options *options,
		   const struct job_env *env, struct strings *warnings,
		   struct run_report *report, struct err *err)
{
	const struct config_run_settings *settings = &options->settings;
	CLEANUP(selection_freep) struct selection *selection = NULL;
	CLEANUP(strings_release) struct strings tags;
	struct job_repo_options repo_options = {
		.url = options->url,
		.key_file = options->key_file,
		.upload_bytes_per_sec =
			setting(settings->limit_upload, job->limit_upload),
	};
	struct job_repo repo;
	struct backup_job backup = {
		.stream = stream_of(job),
		.source = source_of(job),
		.roots = &job->files,
		.files_from0 = job->files_from0,
		.exclude_caches = job->exclude_caches,
		.one_file_system = job->one_file_system,
		.file_name = job->file_name,
		.command = job->command,
		.conninfo = job->postgres,
		.tags = &tags,
		.compression =
			(int)setting(settings->compression, (uint64_t)job->compression),
		.n_threads = (unsigned)setting(settings->threads, (uint64_t)job->threads),
		.memory_bytes = setting(settings->memory, job->memory),
		.dry_run = options->dry_run,
		.cache_directory = options->cache_directory,
		.host = options->host,
		.user = options->user,
		.program = options->program,
	};

	join_tags(&job->tags, settings->tags, &tags);
	if (make_selection(job, &selection, err) < 0 ||
	    job_repo_open(&repo_options, env, &repo, err) < 0)
		return -1;
	backup.selection = selection_is_empty(selection) ? NULL : selection;
	int result = backup_job_run(&repo, &backup, env, warnings, report, err);
	job_repo_release(&repo);
	if (result == 0)
		warn_of_nothing(&backup, selection,
				&(struct warner){env->log, warnings, report});
	return result;
}

static bool has_hooks(const struct config_hooks *hooks)
{
	return strings_count(&hooks->before) + strings_count(&hooks->after) +
		       strings_count(&hooks->failed) >
	       0;
}

/* What an `after` hook that fails leaves in the report of the backup stays there. */
static void set_failed(struct run_report *report, const struct err *err)
{
	report->failed = true;
	report->error = *err;
	report->exit_code = err_exit_code(err);
}

/* `after` and `failed` hooks undo what `before` hooks did, so an interruption, be it the one
 * that made the job fail, lets them run to their end; only who insists by a second signal
 * ends them, and kills what does not want to end: this program itself is about to die. */
static void back_up_between_hooks(const struct config_job *job,
				  const struct config_run_options *options,
				  const struct job_env *env, struct strings *warnings,
				  struct run_report *report)
{
	const struct config_hooks *hooks = &job->hooks;
	struct hook_context before = {.kind = "before",
				      .job = job->name,
				      .stream = stream_of(job),
				      .log = env->log,
				      .second_cancel = env->second_cancel};
	struct hook_context after = before;
	struct err err = {0};

	after.kind = "after";
	after.report = report;
	if (hooks_run(&hooks->before, &before, env->cancel, &err) == 0 &&
	    back_up(job, options, env, warnings, report, &err) == 0 &&
	    hooks_run(&hooks->after, &after, env->second_cancel, &err) == 0)
		return;
	set_failed(report, &err);
	after.kind = "failed";
	if (hooks_run(&hooks->failed, &after, env->second_cancel, &err) < 0)
		log_warning(env->log, "%s: %s", job->name, err.msg);
}

static void back_up_without_hooks(const struct config_job *job,
				  const struct config_run_options *options,
				  const struct job_env *env, struct strings *warnings,
				  struct run_report *report)
{
	struct err err = {0};

	if (has_hooks(&job->hooks))
		log_info(env->log, "dry run: the hooks of job %s are not run", job->name);
	if (back_up(job, options, env, warnings, report, &err) < 0)
		set_failed(report, &err);
}

/* What an interruption kept from beginning has nothing to undo: no hooks. */
void config_job_run(const struct config_job *job,
		    const struct config_run_options *options, const struct job_env *env,
		    struct strings *warnings, struct run_report *ret_report)
{
	struct run_report report = {0};
	struct err err = {0};

	if (cancel_check(env->cancel, &err) < 0)
		set_failed(&report, &err);
	else if (options->dry_run)
		back_up_without_hooks(job, options, env, warnings, &report);
	else
		back_up_between_hooks(job, options, env, warnings, &report);
	report.job = job->name;
	report.stream = stream_of(job);
	*ret_report = report;
}
