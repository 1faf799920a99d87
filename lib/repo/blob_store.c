/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a worker does with one blob. An id is claimed in the table of pending ids before the
 * blob is compressed, so that equal blobs in flight are stored once. A blob leaves that table
 * only after the index knows it; between the two look-ups below it may move from one to the
 * other unseen, and is then stored twice: allowed, rare, and harmless.
 */
#include "repo/blob_writer_internal.h"

#include "base/mem.h"
#include "crypto/aead.h"
#include "repo/pack_reader.h"

void mark_used(struct blob_writer *writer, uint32_t pack)
{
	LOCKED(writer->table_mutex);

	if (pack >= writer->used_bits) {
		uint32_t bits = pack / 8192 * 8192 + 8192;

		writer->used = mem_realloc(writer->used, bits / 8, 1);
		memset(writer->used + writer->used_bits / 8, 0,
		       (bits - writer->used_bits) / 8);
		writer->used_bits = bits;
	}
	writer->used[pack / 8] |= (uint8_t)(1u << (pack % 8));
}

static bool is_pending(struct blob_writer *writer, const struct blob_id *id)
{
	LOCKED(writer->table_mutex);

	return map_get(writer->pending, slice_of(id->bytes, BLOB_ID_LEN)) != NULL;
}

/* False when somebody else has claimed it. */
static bool claim(struct blob_writer *writer, const struct blob_id *id)
{
	struct slice key = slice_of(id->bytes, BLOB_ID_LEN);
	LOCKED(writer->table_mutex);

	if (map_get(writer->pending, key) != NULL)
		return false;
	map_set(writer->pending, key, writer); /* any value: only the key counts */
	return true;
}

/* The newest place in a pack that is there. Nearly always that is the newest of all. */
static int find_place(const struct blob_writer *writer, const struct blob_id *id,
		      struct blob_place *ret_place, bool *ret_found, struct err *err)
{
	struct blob_place places[INDEX_PLACES_MAX];
	size_t n = 0;

	*ret_found = false;
	if (index_find(writer->options.index, id, places, 1, &n, err) < 0)
		return -1;
	if (n > 0 && pack_is_gone(writer, places[0].pack) &&
	    index_find(writer->options.index, id, places, INDEX_PLACES_MAX, &n, err) < 0)
		return -1;
	for (size_t i = 0; i < n; i++) {
		if (pack_is_gone(writer, places[i].pack))
			continue;
		*ret_place = places[i];
		*ret_found = true;
		return 0;
	}
	return 0;
}

int blob_writer_has(struct blob_writer *writer, const struct blob_id *id, bool *ret_has,
		    struct err *err)
{
	struct blob_place place;

	*ret_has = true;
	if (is_pending(writer, id))
		return 0;
	if (find_place(writer, id, &place, ret_has, err) < 0)
		return -1;
	if (*ret_has)
		mark_used(writer, place.pack);
	return 0;
}

void blob_encode(struct zstd_encoder *encoder, const struct slice pieces[],
		 size_t n_pieces, size_t raw_len, struct buf *encoded)
{
	buf_clear(encoded);
	uint8_t *to = buf_extend(encoded, 1 + raw_len);
	size_t len = raw_len > 0 ? zstd_encoder_compress(encoder, pieces, n_pieces,
							 to + 1, raw_len)
				 : 0;
	to[0] = len > 0 ? BLOB_ZSTD : BLOB_RAW;
	if (len > 0) {
		encoded->len = 1 + len;
		return;
	}
	for (size_t i = 0, at = 1; i < n_pieces; at += pieces[i].len, i++)
		if (pieces[i].len > 0)
			memcpy(to + at, pieces[i].data, pieces[i].len);
}

/* An open pack of the right kind, under pack_mutex. With two open data packs chosen at random
 * the order of chunks in a pack says little about their order in the stream. */
static size_t choose_open(struct blob_writer *writer, enum blob_type type)
{
	if (type != BLOB_DATA)
		return OPEN_DATA_PACKS;
	return (size_t)rng_below(writer->options.rng, OPEN_DATA_PACKS);
}

static enum pack_kind kind_of(enum blob_type type)
{
	return type == BLOB_DATA ? PACK_DATA : PACK_METADATA;
}

static size_t pack_limit(const struct blob_writer *writer, size_t open)
{
	return open == OPEN_DATA_PACKS ? METADATA_PACK_SIZE : (size_t)writer->pack_size;
}

/* Waits, without the mutex, for a builder that an uploader gives back. */
static int wait_for_builder(struct blob_writer *writer, enum pack_kind kind,
			    struct err *err)
{
	int result = 0;

	for (bool found = false; result == 0 && !found;) {
		uint64_t seen = writer_watch(writer);

		result = writer_check(writer, err);
		mutex_lock(writer->pack_mutex);
		found = writer->free_builders[kind].n > 0;
		mutex_unlock(writer->pack_mutex);
		if (result == 0 && !found)
			writer_wait(writer, seen);
		writer_unwatch(writer);
	}
	return result;
}

enum append_outcome { APPENDED, NO_BUILDER, APPEND_FAILED };

/* *ret_full = a pack that is to be uploaded, else NULL. */
static enum append_outcome try_append(struct blob_writer *writer,
				      const struct blob_ref *ref, enum blob_type type,
				      struct slice encoded,
				      struct pack_builder **ret_full, struct err *err)
{
	LOCKED(writer->pack_mutex);
	size_t open = choose_open(writer, type);
	struct pack_builder *builder = writer->open[open];
	struct vec *free_builders = &writer->free_builders[kind_of(type)];

	*ret_full = NULL;
	if (builder == NULL) {
		struct pack_builder_options options = pack_options(writer);

		if (free_builders->n == 0)
			return NO_BUILDER;
		builder = *(struct pack_builder **)vec_last(free_builders);
		if (pack_builder_begin(builder, &options, err) < 0)
			return APPEND_FAILED;
		vec_pop(free_builders);
		writer->open[open] = builder;
	}
	pack_builder_append(builder, &ref->id, type, ref->raw_len, encoded);
	if (pack_builder_len(builder) >= pack_limit(writer, open) ||
	    pack_builder_n_blobs(builder) == PACK_BLOBS_MAX) {
		writer->open[open] = NULL;
		*ret_full = builder;
	}
	return APPENDED;
}

static int append(struct blob_writer *writer, const struct blob_ref *ref,
		  enum blob_type type, struct slice encoded, struct err *err)
{
	struct pack_builder *full;

	for (;;) {
		switch (try_append(writer, ref, type, encoded, &full, err)) {
		case APPENDED:
			if (full != NULL)
				pack_upload(writer, full, kind_of(type));
			return 0;
		case NO_BUILDER:
			if (wait_for_builder(writer, kind_of(type), err) < 0)
				return -1;
			break;
		case APPEND_FAILED:
			return -1;
		}
	}
}

struct blob_pieces {
	enum blob_type type;
	const struct slice *pieces;
	size_t n;
};

/* ref->raw_len is set; ref->id is, but after a failure. */
static int store(struct blob_writer *writer, struct blob_worker *worker,
		 const struct blob_pieces *blob, struct blob_ref *ref, struct err *err)
{
	bool has;

	if (writer_check(writer, err) < 0)
		return -1;
	blob_id_compute(worker->hmac, blob->type, blob->pieces, blob->n, &ref->id);
	if (blob_writer_has(writer, &ref->id, &has, err) < 0)
		return -1;
	if (has || !claim(writer, &ref->id))
		return 0;
	blob_encode(worker->encoder, blob->pieces, blob->n, ref->raw_len,
		    &worker->encoded);
	if (append(writer, ref, blob->type, buf_slice(&worker->encoded), err) < 0)
		return -1;
	uint64_t stored = worker->encoded.len + AEAD_TAG_LEN;
	atomic_fetch_add(&writer->new_blobs, 1);
	atomic_fetch_add(&writer->new_bytes, ref->raw_len);
	atomic_fetch_add(&writer->stored_bytes, stored);
	progress_stored(writer->options.progress, ref->raw_len, stored);
	return 0;
}

void store_blob(struct blob_writer *writer, unsigned worker, struct blob_ticket *ticket,
		enum blob_type type, const struct slice pieces[], size_t n_pieces)
{
	struct blob_pieces blob = {.type = type, .pieces = pieces, .n = n_pieces};
	struct blob_ref ref = {0};
	struct err err = {0};

	for (size_t i = 0; i < n_pieces; i++)
		ref.raw_len += (uint32_t)pieces[i].len;
	atomic_fetch_add(&writer->raw_bytes, ref.raw_len);
	if (store(writer, &writer->worker[worker], &blob, &ref, &err) == 0) {
		ticket_done(ticket, &ref);
		return;
	}
	writer_fail(writer, &err);
	ticket_done(ticket, NULL);
}
