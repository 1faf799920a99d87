/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Waiting is done by an event count: whoever changes something that another may wait for adds
 * to `events` and, only if somebody waits, takes the mutex and wakes all. A waiter announces
 * itself, notes the count, looks, and sleeps only while the count is the same, so no change
 * is missed and workers pay one atomic add for each change when nobody waits.
 */
#include "base/mem.h"
#include "repo/blob_writer_internal.h"

enum { WAIT_MSEC = 200 }; /* so that an interruption by a signal is noticed */

void writer_wake(struct blob_writer *writer)
{
	atomic_fetch_add(&writer->events, 1);
	if (atomic_load(&writer->waiters) == 0)
		return;
	LOCKED(writer->wake_mutex);
	condition_signal_all(writer->woken);
}

uint64_t writer_watch(struct blob_writer *writer)
{
	atomic_fetch_add(&writer->waiters, 1);
	return atomic_load(&writer->events);
}

void writer_wait(struct blob_writer *writer, uint64_t seen)
{
	LOCKED(writer->wake_mutex);

	if (atomic_load(&writer->events) == seen)
		(void)condition_wait_for(writer->woken, writer->wake_mutex, WAIT_MSEC);
}

void writer_unwatch(struct blob_writer *writer)
{
	atomic_fetch_sub(&writer->waiters, 1);
}

void writer_fail(struct blob_writer *writer, const struct err *err)
{
	mutex_lock(writer->wake_mutex);
	if (!atomic_load(&writer->failed))
		writer->failure = *err;
	atomic_store(&writer->failed, true);
	mutex_unlock(writer->wake_mutex);
	writer_wake(writer);
}

int writer_check(struct blob_writer *writer, struct err *err)
{
	if (cancel_check(writer->options.cancel, err) < 0)
		return -1;
	if (!atomic_load(&writer->failed))
		return 0;
	LOCKED(writer->wake_mutex);
	*err = writer->failure;
	return -1;
}

void writer_submit(struct blob_writer *writer, pool_task_fn *fn, void *task)
{
	atomic_fetch_add(&writer->tasks, 1);
	pool_submit(writer->workers, fn, task);
}

void writer_task_done(struct blob_writer *writer)
{
	atomic_fetch_sub(&writer->tasks, 1);
	writer_wake(writer);
}

static struct segment *segment_new(struct blob_writer *writer)
{
	struct segment *segment = mem_zalloc(sizeof(*segment));

	segment->writer = writer;
	segment->data = mem_alloc(SEGMENT_LEN);
	vec_init(&segment->cuts, sizeof(uint64_t));
	return segment;
}

/* NULL when the bound is reached; `force` passes it. */
static struct segment *take_free(struct blob_writer *writer, bool force)
{
	LOCKED(writer->wake_mutex);
	struct segment *segment = writer->free_segments;

	if (segment != NULL) {
		writer->free_segments = segment->next_free;
		return segment;
	}
	if (!force && writer->n_segments >= writer->max_segments &&
	    atomic_load(&writer->tasks) > 0)
		return NULL;
	writer->n_segments++;
	return segment_new(writer);
}

static struct segment *make_ready(struct segment *segment)
{
	if (segment == NULL)
		return NULL;
	atomic_store(&segment->refs, 1);
	atomic_store(&segment->scanned, false);
	segment->len = 0;
	segment->base = 0;
	segment->before_len = 0;
	vec_clear(&segment->cuts);
	return segment;
}

struct segment *segment_try_get(struct blob_writer *writer)
{
	return make_ready(take_free(writer, false));
}

struct segment *segment_force(struct blob_writer *writer)
{
	return make_ready(take_free(writer, true));
}

int segment_get(struct blob_writer *writer, struct segment **ret_segment, struct err *err)
{
	struct segment *segment = NULL;
	int result = 0;

	while (result == 0 && segment == NULL) {
		uint64_t seen = writer_watch(writer);

		result = writer_check(writer, err);
		segment = result == 0 ? segment_try_get(writer) : NULL;
		if (result == 0 && segment == NULL)
			writer_wait(writer, seen);
		writer_unwatch(writer);
	}
	*ret_segment = segment;
	return result;
}

void segment_ref(struct segment *segment)
{
	atomic_fetch_add(&segment->refs, 1);
}

void segment_unref(struct segment *segment)
{
	struct blob_writer *writer = segment->writer;

	if (atomic_fetch_sub(&segment->refs, 1) != 1)
		return;
	mutex_lock(writer->wake_mutex);
	segment->next_free = writer->free_segments;
	writer->free_segments = segment;
	mutex_unlock(writer->wake_mutex);
	writer_wake(writer);
}

void segments_free(struct blob_writer *writer)
{
	while (writer->free_segments != NULL) {
		struct segment *segment = writer->free_segments;

		writer->free_segments = segment->next_free;
		vec_release(&segment->cuts);
		mem_free(segment->data);
		mem_free(segment);
	}
}
