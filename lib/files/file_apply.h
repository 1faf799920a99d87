/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Gives restored files their metadata. Nothing of it is worth failing a restore for: what the
 * file system or our rights do not allow is counted, and the first of each kind are told.
 *
 * Order: owner, then attributes (a change of owner drops capabilities), then times, and the
 * mode last (a change of owner drops setuid; for a directory it is the sign that all was
 * done). Without root the owner stays ours, and setuid and setgid bits of another owner's
 * file are left out, since they would give our rights away.
 */
#ifndef FILES_FILE_APPLY_H
#define FILES_FILE_APPLY_H

#include <stdatomic.h>

#include "flow/entry.h"

struct file_apply {
	bool as_root;
	/* Any thread; `path` ("/a/b") and `message` are for a person, quoted. May be NULL. */
	void (*warn)(void *state, const char *path, const char *message);
	void *warn_state;
	atomic_uint_fast64_t owner_failures, mode_failures, xattr_failures, time_failures;
	/* What only root may set, and we are not: owners (not tried), and attributes of the
	 * security.* and trusted.* kinds. Neither a failure nor worth a warning each. */
	atomic_uint_fast64_t owners_left, xattrs_left;
};

enum { APPLY_WARNINGS_MAX = 20 }; /* of one kind; more are only counted */

void file_apply_init(struct file_apply *apply);

/* To an open file or directory. `path` is for messages. */
void file_apply_open(struct file_apply *apply, int fd, const struct entry *entry,
		     const char *path);

/* To a symbolic link, FIFO or device held by an O_PATH descriptor. */
void file_apply_path(struct file_apply *apply, int fd, const struct entry *entry,
		     const char *path);

#endif
