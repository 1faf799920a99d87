/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Each level has one node in the making. An item is appended to its level's node; when the
 * item's keyed hash (or the node's size) says so, the node ends, goes to the sink, and
 * becomes an item of the level above. Whether a node ends after an item depends on that
 * item and, seldom, on the node's size: after an inserted item the next cut is where it was
 * before. Since an upper item's key is the first name below it (or the id of the node), the
 * same holds on every level.
 *
 * Above level 0 a node has 16 items or more before a hash can end it: a level is then at
 * most a sixteenth of the one below, even for a list of equal chunks, whose hashes agree.
 *
 * At the end the unfinished nodes are put from the bottom up. A level that had just one node
 * needs none above it: that node is the top. `top` is the highest level that has begun; its
 * node was never put, so when it holds a single child that child is the top instead.
 */
#include "repo/sequence_writer.h"

#include <assert.h>

#include "base/map.h"
#include "base/mem.h"
#include "base/secret.h"

struct level {
	struct buf node;
	uint32_t n_items;
	uint64_t content_len; /* of a list */
	char first_name[ENTRY_NAME_MAX];
	size_t first_name_len;
	struct blob_ref last_child; /* above level 0 */
};

struct sequence_writer {
	enum blob_type type;
	uint64_t cut_mask;
	uint8_t key[SEQUENCE_KEY_LEN];
	struct node_sink *sink;
	unsigned n_levels;		 /* that have begun */
	struct level *levels[LEVEL_MAX]; /* made when they begin */
	char last_name[ENTRY_NAME_MAX];
	size_t last_name_len;
};

/* What is added to a level. */
struct item {
	struct slice name;    /* of a tree */
	struct slice entry;   /* of a tree at level 0 */
	struct blob_ref ref;  /* else */
	uint64_t content_len; /* of a list */
};

struct sequence_writer *sequence_writer_new(enum blob_type type,
					    const uint8_t key[static SEQUENCE_KEY_LEN],
					    struct node_sink *sink)
{
	struct sequence_writer *writer = mem_zalloc(sizeof(*writer));
	unsigned bits = type == BLOB_TREE ? SEQUENCE_TREE_BITS : SEQUENCE_LIST_BITS;

	assert(type == BLOB_TREE || type == BLOB_LIST);
	writer->type = type;
	writer->cut_mask = (UINT64_C(1) << bits) - 1;
	memcpy(writer->key, key, SEQUENCE_KEY_LEN);
	writer->sink = sink;
	return writer;
}

void sequence_writer_free(struct sequence_writer *writer)
{
	if (writer == NULL)
		return;
	for (unsigned i = 0; i < writer->n_levels; i++) {
		buf_release(&writer->levels[i]->node);
		mem_free(writer->levels[i]);
	}
	secret_wipe(writer->key, sizeof(writer->key));
	mem_free(writer);
}

void sequence_writer_freep(struct sequence_writer **writer)
{
	sequence_writer_free(*writer);
}

static void begin_level(struct sequence_writer *writer)
{
	struct level *level = mem_zalloc(sizeof(*level));

	buf_init(&level->node, NODE_MAX);
	writer->levels[writer->n_levels++] = level;
}

static void begin_node(struct level *level, unsigned number, struct slice first_name)
{
	node_begin(&level->node, number);
	level->content_len = 0;
	level->first_name_len = first_name.len;
	if (first_name.len > 0)
		memcpy(level->first_name, first_name.data, first_name.len);
}

static void append_item(struct sequence_writer *writer, unsigned number,
			const struct item *item)
{
	struct level *level = writer->levels[number];

	if (level->n_items == 0)
		begin_node(level, number, item->name);
	if (writer->type == BLOB_TREE && number == 0)
		tree_node_add_entry(&level->node, item->entry);
	else if (writer->type == BLOB_TREE)
		tree_node_add_child(&level->node, item->name, &item->ref);
	else if (number == 0)
		list_node_add_chunk(&level->node, &item->ref);
	else
		list_node_add_child(&level->node, &item->ref, item->content_len);
	level->n_items++;
	level->content_len += item->content_len;
	level->last_child = item->ref;
}

static bool ends_node(const struct sequence_writer *writer, unsigned number,
		      const struct item *item)
{
	const struct level *level = writer->levels[number];
	struct slice hashed = writer->type == BLOB_TREE
				      ? item->name
				      : slice_of(item->ref.id.bytes, BLOB_ID_LEN);

	if (level->n_items >= SEQUENCE_NODE_ITEMS || level->node.len >= SEQUENCE_NODE_LEN)
		return true;
	if (number > 0 && level->n_items < SEQUENCE_UPPER_ITEMS_MIN)
		return false;
	return (siphash(writer->key, hashed) & writer->cut_mask) == 0;
}

/* Puts a level's node; *ret_item is what the level above gets. Its name stays valid until
 * the level's next item. */
static int end_node(struct sequence_writer *writer, unsigned number,
		    struct item *ret_item, struct err *err)
{
	struct level *level = writer->levels[number];

	node_end(&level->node, level->n_items);
	*ret_item = (struct item){
		.name = slice_of(level->first_name, level->first_name_len),
		.content_len = level->content_len,
	};
	if (writer->sink->put(writer->sink, writer->type, buf_slice(&level->node),
			      &ret_item->ref, err) < 0)
		return -1;
	level->n_items = 0;
	return 0;
}

static int add_item(struct sequence_writer *writer, unsigned number, struct item item,
		    struct err *err)
{
	for (;; number++) {
		if (number == LEVEL_MAX)
			return err_set(err, ERR_LIMIT,
				       "directory or file needs more than %d levels",
				       LEVEL_MAX);
		if (writer->n_levels == number)
			begin_level(writer);
		append_item(writer, number, &item);
		if (!ends_node(writer, number, &item))
			return 0;
		if (end_node(writer, number, &item, err) < 0)
			return -1;
	}
}

int sequence_writer_add_entry(struct sequence_writer *writer, struct slice name,
			      struct slice entry, struct err *err)
{
	assert(writer->type == BLOB_TREE);
	assert(name.len >= 1 && name.len <= ENTRY_NAME_MAX && entry.len <= ENTRY_MAX);
	assert(slice_compare(name, slice_of(writer->last_name, writer->last_name_len)) >
	       0);
	memcpy(writer->last_name, name.data, name.len);
	writer->last_name_len = name.len;
	return add_item(writer, 0, (struct item){.name = name, .entry = entry}, err);
}

int sequence_writer_add_chunk(struct sequence_writer *writer,
			      const struct blob_ref *chunk, struct err *err)
{
	assert(writer->type == BLOB_LIST);
	return add_item(writer, 0,
			(struct item){.ref = *chunk, .content_len = chunk->raw_len}, err);
}

int sequence_writer_finish(struct sequence_writer *writer,
			   struct content_ref *ret_content, struct err *err)
{
	struct item item;
	unsigned number;

	for (number = 0; number + 1 < writer->n_levels; number++) {
		if (writer->levels[number]->n_items == 0)
			continue;
		if (end_node(writer, number, &item, err) < 0 ||
		    add_item(writer, number + 1, item, err) < 0)
			return -1;
	}
	content_ref_init(ret_content);
	if (writer->n_levels == 0)
		return 0;
	ret_content->kind = CONTENT_NODE;
	if (number > 0 && writer->levels[number]->n_items == 1) {
		ret_content->level = number - 1;
		ret_content->top = writer->levels[number]->last_child;
		return 0;
	}
	ret_content->level = number;
	if (end_node(writer, number, &item, err) < 0)
		return -1;
	ret_content->top = item.ref;
	return 0;
}
