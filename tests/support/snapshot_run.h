/* SPDX-License-Identifier: Apache-2.0 */
/* A repository in memory and what a backup run into it needs, all of it real: stream
 * "hosts/alpha", domain "hosts". Include after cmocka.h. */
#ifndef TESTS_SUPPORT_SNAPSHOT_RUN_H
#define TESTS_SUPPORT_SNAPSHOT_RUN_H

#include "repo/snapshot_writer.h"
#include "support/repo_fixture.h"

struct snapshot_fixture {
	struct repo_fixture r;
	char *cache_directory;
	struct rng rng;
	struct log log;
	char logged[4096]; /* warnings, a line each */
	bool dry_run;
	struct strings paths, tags;
	struct cancel cancel;
};

static inline void snapshot_fixture_log(const struct log *log, enum log_level level,
					const char *text)
{
	struct snapshot_fixture *f = log->state;
	size_t len = strlen(f->logged);

	if (level >= LOG_WARNING_LEVEL)
		(void)snprintf(f->logged + len, sizeof(f->logged) - len, "%s\n", text);
}

static inline int snapshot_fixture_setup(void **state)
{
	struct snapshot_fixture *f = mem_zalloc(sizeof(*f));
	struct err err = {0};

	if (repo_fixture_init(&f->r, 7, &err) < 0)
		return -1;
	f->cache_directory = path_join(f->r.directory, "cache");
	f->rng = rng_system();
	f->log = (struct log){snapshot_fixture_log, f, LOG_DEBUG_LEVEL};
	strings_init(&f->paths);
	strings_add(&f->paths, "/data");
	strings_init(&f->tags);
	strings_add(&f->tags, "why=a=b");
	cancel_init(&f->cancel);
	*state = f;
	return 0;
}

static inline int snapshot_fixture_teardown(void **state)
{
	struct snapshot_fixture *f = *state;
	int result;

	mem_free(f->cache_directory);
	strings_release(&f->paths);
	strings_release(&f->tags);
	result = repo_fixture_release(&f->r);
	mem_free(f);
	return result;
}

/* What one run needs. */
struct snapshot_run {
	struct index *index;
	struct blob_writer *blobs;
	struct snapshot_writer *writer;
};

static inline void snapshot_run_release(struct snapshot_run *run)
{
	snapshot_writer_free(run->writer);
	blob_writer_free(run->blobs);
	index_free(run->index);
}

static inline void snapshot_run_index(struct snapshot_fixture *f,
				      struct snapshot_run *run)
{
	const struct writer_key *key = f->r.writer->writer;
	const struct sign_public signer = sign_private_public(key->sign);
	const struct index_options options = {
		.keys = &key->dedup,
		.identity = &f->r.repo->identity,
		.domain = "hosts",
		.signers = &signer,
		.n_signers = 1,
		.scratch = f->dry_run,
		.rng = &f->rng,
		.log = &f->log,
	};
	struct err err = {0};

	if (index_open(&options, &run->index, &err) < 0 ||
	    index_update(run->index, f->r.repo, NULL, &err) < 0)
		fail_msg("%s", err.msg);
}

static inline void snapshot_run_blobs(struct snapshot_fixture *f,
				      struct snapshot_run *run)
{
	const struct blob_writer_options options = {
		.repo = f->r.repo,
		.key = f->r.writer->writer,
		.domain = "hosts",
		.index = run->index,
		.n_threads = 2,
		.dry_run = f->dry_run,
		.rng = &f->rng,
		.clock = &f->r.clock,
		.log = &f->log,
		.cancel = &f->cancel,
	};
	struct err err = {0};

	if (blob_writer_new(&options, &run->blobs, &err) < 0)
		fail_msg("%s", err.msg);
}

static inline int snapshot_run_writer(struct snapshot_fixture *f,
				      struct snapshot_run *run, const char *stream,
				      struct err *err)
{
	const struct snapshot_writer_options options = {
		.repo = f->r.repo,
		.key = f->r.writer->writer,
		.index = run->index,
		.blobs = run->blobs,
		.stream = stream,
		.domain = "hosts",
		.cache_directory = f->cache_directory,
		.paths = &f->paths,
		.tags = &f->tags,
		.host = "alpha",
		.user = "ada",
		.program = "quipu-backup test",
		.source_kind = "files",
		.dry_run = f->dry_run,
		.rng = &f->rng,
		.clock = &f->r.clock,
		.log = &f->log,
		.cancel = &f->cancel,
	};

	return snapshot_writer_new(&options, &run->writer, err);
}

static inline void snapshot_run_begin(struct snapshot_fixture *f,
				      struct snapshot_run *run)
{
	struct err err = {0};

	*run = (struct snapshot_run){0};
	snapshot_run_index(f, run);
	snapshot_run_blobs(f, run);
	if (snapshot_run_writer(f, run, "hosts/alpha", &err) < 0)
		fail_msg("%s", err.msg);
}

#endif
