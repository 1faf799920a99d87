/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A stream is a row of segments. Full ones go to the workers, who find the positions that may
 * be cuts (chunker_scan); the stream's thread merges these in order, applies minimum and
 * maximum (chunk_cutter), and hands out chunks as pieces of segments. A segment goes back to
 * the pool when the stream has passed it and the last chunk in it is stored.
 *
 * In page mode nothing needs to be found: every full segment is one batch of blocks.
 */
#include "repo/blob_writer_internal.h"

#include <assert.h>
#include <inttypes.h>

#include "base/mem.h"

struct blob_stream {
	struct blob_writer *writer;
	uint32_t block_len;	 /* page mode; 0 = by content */
	struct segment *current; /* being filled; may be NULL */
	struct vec segments;	 /* of struct segment *, full ones, not passed yet */
	size_t n_merged;	 /* of these, whose scans are in `cuts` */
	uint64_t len;		 /* bytes committed */
	uint64_t seen;		 /* position up to which cuts are known */
	struct vec cuts;	 /* of uint64_t */
	size_t next_cut;
	struct chunk_cutter cutter;
	uint8_t tail[CHUNKER_WINDOW]; /* the last bytes of the last full segment */
	size_t tail_len;
	struct vec out; /* of struct blob_ticket *, made but not asked for yet */
};

static uint32_t block_len_of(enum cut_mode mode)
{
	switch (mode) {
	case CUT_PAGES_8K:
		return 8 * 1024;
	case CUT_PAGES_16K:
		return 16 * 1024;
	case CUT_PAGES_32K:
		return 32 * 1024;
	case CUT_BY_CONTENT:
		break;
	}
	return 0;
}

int blob_stream_open(struct blob_writer *writer, enum cut_mode mode,
		     struct blob_stream **ret_stream, struct err *err)
{
	if (writer_check(writer, err) < 0)
		return -1;
	struct blob_stream *stream = mem_zalloc(sizeof(*stream));
	stream->writer = writer;
	stream->block_len = block_len_of(mode);
	vec_init(&stream->segments, sizeof(struct segment *));
	vec_init(&stream->cuts, sizeof(uint64_t));
	vec_init(&stream->out, sizeof(struct blob_ticket *));
	chunk_cutter_init(&stream->cutter, writer->options.repo->params.chunk);
	*ret_stream = stream;
	return 0;
}

static struct segment *segment_at(const struct blob_stream *stream, size_t i)
{
	return *(struct segment **)vec_at(&stream->segments, i);
}

static void run_scan(void *task, unsigned worker)
{
	struct segment *segment = task;
	struct blob_writer *writer = segment->writer;

	chunker_scan(writer->worker[worker].chunker,
		     slice_of(segment->before, segment->before_len),
		     slice_of(segment->data, segment->len), segment->base,
		     &segment->cuts);
	atomic_store(&segment->scanned, true);
	segment_unref(segment);
	writer_task_done(writer);
}

/* A chunk on its way through a worker. */
struct chunk_task {
	struct blob_ticket *ticket;
	size_t n_pieces;
	struct piece pieces[PIECES_MAX];
};

static void run_chunk(void *arg, unsigned worker)
{
	struct chunk_task *task = arg;
	struct blob_writer *writer = task->ticket->writer;
	struct slice slices[PIECES_MAX];

	for (size_t i = 0; i < task->n_pieces; i++) {
		const struct piece *piece = &task->pieces[i];

		slices[i] = slice_of(piece->segment->data + piece->offset, piece->len);
	}
	store_blob(writer, worker, task->ticket, BLOB_DATA, slices, task->n_pieces);
	for (size_t i = 0; i < task->n_pieces; i++)
		segment_unref(task->pieces[i].segment);
	mem_free(task);
	writer_task_done(writer);
}

/* A chunk that is not all of what was read must never get into a snapshot. */
static void check_pieces(struct blob_writer *writer, const struct chunk_task *task,
			 uint64_t expected)
{
	struct err why = {0};
	uint64_t len = 0;

	for (size_t i = 0; i < task->n_pieces; i++)
		len += task->pieces[i].len;
	if (len == expected)
		return;
	(void)err_set(&why, ERR_BUG,
		      "a chunk of %" PRIu64 " bytes was put together from %" PRIu64,
		      expected, len);
	writer_fail(writer, &why);
}

/* Hands out the chunk [start, end). */
static void emit_chunk(struct blob_stream *stream, uint64_t start, uint64_t end)
{
	struct chunk_task *task = mem_zalloc(sizeof(*task));

	for (size_t i = 0; i < stream->segments.n; i++) {
		struct segment *segment = segment_at(stream, i);
		uint64_t from = start > segment->base ? start : segment->base;
		uint64_t segment_end = segment->base + segment->len;
		uint64_t to = end < segment_end ? end : segment_end;

		if (from >= to)
			continue;
		assert(task->n_pieces < PIECES_MAX);
		task->pieces[task->n_pieces++] = (struct piece){
			.segment = segment,
			.offset = (uint32_t)(from - segment->base),
			.len = (uint32_t)(to - from),
		};
		segment_ref(segment);
	}
	check_pieces(stream->writer, task, end - start);
	task->ticket = ticket_new(stream->writer);
	vec_push(&stream->out, &task->ticket);
	writer_submit(stream->writer, run_chunk, task);
}

static void merge_scans(struct blob_stream *stream)
{
	while (stream->n_merged < stream->segments.n) {
		struct segment *segment = segment_at(stream, stream->n_merged);

		if (!atomic_load(&segment->scanned))
			return;
		if (stream->next_cut == stream->cuts.n) {
			vec_clear(&stream->cuts);
			stream->next_cut = 0;
		}
		for (size_t i = 0; i < segment->cuts.n; i++)
			vec_push(&stream->cuts, vec_at(&segment->cuts, i));
		stream->seen = segment->base + segment->len;
		stream->n_merged++;
	}
}

/* Lets go of segments that lie wholly before the current chunk. */
static void drop_passed(struct blob_stream *stream)
{
	size_t n = 0;

	while (n < stream->n_merged &&
	       segment_at(stream, n)->base + segment_at(stream, n)->len <=
		       stream->cutter.start)
		segment_unref(segment_at(stream, n++));
	for (size_t i = 0; i < n; i++)
		vec_remove(&stream->segments, 0);
	stream->n_merged -= n;
}

static void advance(struct blob_stream *stream, bool final)
{
	uint64_t end;

	merge_scans(stream);
	for (;;) {
		uint64_t start = stream->cutter.start;

		if (!chunk_cutter_next(&stream->cutter, &stream->cuts, &stream->next_cut,
				       stream->seen, final, &end))
			break;
		emit_chunk(stream, start, end);
	}
	drop_passed(stream);
}

static void emit_blocks(struct blob_stream *stream, struct segment *segment)
{
	struct batch *batch = batch_new(stream->writer, segment);

	for (uint32_t at = 0; at < segment->len; at += stream->block_len) {
		uint32_t left = (uint32_t)segment->len - at;
		struct blob_ticket *ticket = ticket_new(stream->writer);

		batch_add(batch, ticket, BLOB_DATA, at,
			  left < stream->block_len ? left : stream->block_len);
		vec_push(&stream->out, &ticket);
	}
	batch_submit_take(batch);
}

static void remember_tail(struct blob_stream *stream, const struct segment *segment)
{
	size_t len = segment->len < CHUNKER_WINDOW ? segment->len : CHUNKER_WINDOW;

	/* segments but the last are full, so that the tail is always a whole window */
	memcpy(stream->tail, segment->data + segment->len - len, len);
	stream->tail_len = len;
}

/* The current segment is full, or the stream ends: on to the workers. */
static void push_current(struct blob_stream *stream)
{
	struct segment *segment = stream->current;

	stream->current = NULL;
	if (stream->block_len != 0) {
		emit_blocks(stream, segment);
		return;
	}
	segment->base = stream->len - segment->len;
	memcpy(segment->before, stream->tail, stream->tail_len);
	segment->before_len = stream->tail_len;
	remember_tail(stream, segment);
	vec_push(&stream->segments, &segment);
	segment_ref(segment); /* the scan's */
	writer_submit(stream->writer, run_scan, segment);
}

/* Waiting for a segment, the stream goes on handing out chunks: that is what frees them. After
 * a failure it gets one past the bound, since space() cannot fail; commit() then does. */
static struct segment *wait_for_segment(struct blob_stream *stream)
{
	struct blob_writer *writer = stream->writer;
	struct segment *segment = NULL;
	struct err failed = {0};

	while (segment == NULL) {
		uint64_t seen = writer_watch(writer);

		advance(stream, false);
		segment = writer_check(writer, &failed) == 0 ? segment_try_get(writer)
							     : segment_force(writer);
		if (segment == NULL)
			writer_wait(writer, seen);
		writer_unwatch(writer);
	}
	return segment;
}

uint8_t *blob_stream_space(struct blob_stream *stream, size_t *ret_len)
{
	if (stream->current == NULL)
		stream->current = wait_for_segment(stream);
	*ret_len = SEGMENT_LEN - stream->current->len;
	return stream->current->data + stream->current->len;
}

int blob_stream_commit(struct blob_stream *stream, size_t len, struct err *err)
{
	if (len == 0)
		return writer_check(stream->writer, err);
	assert(stream->current != NULL && len <= SEGMENT_LEN - stream->current->len);
	stream->current->len += len;
	stream->len += len;
	if (stream->current->len == SEGMENT_LEN)
		push_current(stream);
	advance(stream, false);
	return writer_check(stream->writer, err);
}

void blob_stream_tickets(struct blob_stream *stream, struct vec *tickets)
{
	for (size_t i = 0; i < stream->out.n; i++)
		vec_push(tickets, vec_at(&stream->out, i));
	vec_clear(&stream->out);
}

static int wait_for_scans(struct blob_stream *stream, struct err *err)
{
	struct blob_writer *writer = stream->writer;
	int result = 0;

	while (result == 0 && stream->n_merged < stream->segments.n) {
		uint64_t seen = writer_watch(writer);

		advance(stream, false);
		result = writer_check(writer, err);
		if (result == 0 && stream->n_merged < stream->segments.n)
			writer_wait(writer, seen);
		writer_unwatch(writer);
	}
	return result;
}

/* The whole stream lies in the current segment and is one chunk at most. */
static int close_short(struct blob_stream *stream, struct err *err)
{
	struct segment *segment = stream->current;
	struct blob_ticket *ticket;

	if (segment == NULL)
		return 0;
	if (segment->len <= SMALL_BLOB_MAX) {
		if (blob_writer_put(stream->writer, BLOB_DATA,
				    slice_of(segment->data, segment->len), &ticket,
				    err) < 0)
			return -1;
		vec_push(&stream->out, &ticket);
		return 0;
	}
	stream->current = NULL;
	vec_push(&stream->segments, &segment);
	emit_chunk(stream, 0, stream->len);
	return 0;
}

static int cut_rest(struct blob_stream *stream, struct err *err)
{
	bool is_short = stream->len <= SMALL_BLOB_MAX ||
			(stream->len <= stream->cutter.params.min &&
			 stream->len <= SEGMENT_LEN && stream->segments.n == 0);

	if (stream->block_len == 0 && is_short)
		return close_short(stream, err);
	if (stream->current != NULL && stream->current->len > 0)
		push_current(stream);
	if (wait_for_scans(stream, err) < 0)
		return -1;
	if (stream->block_len == 0)
		advance(stream, true);
	return 0;
}

static void stream_free(struct blob_stream *stream)
{
	if (stream->current != NULL)
		segment_unref(stream->current);
	for (size_t i = 0; i < stream->segments.n; i++)
		segment_unref(segment_at(stream, i));
	for (size_t i = 0; i < stream->out.n; i++)
		blob_ticket_free(*(struct blob_ticket **)vec_at(&stream->out, i));
	vec_release(&stream->segments);
	vec_release(&stream->cuts);
	vec_release(&stream->out);
	mem_free(stream);
}

int blob_stream_close(struct blob_stream *stream, struct vec *tickets, uint64_t *ret_len,
		      struct err *err)
{
	int result = cut_rest(stream, err);

	if (result == 0) {
		blob_stream_tickets(stream, tickets);
		*ret_len = stream->len;
	}
	stream_free(stream);
	return result;
}

void blob_stream_abandon(struct blob_stream *stream)
{
	if (stream != NULL)
		stream_free(stream);
}
