/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bytes per second of the chunker on one core, over random bytes that fit no cache but the
 * last one: `make build/release/tests/bench/bench_chunker`, then run it. Prints one JSON
 * document with the best of several rounds.
 */
#include <inttypes.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/rng.h"
#include "repo/chunker.h"

enum { BYTES = 64 * 1024 * 1024, PIECE = 1024 * 1024, ROUNDS = 7 };

static double scan_seconds(struct chunker *chunker, const uint8_t *bytes,
			   struct vec *cuts)
{
	const struct clock clock = clock_system();
	uint64_t begin = clock.monotonic_nsec(&clock);

	vec_clear(cuts);
	for (size_t at = 0; at < BYTES; at += PIECE) {
		size_t before = at < CHUNKER_WINDOW ? at : CHUNKER_WINDOW;

		chunker_scan(chunker, slice_of(bytes + at - before, before),
			     slice_of(bytes + at, PIECE), at, cuts);
	}
	return (double)(clock.monotonic_nsec(&clock) - begin) / 1e9;
}

static void measure(const char *name, struct chunker *chunker, const uint8_t *bytes,
		    const char *end)
{
	struct vec cuts;
	double best = 1e9;

	vec_init(&cuts, sizeof(uint64_t));
	for (unsigned round = 0; round < ROUNDS; round++) {
		double seconds = scan_seconds(chunker, bytes, &cuts);

		best = seconds < best ? seconds : best;
	}
	printf("\"%s\": {\"gb_per_second\": %.3f, \"cuts\": %zu}%s", name,
	       BYTES / best / 1e9, cuts.n, end);
	vec_release(&cuts);
}

int main(void)
{
	const struct chunker_params params = {CHUNK_MIN_DEFAULT, CHUNK_AVG_DEFAULT,
					      CHUNK_MAX_DEFAULT};
	struct rng rng = rng_seeded(1);
	uint8_t *bytes = mem_alloc(BYTES);
	struct secret key;
	struct chunker *chunker;

	secret_init(&key, 32);
	rng_fill(&rng, key.data, key.len);
	chunker = chunker_new(&key, params);
	rng_fill(&rng, bytes, BYTES);
	printf("{");
	measure("random", chunker, bytes, ", ");
	memset(bytes, 0, BYTES);
	measure("zeroes", chunker, bytes, ", ");
	memset(bytes, 22, BYTES); /* a value whose runs are candidates everywhere */
	measure("candidates", chunker, bytes, "}\n");
	chunker_free(chunker);
	secret_release(&key);
	mem_free(bytes);
	return 0;
}
