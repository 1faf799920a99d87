/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/map.h"

static const uint8_t key_bytes[16] = {0, 1, 2,	3,  4,	5,  6,	7,
				      8, 9, 10, 11, 12, 13, 14, 15};

/* Vectors of the SipHash paper's appendix A and its reference code (inputs 00 01 02 …). */
static void test_siphash__gives_the_published_values(void **state)
{
	uint8_t input[15];

	(void)state;
	for (uint8_t i = 0; i < 15; i++)
		input[i] = i;
	assert_true(siphash(key_bytes, slice_of(input, 15)) ==
		    UINT64_C(0xa129ca6149be45e5));
	assert_true(siphash(key_bytes, slice_of(input, 0)) ==
		    UINT64_C(0x726fdb47dd0e0e31));
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
	assert_int_equal(map_count(map), 2500);
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
	while (map_next(map, &position, &key, &value))
		++*(int *)value;
	assert_int_equal(values[0] + values[1] * 10 + values[2] * 100, 111);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_siphash__gives_the_published_values),
		cmocka_unit_test(test_map__holds_what_was_set_through_growth_and_removal),
		cmocka_unit_test(test_map_next__visits_each_once),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
