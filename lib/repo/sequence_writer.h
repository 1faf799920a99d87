/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Builds a directory or a content list of any length: items come in order, are cut into
 * nodes, nodes are listed by nodes above, up to one top node (docs/format/tree.md). Memory is
 * one unfinished node per level. The same items give the same nodes, whatever came before
 * or after a cut.
 */
#ifndef REPO_SEQUENCE_WRITER_H
#define REPO_SEQUENCE_WRITER_H

#include "repo/tree_format.h"

enum {
	SEQUENCE_KEY_LEN = 16,
	SEQUENCE_NODE_LEN = NODE_MAX / 4, /* a node ends when it has that many bytes */
	SEQUENCE_NODE_ITEMS = 4096,
	SEQUENCE_UPPER_ITEMS_MIN = 16, /* above level 0: so that levels always shrink */
	SEQUENCE_TREE_BITS = 8,	       /* 256 entries in a node, on average */
	SEQUENCE_LIST_BITS = 10,
};

/* Where nodes go. Stores (or promises to store) `node` and tells its id and length. */
struct node_sink {
	int (*put)(struct node_sink *sink, enum blob_type type, struct slice node,
		   struct blob_ref *ret_ref, struct err *err);
};

struct sequence_writer;

/* `type` is BLOB_TREE or BLOB_LIST. The key (copied) is the first bytes of key("tree"). The
 * sink is borrowed. */
struct sequence_writer *sequence_writer_new(enum blob_type type,
					    const uint8_t key[static SEQUENCE_KEY_LEN],
					    struct node_sink *sink);
void sequence_writer_free(struct sequence_writer *writer);
void sequence_writer_freep(struct sequence_writer **writer);

/* Of a tree: an encoded entry under its name. Names ascend (asserted); an entry has at most
 * ENTRY_MAX bytes. */
MUST_CHECK int sequence_writer_add_entry(struct sequence_writer *writer,
					 struct slice name, struct slice entry,
					 struct err *err);
/* Of a list: a chunk. */
MUST_CHECK int sequence_writer_add_chunk(struct sequence_writer *writer,
					 const struct blob_ref *chunk, struct err *err);

/* No more items. *ret_content is initialised here: CONTENT_NODE, or CONTENT_NONE when nothing
 * was added. ERR_LIMIT when LEVEL_MAX levels do not suffice. */
MUST_CHECK int sequence_writer_finish(struct sequence_writer *writer,
				      struct content_ref *ret_content, struct err *err);

#endif
