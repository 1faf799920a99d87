/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Entries, content references and nodes as bytes (docs/format/tree.md). Pure: nothing is
 * fetched here. Encoders check what the world decides (lengths: ERR_LIMIT) and assert what
 * callers decide. Decoders accept exactly what the page allows (ERR_CORRUPT, newer versions
 * and unknown fields ERR_UNSUPPORTED); what they return is owned by the caller.
 */
#ifndef REPO_TREE_FORMAT_H
#define REPO_TREE_FORMAT_H

#include "base/cursor.h"
#include "flow/entry.h"
#include "repo/blob.h"

enum {
	NODE_MAX = 4 * 1024 * 1024,
	NODE_ITEMS_MAX = 65536,
	NODE_HEADER_LEN = 6,
	ENTRY_MAX = 2 * 1024 * 1024,
	LEVEL_MAX = 8,		 /* nodes have levels 0..7 */
	CONTENT_INLINE_MAX = 64, /* chunks that an entry lists itself */
};

enum content_kind {
	CONTENT_NONE,	/* an empty directory, a file without bytes, other types */
	CONTENT_CHUNKS, /* of a file: the chunks themselves */
	CONTENT_NODE,	/* a directory's tree nodes, a file's list nodes */
};

struct content_ref {
	enum content_kind kind;
	unsigned level;	     /* CONTENT_NODE: of the top node, from 0 */
	struct blob_ref top; /* CONTENT_NODE */
	struct vec chunks;   /* CONTENT_CHUNKS: of struct blob_ref, 1..64, in order */
};

void content_ref_init(struct content_ref *content); /* CONTENT_NONE */
void content_ref_release(struct content_ref *content);
void content_ref_copy(struct content_ref *to, const struct content_ref *from);

/* Appends all of an entry. Its content's kind must fit its type. */
MUST_CHECK int tree_entry_encode(const struct entry *entry,
				 const struct content_ref *content, struct buf *out,
				 struct err *err);
/* The same in two steps, for a writer that learns the content later: the head is an entry
 * without content. On failure *out is as it was. */
MUST_CHECK int tree_entry_encode_head(const struct entry *entry, struct buf *out,
				      struct err *err);
/* Gives a head (all of the buf) its content. */
void tree_entry_complete(struct buf *head, const struct content_ref *content);
struct slice tree_entry_name(struct slice encoded); /* of what was encoded here */

/* Just the content field, as other formats embed it; never CONTENT_NONE. */
void tree_content_encode(enum entry_type type, const struct content_ref *content,
			 struct buf *out);

/* Both results are initialised here. The name is a valid component, or "" of a directory. */
MUST_CHECK int tree_entry_decode(struct slice bytes, struct entry *ret_entry,
				 struct content_ref *ret_content, struct err *err);

/* The content field at the cursor. *ret_content is initialised here and empty when the cursor turns bad. */
void tree_content_read(struct cursor *cursor, enum entry_type type,
		       struct content_ref *ret_content);

/* --- nodes --- */

/* Building: begin, add items of one kind in order, end. The buf is the whole node. */
void node_begin(struct buf *node, unsigned level);
void tree_node_add_entry(struct buf *node, struct slice entry);
void tree_node_add_child(struct buf *node, struct slice first_name,
			 const struct blob_ref *ref);
void list_node_add_chunk(struct buf *node, const struct blob_ref *ref);
void list_node_add_child(struct buf *node, const struct blob_ref *ref,
			 uint64_t content_len);
void node_end(struct buf *node, uint32_t n_items);

/* An item of a node above level 0. */
struct node_child {
	struct slice first_name; /* tree: borrowed from the node */
	struct blob_ref ref;
	uint64_t content_len; /* list: bytes of content below it */
};

/*
 * Reading, item by item; the bytes must stay. Order, uniqueness and limits are checked as the
 * items go by, and at the end that nothing trails: a caller that stops early has checked
 * only what it saw.
 */
struct node_reader {
	struct cursor cursor;
	enum blob_type type;
	unsigned level;
	uint32_t n, position;
	struct slice last_name; /* of the item before */
};

/* `type` is BLOB_TREE or BLOB_LIST; `level` is what the parent says. */
MUST_CHECK int node_open(struct node_reader *reader, enum blob_type type, unsigned level,
			 struct slice bytes, struct err *err);
/* The same for a child of a node at `level` + 1: its first name must be what `child` says. */
MUST_CHECK int node_open_child(struct node_reader *reader, enum blob_type type,
			       unsigned level, const struct node_child *child,
			       struct slice bytes, struct err *err);

/* The next item of the kind that type and level have. *ret_end = true and no item after the
 * last one; then all of the node was well-formed. */
MUST_CHECK int node_next_entry(struct node_reader *reader, struct entry *ret_entry,
			       struct content_ref *ret_content, bool *ret_end,
			       struct err *err);
MUST_CHECK int node_next_chunk(struct node_reader *reader, struct blob_ref *ret_chunk,
			       bool *ret_end, struct err *err);
MUST_CHECK int node_next_child(struct node_reader *reader, struct node_child *ret_child,
			       bool *ret_end, struct err *err);

/* Looks a name up in a tree node that was just opened, which it uses up. At level 0 its entry; above, the
 * only child that can hold it. *ret_found = false: no such name below this node. */
MUST_CHECK int node_find_entry(struct node_reader *reader, struct slice name,
			       struct entry *ret_entry, struct content_ref *ret_content,
			       bool *ret_found, struct err *err);
MUST_CHECK int node_find_child(struct node_reader *reader, struct slice name,
			       struct node_child *ret_child, bool *ret_found,
			       struct err *err);

#endif
