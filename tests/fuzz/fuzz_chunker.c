/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A scan in any pieces must equal the reference at once, and a cutter that is fed piece by
 * piece must cut like one that sees all. Input: average (exponent), seed of the piece
 * lengths, longest piece, how often the rest is repeated; then the stream's bytes.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/rng.h"
#include "repo/chunker.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

enum { PREFIX = 4, STREAM_MAX = 32 * 1024 };

static void must(bool condition)
{
	if (!condition)
		abort();
}

static void must_equal(const struct vec *a, const struct vec *b)
{
	must(a->n == b->n);
	must(a->n == 0 || memcmp(a->data, b->data, a->n * sizeof(uint64_t)) == 0);
}

static void cut(struct chunk_cutter *cutter, const struct vec *cuts, size_t *next,
		uint64_t seen, bool final, struct vec *ends)
{
	uint64_t end;

	while (chunk_cutter_next(cutter, cuts, next, seen, final, &end))
		vec_push(ends, &end);
}

/* Scans and cuts in pieces of random lengths. */
static void cut_pieces(struct chunker *chunker, struct chunk_cutter *cutter,
		       struct slice bytes, struct rng *rng, size_t piece_max,
		       struct vec vecs[static 2])
{
	size_t next = 0;

	for (size_t at = 0; at < bytes.len;) {
		size_t before = at < CHUNKER_WINDOW ? at : CHUNKER_WINDOW;
		size_t n = (size_t)rng_below(rng, piece_max + 1);

		n = n < bytes.len - at ? n : bytes.len - at;
		chunker_scan(chunker, slice_of(bytes.data + at - before, before),
			     slice_of(bytes.data + at, n), at, &vecs[0]);
		at += n;
		cut(cutter, &vecs[0], &next, at, false, &vecs[1]);
	}
	cut(cutter, &vecs[0], &next, bytes.len, true, &vecs[1]);
}

static void compare(struct slice bytes, struct chunker_params params, struct rng *rng,
		    size_t piece_max)
{
	struct chunk_cutter cutter;
	struct chunker *chunker;
	struct vec expected[2]; /* accepted positions, ends of chunks */
	struct vec found[2];
	struct secret key;
	size_t next = 0;

	for (unsigned i = 0; i < 2; i++) {
		vec_init(&expected[i], sizeof(uint64_t));
		vec_init(&found[i], sizeof(uint64_t));
	}
	secret_init(&key, 32);
	chunker = chunker_new(&key, params);
	chunk_cutter_init(&cutter, params);
	chunker_scan_reference(chunker, slice_of(NULL, 0), bytes, 0, &expected[0]);
	cut(&cutter, &expected[0], &next, bytes.len, true, &expected[1]);
	must(expected[1].n == 0 ? bytes.len == 0
				: *(const uint64_t *)vec_last(&expected[1]) == bytes.len);
	chunk_cutter_init(&cutter, params);
	cut_pieces(chunker, &cutter, bytes, rng, piece_max, found);
	for (unsigned i = 0; i < 2; i++) {
		must_equal(&found[i], &expected[i]);
		vec_release(&expected[i]);
		vec_release(&found[i]);
	}
	chunker_free(chunker);
	secret_release(&key);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct chunker_params params = {.min = 64};
	struct rng rng;
	struct buf stream;

	if (len < PREFIX || len > STREAM_MAX)
		return 0;
	params.avg = (uint32_t)64 << data[0] % 5;
	params.max = params.avg * 4;
	rng = rng_seeded(data[1]);
	buf_init(&stream, 0);
	for (unsigned i = 0; i <= data[3]; i++) {
		if (stream.len + len > STREAM_MAX)
			break;
		buf_append(&stream, data + PREFIX, len - PREFIX);
	}
	compare(buf_slice(&stream), params, &rng, (size_t)data[2] * data[2] + 1);
	buf_release(&stream);
	return 0;
}
