/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A snapshot's tree for those that restore from it (flow/tree_source.h): look-ups by path,
 * directories entry by entry, content fetched ahead. Memory is one node per level of what is
 * open, and a bounded read-ahead per open content.
 */
#ifndef REPO_TREE_READER_H
#define REPO_TREE_READER_H

#include "flow/tree_source.h"
#include "repo/body_format.h"
#include "repo/content_reader.h"
#include "repo/tree_walk.h"

struct tree_reader;

/* Both borrowed. ERR_IO when threads cannot be made. */
MUST_CHECK int tree_reader_new(struct blob_reader *blobs,
			       const struct snapshot_body *body,
			       struct tree_reader **ret_reader, struct err *err);
/* What was opened from it must be closed. */
void tree_reader_free(struct tree_reader *reader);

struct tree_source *tree_reader_source(struct tree_reader *reader);

/* As open_content(), from an offset on: of a sparse file, of its extents' bytes. Closed by
 * close_content(). At or behind the end there is nothing to read. */
MUST_CHECK int tree_reader_open_range(struct tree_reader *reader, const char *path,
				      uint64_t offset, struct byte_reader **ret_reader,
				      struct err *err);

/* For tree_walk() and tree_find(): everything, no cancel. */
struct tree_walk_options tree_reader_walk_options(struct tree_reader *reader);

#endif
