/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inserts and look-ups of the index with its default memory, and what it takes of memory and
 * disk for each blob: `make build/release/tests/bench/bench_index`, then run it with the
 * number of blobs in thousands (1000). Prints one JSON document. Files go to /var/tmp.
 */
#include <inttypes.h>
#include <stdio.h>
#include <sys/resource.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/pool.h"
#include "repo/index.h"

enum { BLOBS_PER_PACK = 1000, LOOKUPS = 200000 };

struct bench {
	struct index *index;
	uint64_t n_blobs;
	uint64_t first; /* of a round of look-ups */
	uint64_t n_found[8];
};

static double now(void)
{
	const struct clock clock = clock_system();

	return (double)clock.monotonic_nsec(&clock) / 1e9;
}

/* Ids are hashes; this is spread as evenly. */
static struct blob_id make_id(uint64_t blob)
{
	struct blob_id id;

	for (unsigned i = 0; i < 4; i++) {
		uint64_t x = (blob + 1) * UINT64_C(0x9e3779b97f4a7c15) + i;

		x = (x ^ x >> 31) * UINT64_C(0xbf58476d1ce4e5b9);
		x ^= x >> 29;
		memcpy(id.bytes + (size_t)8 * i, &x, 8);
	}
	return id;
}

static void die(const struct err *err)
{
	(void)fprintf(stderr, "bench_index: %s\n", err->msg);
	exit(1);
}

static void add_pack(struct bench *bench, uint64_t pack)
{
	static struct blob_entry entries[BLOBS_PER_PACK];
	const struct blob_id name = make_id(UINT64_C(1) << 60 | pack);
	struct pack_info info = {.size = 8 << 20, .epoch = 1};
	struct err err = {0};
	uint32_t number;

	memcpy(info.name, name.bytes, sizeof(info.name));
	for (uint32_t i = 0; i < BLOBS_PER_PACK; i++)
		entries[i] = (struct blob_entry){.id = make_id(pack * BLOBS_PER_PACK + i),
						 .type = BLOB_DATA,
						 .offset = 176 + i * 8000,
						 .stored = 8000,
						 .raw = 8192};
	if (index_add_pack(bench->index, &info, entries, BLOBS_PER_PACK, &number, &err) <
	    0)
		die(&err);
}

static void look_up(void *task, unsigned worker)
{
	struct bench *bench = task;
	struct err err = {0};

	for (uint64_t i = 0; i < LOOKUPS; i++) {
		uint64_t blob = i * UINT64_C(7919) % bench->n_blobs;
		const struct blob_id id = make_id(bench->first + blob);
		struct blob_place place;
		size_t n = 0;

		if (index_find(bench->index, &id, &place, 1, &n, &err) < 0)
			die(&err);
		bench->n_found[worker] += n;
	}
}

/* Microseconds a look-up of one thread. */
static double time_lookups(struct bench *bench, uint64_t first, unsigned n_threads)
{
	struct pool *pool = NULL;
	struct err err = {0};
	double begin = now();

	bench->first = first;
	if (pool_new(n_threads, n_threads, &pool, &err) < 0)
		die(&err);
	for (unsigned i = 0; i < n_threads; i++)
		pool_submit(pool, look_up, bench);
	pool_wait(pool);
	pool_free(pool);
	return (now() - begin) / LOOKUPS * 1e6;
}

static struct index *open_index(const struct dedup_keys *keys, struct rng *rng)
{
	const struct repo_identity identity = {0};
	const struct index_options options = {.keys = keys,
					      .identity = &identity,
					      .domain = "bench",
					      .scratch = true,
					      .rng = rng};
	struct index *index = NULL;
	struct err err = {0};

	if (index_open(&options, &index, &err) < 0)
		die(&err);
	return index;
}

int main(int argc, char **argv)
{
	struct rng rng = rng_system();
	struct bench bench = {.n_blobs = 1000 * 1000};
	struct dedup_keys keys = {0};
	struct rusage usage;

	if (argc > 1)
		bench.n_blobs = strtoull(argv[1], NULL, 10) * 1000;
	secret_init(&keys.cache, 32);
	bench.index = open_index(&keys, &rng);
	double begin = now();
	for (uint64_t pack = 0; pack < bench.n_blobs / BLOBS_PER_PACK; pack++)
		add_pack(&bench, pack);
	double inserted = now() - begin;
	double hit = time_lookups(&bench, 0, 1);
	double miss = time_lookups(&bench, UINT64_C(1) << 50, 1);
	double two = time_lookups(&bench, UINT64_C(1) << 50, 2);

	(void)getrusage(RUSAGE_SELF, &usage);
	printf("{\"blobs\": %" PRIu64 ", \"insert_usec\": %.2f, \"hit_usec\": %.2f, "
	       "\"miss_usec\": %.2f, \"miss_usec_two_threads\": %.2f, "
	       "\"index_bytes\": %zu, \"max_rss_kib\": %ld}\n",
	       bench.n_blobs, inserted / (double)bench.n_blobs * 1e6, hit, miss, two,
	       index_memory(bench.index), usage.ru_maxrss);
	index_free(bench.index);
	secret_release(&keys.cache);
	return 0;
}
