/* SPDX-License-Identifier: Apache-2.0 */
/* A snapshot opened for reading: what restore, get, export, show, find and diff begin with. */
#ifndef JOB_JOB_TREE_H
#define JOB_JOB_TREE_H

#include "job/job_repo.h"
#include "repo/blob_reader.h"
#include "repo/body_reader.h"
#include "repo/tree_reader.h"

/* On the heap, since its parts point at each other. */
struct job_tree {
	struct snapshot_list list;
	const struct snapshot_header *header; /* in the list, or the caller's */
	struct index *index;
	struct blob_reader *blobs;
	struct epoch_keys *epochs;
	struct snapshot_body body;
	struct tree_reader *reader;
	/* Asked for by its place in the stream, and something is wrong with the stream: it may
	 * not be the snapshot that was meant. */
	bool is_doubtful;
};

/* printf() format of what is told then; takes the stream. */
#define JOB_TREE_DOUBT                                                                   \
	"something is wrong with stream %s, so this may not be the snapshot that you "   \
	"mean: see the alarms"

struct job_tree_options {
	const char *snapshot; /* ID, latest:STREAM, STREAM@TIME */
	const struct snapshot_header
		*header;	     /* instead: found before, it outlives the tree */
	const char *cache_directory; /* of all repositories; NULL = none */
	unsigned n_threads;
	uint64_t memory_bytes;
};

/* Needs a key that reads (ERR_KEY). Alarms are logged as warnings. */
MUST_CHECK int job_tree_open(const struct job_repo *repo,
			     const struct job_tree_options *options,
			     const struct job_env *env, struct job_tree **ret_tree,
			     struct err *err);
void job_tree_free(struct job_tree *tree); /* NULL is fine */
void job_tree_freep(struct job_tree **tree);

/* The exit code of a verb that worked with the tree: `code`, or that of an alarm when the snapshot
 * is doubtful (which was logged when it was opened). */
int job_tree_exit(const struct job_tree *tree, int code);

/* After reading: ERR_CORRUPT when pages of the pack list were lost: what was read is right, but
 * the repository is damaged. */
MUST_CHECK int job_tree_check(const struct job_tree *tree, struct err *err);

/* "a/b" of what a user names: without the slash in front, "." and "..". Caller frees. */
char *job_tree_path(const char *path, struct err *err);

#endif
