/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The source's calls go through one queue, in order: open, entry, close. At its far end they
 * become directories, one frame for each that is open there. So an entry whose content is
 * still on its way holds up what comes after it in the queue, but never the source, until
 * the queue is full; and a directory is put together by the same code whether its entries
 * waited or not.
 */
#include <assert.h>

#include "base/mem.h"
#include "base/secret.h"
#include "repo/tree_writer_internal.h"

void pending_queue_init(struct pending_queue *queue,
			const struct tree_writer_options *options)
{
	*queue = (struct pending_queue){.options = options};
	queue->capacity =
		options->pending_max != 0 ? options->pending_max : TREE_PENDING_MAX;
	queue->ring = mem_calloc(queue->capacity, sizeof(*queue->ring));
	queue->outlet = node_outlet_new(options, TREE_PROMISES_MAX);
	assert(options->keys->tree.len >= SEQUENCE_KEY_LEN);
	memcpy(queue->key, options->keys->tree.data, SEQUENCE_KEY_LEN);
	vec_init(&queue->frames, sizeof(struct frame));
	buf_init(&queue->scratch, 0);
	buf_init(&queue->root, 0);
}

static void pending_release(struct pending *pending)
{
	mem_free(pending->head);
	content_free(pending->content);
	*pending = (struct pending){0};
}

static void frame_release(struct frame *frame)
{
	mem_free(frame->head);
	sequence_writer_free(frame->entries);
}

void pending_queue_release(struct pending_queue *queue)
{
	for (; queue->n > 0; queue->n--) {
		pending_release(&queue->ring[queue->first]);
		queue->first = (queue->first + 1) % queue->capacity;
	}
	for (size_t i = 0; i < queue->frames.n; i++)
		frame_release(vec_at(&queue->frames, i));
	vec_release(&queue->frames);
	node_outlet_free(queue->outlet);
	mem_free(queue->ring);
	buf_release(&queue->scratch);
	buf_release(&queue->root);
	secret_wipe(queue->key, sizeof(queue->key));
}

/* --- the far end --- */

static struct slice head_name(const uint8_t *head, size_t len)
{
	return tree_entry_name(slice_of(head, len));
}

/* An entry is complete: it goes into the directory around it, or is the root. */
static int add_entry(struct pending_queue *queue, const uint8_t *head, size_t len,
		     const struct content_ref *content, struct err *err)
{
	struct frame *frame = vec_last(&queue->frames);
	struct buf *entry = frame != NULL ? &queue->scratch : &queue->root;

	buf_clear(entry);
	buf_append(entry, head, len);
	tree_entry_complete(entry, content);
	if (frame == NULL)
		return 0;
	if (frame->entries == NULL)
		frame->entries =
			sequence_writer_new(BLOB_TREE, queue->key, &queue->outlet->sink);
	return sequence_writer_add_entry(frame->entries, head_name(head, len),
					 buf_slice(entry), err);
}

static void open_frame(struct pending_queue *queue, struct pending *pending)
{
	struct frame frame = {.head = pending->head, .head_len = pending->head_len};

	file_cache_writer_enter(queue->options->cache_writer,
				head_name(frame.head, frame.head_len));
	pending->head = NULL;
	vec_push(&queue->frames, &frame);
}

static int close_frame(struct pending_queue *queue, struct err *err)
{
	CLEANUP(content_ref_release) struct content_ref content = {0};
	struct frame frame;
	int result = 0;

	assert(queue->frames.n > 0);
	frame = *(struct frame *)vec_last(&queue->frames);
	vec_pop(&queue->frames);
	content_ref_init(&content);
	if (frame.entries != NULL)
		result = sequence_writer_finish(frame.entries, &content, err);
	if (result == 0)
		result = add_entry(queue, frame.head, frame.head_len, &content, err);
	frame_release(&frame);
	file_cache_writer_leave(queue->options->cache_writer);
	return result;
}

static int resolve_entry(struct pending_queue *queue, const struct pending *pending,
			 struct err *err)
{
	struct content_result result = {0};
	int failed = 0;

	if (pending->content == NULL)
		content_ref_init(&result.content);
	else if (content_resolve(pending->content, &result, err) < 0)
		return -1;
	if (pending->has_identity)
		file_cache_writer_add(queue->options->cache_writer,
				      head_name(pending->head, pending->head_len),
				      &pending->identity, &result.content, result.ids);
	failed = add_entry(queue, pending->head, pending->head_len, &result.content, err);
	content_ref_release(&result.content);
	return failed;
}

static size_t memory_of(const struct pending *pending)
{
	return pending->head_len +
	       (pending->content != NULL ? content_memory(pending->content) : 0);
}

/* Takes the oldest out of the queue and into the tree; may wait. */
static int move_oldest(struct pending_queue *queue, struct err *err)
{
	struct pending pending = queue->ring[queue->first];
	int result = 0;

	queue->ring[queue->first] = (struct pending){0};
	queue->first = (queue->first + 1) % queue->capacity;
	queue->n--;
	queue->bytes -= memory_of(&pending);
	if (pending.kind == PENDING_OPEN)
		open_frame(queue, &pending);
	else if (pending.kind == PENDING_CLOSE)
		result = close_frame(queue, err);
	else
		result = resolve_entry(queue, &pending, err);
	pending_release(&pending);
	return result;
}

static bool is_oldest_ready(const struct pending_queue *queue)
{
	const struct pending *oldest = &queue->ring[queue->first];

	return oldest->content == NULL || content_is_ready(oldest->content);
}

int pending_queue_push_take(struct pending_queue *queue, struct pending *pending,
			    struct err *err)
{
	while (queue->n > 0 &&
	       (queue->n == queue->capacity || queue->bytes > TREE_PENDING_BYTES_MAX ||
		is_oldest_ready(queue))) {
		if (move_oldest(queue, err) < 0) {
			pending_release(pending);
			return -1;
		}
	}
	queue->ring[(queue->first + queue->n) % queue->capacity] = *pending;
	queue->n++;
	queue->bytes += memory_of(pending);
	*pending = (struct pending){0};
	return 0;
}

int pending_queue_finish(struct pending_queue *queue, struct err *err)
{
	while (queue->n > 0) {
		if (move_oldest(queue, err) < 0)
			return -1;
	}
	return node_outlet_finish(queue->outlet, err);
}
