/* SPDX-License-Identifier: Apache-2.0 */
#include "base/rng.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/attr.h"

static void fill_from_system(struct rng *rng, void *to, size_t len)
{
	uint8_t *bytes = to;

	(void)rng; /* the kernel keeps the state */
	while (len > 0) {
		ssize_t n = getrandom(bytes, len, 0);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			abort();
		bytes += n;
		len -= (size_t)n;
	}
}

struct rng rng_system(void)
{
	return (struct rng){.fill = fill_from_system};
}

static uint64_t rotate_left(uint64_t x, unsigned by)
{
	return x << by | x >> (64 - by);
}

/* One step of xoshiro256** (Blackman, Vigna 2018). */
static uint64_t next_seeded(uint64_t s[static 4])
{
	uint64_t result = rotate_left(s[1] * 5, 7) * 9;
	uint64_t t = s[1] << 17;

	s[2] ^= s[0];
	s[3] ^= s[1];
	s[1] ^= s[2];
	s[0] ^= s[3];
	s[2] ^= t;
	s[3] = rotate_left(s[3], 45);
	return result;
}

static void fill_seeded(struct rng *rng, void *to, size_t len)
{
	uint8_t *bytes = to;

	while (len > 0) {
		uint64_t word = next_seeded(rng->state);
		size_t n = len < sizeof(word) ? len : sizeof(word);

		for (size_t i = 0; i < n; i++)
			bytes[i] = (uint8_t)(word >> (8 * i));
		bytes += n;
		len -= n;
	}
}

/* SplitMix64 spreads the seed, since an all-zero state would stay zero. */
struct rng rng_seeded(uint64_t seed)
{
	struct rng rng = {.fill = fill_seeded};

	for (size_t i = 0; i < ARRAY_SIZE(rng.state); i++) {
		seed += UINT64_C(0x9e3779b97f4a7c15);
		uint64_t z = seed;
		z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
		z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
		rng.state[i] = z ^ z >> 31;
	}
	return rng;
}

void rng_fill(struct rng *rng, void *to, size_t len)
{
	rng->fill(rng, to, len);
}

uint64_t rng_below(struct rng *rng, uint64_t n)
{
	assert(n > 0);
	/* 2^64 mod n values at the low end would come up once too often: draw again. */
	uint64_t surplus = (0 - n) % n;
	uint8_t bytes[8];
	uint64_t v;

	do {
		rng_fill(rng, bytes, sizeof(bytes));
		v = 0;
		for (size_t i = 0; i < sizeof(bytes); i++)
			v |= (uint64_t)bytes[i] << (8 * i);
	} while (v < surplus);
	return v % n;
}
