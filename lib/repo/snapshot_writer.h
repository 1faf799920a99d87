/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One backup run from a source to its signed header: a tree sink to give to the source, and
 * what comes after it. The order of writing is that of docs/format/README.md; until the header
 * is put nothing names what the run stored, so giving up at any point leaves the
 * repository as it was, with packs that the next run adopts.
 */
#ifndef REPO_SNAPSHOT_WRITER_H
#define REPO_SNAPSHOT_WRITER_H

#include "repo/blob_writer.h"
#include "repo/snapshots.h"

/* All borrowed, until the writer is freed. */
struct snapshot_writer_options {
	const struct repo *repo;
	const struct writer_key *key;
	struct index *index; /* of the domain, up to date */
	struct blob_writer *blobs;
	const char *stream, *domain;
	const char *cache_directory; /* of this repository; NULL: no file cache */

	/* for the body; NULL: empty */
	const struct strings *paths; /* as the user named them */
	const struct strings *tags;  /* "KEY=VALUE" */
	const char *host, *user, *program, *source_kind;

	bool dry_run; /* as the blob writer's: no body, no header, no cache */
	struct rng *rng;
	const struct clock *clock;
	const struct log *log;
	const struct cancel *cancel;
	struct progress *progress;
};

struct snapshot_writer;

/* Refuses what snapshot_commit() would refuse (a stream's name, the certificate), and tags that
 * are none (ERR_USAGE), before any work is done. Alarms of the stream's chain are logged as
 * warnings. */
MUST_CHECK int snapshot_writer_new(const struct snapshot_writer_options *options,
				   struct snapshot_writer **ret_writer, struct err *err);
/* Without a finish: gives the run up. The sink's streams and contents must be gone. */
void snapshot_writer_free(struct snapshot_writer *writer);
void snapshot_writer_freep(struct snapshot_writer **writer);

/* What is wrong with the chain that the snapshot goes on, as it was found at the beginning. */
const struct strings *snapshot_writer_alarms(const struct snapshot_writer *writer);
struct tree_sink *snapshot_writer_sink(struct snapshot_writer *writer);

/* For a source that cannot tell before how much it will give: progress expects as much as the
 * stream's last snapshot has; nothing when this is the first one. */
void snapshot_writer_expect_as_last(struct snapshot_writer *writer);

struct snapshot_result {
	bool is_dry_run; /* then there is no id */
	uint8_t id[32];	 /* of the header */
	uint64_t seq;
	int64_t time_nsec;		  /* of the commit; of a dry run when it began */
	uint64_t files, bytes;		  /* regular files, their lengths */
	uint64_t new_bytes, stored_bytes; /* stored by this run: raw, sealed */
	uint64_t n_packs;		  /* that the snapshot uses */
	uint64_t warnings;		  /* all of them */
	uint64_t unreadable;  /* > 0: something is missing from the snapshot */
	struct strings texts; /* of the first warnings */
};

void snapshot_result_release(struct snapshot_result *result);

/* The source is done: makes all durable and commits. Once the header is put it returns 0. */
MUST_CHECK int snapshot_writer_finish(struct snapshot_writer *writer,
				      struct snapshot_result *ret_result,
				      struct err *err);

#endif
