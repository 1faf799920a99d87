/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The open nodes are a path from the top to the node that is read now. A node that ends is
 * dropped and its parent goes on. Above level 0 a list says how many bytes of content are below
 * each child; that is compared when the child ends, since offsets in a file depend on it.
 *
 * A resting reader keeps of each node only its reference and the position in it. The bytes come
 * back by that reference, are the same because the id proves it, and the two pointers into
 * them are moved.
 */
#include "repo/sequence_reader.h"

#include <assert.h>
#include <inttypes.h>

#include "base/mem.h"
#include "base/quote.h"

struct open_node {
	struct blob_ref ref;
	struct buf bytes; /* empty while resting */
	struct node_reader reader;
	uint64_t expected; /* of a list: bytes of content below, as the parent says */
	uint64_t seen;
};

struct sequence_reader {
	enum blob_type type;
	struct node_source *source;
	struct content_ref content;
	bool started;
	size_t n_chunks; /* of CONTENT_CHUNKS, read */
	size_t n_open;
	struct open_node nodes[LEVEL_MAX]; /* [0] is the top */
	bool has_last;
	struct buf last_name; /* of a tree: the order holds across nodes too */
};

struct sequence_reader *sequence_reader_new(enum blob_type type,
					    struct node_source *source,
					    const struct content_ref *content)
{
	struct sequence_reader *reader = mem_zalloc(sizeof(*reader));

	assert(type == BLOB_TREE || type == BLOB_LIST);
	assert(type == BLOB_LIST || content->kind != CONTENT_CHUNKS);
	reader->type = type;
	reader->source = source;
	content_ref_copy(&reader->content, content);
	buf_init(&reader->last_name, 0);
	for (size_t i = 0; i < LEVEL_MAX; i++)
		buf_init(&reader->nodes[i].bytes, 0);
	return reader;
}

void sequence_reader_free(struct sequence_reader *reader)
{
	if (reader == NULL)
		return;
	for (size_t i = 0; i < LEVEL_MAX; i++)
		buf_release(&reader->nodes[i].bytes);
	buf_release(&reader->last_name);
	content_ref_release(&reader->content);
	mem_free(reader);
}

void sequence_reader_freep(struct sequence_reader **reader)
{
	sequence_reader_free(*reader);
}

size_t sequence_reader_memory(const struct sequence_reader *reader)
{
	size_t sum = 0;

	for (size_t i = 0; i < LEVEL_MAX; i++)
		sum += reader->nodes[i].bytes.capacity;
	return sum;
}

void sequence_reader_rest(struct sequence_reader *reader)
{
	for (size_t i = 0; i < LEVEL_MAX; i++) {
		buf_release(&reader->nodes[i].bytes);
		buf_init(&reader->nodes[i].bytes, 0);
	}
}

static int fetch(struct sequence_reader *reader, struct open_node *node, struct err *err)
{
	if (node->ref.raw_len > NODE_MAX)
		return err_set(err, ERR_CORRUPT, "a node of %" PRIu32 " bytes",
			       node->ref.raw_len);
	return reader->source->get(reader->source, reader->type, &node->ref, &node->bytes,
				   err);
}

/* Brings a resting node back. */
static int wake(struct sequence_reader *reader, struct open_node *node, struct err *err)
{
	struct node_reader *at = &node->reader;

	if (node->bytes.len > 0)
		return 0;
	const uint8_t *before = at->cursor.all.data;
	if (fetch(reader, node, err) < 0)
		return -1;
	if (node->bytes.len != at->cursor.all.len)
		return err_set(err, ERR_BUG, "a node changed its length");
	if (at->last_name.data != NULL)
		at->last_name.data = node->bytes.data + (at->last_name.data - before);
	at->cursor.all.data = node->bytes.data;
	return 0;
}

static int open_top(struct sequence_reader *reader, struct err *err)
{
	struct open_node *node = &reader->nodes[0];

	reader->started = true;
	if (reader->content.kind != CONTENT_NODE)
		return 0;
	node->ref = reader->content.top;
	node->seen = 0;
	if (fetch(reader, node, err) < 0 ||
	    node_open(&node->reader, reader->type, reader->content.level,
		      buf_slice(&node->bytes), err) < 0)
		return -1;
	reader->n_open = 1;
	return 0;
}

static int open_child(struct sequence_reader *reader, const struct node_child *child,
		      struct err *err)
{
	struct open_node *node = &reader->nodes[reader->n_open];
	unsigned level = reader->nodes[reader->n_open - 1].reader.level - 1;

	node->ref = child->ref;
	node->expected = child->content_len;
	node->seen = 0;
	if (fetch(reader, node, err) < 0 ||
	    node_open_child(&node->reader, reader->type, level, child,
			    buf_slice(&node->bytes), err) < 0)
		return -1;
	reader->n_open++;
	return 0;
}

/* The last open node has ended. */
static int close_last(struct sequence_reader *reader, struct err *err)
{
	struct open_node *node = &reader->nodes[reader->n_open - 1];

	reader->n_open--;
	if (reader->n_open == 0)
		return 0;
	if (reader->type == BLOB_LIST && node->seen != node->expected)
		return err_set(err, ERR_CORRUPT,
			       "list node: %" PRIu64
			       " bytes of content, its parent says %" PRIu64,
			       node->seen, node->expected);
	reader->nodes[reader->n_open - 1].seen += node->seen;
	return 0;
}

/* Opens and closes nodes until the last one is a leaf; *ret_leaf = NULL at the end. */
static int reach_leaf(struct sequence_reader *reader, struct open_node **ret_leaf,
		      struct err *err)
{
	if (!reader->started && open_top(reader, err) < 0)
		return -1;
	while (reader->n_open > 0) {
		struct open_node *node = &reader->nodes[reader->n_open - 1];
		struct node_child child;
		bool end;

		if (wake(reader, node, err) < 0)
			return -1;
		if (node->reader.level == 0) {
			*ret_leaf = node;
			return 0;
		}
		if (node_next_child(&node->reader, &child, &end, err) < 0)
			return -1;
		if ((end ? close_last(reader, err) : open_child(reader, &child, err)) < 0)
			return -1;
	}
	*ret_leaf = NULL;
	return 0;
}

/* Within a node its reader sees to the order. On failure the results are released. */
static int check_order(struct sequence_reader *reader, struct entry *entry,
		       struct content_ref *content, struct err *err)
{
	struct slice name = slice_of_string(entry->name);
	char shown[QUOTE_TEXT_MAX];

	if (reader->has_last && slice_compare(buf_slice(&reader->last_name), name) >= 0) {
		(void)err_set(err, ERR_CORRUPT,
			      "directory: %s comes after a name that is not smaller",
			      quote_text(name, shown));
		entry_release(entry);
		content_ref_release(content);
		return -1;
	}
	buf_clear(&reader->last_name);
	buf_append_slice(&reader->last_name, name);
	reader->has_last = true;
	return 0;
}

int sequence_reader_next_entry(struct sequence_reader *reader, struct entry *ret_entry,
			       struct content_ref *ret_content, bool *ret_end,
			       struct err *err)
{
	struct open_node *leaf;

	assert(reader->type == BLOB_TREE);
	for (;;) {
		bool leaf_ends;

		if (reach_leaf(reader, &leaf, err) < 0)
			return -1;
		*ret_end = leaf == NULL;
		if (leaf == NULL)
			return 0;
		if (node_next_entry(&leaf->reader, ret_entry, ret_content, &leaf_ends,
				    err) < 0)
			return -1;
		if (!leaf_ends)
			return check_order(reader, ret_entry, ret_content, err);
		if (close_last(reader, err) < 0)
			return -1;
	}
}

/* The chunks that an entry lists itself. */
static bool next_inline(struct sequence_reader *reader, struct blob_ref *ret_chunk)
{
	if (reader->content.kind != CONTENT_CHUNKS ||
	    reader->n_chunks == reader->content.chunks.n)
		return false;
	const struct blob_ref *chunk =
		vec_at(&reader->content.chunks, reader->n_chunks++);
	*ret_chunk = *chunk;
	return true;
}

int sequence_reader_next_chunk(struct sequence_reader *reader, struct blob_ref *ret_chunk,
			       bool *ret_end, struct err *err)
{
	struct open_node *leaf;

	assert(reader->type == BLOB_LIST);
	*ret_end = false;
	if (next_inline(reader, ret_chunk))
		return 0;
	for (;;) {
		bool leaf_ends;

		if (reach_leaf(reader, &leaf, err) < 0)
			return -1;
		*ret_end = leaf == NULL;
		if (leaf == NULL)
			return 0;
		if (node_next_chunk(&leaf->reader, ret_chunk, &leaf_ends, err) < 0)
			return -1;
		if (!leaf_ends) {
			leaf->seen += ret_chunk->raw_len;
			return 0;
		}
		if (close_last(reader, err) < 0)
			return -1;
	}
}

static uint64_t seek_inline(struct sequence_reader *reader, uint64_t offset)
{
	uint64_t start = 0;

	while (reader->n_chunks < reader->content.chunks.n) {
		const struct blob_ref *chunk =
			vec_at(&reader->content.chunks, reader->n_chunks);

		if (chunk->raw_len > offset - start)
			break;
		start += chunk->raw_len;
		reader->n_chunks++;
	}
	return start;
}

/* Passes over items of the last open node that end at or before `offset`. The first one that
 * does not is left for the next read: the reader is put back in front of it. */
static int seek_node(struct open_node *node, uint64_t offset, uint64_t *start,
		     bool *ret_end, struct err *err)
{
	for (;;) {
		struct node_reader before = node->reader;
		struct node_child child = {0};
		int failed;

		if (node->reader.level > 0) {
			failed = node_next_child(&node->reader, &child, ret_end, err);
		} else {
			failed = node_next_chunk(&node->reader, &child.ref, ret_end, err);
			child.content_len = child.ref.raw_len;
		}
		if (failed < 0)
			return -1;
		if (*ret_end)
			return 0;
		if (child.content_len > offset - *start) {
			node->reader = before;
			return 0;
		}
		*start += child.content_len;
		node->seen += child.content_len;
	}
}

int sequence_reader_seek(struct sequence_reader *reader, uint64_t offset,
			 uint64_t *ret_start, struct err *err)
{
	uint64_t start = 0;
	bool end = false;

	assert(reader->type == BLOB_LIST && !reader->started && reader->n_chunks == 0);
	if (reader->content.kind == CONTENT_CHUNKS)
		start = seek_inline(reader, offset);
	if (open_top(reader, err) < 0)
		return -1;
	while (reader->n_open > 0 && !end) {
		struct open_node *node = &reader->nodes[reader->n_open - 1];
		struct node_child child;

		if (seek_node(node, offset, &start, &end, err) < 0)
			return -1;
		if (end || node->reader.level == 0)
			break;
		if (node_next_child(&node->reader, &child, &end, err) < 0 ||
		    open_child(reader, &child, err) < 0)
			return -1;
	}
	*ret_start = start;
	return 0;
}

int sequence_find(struct node_source *source, const struct content_ref *content,
		  struct slice name, struct found_entry *ret_found, struct err *err)
{
	CLEANUP(sequence_reader_freep)
	struct sequence_reader *reader = sequence_reader_new(BLOB_TREE, source, content);

	if (open_top(reader, err) < 0)
		return -1;
	*ret_found = (struct found_entry){0};
	while (reader->n_open > 0) {
		struct open_node *node = &reader->nodes[reader->n_open - 1];
		struct node_child child;
		bool found;

		if (node->reader.level == 0)
			return node_find_entry(&node->reader, name, &ret_found->entry,
					       &ret_found->content, &ret_found->found,
					       err);
		if (node_find_child(&node->reader, name, &child, &found, err) < 0)
			return -1;
		if (!found)
			return 0;
		if (open_child(reader, &child, err) < 0)
			return -1;
	}
	return 0;
}
