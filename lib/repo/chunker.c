/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two steps per position (docs/format/chunker.md): a public Gear hash over the last 64 bytes
 * picks one position in 64 as a candidate, then a keyed PRF over the same 64 bytes accepts
 * one candidate in avg/64. The scan looks at every position, so it needs no state from what
 * lies before a piece but 63 bytes, and pieces can be scanned in any order.
 *
 * The Gear step makes a bit per position, in words of 64 positions, most significant bit
 * first, without a branch: a candidate in 64 positions is what a branch predictor cannot
 * learn. Candidates are then picked from the words and judged in batches, since the PRF has
 * a pipeline to fill. Interleaved Gear states and strips of words were measured and gave
 * nothing, so the fast path is plain C as well, and only its order differs from the reference.
 *
 * Runs of one byte value would make each position a candidate (or none): a candidate whose
 * window is the one before it shares that one's verdict and costs no PRF.
 */
#include "repo/chunker.h"

#include <assert.h>
#include <inttypes.h>

#include "base/mem.h"
#include "crypto/hash.h"
#include "crypto/prf.h"

enum {
	GEAR_LEN = 256,
	CANDIDATE_BITS = 6, /* high bits of the state that must be zero */
	WARM_UP = CHUNKER_WINDOW - 1,
	WORD_BITS = 64,
};

#define CANDIDATE_BELOW (UINT64_C(1) << (64 - CANDIDATE_BITS))

struct chunker {
	struct prf *prf;
	uint64_t accept_max; /* PRF values up to this one are cuts */
	uint64_t gear[GEAR_LEN];
};

/* Candidates that wait for the PRF; each stands for `repeats` positions in a row. */
struct batch {
	struct chunker *chunker;
	struct slice bytes;
	uint64_t origin; /* stream position of bytes.data */
	struct vec *cuts;
	unsigned n;
	const uint8_t *windows[PRF_BATCH_MAX];
	size_t positions[PRF_BATCH_MAX]; /* in bytes */
	size_t repeats[PRF_BATCH_MAX];
};

int chunker_params_check(struct chunker_params params, struct err *err)
{
	if (params.avg < CHUNKER_WINDOW || (params.avg & (params.avg - 1)) != 0)
		return err_set(err, ERR_LIMIT,
			       "average chunk length %" PRIu32
			       ", expected a power of two from %d",
			       params.avg, CHUNKER_WINDOW);
	if (params.min < CHUNKER_WINDOW || params.min > params.avg)
		return err_set(err, ERR_LIMIT,
			       "minimum chunk length %" PRIu32
			       ", expected %d to the average of %" PRIu32,
			       params.min, CHUNKER_WINDOW, params.avg);
	if (params.max < params.avg || params.max > CHUNK_MAX_LIMIT)
		return err_set(err, ERR_LIMIT,
			       "maximum chunk length %" PRIu32
			       ", expected the average of %" PRIu32 " to %d",
			       params.max, params.avg, CHUNK_MAX_LIMIT);
	return 0;
}

/* gear[b] = the first 8 bytes of SHA-256("quipu/v1/gear" || b), little-endian. */
static void gear_fill(uint64_t gear[static GEAR_LEN])
{
	CLEANUP(hash_freep) struct hash *hash = hash_new();
	uint8_t digest[HASH_LEN];

	for (unsigned b = 0; b < GEAR_LEN; b++) {
		const uint8_t byte = (uint8_t)b;

		hash_update(hash, slice_of_string("quipu/v1/gear"));
		hash_update(hash, slice_of(&byte, 1));
		hash_final(hash, digest);
		gear[b] = 0;
		for (unsigned i = 0; i < 8; i++)
			gear[b] |= (uint64_t)digest[i] << (8 * i);
	}
}

static unsigned log2_of(uint32_t power_of_two)
{
	return (unsigned)__builtin_ctz(power_of_two);
}

struct chunker *chunker_new(const struct secret *chunker_key,
			    struct chunker_params params)
{
	struct chunker *chunker = mem_zalloc(sizeof(*chunker));
	struct err err;

	assert(chunker_params_check(params, &err) == 0);
	chunker->prf = prf_new(chunker_key);
	chunker->accept_max = UINT64_MAX >> (log2_of(params.avg) - CANDIDATE_BITS);
	gear_fill(chunker->gear);
	return chunker;
}

void chunker_free(struct chunker *chunker)
{
	if (chunker == NULL)
		return;
	prf_free(chunker->prf);
	mem_free(chunker);
}

void chunker_freep(struct chunker **chunker)
{
	chunker_free(*chunker);
}

/* --- the Gear step --- */

static inline uint64_t gear_step(const uint64_t *gear, uint64_t state, uint8_t byte)
{
	return (state << 1) + gear[byte];
}

/* The state after the 63 bytes at `bytes`. */
static uint64_t gear_warm_up(const uint64_t *gear, const uint8_t *bytes)
{
	uint64_t state = 0;

	for (unsigned i = 0; i < WARM_UP; i++)
		state = gear_step(gear, state, bytes[i]);
	return state;
}

/* A bit for each of the 64 positions after bytes[0] to bytes[63]; moves the state on. */
static inline uint64_t gear_word(const uint64_t *gear, const uint8_t *bytes,
				 uint64_t *state)
{
	uint64_t h = *state;
	uint64_t word = 0;

#pragma GCC unroll 16
	for (unsigned i = 0; i < WORD_BITS; i++) {
		h = gear_step(gear, h, bytes[i]);
		word = (word << 1) + (h < CANDIDATE_BELOW);
	}
	*state = h;
	return word;
}

/* The same for the last n < 64 positions; the other bits are zero. */
static uint64_t gear_tail(const uint64_t *gear, const uint8_t *bytes, size_t n,
			  uint64_t state)
{
	uint64_t word = 0;

	for (size_t i = 0; i < n; i++) {
		state = gear_step(gear, state, bytes[i]);
		word |= (uint64_t)(state < CANDIDATE_BELOW) << (WORD_BITS - 1 - i);
	}
	return word;
}

/* --- the PRF step --- */

static void batch_judge(struct batch *batch)
{
	uint64_t values[PRF_BATCH_MAX];

	if (batch->n == 0)
		return;
	prf_windows(batch->chunker->prf, batch->windows, batch->n, values);
	for (unsigned i = 0; i < batch->n; i++) {
		if (values[i] > batch->chunker->accept_max)
			continue;
		for (size_t k = 0; k < batch->repeats[i]; k++) {
			uint64_t cut = batch->origin + batch->positions[i] + k;

			vec_push(batch->cuts, &cut);
		}
	}
	batch->n = 0;
}

/* Is the window that ends at `position` the same as the newest candidate's, one before? */
static bool batch_repeats(const struct batch *batch, size_t position)
{
	const uint8_t *window = batch->bytes.data + position - CHUNKER_WINDOW;
	unsigned last = batch->n - 1;

	if (batch->n == 0 || batch->positions[last] + batch->repeats[last] != position)
		return false;
	return window[0] == window[-1] && memcmp(window, window - 1, CHUNKER_WINDOW) == 0;
}

static void batch_add(struct batch *batch, size_t position)
{
	if (batch_repeats(batch, position)) {
		batch->repeats[batch->n - 1]++;
		return;
	}
	if (batch->n == PRF_BATCH_MAX)
		batch_judge(batch);
	batch->windows[batch->n] = batch->bytes.data + position - CHUNKER_WINDOW;
	batch->positions[batch->n] = position;
	batch->repeats[batch->n] = 1;
	batch->n++;
}

/* `position` is the one of the most significant bit. */
static void batch_add_word(struct batch *batch, uint64_t word, size_t position)
{
	while (word != 0) {
		unsigned i = (unsigned)__builtin_clzll(word);

		batch_add(batch, position + i);
		word &= ~(UINT64_C(1) << (WORD_BITS - 1 - i));
	}
}

/* --- scanning --- */

/* All positions from 64 to bytes.len. */
static void scan_bytes(struct chunker *chunker, struct slice bytes, uint64_t origin,
		       struct vec *cuts)
{
	struct batch batch = {
		.chunker = chunker, .bytes = bytes, .origin = origin, .cuts = cuts};
	const uint64_t *gear = chunker->gear;
	size_t position = CHUNKER_WINDOW;
	uint64_t state;
	uint64_t word;

	if (bytes.len < CHUNKER_WINDOW)
		return;
	/* The byte that completes the window of `position` is the one in front of it. */
	state = gear_warm_up(gear, bytes.data);
	for (; position + WORD_BITS <= bytes.len + 1; position += WORD_BITS) {
		word = gear_word(gear, bytes.data + position - 1, &state);
		batch_add_word(&batch, word, position);
	}
	word = gear_tail(gear, bytes.data + position - 1, bytes.len + 1 - position,
			 state);
	batch_add_word(&batch, word, position);
	batch_judge(&batch);
}

/*
 * The first 63 positions of a piece have windows that begin in front of it. A copy of the 63
 * bytes before and the first 63 bytes inside holds just those windows.
 */
struct seam {
	uint8_t bytes[2 * WARM_UP];
	size_t len;
	uint64_t origin;
};

static void seam_init(struct seam *seam, struct slice before, struct slice piece,
		      uint64_t base)
{
	size_t n_before = before.len < WARM_UP ? before.len : WARM_UP;
	size_t n_piece = piece.len < WARM_UP ? piece.len : WARM_UP;

	assert(before.len >= (base < WARM_UP ? base : WARM_UP) && before.len <= base);
	if (n_before > 0)
		memcpy(seam->bytes, before.data + before.len - n_before, n_before);
	if (n_piece > 0)
		memcpy(seam->bytes + n_before, piece.data, n_piece);
	seam->len = n_before + n_piece;
	seam->origin = base - n_before;
}

void chunker_scan(struct chunker *chunker, struct slice before, struct slice piece,
		  uint64_t base, struct vec *cuts)
{
	struct seam seam;

	seam_init(&seam, before, piece, base);
	scan_bytes(chunker, slice_of(seam.bytes, seam.len), seam.origin, cuts);
	scan_bytes(chunker, piece, base, cuts);
}

/* Word for word what docs/format/chunker.md says, for one position. */
static bool is_cut(struct chunker *chunker, const uint8_t window[static CHUNKER_WINDOW])
{
	uint64_t state = 0;
	uint64_t value;

	for (unsigned i = 0; i < CHUNKER_WINDOW; i++)
		state = (state << 1) + chunker->gear[window[i]];
	if (state >> (64 - CANDIDATE_BITS) != 0)
		return false;
	prf_windows(chunker->prf, &window, 1, &value);
	return value <= chunker->accept_max;
}

static void reference_bytes(struct chunker *chunker, struct slice bytes, uint64_t origin,
			    struct vec *cuts)
{
	for (size_t position = CHUNKER_WINDOW; position <= bytes.len; position++) {
		uint64_t cut = origin + position;

		if (is_cut(chunker, bytes.data + position - CHUNKER_WINDOW))
			vec_push(cuts, &cut);
	}
}

void chunker_scan_reference(struct chunker *chunker, struct slice before,
			    struct slice piece, uint64_t base, struct vec *cuts)
{
	struct seam seam;

	seam_init(&seam, before, piece, base);
	reference_bytes(chunker, slice_of(seam.bytes, seam.len), seam.origin, cuts);
	reference_bytes(chunker, piece, base, cuts);
}

/* --- minimum and maximum --- */

void chunk_cutter_init(struct chunk_cutter *cutter, struct chunker_params params)
{
	assert(params.min > 0 && params.min <= params.max);
	cutter->params = params;
	cutter->start = 0;
}

bool chunk_cutter_next(struct chunk_cutter *cutter, const struct vec *cuts, size_t *next,
		       uint64_t seen, bool final, uint64_t *ret_end)
{
	uint64_t first = cutter->start + cutter->params.min;
	uint64_t last = cutter->start + cutter->params.max;
	uint64_t end = last;

	while (*next < cuts->n && *(const uint64_t *)vec_at(cuts, *next) < first)
		(*next)++;
	if (*next < cuts->n && *(const uint64_t *)vec_at(cuts, *next) < last)
		end = *(const uint64_t *)vec_at(cuts, *next);
	if (end > seen) {
		if (!final || seen <= cutter->start)
			return false;
		end = seen;
	}
	cutter->start = end;
	*ret_end = end;
	return true;
}
