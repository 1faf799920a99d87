/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The paths that a files source was told to take, as a sorted list that is walked like a
 * tree: all paths below one directory are one range. Order is by components ("a/b" before
 * "a-b"), which is the order of the walk. A path takes its length + 5 bytes.
 *
 * A slash at the end means the directory, as in every program: of a symbolic link to one, what
 * it points to.
 */
#ifndef FILES_SOURCE_PLAN_H
#define FILES_SOURCE_PLAN_H

#include "base/buf.h"
#include "base/vec.h"

struct source_plan {
	/* Absolute paths without the first '/', each with its NUL; one that means a directory
	 * ends with '/'. */
	struct buf text;
	struct vec offsets; /* of uint32_t, into text */
};

enum {
	SOURCE_PLAN_BYTES_MAX = INT32_MAX,
	SOURCE_PATH_MAX = 1024 * 1024, /* one path of a list */
};

/* Paths [first, end) of a plan. */
struct plan_range {
	size_t first, end;
};

void source_plan_init(struct source_plan *plan);
void source_plan_release(struct source_plan *plan);

/* "a/" and "a/.". */
bool source_path_means_directory(const char *path);

/* Relative paths start at the working directory; "." and ".." are resolved as text. */
MUST_CHECK int source_plan_add(struct source_plan *plan, const char *path,
			       struct err *err);

/* Adds NUL-separated paths from a file; "-" is standard input. ERR_USAGE when it is empty or
 * looks like a list by lines. */
MUST_CHECK int source_plan_add_list(struct source_plan *plan, const char *file_name,
				    struct err *err);

/* To be called once, after the last path. Duplicates may stay. */
void source_plan_sort(struct source_plan *plan);

size_t source_plan_count(const struct source_plan *plan);
const char *source_plan_at(const struct source_plan *plan, size_t i);

/* The component of path `i` that follows its first `prefix_len` bytes ("" = ends there);
 * prefix_len is 0 or the length of a directory's path. */
struct slice source_plan_component(const struct source_plan *plan, size_t i,
				   size_t prefix_len);

/* Is a path that the walk meets one of the plan? */
enum plan_naming {
	PLAN_PASSED, /* no */
	PLAN_NAMED,
	PLAN_NAMED_DIRECTORY,
};

/* Of `range`, whose paths all lie below the first prefix_len bytes, those that go on behind
 * `name`. Those that end there are told by *ret_naming. */
struct plan_range source_plan_narrow(const struct source_plan *plan,
				     struct plan_range range, size_t prefix_len,
				     const char *name, enum plan_naming *ret_naming);

#endif
