/* SPDX-License-Identifier: Apache-2.0 */
/*
 *   node = version u8  level u8  n u32  items
 *
 * An item is, at level 0, of a tree: lp32 entry; of a list: id[32] raw u32. Above, of a tree:
 * lp16 first name  id[32]  raw u32; of a list: id[32]  raw u32  content bytes u64.
 *
 * A reader never holds a node's items: it goes over the bytes, which are bounded, and decodes
 * one item at a time. Looking a name up reads the names only.
 */
#include <assert.h>
#include <inttypes.h>

#include "base/path.h"
#include "base/quote.h"
#include "repo/tree_format.h"

enum {
	NODE_VERSION = 1,
	NODE_N_OFFSET = 2,
	ITEM_LEN_MIN = 36,
	ENTRY_NAME_OFFSET = 5, /* type and present come first */
};

/* --- building --- */

void node_begin(struct buf *node, unsigned level)
{
	assert(level < LEVEL_MAX);
	buf_clear(node);
	buf_put_u8(node, NODE_VERSION);
	buf_put_u8(node, (uint8_t)level);
	buf_put_u32(node, 0);
}

static void put_ref(struct buf *node, const struct blob_ref *ref)
{
	buf_append(node, ref->id.bytes, BLOB_ID_LEN);
	buf_put_u32(node, ref->raw_len);
}

void tree_node_add_entry(struct buf *node, struct slice entry)
{
	buf_put_bytes32(node, entry);
}

void tree_node_add_child(struct buf *node, struct slice first_name,
			 const struct blob_ref *ref)
{
	buf_put_bytes16(node, first_name);
	put_ref(node, ref);
}

void list_node_add_chunk(struct buf *node, const struct blob_ref *ref)
{
	put_ref(node, ref);
}

void list_node_add_child(struct buf *node, const struct blob_ref *ref,
			 uint64_t content_len)
{
	put_ref(node, ref);
	buf_put_u64(node, content_len);
}

void node_end(struct buf *node, uint32_t n_items)
{
	assert(n_items >= 1 && n_items <= NODE_ITEMS_MAX && node->len <= NODE_MAX);
	for (unsigned i = 0; i < 4; i++)
		node->data[NODE_N_OFFSET + i] = (uint8_t)(n_items >> (8 * i));
}

/* --- reading --- */

static const char *node_name(const struct node_reader *reader)
{
	return reader->type == BLOB_TREE ? "tree node" : "list node";
}

int node_open(struct node_reader *reader, enum blob_type type, unsigned level,
	      struct slice bytes, struct err *err)
{
	struct cursor *c = &reader->cursor;
	uint8_t version, found_level;

	assert(type == BLOB_TREE || type == BLOB_LIST);
	*reader = (struct node_reader){.type = type, .level = level};
	cursor_init(c, bytes);
	version = cursor_u8(c);
	found_level = cursor_u8(c);
	if (!c->bad && version != NODE_VERSION)
		return err_set(err, ERR_UNSUPPORTED,
			       "%s of version %u: made by a newer Quipu",
			       node_name(reader), version);
	if (bytes.len > NODE_MAX)
		cursor_fail(c, "%zu bytes, expected %d at most", bytes.len, NODE_MAX);
	if (found_level != level || level >= LEVEL_MAX)
		cursor_fail(c, "level %u, expected %u", found_level, level);
	reader->n = cursor_count(c, NODE_ITEMS_MAX, ITEM_LEN_MIN);
	if (reader->n == 0)
		cursor_fail(c, "no items");
	return cursor_ok(c, node_name(reader), err);
}

static void read_ref(struct cursor *c, uint32_t raw_max, struct blob_ref *ret_ref)
{
	cursor_copy(c, ret_ref->id.bytes, BLOB_ID_LEN);
	ret_ref->raw_len = cursor_u32(c);
	if (ret_ref->raw_len == 0 || ret_ref->raw_len > raw_max)
		cursor_fail(c, "blob of %" PRIu32 " bytes, expected 1 to %" PRIu32,
			    ret_ref->raw_len, raw_max);
}

/* True when there is a next item; at the end nothing may trail. */
static int next_item(struct node_reader *reader, bool *ret_end, struct err *err)
{
	*ret_end = reader->position == reader->n;
	if (*ret_end)
		return cursor_end(&reader->cursor, node_name(reader), err);
	reader->position++;
	return 0;
}

static int item_ok(const struct node_reader *reader, struct err *err)
{
	if (!reader->cursor.bad)
		return 0;
	return err_set(err, ERR_CORRUPT, "%s: item %" PRIu32 ": %s", node_name(reader),
		       reader->position - 1, reader->cursor.why);
}

static void check_name(struct node_reader *reader, struct slice name)
{
	struct cursor *c = &reader->cursor;
	char shown[QUOTE_TEXT_MAX];

	if (c->bad)
		return;
	if (!path_component_valid(name))
		cursor_fail(c, "name is no file name");
	else if (reader->position > 1 && slice_compare(name, reader->last_name) <= 0)
		cursor_fail(c, "name %.60s is out of order", quote_text(name, shown));
	reader->last_name = name;
}

/* The next entry's bytes; its name is looked at, nothing else. */
static int next_entry_bytes(struct node_reader *reader, struct slice *ret_entry,
			    struct slice *ret_name, bool *ret_end, struct err *err)
{
	struct cursor inner;

	assert(reader->type == BLOB_TREE && reader->level == 0);
	if (next_item(reader, ret_end, err) < 0)
		return -1;
	if (*ret_end)
		return 0;
	*ret_entry = cursor_bytes32(&reader->cursor, ENTRY_MAX);
	cursor_init(&inner, *ret_entry);
	(void)cursor_bytes(&inner, ENTRY_NAME_OFFSET); /* an end shows in `inner` */
	*ret_name = cursor_bytes16(&inner, ENTRY_NAME_MAX);
	if (inner.bad)
		cursor_fail(&reader->cursor, "entry: %.80s", inner.why);
	check_name(reader, *ret_name);
	return item_ok(reader, err);
}

int node_next_entry(struct node_reader *reader, struct entry *ret_entry,
		    struct content_ref *ret_content, bool *ret_end, struct err *err)
{
	struct slice bytes = {0}, name = {0};

	if (next_entry_bytes(reader, &bytes, &name, ret_end, err) < 0)
		return -1;
	if (*ret_end)
		return 0;
	if (tree_entry_decode(bytes, ret_entry, ret_content, err) < 0)
		return err_wrap(err, "%s: item %" PRIu32, node_name(reader),
				reader->position - 1);
	return 0;
}

int node_next_chunk(struct node_reader *reader, struct blob_ref *ret_chunk, bool *ret_end,
		    struct err *err)
{
	assert(reader->type == BLOB_LIST && reader->level == 0);
	if (next_item(reader, ret_end, err) < 0)
		return -1;
	if (*ret_end)
		return 0;
	read_ref(&reader->cursor, BLOB_RAW_MAX, ret_chunk);
	return item_ok(reader, err);
}

int node_next_child(struct node_reader *reader, struct node_child *ret_child,
		    bool *ret_end, struct err *err)
{
	struct cursor *c = &reader->cursor;
	struct node_child child = {0};

	assert(reader->level > 0);
	if (next_item(reader, ret_end, err) < 0)
		return -1;
	if (*ret_end)
		return 0;
	if (reader->type == BLOB_TREE) {
		child.first_name = cursor_bytes16(c, ENTRY_NAME_MAX);
		check_name(reader, child.first_name);
	}
	read_ref(c, NODE_MAX, &child.ref);
	if (reader->type == BLOB_LIST)
		child.content_len = cursor_u64(c);
	if (item_ok(reader, err) < 0)
		return -1;
	*ret_child = child;
	return 0;
}

static int first_name_of(struct node_reader reader, struct slice *ret_name,
			 struct err *err)
{
	struct node_child child = {0};
	struct slice bytes;
	bool end;

	if (reader.level == 0)
		return next_entry_bytes(&reader, &bytes, ret_name, &end, err);
	if (node_next_child(&reader, &child, &end, err) < 0)
		return -1;
	*ret_name = child.first_name;
	return 0;
}

int node_open_child(struct node_reader *reader, enum blob_type type, unsigned level,
		    const struct node_child *child, struct slice bytes, struct err *err)
{
	struct slice name = {0};
	char shown[QUOTE_TEXT_MAX];

	if (node_open(reader, type, level, bytes, err) < 0)
		return -1;
	if (type == BLOB_LIST)
		return 0;
	if (first_name_of(*reader, &name, err) < 0)
		return -1;
	if (!slice_equal(name, child->first_name))
		return err_set(err, ERR_CORRUPT,
			       "tree node starts with %s, not as its parent says",
			       quote_text(name, shown));
	return 0;
}

int node_find_entry(struct node_reader *reader, struct slice name,
		    struct entry *ret_entry, struct content_ref *ret_content,
		    bool *ret_found, struct err *err)
{
	struct slice bytes = {0}, found = {0};
	bool end;

	do {
		if (next_entry_bytes(reader, &bytes, &found, &end, err) < 0)
			return -1;
	} while (!end && slice_compare(found, name) < 0);
	if (end || !slice_equal(found, name)) {
		*ret_found = false;
		return 0;
	}
	if (tree_entry_decode(bytes, ret_entry, ret_content, err) < 0)
		return err_wrap(err, "%s: item %" PRIu32, node_name(reader),
				reader->position - 1);
	*ret_found = true;
	return 0;
}

int node_find_child(struct node_reader *reader, struct slice name,
		    struct node_child *ret_child, bool *ret_found, struct err *err)
{
	struct node_child next = {0}, best = {0};
	bool end, found = false;

	assert(reader->type == BLOB_TREE);
	for (;;) {
		if (node_next_child(reader, &next, &end, err) < 0)
			return -1;
		if (end || slice_compare(next.first_name, name) > 0)
			break;
		best = next;
		found = true;
	}
	if (found)
		*ret_child = best;
	*ret_found = found;
	return 0;
}
