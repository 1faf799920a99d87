/* SPDX-License-Identifier: Apache-2.0 */
/* Small blobs share a segment and travel many to a task; long ones get segments of their own. */
#include <assert.h>

#include "base/mem.h"
#include "repo/blob_writer_internal.h"

static void run_batch(void *task, unsigned worker)
{
	struct batch *batch = task;
	struct blob_writer *writer = batch->writer;

	for (size_t i = 0; i < batch->jobs.n; i++) {
		const struct batch_job *job = vec_at(&batch->jobs, i);
		struct slice bytes =
			slice_of(batch->segment->data + job->offset, job->len);

		store_blob(writer, worker, job->ticket, job->type, &bytes, 1);
	}
	segment_unref(batch->segment);
	vec_release(&batch->jobs);
	mem_free(batch);
	writer_task_done(writer);
}

void batch_submit_take(struct batch *batch)
{
	writer_submit(batch->writer, run_batch, batch);
}

static struct batch *take_current(struct blob_writer *writer, uint64_t serial)
{
	LOCKED(writer->batch_mutex);
	struct batch *batch = writer->batch;

	if (batch == NULL || (serial != 0 && batch->serial != serial))
		return NULL;
	writer->batch = NULL;
	return batch;
}

void batch_kick(struct blob_writer *writer, uint64_t serial)
{
	struct batch *batch = take_current(writer, serial);

	if (batch != NULL)
		batch_submit_take(batch);
}

struct batch *batch_new(struct blob_writer *writer, struct segment *segment)
{
	struct batch *batch = mem_zalloc(sizeof(*batch));

	batch->writer = writer;
	batch->segment = segment;
	vec_init(&batch->jobs, sizeof(struct batch_job));
	return batch;
}

void batch_add(struct batch *batch, struct blob_ticket *ticket, enum blob_type type,
	       uint32_t offset, uint32_t len)
{
	struct batch_job job = {
		.ticket = ticket, .type = type, .offset = offset, .len = len};

	vec_push(&batch->jobs, &job);
}

/* Under batch_mutex: a copy of the bytes in the current batch. Returns the batch when it is
 * full and must be handed out. */
static struct batch *append_locked(struct blob_writer *writer, struct blob_ticket *ticket,
				   enum blob_type type, struct slice bytes)
{
	struct batch *batch = writer->batch;
	struct segment *segment = batch->segment;

	if (bytes.len > 0)
		memcpy(segment->data + segment->len, bytes.data, bytes.len);
	batch_add(batch, ticket, type, (uint32_t)segment->len, (uint32_t)bytes.len);
	ticket->batch = batch->serial;
	segment->len += bytes.len;
	if (segment->len < BATCH_BYTES)
		return NULL;
	writer->batch = NULL;
	return batch;
}

static int put_small(struct blob_writer *writer, struct blob_ticket *ticket,
		     enum blob_type type, struct slice bytes, struct err *err)
{
	struct batch *full;

	/* Waiting for a segment under the mutex is safe: workers never take it. */
	mutex_lock(writer->batch_mutex);
	if (writer->batch == NULL) {
		struct segment *segment;

		if (segment_get(writer, &segment, err) < 0) {
			mutex_unlock(writer->batch_mutex);
			return -1;
		}
		writer->batch = batch_new(writer, segment);
		writer->batch->serial = ++writer->batch_serial;
	}
	full = append_locked(writer, ticket, type, bytes);
	mutex_unlock(writer->batch_mutex);
	if (full != NULL)
		batch_submit_take(full);
	return 0;
}

/* A blob longer than a batch: a task that owns a copy. */
struct long_blob {
	struct blob_ticket *ticket;
	enum blob_type type;
	size_t len;
	uint8_t *data;
};

static void run_long_blob(void *task, unsigned worker)
{
	struct long_blob *blob = task;
	struct blob_writer *writer = blob->ticket->writer;
	struct slice bytes = slice_of(blob->data, blob->len);

	store_blob(writer, worker, blob->ticket, blob->type, &bytes, 1);
	mem_free(blob->data);
	mem_free(blob);
	writer_task_done(writer);
}

static void put_long(struct blob_writer *writer, struct blob_ticket *ticket,
		     enum blob_type type, struct slice bytes)
{
	struct long_blob *blob = mem_zalloc(sizeof(*blob));

	*blob = (struct long_blob){.ticket = ticket,
				   .type = type,
				   .len = bytes.len,
				   .data = mem_dup(bytes.data, bytes.len)};
	writer_submit(writer, run_long_blob, blob);
}

int blob_writer_put(struct blob_writer *writer, enum blob_type type, struct slice bytes,
		    struct blob_ticket **ret_ticket, struct err *err)
{
	assert(bytes.len <= BLOB_RAW_MAX);
	if (writer_check(writer, err) < 0)
		return -1;
	struct blob_ticket *ticket = ticket_new(writer);
	if (bytes.len > SEGMENT_LEN - BATCH_BYTES) {
		put_long(writer, ticket, type, bytes);
	} else if (put_small(writer, ticket, type, bytes, err) < 0) {
		ticket_done(ticket, NULL);
		blob_ticket_free(ticket);
		return -1;
	}
	*ret_ticket = ticket;
	return 0;
}
