/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where a stream of bytes is cut (docs/format/chunker.md). Two modes: by content (public Gear
 * prefilter, then a keyed PRF over the 64-byte window decides) and page-aligned (fixed blocks
 * counted from offset 0). The second needs no scan: it is struct chunk_cutter with
 * min = avg = max = the block size and an empty list of cuts.
 *
 * Whether position p is a candidate that the PRF accepts depends on bytes p-64..p-1 alone.
 * So the costly part, chunker_scan(), runs on pieces of a stream in parallel, and the cheap
 * part, minimum and maximum length, is applied in order by struct chunk_cutter.
 */
#ifndef REPO_CHUNKER_H
#define REPO_CHUNKER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/secret.h"
#include "base/vec.h"

enum {
	CHUNKER_WINDOW = 64,
	CHUNK_MIN_DEFAULT = 256 * 1024,
	CHUNK_AVG_DEFAULT = 1024 * 1024,
	CHUNK_MAX_DEFAULT = 4 * 1024 * 1024,
	CHUNK_MAX_LIMIT =
		16 * 1024 * 1024, /* largest maximum that a repository may set */
};

/* avg a power of two; 64 <= min <= avg <= max <= CHUNK_MAX_LIMIT. The mean length of chunks
 * is about min + avg: the minimum swallows cuts (docs/format/chunker.md). */
struct chunker_params {
	uint32_t min, avg, max;
};

/* ERR_LIMIT when a rule above is broken: parameters come from quipu.json or an option. */
MUST_CHECK int chunker_params_check(struct chunker_params params, struct err *err);

/* The scanner: per thread, since it holds cipher state. The key is 32 bytes and params pass
 * chunker_params_check(); both asserted. */
struct chunker;
struct chunker *chunker_new(const struct secret *chunker_key,
			    struct chunker_params params);
void chunker_free(struct chunker *chunker);
void chunker_freep(struct chunker **chunker);

/*
 * Appends to `cuts` (vec of uint64_t, ascending) the stream position of each accepted cut in
 * (base, base + piece.len]: a cut at position p ends a chunk before byte p. `before` are the
 * stream bytes right in front of the piece: at least 63 of them, or all `base` when that is
 * less (asserted); more are ignored. Positions below 64 are never cuts. Usually one cut per
 * avg bytes; one per byte in a run of equal bytes, if their window is one that the key accepts.
 */
void chunker_scan(struct chunker *chunker, struct slice before, struct slice piece,
		  uint64_t base, struct vec *cuts);

/* The same, position by position as the format's text says it: for tests; hundreds of times
 * slower. */
void chunker_scan_reference(struct chunker *chunker, struct slice before,
			    struct slice piece, uint64_t base, struct vec *cuts);

/* Applies minimum and maximum. Here params may be any with 0 < min <= max. */
struct chunk_cutter {
	struct chunker_params params;
	uint64_t start; /* stream position of the current chunk's first byte */
};
void chunk_cutter_init(struct chunk_cutter *cutter, struct chunker_params params);

/*
 * Given all accepted cuts up to stream position `seen` (sorted; cuts[*next] is the first one
 * not yet looked at; *next is moved), tells the end of the current chunk. False when more
 * input is needed. At the end of the stream (`final`) the rest is the last chunk; false then
 * means that nothing is left. On true, the cutter stands at the start of the next chunk.
 */
bool chunk_cutter_next(struct chunk_cutter *cutter, const struct vec *cuts, size_t *next,
		       uint64_t seen, bool final, uint64_t *ret_end);

#endif
