/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where runs are kept: a directory whose files have names, for a cache that outlives the
 * process, or files without names, which the kernel takes back at the end whatever happens.
 * A file that the last commit names stays until the next one, so that a kill at any moment
 * leaves what was committed. For one thread at a time.
 *
 * No place is needed for good: when one takes no more, the space moves on to the next, while
 * runs that are open stay readable where they are.
 */
#ifndef REPO_RUN_SPACE_H
#define REPO_RUN_SPACE_H

#include "base/vec.h"
#include "repo/index_run.h"

struct run_space {
	int dir_fd; /* borrowed, or `own_fd` */
	bool named;
	int own_fd;	   /* -1: did not move */
	size_t next_place; /* to move to */
	struct err why;	   /* it moved; ERR_NONE: it did not */
	struct run_cipher cipher;
	struct vec committed; /* of uint64_t: ids that the last commit named */
	struct vec dead;      /* of uint64_t: those of them that are not in use */
};

void run_space_init(struct run_space *space, int dir_fd, bool named,
		    const struct run_cipher *cipher);
void run_space_release(struct run_space *space); /* keeps the files */

/* After run_space_create() or a writer failed with *why: from here on files without names, in
 * a place that was not tried yet. False when there is none. */
bool run_space_move(struct run_space *space, const struct err *why);

/* A directory for files without names: /var/tmp, else /tmp. Caller closes. */
MUST_CHECK int run_space_open_temporary(int *ret_dir_fd, struct err *err);

/* *ret_id is for run_space_discard(), should the run not be finished. */
MUST_CHECK int run_space_create(struct run_space *space, struct run_shape shape,
				struct run_writer **ret_writer, uint64_t *ret_id,
				struct err *err);
MUST_CHECK int run_space_open(struct run_space *space,
			      const struct run_identity *identity, struct run_shape shape,
			      struct index_run **ret_run, struct err *err);

/* The run's file goes away, now or with the next commit. */
void run_space_discard(struct run_space *space, uint64_t id);

/* Since now something durable names exactly these runs (of uint64_t). */
void run_space_committed(struct run_space *space, const struct vec *ids);

/* Removes the files of runs that no commit names, and unfinished ones: what a killed process
 * left behind. Does nothing in a space without names. */
MUST_CHECK int run_space_clean(struct run_space *space, struct err *err);

#endif
