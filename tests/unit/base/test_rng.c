/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/attr.h"
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

/* The state 1, 2, 3, 4 and the first outputs of the authors' xoshiro256**. */
static void test_rng_seeded__is_xoshiro256(void **state)
{
	static const uint64_t expected[] = {11520, 0, 1509978240,
					    UINT64_C(1215971899390074240)};
	struct rng rng = rng_seeded(0);

	(void)state;
	for (size_t i = 0; i < 4; i++)
		rng.state[i] = i + 1;
	for (size_t i = 0; i < ARRAY_SIZE(expected); i++) {
		uint8_t bytes[8];
		uint64_t word = 0;

		rng_fill(&rng, bytes, sizeof(bytes));
		for (size_t k = 0; k < 8; k++)
			word |= (uint64_t)bytes[k] << (8 * k);
		assert_true(word == expected[i]);
	}
}

static void test_rng_fill__writes_exactly_what_is_asked(void **state)
{
	struct rng generators[] = {rng_seeded(3), rng_system()};

	(void)state;
	for (size_t g = 0; g < ARRAY_SIZE(generators); g++) {
		for (size_t len = 0; len < 20; len++) {
			uint8_t bytes[24];

			memset(bytes, 0xa5, sizeof(bytes));
			rng_fill(&generators[g], bytes, len);
			for (size_t i = len; i < sizeof(bytes); i++)
				assert_int_equal(bytes[i], 0xa5);
		}
	}
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

static void test_rng_below__takes_the_extremes(void **state)
{
	struct rng rng = rng_seeded(1);

	(void)state;
	assert_int_equal(rng_below(&rng, 1), 0);
	assert_true(rng_below(&rng, UINT64_MAX) < UINT64_MAX);
	assert_true(rng_below(&rng, (UINT64_C(1) << 63) + 1) <= UINT64_C(1) << 63);
}

/* Says 0 first, then 2^63 - 1, ...: what is below the surplus must be drawn again. */
static void fill_scripted(struct rng *rng, void *to, size_t len)
{
	memset(to, rng->state[0] == 0 ? 0x00 : 0x7f, len);
	rng->state[0]++;
}

static void test_rng_below__draws_again_for_a_biased_value(void **state)
{
	struct rng rng = {.fill = fill_scripted};

	(void)state;
	/* 2^64 mod 10 = 6: the values 0..5 are not used */
	assert_int_equal(rng_below(&rng, 10), UINT64_C(0x7f7f7f7f7f7f7f7f) % 10);
	assert_int_equal(rng.state[0], 2);
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
		cmocka_unit_test(test_rng_seeded__is_xoshiro256),
		cmocka_unit_test(test_rng_fill__writes_exactly_what_is_asked),
		cmocka_unit_test(test_rng_below__stays_below_and_reaches_all),
		cmocka_unit_test(test_rng_below__takes_the_extremes),
		cmocka_unit_test(test_rng_below__draws_again_for_a_biased_value),
		cmocka_unit_test(test_rng_system__differs_from_call_to_call),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
