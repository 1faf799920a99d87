/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "repo/blob_cache.h"

enum { ROOM = 64 * 1024, LEN = 4000, MAX_ITEMS = 15 };

static struct blob_id id_of(uint8_t i)
{
	return (struct blob_id){{[7] = i}};
}

static void put(struct blob_cache *cache, uint8_t i)
{
	struct blob_id id = id_of(i);
	uint8_t bytes[LEN];

	memset(bytes, i, sizeof(bytes));
	blob_cache_put(cache, &id, slice_of(bytes, sizeof(bytes)));
}

static bool has(struct blob_cache *cache, uint8_t i)
{
	CLEANUP(buf_release) struct buf bytes = {0};
	struct blob_id id = id_of(i);

	buf_init(&bytes, 0);
	buf_append_string(&bytes, "old");
	if (!blob_cache_get(cache, &id, &bytes))
		return false;
	assert_int_equal(bytes.len, LEN);
	assert_int_equal(bytes.data[0], i);
	assert_int_equal(bytes.data[LEN - 1], i);
	return true;
}

static void test_get__gives_what_was_put(void **state)
{
	CLEANUP(blob_cache_freep) struct blob_cache *cache = blob_cache_new(ROOM);

	(void)state;
	put(cache, 1);
	put(cache, 2);
	assert_true(has(cache, 1));
	assert_true(has(cache, 2));
	assert_false(has(cache, 3));
}

static void test_put__drops_what_was_not_used_for_longest(void **state)
{
	CLEANUP(blob_cache_freep) struct blob_cache *cache = blob_cache_new(ROOM);

	(void)state;
	for (uint8_t i = 0; i < MAX_ITEMS; i++)
		put(cache, i);
	assert_true(has(cache, 0)); /* now 1 is the oldest */
	put(cache, MAX_ITEMS);
	assert_true(has(cache, 0));
	assert_false(has(cache, 1));
	assert_true(has(cache, 2));
	assert_true(has(cache, MAX_ITEMS));
}

static void test_put__stays_within_its_room(void **state)
{
	CLEANUP(blob_cache_freep) struct blob_cache *cache = blob_cache_new(ROOM);

	(void)state;
	for (uint8_t i = 0; i < 200; i++) {
		put(cache, i);
		assert_true(blob_cache_memory(cache) <= ROOM);
	}
	assert_true(blob_cache_memory(cache) > ROOM / 2);
}

static void test_put__counts_a_blob_once(void **state)
{
	CLEANUP(blob_cache_freep) struct blob_cache *cache = blob_cache_new(ROOM);

	(void)state;
	put(cache, 1);
	size_t once = blob_cache_memory(cache);
	put(cache, 1);
	assert_int_equal(blob_cache_memory(cache), once);
}

static void test_put__leaves_out_what_is_too_large(void **state)
{
	CLEANUP(blob_cache_freep) struct blob_cache *cache = blob_cache_new(LEN * 4);

	(void)state;
	put(cache, 1);
	assert_false(has(cache, 1));
	assert_int_equal(blob_cache_memory(cache), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_get__gives_what_was_put),
		cmocka_unit_test(test_put__drops_what_was_not_used_for_longest),
		cmocka_unit_test(test_put__stays_within_its_room),
		cmocka_unit_test(test_put__counts_a_blob_once),
		cmocka_unit_test(test_put__leaves_out_what_is_too_large),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
