/* SPDX-License-Identifier: Apache-2.0 */
/* Randomness is passed in. The system's is getrandom(2); tests may pass a seeded one. */
#ifndef BASE_RNG_H
#define BASE_RNG_H

#include <stddef.h>
#include <stdint.h>

struct rng {
	void (*fill)(struct rng *rng, void *to,
		     size_t len); /* never fails; aborts instead */
	uint64_t state[4];
};

struct rng rng_system(void);
struct rng rng_seeded(uint64_t seed); /* xoshiro256**; deterministic, tests only; not safe
					 to share between threads */
void rng_fill(struct rng *rng, void *to, size_t len);
uint64_t rng_below(struct rng *rng, uint64_t n); /* uniform in [0, n), n > 0 */

#endif
