/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/rng.h"

static void test_rng_seeded__repeats_itself(void **state)
{
	struct rng a = rng_seeded(42);
	struct rng b = rng_seeded(42);
	struct rng c = rng_seeded(43);
	uint8_t x[33], y[33], z[33];

	(void)state;
	rng_fill(&a, x, sizeof(x));
	rng_fill(&b, y, sizeof(y));
	rng_fill(&c, z, sizeof(z));
	assert_memory_equal(x, y, sizeof(x));
	assert_memory_not_equal(x, z, sizeof(x));
}

static void test_rng_below__stays_below_and_reaches_all(void **state)
{
	struct rng rng = rng_seeded(1);
	unsigned seen[7] = {0};

	(void)state;
	for (int i = 0; i < 7000; i++) {
		uint64_t value = rng_below(&rng, 7);

		assert_true(value < 7);
		seen[value]++;
	}
	for (size_t i = 0; i < 7; i++)
		assert_in_range(seen[i], 800, 1200);
}

static void test_rng_system__differs_from_call_to_call(void **state)
{
	struct rng rng = rng_system();
	uint8_t x[32], y[32];

	(void)state;
	rng_fill(&rng, x, sizeof(x));
	rng_fill(&rng, y, sizeof(y));
	assert_memory_not_equal(x, y, sizeof(x));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rng_seeded__repeats_itself),
		cmocka_unit_test(test_rng_below__stays_below_and_reaches_all),
		cmocka_unit_test(test_rng_system__differs_from_call_to_call),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
