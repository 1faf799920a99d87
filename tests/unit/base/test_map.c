/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/map.h"
#include "base/rng.h"

static const uint8_t key_bytes[16] = {0, 1, 2,	3,  4,	5,  6,	7,
				      8, 9, 10, 11, 12, 13, 14, 15};

/* Values of the SipHash paper's appendix A and its reference code (inputs 00 01 02 …), one
 * per length of the last word. */
static void test_siphash__gives_the_published_values(void **state)
{
	static const struct {
		size_t len;
		uint64_t hash;
	} cases[] = {
		{0, UINT64_C(0x726fdb47dd0e0e31)}, {1, UINT64_C(0x74f839c593dc67fd)},
		{2, UINT64_C(0x0d6c8009d9a94f5a)}, {3, UINT64_C(0x85676696d7fb7e2d)},
		{8, UINT64_C(0x93f5f5799a932462)}, {15, UINT64_C(0xa129ca6149be45e5)},
	};
	uint8_t input[15];

	(void)state;
	for (uint8_t i = 0; i < sizeof(input); i++)
		input[i] = i;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		if (siphash(key_bytes, slice_of(input, cases[i].len)) != cases[i].hash)
			fail_msg("length %zu", cases[i].len);
}

static void test_siphash__depends_on_the_key(void **state)
{
	static const uint8_t other[16] = {1};

	(void)state;
	assert_true(siphash(key_bytes, slice_of_string("x")) !=
		    siphash(other, slice_of_string("x")));
}

static size_t count(const struct map *map)
{
	struct slice key;
	size_t position = 0, n = 0;
	void *value;

	while (map_next(map, &position, &key, &value))
		n++;
	return n;
}

static void test_map_set__replaces_the_value_of_a_key(void **state)
{
	CLEANUP(map_freep) struct map *map = map_new(key_bytes);
	char key[] = "key";
	int a, b;

	(void)state;
	assert_null(map_get(map, slice_of_string("key")));
	map_set(map, slice_of_string(key), &a);
	key[0] = 'x'; /* the map has its own copy */
	map_set(map, slice_of_string("key"), &b);
	assert_int_equal(count(map), 1);
	assert_ptr_equal(map_get(map, slice_of_string("key")), &b);
	assert_null(map_get(map, slice_of_string("ke")));
}

static void test_map__takes_keys_of_any_bytes(void **state)
{
	CLEANUP(map_freep) struct map *map = map_new(key_bytes);
	int a, b;

	(void)state;
	map_set(map, slice_of(NULL, 0), &a);
	map_set(map, slice_of("\0", 1), &b);
	assert_ptr_equal(map_get(map, slice_of_string("")), &a);
	assert_ptr_equal(map_get(map, slice_of("\0", 1)), &b);
	assert_ptr_equal(map_remove(map, slice_of(NULL, 0)), &a);
	assert_int_equal(count(map), 1);
}

static void test_map_remove__returns_the_old_value_once(void **state)
{
	CLEANUP(map_freep) struct map *map = map_new(key_bytes);
	int a;

	(void)state;
	map_set(map, slice_of_string("key"), &a);
	assert_ptr_equal(map_remove(map, slice_of_string("key")), &a);
	assert_null(map_remove(map, slice_of_string("key")));
	assert_int_equal(count(map), 0);
}

/* Against a plain array, with so many removals that runs of slots are closed at all places,
 * the table's end among them. */
static void test_map__agrees_with_an_array_through_changes(void **state)
{
	enum { N = 300 };
	CLEANUP(map_freep) struct map *map = map_new(key_bytes);
	struct rng rng = rng_seeded(7);
	static int values[N];
	bool present[N] = {false};

	(void)state;
	for (int step = 0; step < 20000; step++) {
		uint32_t i = (uint32_t)rng_below(&rng, N);
		struct slice key = slice_of(&i, sizeof(i));

		assert_ptr_equal(map_get(map, key), present[i] ? &values[i] : NULL);
		if (rng_below(&rng, 2) == 0)
			map_set(map, key, &values[i]);
		else
			assert_ptr_equal(map_remove(map, key),
					 present[i] ? &values[i] : NULL);
		present[i] = map_get(map, key) != NULL;
	}
	size_t n = 0;
	for (uint32_t i = 0; i < N; i++) {
		n += present[i];
		assert_ptr_equal(map_get(map, slice_of(&i, sizeof(i))),
				 present[i] ? &values[i] : NULL);
	}
	assert_int_equal(count(map), n);
}

static void test_map__holds_what_was_set_through_growth_and_removal(void **state)
{
	CLEANUP(map_freep) struct map *map = map_new(key_bytes);
	static int values[5000];

	(void)state;
	for (uint32_t i = 0; i < 5000; i++)
		map_set(map, slice_of(&i, sizeof(i)), &values[i]);
	for (uint32_t i = 0; i < 5000; i += 2)
		assert_ptr_equal(map_remove(map, slice_of(&i, sizeof(i))), &values[i]);
	assert_int_equal(count(map), 2500);
	for (uint32_t i = 0; i < 5000; i++)
		assert_ptr_equal(map_get(map, slice_of(&i, sizeof(i))),
				 i % 2 == 0 ? NULL : (void *)&values[i]);
}

static void test_map_next__visits_each_once(void **state)
{
	CLEANUP(map_freep) struct map *map = map_new(key_bytes);
	int values[3] = {0};
	size_t position = 0;
	struct slice key;
	void *value;

	(void)state;
	map_set(map, slice_of_string("a"), &values[0]);
	map_set(map, slice_of_string("b"), &values[1]);
	map_set(map, slice_of_string(""), &values[2]);
	while (map_next(map, &position, &key, &value)) {
		assert_ptr_equal(map_get(map, key), value);
		++*(int *)value;
	}
	assert_int_equal(values[0] + values[1] * 10 + values[2] * 100, 111);
	assert_false(map_next(map, &position, &key, &value));
}

static void test_map_next__ends_at_once_on_an_empty_map(void **state)
{
	CLEANUP(map_freep) struct map *map = map_new(key_bytes);
	size_t position = 0;
	struct slice key;
	void *value;

	(void)state;
	assert_false(map_next(map, &position, &key, &value));
	map_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_siphash__gives_the_published_values),
		cmocka_unit_test(test_siphash__depends_on_the_key),
		cmocka_unit_test(test_map_set__replaces_the_value_of_a_key),
		cmocka_unit_test(test_map__takes_keys_of_any_bytes),
		cmocka_unit_test(test_map_remove__returns_the_old_value_once),
		cmocka_unit_test(test_map__agrees_with_an_array_through_changes),
		cmocka_unit_test(test_map__holds_what_was_set_through_growth_and_removal),
		cmocka_unit_test(test_map_next__visits_each_once),
		cmocka_unit_test(test_map_next__ends_at_once_on_an_empty_map),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
