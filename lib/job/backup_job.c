/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The composition of a backup: lease -> index -> pipeline -> adoption -> source -> header. What
 * each part promises is in its header; here is only the order, and what is undone when
 * something fails on the way (nothing: packs without a header are the next run's).
 */
#include "job/backup_job.h"

#include <unistd.h>

#include "base/fd.h"
#include "base/mem.h"
#include "files/file_source.h"
#include "files/stream_source.h"
#include "pg/pg_source.h"
#include "repo/keylog_memory.h"
#include "repo/lease.h"
#include "repo/snapshot_writer.h"

struct running {
	const struct job_repo *repo;
	const struct backup_job *job;
	const struct job_env *env;
	const struct writer_key *key;
	char *domain;
	char *cache_directory; /* of this repository; NULL: none */
	struct lease lease;
	int64_t cut_off_nsec; /* the last run did not end: when it began; else 0 */
	struct index *index;
	struct blob_writer *blobs;
	struct snapshot_writer *snapshot;
	struct strings *warnings; /* of the report */
	uint64_t n_alarms;	  /* among them */
};

static const char *source_kind(enum backup_source source)
{
	switch (source) {
	case BACKUP_FILES:
		return "files";
	case BACKUP_STDIN:
		return "stdin";
	case BACKUP_COMMAND:
		return "command";
	case BACKUP_POSTGRES:
		return "postgres";
	}
	return "";
}

static int run_files(const struct running *running, struct tree_sink *sink,
		     struct err *err)
{
	const struct backup_job *job = running->job;
	struct file_source_options options = {
		.roots = job->roots,
		.files_from0 = job->files_from0,
		.selection = job->selection,
		.exclude_caches = job->exclude_caches,
		.one_file_system = job->one_file_system,
		.clock = running->env->clock,
		.progress = running->env->progress,
	};

	return file_source_run(&options, sink, running->env->cancel, err);
}

static int run_stream(const struct running *running, struct tree_sink *sink,
		      struct err *err)
{
	struct stream_source_options options = {
		.name = running->job->file_name,
		.command = running->job->source == BACKUP_COMMAND ? running->job->command
								  : NULL,
		.fd = STDIN_FILENO,
		.clock = running->env->clock,
		.progress = running->env->progress,
	};

	return stream_source_run(&options, sink, running->env->cancel, err);
}

static int run_postgres(const struct running *running, struct tree_sink *sink,
			struct err *err)
{
	struct pg_source_options options = {
		.conninfo = running->job->conninfo,
		.clock = running->env->clock,
		.progress = running->env->progress,
	};

	return pg_source_run(&options, sink, running->env->cancel, err);
}

static int run_source(const struct running *running, struct err *err)
{
	struct tree_sink *sink = snapshot_writer_sink(running->snapshot);

	progress_phase(running->env->progress, "reading");
	if (running->job->source != BACKUP_POSTGRES)
		snapshot_writer_expect_as_last(running->snapshot);
	switch (running->job->source) {
	case BACKUP_FILES:
		return run_files(running, sink, err);
	case BACKUP_STDIN:
	case BACKUP_COMMAND:
		return run_stream(running, sink, err);
	case BACKUP_POSTGRES:
		return run_postgres(running, sink, err);
	}
	return err_set(err, ERR_BUG, "unknown source");
}

/* A dry run must not teach the kept index packs that were never stored. */
static int open_index(struct running *running, struct err *err)
{
	struct job_index_options options = {
		.domain = running->domain,
		.cache_directory =
			running->job->dry_run ? NULL : running->cache_directory,
		.writer = running->key,
		.keys = &running->key->dedup,
		.scratch = running->job->dry_run,
	};

	progress_phase(running->env->progress, "reading the index");
	return job_index_open(running->repo, &options, running->env, &running->index,
			      err);
}

static int open_pipeline(struct running *running, struct err *err)
{
	const struct backup_job *job = running->job;
	const struct job_env *env = running->env;
	struct blob_writer_options options = {
		.repo = running->repo->repo,
		.key = running->key,
		.domain = running->domain,
		.index = running->index,
		.n_threads = job->n_threads,
		.memory_bytes = job->memory_bytes,
		.compression_level = job->compression,
		.dry_run = job->dry_run,
		.rng = env->rng,
		.clock = env->clock,
		.log = env->log,
		.cancel = env->cancel,
		.progress = env->progress,
	};

	return blob_writer_new(&options, &running->blobs, err);
}

static int open_snapshot(struct running *running, struct err *err)
{
	const struct backup_job *job = running->job;
	const struct job_env *env = running->env;
	struct snapshot_writer_options options = {
		.repo = running->repo->repo,
		.key = running->key,
		.index = running->index,
		.blobs = running->blobs,
		.stream = job->stream,
		.domain = running->domain,
		.cache_directory = running->cache_directory,
		.paths = job->source == BACKUP_FILES ? job->roots : NULL,
		.tags = job->tags,
		.host = job->host,
		.user = job->user,
		.program = job->program,
		.source_kind = source_kind(job->source),
		.dry_run = job->dry_run,
		.rng = env->rng,
		.clock = env->clock,
		.log = env->log,
		.cancel = env->cancel,
		.progress = env->progress,
	};

	return snapshot_writer_new(&options, &running->snapshot, err);
}

/* The snapshot is made all the same, and its report says what is wrong. */
static void report_alarm(struct running *running, const char *text)
{
	CLEANUP(mem_freep) char *whole = mem_printf("alarm: %s", text);

	strings_add(running->warnings, whole);
	running->n_alarms++;
}

static void tell_alarm(struct running *running, const char *text)
{
	report_alarm(running, text);
	log_warning(running->env->log, "alarm: %s", text);
}

/* Who opened the repository has logged them. */
static void note_keylog(struct running *running)
{
	CLEANUP(strings_release) struct strings alarms = {0};

	strings_init(&alarms);
	keylog_alarms(running->repo->repo->keylog, &alarms);
	for (size_t i = 0; i < strings_count(&alarms); i++)
		report_alarm(running, strings_at(&alarms, i));
}

/* Which fragments was logged where they were read. Those that vanished meanwhile were merged. */
static void note_index(struct running *running)
{
	uint64_t damaged = index_counters(running->index).damaged;

	if (damaged == 0)
		return;
	CLEANUP(mem_freep)
	char *text =
		mem_printf("%ju index fragments cannot be used; what only they name is "
			   "stored again, and each run tells this as long as they are "
			   "there: run `quipu-backup check`",
			   (uintmax_t)damaged);
	tell_alarm(running, text);
}

static void note_chain(struct running *running)
{
	const struct strings *alarms = snapshot_writer_alarms(running->snapshot);

	for (size_t i = 0; i < strings_count(alarms); i++)
		tell_alarm(running, strings_at(alarms, i));
}

static int survey(struct running *running, struct err *err)
{
	const struct log *log = running->env->log;
	struct blob_survey found;

	if (blob_writer_survey(running->blobs,
			       running->cut_off_nsec != 0 ? running->cut_off_nsec
							  : INT64_MAX,
			       &found, err) < 0)
		return -1;
	if (found.adopted > 0)
		log_info(log,
			 "the last run was cut off; going on with %ju packs that it "
			 "stored",
			 (uintmax_t)found.adopted);
	if (found.gone > 0) {
		CLEANUP(mem_freep)
		char *text = mem_printf(
			"%ju packs are gone or cut short; what is still in the source is "
			"stored again, and each run tells this as long as the index "
			"names them: run `quipu-backup check`",
			(uintmax_t)found.gone);

		tell_alarm(running, text);
	}
	return 0;
}

/* One warning for all that would have been kept there. */
static void open_cache(struct running *running)
{
	CLEANUP(mem_freep)
	char *directory =
		job_repo_cache_directory(running->repo, running->job->cache_directory);
	struct err err = {0};

	if (directory == NULL)
		return;
	if (directory_create(directory, 0700, &err) == 0)
		running->cache_directory = STEAL(directory);
	else
		log_warning(running->env->log,
			    "there is no cache, so all files are read: %s", err.msg);
}

/* What cannot be remembered does not keep data from being stored. */
static int check_memory(const struct running *running, struct err *err)
{
	struct err why = {0};

	if (keylog_memory_check(running->repo->repo->keylog, running->cache_directory,
				&why) == 0)
		return 0;
	if (why.code == ERR_ALARM) {
		*err = why;
		return -1;
	}
	log_warning(running->env->log,
		    "the key log cannot be compared with what is remembered of it: %s",
		    why.msg);
	return 0;
}

/* Everything that can be refused is refused before the lease is written. */
static int prepare(struct running *running, struct err *err)
{
	const struct repo *repo = running->repo->repo;

	if (keylog_check_whole(repo->keylog, err) < 0 ||
	    keylog_check_floor(repo->keylog, running->key, err) < 0 ||
	    (running->cache_directory != NULL && check_memory(running, err) < 0) ||
	    snapshot_commit_check(repo, running->key, running->job->stream, err) < 0)
		return -1;
	if (!running->job->dry_run &&
	    lease_begin(repo->store, running->key, running->job->stream, &running->lease,
			&running->cut_off_nsec, err) < 0)
		return -1;
	if (open_index(running, err) < 0 || open_pipeline(running, err) < 0 ||
	    survey(running, err) < 0 || open_snapshot(running, err) < 0)
		return -1;
	note_keylog(running);
	note_index(running);
	note_chain(running);
	return 0;
}

static int finish(struct running *running, struct run_report *report, struct err *err)
{
	struct snapshot_result result = {0};

	progress_phase(running->env->progress, "writing the snapshot");
	if (snapshot_writer_finish(running->snapshot, &result, err) < 0)
		return -1;
	for (size_t i = 0; i < strings_count(&result.texts); i++)
		strings_add(running->warnings, strings_at(&result.texts, i));
	report->backed_up = true;
	report->dry_run = result.is_dry_run;
	memcpy(report->snapshot, result.id, sizeof(report->snapshot));
	report->time_nsec = result.time_nsec;
	report->files = result.files;
	report->bytes = result.bytes;
	report->new_bytes = result.new_bytes;
	report->stored_bytes = result.stored_bytes;
	report->n_warnings = running->n_alarms + result.warnings;
	report->n_alarms = running->n_alarms;
	report->warnings = running->warnings;
	report->exit_code = result.unreadable > 0 ? 3 : 0;
	snapshot_result_release(&result);
	return 0;
}

static void end_lease(const struct running *running)
{
	struct err err = {0};

	/* the snapshot exists; a lease that stays "running" costs the next run a listing */
	if (!running->job->dry_run && lease_end(&running->lease, &err) < 0)
		log_warning(running->env->log, "%s", err.msg);
}

static void release(struct running *running)
{
	snapshot_writer_free(running->snapshot);
	blob_writer_free(running->blobs);
	index_free(running->index);
	mem_free(running->cache_directory);
	mem_free(running->domain);
}

int backup_job_run(const struct job_repo *repo, const struct backup_job *job,
		   const struct job_env *env, struct strings *warnings,
		   struct run_report *ret_report, struct err *err)
{
	struct running running = {
		.repo = repo, .job = job, .env = env, .warnings = warnings};
	struct run_report report = {.stream = job->stream};
	uint64_t start = env->clock->monotonic_nsec(env->clock);

	if (job_repo_need_writer(repo, &running.key, err) < 0 ||
	    stream_name_check(job->stream, err) < 0)
		return -1;
	running.domain = stream_domain(job->stream);
	open_cache(&running);
	int result = prepare(&running, err);
	if (result == 0)
		result = run_source(&running, err);
	if (result == 0)
		result = finish(&running, &report, err);
	if (result == 0)
		end_lease(&running);
	release(&running);
	if (result < 0)
		return -1;
	report.nsec = env->clock->monotonic_nsec(env->clock) - start;
	*ret_report = report;
	return 0;
}
