/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A stream's chunks come back as tickets, in order. While it is written, those that are ready
 * are taken from the front and their ids go on into the content writer, so a long file
 * holds no more tickets than chunks are on their way. A small file costs one ticket and no
 * writer until it is resolved.
 *
 * Streams run on threads of their own: nothing here touches the tree writer.
 */
#include <assert.h>
#include <inttypes.h>

#include "base/mem.h"
#include "repo/tree_writer_internal.h"

static struct content *content_new(const struct tree_writer_options *options)
{
	struct content *content = mem_zalloc(sizeof(*content));

	content->options = options;
	vec_init(&content->tickets, sizeof(struct blob_ticket *));
	return content;
}

static struct blob_ticket *ticket_at(const struct content *content, size_t i)
{
	return *(struct blob_ticket **)vec_at(&content->tickets, i);
}

void content_free(struct content *content)
{
	if (content == NULL)
		return;
	for (size_t i = 0; i < content->tickets.n; i++)
		blob_ticket_free(ticket_at(content, i));
	vec_release(&content->tickets);
	content_writer_free(content->chunks);
	node_outlet_free(content->outlet);
	if (content->is_cached)
		cached_content_release(&content->cached);
	mem_free(content);
}

bool content_is_ready(const struct content *content)
{
	for (size_t i = 0; i < content->tickets.n; i++) {
		if (!blob_ticket_ready(ticket_at(content, i)))
			return false;
	}
	return true;
}

size_t content_memory(const struct content *content)
{
	const struct vec *ids = content->is_cached ? &content->cached.ids : NULL;
	size_t len = sizeof(*content);

	if (content->chunks != NULL)
		ids = content_writer_ids(content->chunks);
	if (ids != NULL)
		len += ids->capacity * sizeof(struct blob_id);
	if (content->outlet != NULL)
		len += sizeof(*content->outlet) +
		       LIST_PROMISES_MAX * sizeof(struct node_promise);
	return len + content->tickets.capacity * sizeof(struct blob_ticket *);
}

/* --- chunks --- */

static void make_writer(struct content *content)
{
	const struct tree_writer_options *options = content->options;

	assert(options->keys->tree.len >= SEQUENCE_KEY_LEN);
	content->outlet = node_outlet_new(options, LIST_PROMISES_MAX);
	content->chunks =
		content_writer_new(options->keys->tree.data, &content->outlet->sink);
}

/* The first n tickets become chunks. */
static int take_tickets(struct content *content, size_t n, struct err *err)
{
	struct blob_ticket **tickets = content->tickets.data;
	size_t taken = 0;
	int result = 0;

	if (n == 0)
		return 0;
	if (content->chunks == NULL)
		make_writer(content);
	while (result == 0 && taken < n) {
		struct blob_ref chunk;

		result = blob_ticket_take(tickets[taken++], &chunk, err);
		if (result == 0) {
			content->taken_len += chunk.raw_len;
			result = content_writer_add(content->chunks, &chunk, err);
		}
	}
	content->tickets.n -= taken;
	memmove(tickets, tickets + taken, content->tickets.n * sizeof(*tickets));
	return result;
}

static int take_ready(struct content *content, struct err *err)
{
	size_t n = 0;

	while (n < content->tickets.n && blob_ticket_ready(ticket_at(content, n)))
		n++;
	return take_tickets(content, n, err);
}

/* What is short needs no writer: its tickets are its chunks. */
static int resolve_short(struct content *content, struct content_ref *ret_content,
			 struct err *err)
{
	CLEANUP(content_ref_release) struct content_ref found = {0};
	struct blob_ticket **tickets = content->tickets.data;
	size_t n = content->tickets.n;

	content_ref_init(&found);
	found.kind = CONTENT_CHUNKS;
	for (size_t i = 0; i < n; i++) {
		struct blob_ref chunk;

		if (blob_ticket_take(tickets[i], &chunk, err) < 0) {
			content->tickets.n = n - i - 1;
			memmove(tickets, tickets + i + 1,
				content->tickets.n * sizeof(*tickets));
			return -1;
		}
		content->taken_len += chunk.raw_len;
		vec_push(&found.chunks, &chunk);
	}
	content->tickets.n = 0;
	*ret_content = found;
	found = (struct content_ref){0};
	return 0;
}

static int resolve_long(struct content *content, struct content_result *ret_result,
			struct err *err)
{
	if (take_tickets(content, content->tickets.n, err) < 0 ||
	    content_writer_finish(content->chunks, &ret_result->content, err) < 0)
		return -1;
	if (node_outlet_finish(content->outlet, err) < 0) {
		content_ref_release(&ret_result->content);
		return -1;
	}
	ret_result->ids = content_writer_ids(content->chunks);
	return 0;
}

int content_resolve(struct content *content, struct content_result *ret_result,
		    struct err *err)
{
	struct content_result result = {0};

	if (content->is_cached) {
		content_ref_copy(&result.content, &content->cached.content);
		result.ids = &content->cached.ids;
	} else if (content->chunks == NULL && content->tickets.n <= CONTENT_INLINE_MAX) {
		if (resolve_short(content, &result.content, err) < 0)
			return -1;
	} else if (resolve_long(content, &result, err) < 0) {
		return -1;
	}
	if (!content->is_cached && content->taken_len != content->len) {
		content_ref_release(&result.content);
		return err_set(err, ERR_BUG,
			       "%" PRIu64 " bytes of a file were read, %" PRIu64
			       " were stored",
			       content->len, content->taken_len);
	}
	*ret_result = result;
	return 0;
}

/* --- streams --- */

int content_open_stream(const struct tree_writer_options *options, enum cut_mode mode,
			struct stream **ret_stream, struct err *err)
{
	struct stream *stream = mem_zalloc(sizeof(*stream));

	if (blob_stream_open(options->blobs, mode, &stream->blobs, err) < 0) {
		mem_free(stream);
		return -1;
	}
	stream->content = content_new(options);
	*ret_stream = stream;
	return 0;
}

uint8_t *content_space(struct stream *stream, size_t *ret_len)
{
	return blob_stream_space(stream->blobs, ret_len);
}

int content_commit(struct stream *stream, size_t len, struct err *err)
{
	if (blob_stream_commit(stream->blobs, len, err) < 0)
		return -1;
	blob_stream_tickets(stream->blobs, &stream->content->tickets);
	return take_ready(stream->content, err);
}

int content_close_stream(struct stream *stream, struct content **ret_content,
			 struct err *err)
{
	struct content *content = stream->content;
	int result =
		blob_stream_close(stream->blobs, &content->tickets, &content->len, err);

	mem_free(stream);
	if (result < 0) {
		content_free(content);
		return -1;
	}
	*ret_content = content;
	return 0;
}

void content_abandon_stream(struct stream *stream)
{
	blob_stream_abandon(stream->blobs);
	content_free(stream->content);
	mem_free(stream);
}

/* --- the cache --- */

static int has_all(struct blob_writer *blobs, const struct cached_content *cached,
		   bool *ret_has, struct err *err)
{
	*ret_has = true;
	for (size_t i = 0; i < cached->content.chunks.n && *ret_has; i++) {
		const struct blob_ref *chunk = vec_at(&cached->content.chunks, i);

		if (blob_writer_has(blobs, &chunk->id, ret_has, err) < 0)
			return -1;
	}
	for (size_t i = 0; i < cached->ids.n && *ret_has; i++) {
		if (blob_writer_has(blobs, vec_at(&cached->ids, i), ret_has, err) < 0)
			return -1;
	}
	return 0;
}

int content_from_cache(const struct tree_writer_options *options,
		       struct cached_content *cached, struct content **ret_content,
		       struct err *err)
{
	struct content *content = content_new(options);
	bool has = false;

	content->is_cached = true;
	content->cached = *cached;
	for (size_t i = 0; i < cached->content.chunks.n; i++)
		content->len +=
			((struct blob_ref *)vec_at(&cached->content.chunks, i))->raw_len;
	if (has_all(options->blobs, cached, &has, err) < 0) {
		content_free(content);
		return -1;
	}
	if (!has) {
		content_free(content);
		content = NULL;
	}
	*ret_content = content;
	return 0;
}
