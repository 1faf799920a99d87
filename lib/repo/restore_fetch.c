/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The fetching half. The calling thread reads the sorted pieces, joins them to spans and gives
 * each to the pool as a task, as long as what the tasks need together stays within the bound;
 * one task always runs. A task fetches its range, opens one blob after the other and writes its
 * bytes to every piece of it.
 *
 * A blob that does not open, or a range that cannot be fetched, is tried once more on its own
 * by blob_reader_get(), which knows the other places of an id. So what is lost is lost
 * everywhere.
 */
#include "repo/restore_plan.h"

#include "base/mem.h"
#include "base/pool.h"
#include "repo/restore_internal.h"

enum {
	/* 3/8 of the memory */
	FETCH_PARTS = 3,
	FETCH_OF = 8,
	QUEUE_LEN = 64,
};

struct fetch {
	struct restore_plan *plan;
	struct restore_target *target;
	uint64_t memory_max;
	struct mutex *mutex; /* of what follows */
	struct condition *released;
	uint64_t memory; /* that tasks use */
	bool failed;
	struct err err; /* the first one */
};

struct fetch_task {
	struct fetch *fetch;
	struct span span;
	uint64_t memory;
};

static bool has_failed(struct fetch *fetch)
{
	LOCKED(fetch->mutex);
	return fetch->failed;
}

static void set_failed(struct fetch *fetch, const struct err *why)
{
	LOCKED(fetch->mutex);
	if (!fetch->failed)
		fetch->err = *why;
	fetch->failed = true;
}

/* --- one blob --- */

static int count_piece(struct fetch *fetch, const struct restore_chunk *piece,
		       struct err *err)
{
	uint32_t left = 0;

	progress_add(fetch->plan->options.progress, 0, piece->len);
	if (!piece->is_only &&
	    scratch_counters_down(fetch->plan->left, piece->file, &left, err) < 0)
		return -1;
	if (left > 0)
		return 0;
	if (fetch->target->ops->finish_file(fetch->target, piece->file, err) < 0)
		return -1;
	progress_add(fetch->plan->options.progress, 1, 0);
	return 0;
}

static int deliver(struct fetch *fetch, const struct restore_chunk *pieces, size_t n,
		   struct slice bytes, struct err *err)
{
	for (size_t i = 0; i < n; i++) {
		const struct restore_chunk *piece = &pieces[i];

		if (piece->skip > bytes.len || piece->len > bytes.len - piece->skip)
			return err_set(err, ERR_BUG, "a piece reaches out of its blob");
		if (fetch->target->ops->write(
			    fetch->target, piece->file, piece->file_offset,
			    slice_of(bytes.data + piece->skip, piece->len), err) < 0 ||
		    count_piece(fetch, piece, err) < 0)
			return -1;
	}
	return 0;
}

static int lose(struct fetch *fetch, const struct restore_chunk *pieces, size_t n,
		const struct err *why, struct err *err)
{
	for (size_t i = 0; i < n; i++) {
		if (i > 0 && pieces[i].file == pieces[i - 1].file)
			continue;
		if (restore_lost(fetch->plan, fetch->target, pieces[i].file, why, err) <
		    0)
			return -1;
	}
	return 0;
}

/* All pieces of one blob. `sealed` is empty when its range could not be fetched. */
static int restore_blob(struct fetch *fetch, const struct restore_chunk *pieces, size_t n,
			struct slice sealed, struct buf *raw, struct err *err)
{
	struct blob_reader *blobs = fetch->plan->options.blobs;
	const struct restore_chunk *first = &pieces[0];
	struct blob_ref ref = {.id = first->id, .raw_len = first->place.raw};
	struct err why = {0}, ignored = {0};

	if (sealed.len > 0 && blob_reader_open(blobs, &first->id, &first->place, sealed,
					       raw, &ignored) == 0)
		return deliver(fetch, pieces, n, buf_slice(raw), err);
	if (blob_reader_get(blobs, BLOB_DATA, &ref, raw, &why) == 0)
		return deliver(fetch, pieces, n, buf_slice(raw), err);
	return lose(fetch, pieces, n, &why, err);
}

/* How many pieces from i on are of the same blob. */
static size_t same_blob(const struct span *span, size_t i)
{
	const struct restore_chunk *first = vec_at(&span->chunks, i);
	size_t n = 1;

	while (i + n < span->chunks.n) {
		const struct restore_chunk *other = vec_at(&span->chunks, i + n);

		if (other->place.offset != first->place.offset ||
		    other->place.stored != first->place.stored ||
		    memcmp(other->id.bytes, first->id.bytes, BLOB_ID_LEN) != 0)
			break;
		n++;
	}
	return n;
}

/* --- one span --- */

static int restore_span(struct fetch *fetch, const struct span *span, struct err *err)
{
	CLEANUP(buf_release) struct buf range = {0};
	CLEANUP(buf_release) struct buf raw = {0};
	struct err ignored = {0}; /* blobs are then tried one by one */
	bool fetched;

	buf_init(&range, 0);
	buf_init(&raw, 0);
	uint8_t *to = buf_extend(&range, (size_t)span->len);
	fetched = blob_reader_fetch(fetch->plan->options.blobs, span->pack, span->offset,
				    (size_t)span->len, to, &ignored) == 0;
	for (size_t i = 0; i < span->chunks.n;) {
		const struct restore_chunk *first = vec_at(&span->chunks, i);
		size_t n = same_blob(span, i);
		struct slice sealed = {0};

		if (has_failed(fetch))
			return 0;
		if (cancel_check(fetch->plan->options.cancel, err) < 0)
			return -1;
		if (fetched)
			sealed = slice_of(range.data +
						  (first->place.offset - span->offset),
					  first->place.stored);
		if (restore_blob(fetch, first, n, sealed, &raw, err) < 0)
			return -1;
		i += n;
	}
	return 0;
}

static void run_task(void *argument, unsigned worker)
{
	struct fetch_task *task = argument;
	struct fetch *fetch = task->fetch;
	struct err err = {0};

	(void)worker;
	if (!has_failed(fetch) && restore_span(fetch, &task->span, &err) < 0)
		set_failed(fetch, &err);
	mutex_lock(fetch->mutex);
	fetch->memory -= task->memory;
	condition_signal_all(fetch->released);
	mutex_unlock(fetch->mutex);
	span_release(&task->span);
	mem_free(task);
}

/* --- all spans --- */

/* The range, the longest blob sealed and open, the pieces. */
static uint64_t memory_of(const struct span *span)
{
	return span->len + 2 * (uint64_t)span->raw_max +
	       span->chunks.capacity * sizeof(struct restore_chunk);
}

/* Waits for room. The span's content moves to the task. */
static void submit(struct fetch *fetch, struct pool *pool, struct span *span)
{
	struct fetch_task *task = mem_zalloc(sizeof(*task));

	task->fetch = fetch;
	task->span = *span;
	task->memory = memory_of(span);
	span_init(span, fetch->plan->span_len_max);
	mutex_lock(fetch->mutex);
	while (fetch->memory > 0 && fetch->memory + task->memory > fetch->memory_max)
		condition_wait(fetch->released, fetch->mutex);
	fetch->memory += task->memory;
	mutex_unlock(fetch->mutex);
	pool_submit(pool, run_task, task);
}

static int fetch_spans(struct fetch *fetch, struct pool *pool, struct err *err)
{
	struct span_reader reader;
	struct span span;
	int failed;

	span_init(&span, fetch->plan->span_len_max);
	failed = span_reader_start(&reader, fetch->plan->chunks, err);
	while (failed == 0 && !has_failed(fetch)) {
		failed = span_reader_next(&reader, &span, err);
		if (failed < 0 || span.chunks.n == 0)
			break;
		failed = cancel_check(fetch->plan->options.cancel, err);
		if (failed == 0)
			submit(fetch, pool, &span);
	}
	span_release(&span);
	return failed;
}

int restore_plan_fetch(struct restore_plan *plan, struct restore_target *target,
		       struct err *err)
{
	const struct blob_reader_options *reader =
		blob_reader_options(plan->options.blobs);
	struct fetch fetch = {
		.plan = plan,
		.target = target,
		.memory_max = reader->memory_bytes / FETCH_OF * FETCH_PARTS,
	};
	CLEANUP(mutex_freep) struct mutex *mutex = mutex_new();
	CLEANUP(condition_freep) struct condition *released = condition_new();
	struct pool *pool;
	int failed;

	fetch.mutex = mutex;
	fetch.released = released;
	if (pool_new(reader->n_threads, QUEUE_LEN, &pool, err) < 0)
		return -1;
	failed = fetch_spans(&fetch, pool, err);
	if (failed < 0)
		set_failed(&fetch, err);
	pool_free(pool);
	if (failed == 0 && fetch.failed) {
		*err = fetch.err;
		return -1;
	}
	return failed < 0 ? -1 : restore_end_batch(plan, target, err);
}
