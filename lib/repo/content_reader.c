/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A ring of slots, each a chunk that is fetched, decrypted and verified by some thread. The
 * reader takes them in order; when one is used up, more are started, as many as the bound of
 * bytes allows, and always one. A slot's fields belong to the task until its event is set.
 */
#include "repo/content_reader.h"

#include <inttypes.h>

#include "base/mem.h"

enum { SLOTS_MAX = 64 };

struct slot {
	struct blob_reader *blobs;
	struct blob_ref ref;
	struct event *done;
	int failed;
	struct err err;
	struct buf bytes;
};

struct content_reader {
	struct content_reader_options options;
	struct sequence_reader *chunks;
	struct blob_ref next; /* read from the list, not yet started */
	bool has_next, list_ended;
	struct slot *slots[SLOTS_MAX];
	size_t first, n_slots;
	uint64_t pending;  /* bytes of them */
	size_t at;	   /* in the first slot */
	uint64_t position; /* in the content */
	bool failed;
};

static void fetch_slot(void *task, unsigned worker)
{
	struct slot *slot = task;

	(void)worker;
	slot->failed = blob_reader_get(slot->blobs, BLOB_DATA, &slot->ref, &slot->bytes,
				       &slot->err);
	event_set(slot->done);
}

static void slot_free(struct slot *slot)
{
	event_free(slot->done);
	buf_release(&slot->bytes);
	mem_free(slot);
}

static void start(struct content_reader *reader)
{
	struct slot *slot = mem_zalloc(sizeof(*slot));

	slot->blobs = reader->options.blobs;
	slot->ref = reader->next;
	slot->done = event_new();
	buf_init(&slot->bytes, 0);
	reader->has_next = false;
	reader->slots[(reader->first + reader->n_slots) % SLOTS_MAX] = slot;
	reader->n_slots++;
	reader->pending += slot->ref.raw_len;
	pool_submit(reader->options.pool, fetch_slot, slot);
}

/* Starts what there is room for. */
static int fill(struct content_reader *reader, struct err *err)
{
	while (!reader->list_ended && reader->n_slots < SLOTS_MAX) {
		if (!reader->has_next) {
			if (sequence_reader_next_chunk(reader->chunks, &reader->next,
						       &reader->list_ended, err) < 0)
				return -1;
			if (reader->list_ended)
				return 0;
			reader->has_next = true;
		}
		if (reader->n_slots > 0 &&
		    reader->pending + reader->next.raw_len > reader->options.memory_bytes)
			return 0;
		start(reader);
	}
	return 0;
}

static void drop_first(struct content_reader *reader)
{
	struct slot *slot = reader->slots[reader->first];

	event_wait(slot->done);
	reader->pending -= slot->ref.raw_len;
	reader->first = (reader->first + 1) % SLOTS_MAX;
	reader->n_slots--;
	reader->at = 0;
	slot_free(slot);
}

int content_reader_new(const struct content_reader_options *options,
		       struct content_reader **ret_reader, struct err *err)
{
	CLEANUP(content_reader_freep)
	struct content_reader *reader = mem_zalloc(sizeof(*reader));
	uint64_t start_at;

	reader->options = *options;
	reader->options.content = NULL; /* copied by the sequence */
	reader->chunks = sequence_reader_new(BLOB_LIST, blob_reader_nodes(options->blobs),
					     options->content);
	if (sequence_reader_seek(reader->chunks, options->offset, &start_at, err) < 0)
		return -1;
	if (start_at <= options->offset) {
		reader->position = options->offset;
		reader->at = (size_t)(options->offset - start_at);
	}
	if (fill(reader, err) < 0)
		return -1;
	if (reader->n_slots == 0) { /* behind the end */
		reader->position = start_at;
		reader->at = 0;
	}
	*ret_reader = STEAL(reader);
	return 0;
}

void content_reader_free(struct content_reader *reader)
{
	if (reader == NULL)
		return;
	while (reader->n_slots > 0)
		drop_first(reader);
	sequence_reader_free(reader->chunks);
	mem_free(reader);
}

void content_reader_freep(struct content_reader **reader)
{
	content_reader_free(*reader);
}

/* Too much is found as soon as it comes, too little at the end. */
static int check_len(const struct content_reader *reader, bool at_end, struct err *err)
{
	uint64_t expected = reader->options.content_len;

	if (reader->position > expected)
		return err_set(err, ERR_CORRUPT,
			       "more content than the %" PRIu64
			       " bytes that its entry says",
			       expected);
	if (at_end && reader->position < expected)
		return err_set(err, ERR_CORRUPT,
			       "%" PRIu64 " bytes of content, its entry says %" PRIu64,
			       reader->position, expected);
	return 0;
}

static int read_some(struct content_reader *reader, uint8_t *to, size_t len,
		     size_t *ret_len, struct err *err)
{
	while (reader->n_slots > 0) {
		struct slot *slot = reader->slots[reader->first];

		event_wait(slot->done);
		if (slot->failed < 0) {
			*err = slot->err;
			return -1;
		}
		size_t left = slot->bytes.len - reader->at;
		size_t n = len < left ? len : left;

		reader->position += n;
		if (check_len(reader, false, err) < 0)
			return -1;
		if (n > 0)
			memcpy(to, slot->bytes.data + reader->at, n);
		reader->at += n;
		if (n == left)
			drop_first(reader);
		if (fill(reader, err) < 0)
			return -1;
		*ret_len = n;
		if (n > 0)
			return 0;
	}
	*ret_len = 0;
	return check_len(reader, true, err);
}

int content_reader_read(struct content_reader *reader, uint8_t *to, size_t len,
			size_t *ret_len, struct err *err)
{
	if (reader->failed)
		return err_set(err, ERR_CORRUPT, "reading it has failed before");
	if (len == 0) {
		*ret_len = 0;
		return 0;
	}
	if (read_some(reader, to, len, ret_len, err) == 0)
		return 0;
	reader->failed = true;
	return -1;
}
