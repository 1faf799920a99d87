/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A snapshot's tree as a sink sees it that restores from it (PostgreSQL, tar, one file to
 * stdout). The repository implements it. One thread at a time per object.
 */
#ifndef FLOW_TREE_SOURCE_H
#define FLOW_TREE_SOURCE_H

#include "flow/entry.h"

struct tree_source;
struct tree_directory; /* an open directory being listed */
struct byte_reader;    /* content being read in order, fetched ahead */

struct tree_source_ops {
	/* The entry at a path ("a/b", "" = root). ERR_NOT_FOUND when absent. */
	int (*lookup)(struct tree_source *source, const char *path,
		      struct entry *ret_entry, struct err *err);
	int (*open_directory)(struct tree_source *source, const char *path,
			      struct tree_directory **ret_directory, struct err *err);
	/* *ret_end = true and no entry after the last one. */
	int (*next)(struct tree_directory *directory, struct entry *ret_entry,
		    bool *ret_end, struct err *err);
	void (*close_directory)(struct tree_directory *directory);

	/* Content of the file at a path: of a sparse file the extents' bytes only. */
	int (*open_content)(struct tree_source *source, const char *path,
			    struct byte_reader **ret_reader, struct err *err);
	/* Up to `len` verified bytes; *ret_len = 0 at the end. */
	int (*read)(struct byte_reader *reader, uint8_t *to, size_t len, size_t *ret_len,
		    struct err *err);
	void (*close_content)(struct byte_reader *reader);
};

struct tree_source {
	const struct tree_source_ops *ops;
};

#endif
