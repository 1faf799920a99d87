/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Chunks are collected until there is one too many for an entry; then all of them, and what
 * follows, go into a list. The writer stands between the list and the real sink to see the
 * ids of list nodes.
 */
#include "repo/content.h"

#include "base/mem.h"
#include "base/secret.h"

struct content_writer {
	struct node_sink between; /* first: sinks are cast back */
	struct node_sink *sink;
	uint8_t key[SEQUENCE_KEY_LEN];
	struct vec chunks; /* of struct blob_ref, while the content is short */
	struct sequence_writer *list;
	struct vec ids; /* of struct blob_id, once it is long */
	bool has_all_ids;
};

static void note_id(struct content_writer *writer, const struct blob_id *id)
{
	if (!writer->has_all_ids)
		return;
	if (writer->ids.n == CONTENT_IDS_MAX) {
		writer->has_all_ids = false;
		vec_release(&writer->ids);
		return;
	}
	vec_push(&writer->ids, id);
}

static int put_node(struct node_sink *sink, enum blob_type type, struct slice node,
		    struct blob_ref *ret_ref, struct err *err)
{
	struct content_writer *writer = (struct content_writer *)sink;

	if (writer->sink->put(writer->sink, type, node, ret_ref, err) < 0)
		return -1;
	note_id(writer, &ret_ref->id);
	return 0;
}

struct content_writer *content_writer_new(const uint8_t key[static SEQUENCE_KEY_LEN],
					  struct node_sink *sink)
{
	struct content_writer *writer = mem_zalloc(sizeof(*writer));

	writer->between.put = put_node;
	writer->sink = sink;
	writer->has_all_ids = true;
	memcpy(writer->key, key, SEQUENCE_KEY_LEN);
	vec_init(&writer->chunks, sizeof(struct blob_ref));
	vec_init(&writer->ids, sizeof(struct blob_id));
	return writer;
}

void content_writer_free(struct content_writer *writer)
{
	if (writer == NULL)
		return;
	secret_wipe(writer->key, sizeof(writer->key));
	vec_release(&writer->chunks);
	vec_release(&writer->ids);
	sequence_writer_free(writer->list);
	mem_free(writer);
}

void content_writer_freep(struct content_writer **writer)
{
	content_writer_free(*writer);
}

static int add_to_list(struct content_writer *writer, const struct blob_ref *chunk,
		       struct err *err)
{
	note_id(writer, &chunk->id);
	return sequence_writer_add_chunk(writer->list, chunk, err);
}

static int begin_list(struct content_writer *writer, struct err *err)
{
	writer->list = sequence_writer_new(BLOB_LIST, writer->key, &writer->between);
	for (size_t i = 0; i < writer->chunks.n; i++) {
		if (add_to_list(writer, vec_at(&writer->chunks, i), err) < 0)
			return -1;
	}
	vec_release(&writer->chunks);
	return 0;
}

int content_writer_add(struct content_writer *writer, const struct blob_ref *chunk,
		       struct err *err)
{
	if (writer->list == NULL && writer->chunks.n < CONTENT_INLINE_MAX) {
		vec_push(&writer->chunks, chunk);
		return 0;
	}
	if (writer->list == NULL && begin_list(writer, err) < 0)
		return -1;
	return add_to_list(writer, chunk, err);
}

int content_writer_finish(struct content_writer *writer, struct content_ref *ret_content,
			  struct err *err)
{
	if (writer->list != NULL)
		return sequence_writer_finish(writer->list, ret_content, err);
	content_ref_init(ret_content);
	for (size_t i = 0; i < writer->chunks.n; i++)
		vec_push(&ret_content->chunks, vec_at(&writer->chunks, i));
	if (writer->chunks.n > 0)
		ret_content->kind = CONTENT_CHUNKS;
	return 0;
}

const struct vec *content_writer_ids(const struct content_writer *writer)
{
	return writer->has_all_ids ? &writer->ids : NULL;
}
