/* SPDX-License-Identifier: Apache-2.0 */
/* Goes over a snapshot's tree in the order of its paths, or over the part that a selection
 * takes. Memory is flat, however large a directory is and however deep the tree. */
#ifndef REPO_TREE_WALK_H
#define REPO_TREE_WALK_H

#include "base/cancel.h"
#include "base/pattern.h"
#include "repo/sequence_reader.h"

enum { TREE_DEPTH_MAX = 4096 }; /* a path of more components is refused: ERR_LIMIT */

struct tree_walk_options {
	struct node_source *source;
	const struct entry *root;
	const struct content_ref *root_content;
	const struct selection *selection; /* NULL: everything */
	const struct cancel *cancel;

	/* Both may be NULL and get the walk's `arg`. Before a directory's entries are read:
	 * *ret_skip = true passes over them. */
	int (*enter)(void *arg, const char *path, const struct content_ref *content,
		     bool *ret_skip, struct err *err);
	/* A directory's entries cannot be read, or not all: 0 goes on behind it. */
	int (*damaged)(void *arg, const char *path, const struct err *why,
		       struct err *err);
};

/* One entry; all of it is borrowed for the call. */
struct tree_visit {
	const char *path; /* "a/b"; "" is the root */
	const struct entry *entry;
	const struct content_ref *content;
};
typedef int tree_visit_fn(void *arg, const struct tree_visit *visit, struct err *err);

/*
 * Directories come before what is in them, the root first. A directory that is only on the
 * way to something selected comes if and when that is met. -1 from `visit` ends the walk.
 * ERR_CORRUPT names the directory whose nodes cannot be read, unless `damaged` goes on.
 */
MUST_CHECK int tree_walk(const struct tree_walk_options *options, tree_visit_fn *visit,
			 void *arg, struct err *err);

/* One path; a missing one is ERR_NOT_FOUND "no a/b in this snapshot". The results are the
 * caller's to release. */
MUST_CHECK int tree_find(const struct tree_walk_options *options, const char *path,
			 struct entry *ret_entry, struct content_ref *ret_content,
			 struct err *err);

#endif
