/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The tree sink of a backup (flow/tree_sink.h): content goes through the blob writer, entries
 * become tree nodes, from the leaves up. What a source adds waits, in order and bounded,
 * until the ids of its content are known, so the source never waits for one file. Memory is
 * bounded by the limits below and the depth of the tree.
 */
#ifndef REPO_TREE_WRITER_H
#define REPO_TREE_WRITER_H

#include "flow/progress.h"
#include "flow/tree_sink.h"
#include "repo/blob_writer.h"
#include "repo/file_cache.h"

enum {
	TREE_PENDING_MAX = 8192, /* entries that wait */
	TREE_PENDING_BYTES_MAX = 4 * 1024 * 1024,
	TREE_WARNINGS_KEPT = 1000,
};

/* All borrowed. */
struct tree_writer_options {
	struct blob_writer *blobs;
	const struct dedup_keys *keys;
	struct file_cache *cache;		/* of the last snapshot; NULL: none */
	struct file_cache_writer *cache_writer; /* NULL: none */
	const struct log *log;
	struct progress *progress;
	size_t pending_max; /* 0 = TREE_PENDING_MAX */
};

struct tree_writer;
struct tree_writer *tree_writer_new(const struct tree_writer_options *options);
/* Gives up what is not finished; the sink's streams and contents must be gone. */
void tree_writer_free(struct tree_writer *writer);
void tree_writer_freep(struct tree_writer **writer);

struct tree_sink *tree_writer_sink(struct tree_writer *writer);

struct tree_written {
	struct entry root;
	struct content_ref root_content;
	uint64_t files, bytes; /* regular files, their content's length */
	uint64_t warnings;     /* of both kinds */
	uint64_t unreadable;   /* of WARN_UNREADABLE */
	struct strings texts;  /* the first TREE_WARNINGS_KEPT warnings */
	char *facts;	       /* NULL: none */
};

void tree_written_release(struct tree_written *written);

/* Waits for all tickets; the root directory must have been closed (else ERR_BUG). The blobs
 * are promised, not yet flushed. */
MUST_CHECK int tree_writer_finish(struct tree_writer *writer,
				  struct tree_written *ret_written, struct err *err);

#endif
