/* SPDX-License-Identifier: Apache-2.0 */
#include "repo/blob_writer.h"

#include <assert.h>
#include <unistd.h>

#include "base/mem.h"
#include "format/encoding.h"
#include "repo/blob_writer_internal.h"
#include "repo/pack_reader.h"

enum {
	MEMORY_DEFAULT = 64 * 1024 * 1024,
	PACK_SIZE_MIN = 1024 * 1024,
	SEGMENTS_AT_DEFAULT = 16,
	SEGMENTS_MIN =
		12, /* one longest chunk of the default parameters, and some to fill */
	SEGMENTS_MAX = 2048,
	IN_FLIGHT_AT_DEFAULT = 1,
	IN_FLIGHT_MAX = 16,
	GAIN_PERCENT = 3, /* what compression must save to be kept */
	LEVEL_DEFAULT = 3,
	/* 3/8 of the memory is for workers */
	WORKERS_PARTS = 3,
	WORKERS_OF = 8,
};

static uint64_t clamp(uint64_t value, uint64_t least, uint64_t most)
{
	return value < least ? least : value > most ? most : value;
}

static int level_of(const struct blob_writer_options *options)
{
	return options->compression_level != 0 ? options->compression_level
					       : LEVEL_DEFAULT;
}

static void make_workers(struct blob_writer *writer, unsigned n)
{
	const struct blob_writer_options *options = &writer->options;
	int level = level_of(options);

	writer->worker = mem_calloc(n, sizeof(*writer->worker));
	for (unsigned i = 0; i < n; i++) {
		struct blob_worker *worker = &writer->worker[i];

		worker->chunker = chunker_new(&options->key->dedup.chunker,
					      options->repo->params.chunk);
		worker->hmac = hmac_new(&options->key->dedup.blob_id);
		worker->encoder = zstd_encoder_new(level, GAIN_PERCENT);
		buf_init(&worker->encoded, BLOB_RAW_MAX + 1);
	}
}

static void make_builders(struct blob_writer *writer, enum pack_kind kind, size_t n)
{
	vec_init(&writer->free_builders[kind], sizeof(struct pack_builder *));
	for (size_t i = 0; i < n; i++) {
		struct pack_builder *builder = pack_builder_new();

		vec_push(&writer->free_builders[kind], &builder);
	}
}

/* As many as the memory allows: each holds an encoder (format/zstd_codec.h) and a sealed chunk. */
static unsigned workers_within(uint64_t memory, int level, unsigned wanted)
{
	enum { MIB = 1024 * 1024 };
	uint64_t each = (level <= 3 ? 8 : level <= 12 ? 16 : 20) * (uint64_t)MIB;
	uint64_t most = memory / WORKERS_OF * WORKERS_PARTS / each;

	return (unsigned)clamp(wanted, 1, most > 1 ? most : 1);
}

/* Sizes from the memory that may be used: see lib/repo/README.md. */
static int make_parts(struct blob_writer *writer, struct err *err)
{
	const struct blob_writer_options *options = &writer->options;
	uint64_t memory =
		options->memory_bytes != 0 ? options->memory_bytes : MEMORY_DEFAULT;
	uint64_t pack_size = options->repo->params.pack_size;
	unsigned n = options->n_threads;
	uint8_t hash_key[16];

	if (n == 0)
		n = (unsigned)clamp((uint64_t)sysconf(_SC_NPROCESSORS_ONLN), 1, 64);
	n = workers_within(memory, level_of(options), n);
	if (memory < MEMORY_DEFAULT)
		pack_size = clamp(pack_size * memory / MEMORY_DEFAULT, PACK_SIZE_MIN,
				  pack_size);
	uint64_t in_flight =
		clamp(IN_FLIGHT_AT_DEFAULT * memory / MEMORY_DEFAULT, 1, IN_FLIGHT_MAX);
	writer->pack_size = pack_size;
	writer->max_segments =
		(size_t)clamp(SEGMENTS_AT_DEFAULT * memory / MEMORY_DEFAULT, SEGMENTS_MIN,
			      SEGMENTS_MAX);
	rng_fill(options->rng, hash_key, sizeof(hash_key));
	writer->pending = map_new(hash_key);
	make_builders(writer, PACK_DATA, OPEN_DATA_PACKS + (size_t)in_flight);
	make_builders(writer, PACK_METADATA, 2);
	make_workers(writer, n);
	if (pool_new(n, 4 * (size_t)n + writer->max_segments, &writer->workers, err) < 0)
		return -1;
	return pool_new((unsigned)in_flight, OPEN_PACKS + (size_t)in_flight + 1,
			&writer->uploaders, err);
}

int blob_writer_new(const struct blob_writer_options *options,
		    struct blob_writer **ret_writer, struct err *err)
{
	const struct epoch *epoch = keylog_newest_epoch(options->repo->keylog);

	if (epoch == NULL)
		return err_set(err, ERR_ALARM, "the key log names no epoch to seal to");
	struct blob_writer *writer = mem_zalloc(sizeof(*writer));
	writer->options = *options;
	writer->epoch = epoch;
	writer->wake_mutex = mutex_new();
	writer->woken = condition_new();
	writer->table_mutex = mutex_new();
	writer->pack_mutex = mutex_new();
	writer->batch_mutex = mutex_new();
	writer->flush_mutex = mutex_new();
	writer->last_flush_nsec = options->clock->monotonic_nsec(options->clock);
	if (make_parts(writer, err) < 0) {
		blob_writer_free(writer);
		return -1;
	}
	*ret_writer = writer;
	return 0;
}

static void free_workers(struct blob_writer *writer, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		chunker_free(writer->worker[i].chunker);
		hmac_free(writer->worker[i].hmac);
		zstd_encoder_free(writer->worker[i].encoder);
		buf_release(&writer->worker[i].encoded);
	}
	mem_free(writer->worker);
}

static void free_builders(struct blob_writer *writer)
{
	for (size_t i = 0; i < OPEN_PACKS; i++)
		pack_builder_free(writer->open[i]);
	for (size_t kind = 0; kind < PACK_KINDS; kind++) {
		struct vec *builders = &writer->free_builders[kind];

		for (size_t i = 0; i < builders->n; i++)
			pack_builder_free(*(struct pack_builder **)vec_at(builders, i));
		vec_release(builders);
	}
}

void blob_writer_free(struct blob_writer *writer)
{
	if (writer == NULL)
		return;
	unsigned n = writer->workers != NULL ? pool_size(writer->workers) : 0;

	batch_kick(writer, 0);
	pool_free(writer->workers);
	pool_free(writer->uploaders);
	free_workers(writer, n);
	free_builders(writer);
	segments_free(writer);
	map_free(writer->pending);
	mem_free(writer->used);
	mem_free(writer->gone);
	mutex_free(writer->wake_mutex);
	condition_free(writer->woken);
	mutex_free(writer->table_mutex);
	mutex_free(writer->pack_mutex);
	mutex_free(writer->batch_mutex);
	mutex_free(writer->flush_mutex);
	mem_free(writer);
}

struct blob_ticket *ticket_new(struct blob_writer *writer)
{
	struct blob_ticket *ticket = mem_zalloc(sizeof(*ticket));

	ticket->writer = writer;
	atomic_store(&ticket->holders, 2); /* the caller and the task */
	return ticket;
}

void blob_ticket_free(struct blob_ticket *ticket)
{
	if (ticket != NULL && atomic_fetch_sub(&ticket->holders, 1) == 1)
		mem_free(ticket);
}

void ticket_done(struct blob_ticket *ticket, const struct blob_ref *ref)
{
	struct blob_writer *writer = ticket->writer;

	if (ref != NULL)
		ticket->ref = *ref;
	atomic_store(&ticket->state, ref != NULL ? TICKET_READY : TICKET_FAILED);
	blob_ticket_free(ticket);
	writer_wake(writer);
}

bool blob_ticket_ready(const struct blob_ticket *ticket)
{
	return atomic_load(&ticket->state) != TICKET_PENDING;
}

/* The task always ends the ticket, also after a failure, so this ends. */
static void wait_for_ticket(struct blob_ticket *ticket)
{
	struct blob_writer *writer = ticket->writer;

	if (ticket->batch != 0)
		batch_kick(writer, ticket->batch);
	while (!blob_ticket_ready(ticket)) {
		uint64_t seen = writer_watch(writer);

		if (!blob_ticket_ready(ticket))
			writer_wait(writer, seen);
		writer_unwatch(writer);
	}
}

int blob_ticket_take(struct blob_ticket *ticket, struct blob_ref *ret_ref,
		     struct err *err)
{
	struct blob_writer *writer = ticket->writer;

	if (!blob_ticket_ready(ticket))
		wait_for_ticket(ticket);
	bool failed = atomic_load(&ticket->state) == TICKET_FAILED;
	if (!failed)
		*ret_ref = ticket->ref;
	blob_ticket_free(ticket);
	if (!failed)
		return 0;
	if (writer_check(writer, err) == 0)
		return err_set(err, ERR_BUG, "a blob failed without a reason");
	return -1;
}

/* All that is in open packs goes to the uploaders. */
static void close_packs(struct blob_writer *writer)
{
	for (size_t i = 0; i < OPEN_PACKS; i++) {
		mutex_lock(writer->pack_mutex);
		struct pack_builder *builder = writer->open[i];
		writer->open[i] = NULL;
		mutex_unlock(writer->pack_mutex);
		if (builder != NULL)
			pack_upload(writer, builder,
				    i < OPEN_DATA_PACKS ? PACK_DATA : PACK_METADATA);
	}
}

int blob_writer_flush(struct blob_writer *writer, struct err *err)
{
	batch_kick(writer, 0);
	pool_wait(writer->workers);
	if (writer_check(writer, err) < 0)
		return -1;
	close_packs(writer);
	pool_wait(writer->uploaders);
	if (writer_check(writer, err) < 0)
		return -1;
	if (writer->options.dry_run)
		return 0;
	LOCKED(writer->flush_mutex);
	return index_flush(writer->options.index, writer->options.repo,
			   writer->options.key, err);
}

uint8_t *blob_writer_used_packs(struct blob_writer *writer, uint32_t *ret_n_packs)
{
	uint32_t n = index_n_packs(writer->options.index);
	uint8_t *bits = mem_zalloc((size_t)n / 8 + 1);
	LOCKED(writer->table_mutex);

	for (uint32_t pack = 0; pack < n && pack < writer->used_bits; pack++)
		if (writer->used[pack / 8] & (1u << (pack % 8)))
			bits[pack / 8] |= (uint8_t)(1u << (pack % 8));
	*ret_n_packs = n;
	return bits;
}

struct blob_writer_counters blob_writer_counters(const struct blob_writer *writer)
{
	return (struct blob_writer_counters){
		.raw_bytes = atomic_load(&writer->raw_bytes),
		.new_blobs = atomic_load(&writer->new_blobs),
		.new_bytes = atomic_load(&writer->new_bytes),
		.stored_bytes = atomic_load(&writer->stored_bytes),
		.n_packs = atomic_load(&writer->n_packs),
	};
}

static void seal_body(struct blob_writer *writer, struct pack_builder *builder,
		      struct slice bytes)
{
	CLEANUP(hmac_freep)
	struct hmac *hmac = hmac_new(&writer->options.key->dedup.blob_id);
	CLEANUP(zstd_encoder_freep)
	struct zstd_encoder *encoder = zstd_encoder_new(LEVEL_DEFAULT, GAIN_PERCENT);
	CLEANUP(buf_release) struct buf encoded = {0};
	struct blob_id id;

	buf_init(&encoded, BLOB_RAW_MAX + 1);
	blob_id_compute(hmac, BLOB_BODY, &bytes, 1, &id);
	blob_encode(encoder, &bytes, 1, bytes.len, &encoded);
	pack_builder_append(builder, &id, BLOB_BODY, (uint32_t)bytes.len,
			    buf_slice(&encoded));
}

int blob_writer_put_body(struct blob_writer *writer, struct slice bytes,
			 uint8_t ret_hash[static 32], uint64_t *ret_size, struct err *err)
{
	struct pack_builder_options options = pack_options(writer);
	struct store_put_options put = {.mode = STORE_PUT_NEW};
	char hex[HASH_HEX_LEN + 1];
	char key[PACK_KEY_LEN];
	struct pack_info info;
	struct slice object;

	if (bytes.len > BLOB_RAW_MAX)
		return err_set(err, ERR_LIMIT,
			       "the snapshot's body has %zu bytes, at most %d", bytes.len,
			       BLOB_RAW_MAX);
	struct pack_builder *builder = pack_builder_new();
	int result = pack_builder_begin(builder, &options, err);
	if (result == 0) {
		seal_body(writer, builder, bytes);
		pack_builder_finish(builder, &object, &info);
		put.sha256 = info.name;
		(void)snprintf(
			key, sizeof(key), "bodies/%s",
			hex_encode(slice_of(info.name, HASH_LEN), hex, sizeof(hex)));
		if (!writer->options.dry_run)
			result = store_put(writer->options.repo->store, key, object, &put,
					   err);
	}
	if (result == 0) {
		memcpy(ret_hash, info.name, HASH_LEN);
		*ret_size = info.size;
	}
	pack_builder_free(builder);
	return result;
}
