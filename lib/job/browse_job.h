/* SPDX-License-Identifier: Apache-2.0 */
/* Looking into snapshots without restoring: one path, a pattern, what differs. */
#ifndef JOB_BROWSE_JOB_H
#define JOB_BROWSE_JOB_H

#include "job/job_tree.h"

/* An entry with its path; borrowed for the call. */
typedef int browse_each_fn(void *arg, const char *path, const struct entry *entry,
			   struct err *err);

/* The entry at `path` ("" = the root), and if it is a directory what is directly in it. */
MUST_CHECK int browse_job_list(struct job_tree *tree, const char *path,
			       browse_each_fn *each, void *arg, struct err *err);

/* Every entry whose path, or last component when the pattern has no slash, matches. */
struct browse_search {
	const char *pattern;
	const struct cancel *cancel;
	browse_each_fn *each;
	/* A directory's entries cannot be read, or not all: 0 goes on behind it. NULL: the
	 * search ends. */
	int (*damaged)(void *arg, const char *path, const struct err *why,
		       struct err *err);
	void *arg;
};
MUST_CHECK int browse_job_find(struct job_tree *tree, const struct browse_search *search,
			       struct err *err);

enum diff_kind { DIFF_ADDED, DIFF_REMOVED, DIFF_CONTENT, DIFF_METADATA, DIFF_TYPE };

struct diff_item {
	enum diff_kind kind;
	const char *path;
	const struct entry *before,
		*after; /* NULL: was not there / is not there any more */
};
typedef int diff_each_fn(void *arg, const struct diff_item *item, struct err *err);

/* What changed from `before` to `after`, in the order of paths. Directories whose content has
 * the same id are not read. Everything below an added or removed directory is told. */
MUST_CHECK int browse_job_diff(struct job_tree *before, struct job_tree *after,
			       const struct cancel *cancel, diff_each_fn *each, void *arg,
			       struct err *err);

#endif
