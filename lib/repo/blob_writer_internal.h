/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The parts of the blob writer among themselves.
 *
 *   blob_writer.c   life, tickets, flush          blob_segment.c  stream memory, waking
 *   blob_stream.c   cutting a stream              blob_batch.c    small blobs, many to a task
 *   blob_store.c    id, known?, compress, seal    blob_upload.c   packs to the store and index
 *   blob_survey.c   packs that are gone, packs that a killed run left
 *
 * Locks, never two at once but wake_mutex, which is innermost: table_mutex (pending ids, used
 * packs), pack_mutex (open packs, free builders), batch_mutex (the batch being filled),
 * flush_mutex (fragments), wake_mutex.
 */
#ifndef REPO_BLOB_WRITER_INTERNAL_H
#define REPO_BLOB_WRITER_INTERNAL_H

#include <stdatomic.h>

#include "base/map.h"
#include "base/pool.h"
#include "crypto/hash.h"
#include "format/zstd_codec.h"
#include "repo/blob_writer.h"
#include "repo/pack_builder.h"

enum {
	SEGMENT_LEN = 512 * 1024,
	SMALL_BLOB_MAX = 64 * 1024, /* streams up to this travel in batches */
	BATCH_BYTES = 256 * 1024,   /* a batch is handed out when it holds so much */
	METADATA_PACK_SIZE = 2 * 1024 * 1024,
	OPEN_DATA_PACKS = 2,
	OPEN_PACKS = OPEN_DATA_PACKS + 1, /* the last one holds metadata */
	/* pieces of the longest chunk: BLOB_RAW_MAX / SEGMENT_LEN, and both ends cut */
	PIECES_MAX = BLOB_RAW_MAX / SEGMENT_LEN + 2,
};

/* Each kind has builders of its own: metadata packs are small, and would else take on the
 * memory of data packs one after the other. */
enum pack_kind { PACK_DATA, PACK_METADATA, PACK_KINDS };

/* A piece of stream memory, alive while anybody holds a reference. */
struct segment {
	struct blob_writer *writer;
	struct segment *next_free;
	atomic_uint refs;
	size_t len;
	uint8_t *data; /* SEGMENT_LEN */
	/* for the scan: */
	uint64_t base; /* stream position of data[0] */
	uint8_t before[CHUNKER_WINDOW];
	size_t before_len;
	struct vec cuts; /* of uint64_t */
	atomic_bool scanned;
};

struct piece {
	struct segment *segment;
	uint32_t offset, len;
};

enum ticket_state { TICKET_PENDING, TICKET_READY, TICKET_FAILED };

/* Shared by the caller and the task: the last of the two frees it. */
struct blob_ticket {
	struct blob_writer *writer;
	atomic_int state;
	atomic_uint holders;
	uint64_t batch; /* serial of the batch it waits in; 0 = none */
	struct blob_ref ref;
};

/* What a worker thread needs; index = worker number. */
struct blob_worker {
	struct chunker *chunker;
	struct hmac *hmac;
	struct zstd_encoder *encoder;
	struct buf encoded;
};

struct batch_job {
	struct blob_ticket *ticket;
	enum blob_type type;
	uint32_t offset, len;
};

struct batch {
	struct blob_writer *writer;
	uint64_t serial;
	struct segment *segment;
	struct vec jobs; /* of struct batch_job */
};

struct blob_writer {
	struct blob_writer_options options;
	const struct epoch *epoch;
	uint64_t pack_size;
	struct pool *workers, *uploaders;
	struct blob_worker *worker; /* one a worker thread */

	struct mutex *wake_mutex;
	struct condition *woken;
	atomic_uint_fast64_t events;
	atomic_uint waiters;
	atomic_uint tasks; /* handed to a pool and not done */
	atomic_bool failed;
	struct err failure;	       /* the first one; under wake_mutex */
	struct segment *free_segments; /* under wake_mutex */
	size_t n_segments, max_segments;

	struct mutex *table_mutex;
	struct map *pending; /* ids of blobs that are in packs not yet in the index */
	uint8_t *used;	     /* a bit a pack number */
	uint32_t used_bits;

	uint8_t *gone; /* a bit a pack number below n_surveyed; fixed while others run */
	uint32_t n_surveyed;

	struct mutex *pack_mutex;
	struct pack_builder *open[OPEN_PACKS];
	struct vec free_builders[PACK_KINDS]; /* of struct pack_builder * */

	struct mutex *batch_mutex;
	struct batch *batch;
	uint64_t batch_serial;

	struct mutex *flush_mutex;
	uint64_t last_flush_nsec;
	unsigned packs_since_flush;

	atomic_uint_fast64_t raw_bytes, new_blobs, new_bytes, stored_bytes, n_packs;
};

/* blob_survey.c */

bool pack_is_gone(const struct blob_writer *writer, uint32_t pack);

/* blob_segment.c */

/* Tells waiters that something changed; call it after the change. */
void writer_wake(struct blob_writer *writer);
/* For a wait: `seen = writer_watch()`, look whether it is time to go on, else
 * `writer_wait(seen)`, and look again; writer_unwatch() at the end. */
uint64_t writer_watch(struct blob_writer *writer);
void writer_wait(struct blob_writer *writer, uint64_t seen);
void writer_unwatch(struct blob_writer *writer);
/* Records the first failure and wakes everybody. */
void writer_fail(struct blob_writer *writer, const struct err *err);
/* 0, or -1 with the first failure of any thread or the interruption. */
MUST_CHECK int writer_check(struct blob_writer *writer, struct err *err);
/* Counts a task in, hands it to the pool. */
void writer_submit(struct blob_writer *writer, pool_task_fn *fn, void *task);
void writer_task_done(struct blob_writer *writer);

/* A free segment, one reference; NULL when none is free now. Past the bound new ones are
 * made only when no task runs that could free one. */
struct segment *segment_try_get(struct blob_writer *writer);
/* One in any case. */
struct segment *segment_force(struct blob_writer *writer);
/* Waits for one. */
MUST_CHECK int segment_get(struct blob_writer *writer, struct segment **ret_segment,
			   struct err *err);
void segment_ref(struct segment *segment);
void segment_unref(struct segment *segment);
void segments_free(struct blob_writer *writer);

/* blob_writer.c */
struct blob_ticket *ticket_new(struct blob_writer *writer);
void ticket_done(struct blob_ticket *ticket,
		 const struct blob_ref *ref); /* NULL: failed */

/* blob_batch.c */
struct batch *batch_new(struct blob_writer *writer,
			struct segment *segment); /* takes it */
void batch_add(struct batch *batch, struct blob_ticket *ticket, enum blob_type type,
	       uint32_t offset, uint32_t len);
void batch_submit_take(struct batch *batch);
/* Hands out the batch being filled if it is `serial` (0 = whichever). */
void batch_kick(struct blob_writer *writer, uint64_t serial);

/* blob_store.c */

/* Gives the concatenation of pieces an id and stores it if it is new; ends the ticket. */
void store_blob(struct blob_writer *writer, unsigned worker, struct blob_ticket *ticket,
		enum blob_type type, const struct slice pieces[], size_t n_pieces);
/* Encoding byte and payload of a blob into `encoded`. */
void blob_encode(struct zstd_encoder *encoder, const struct slice pieces[],
		 size_t n_pieces, size_t raw_len, struct buf *encoded);
void mark_used(struct blob_writer *writer, uint32_t pack);

/* blob_upload.c */

/* Hands a full pack to the uploaders. */
void pack_upload(struct blob_writer *writer, struct pack_builder *builder,
		 enum pack_kind kind);
struct pack_builder_options pack_options(const struct blob_writer *writer);

#endif
