/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/mem.h"
#include "repo/record_table.h"

enum { LEN = 12, KEY = 8 };

static const struct run_shape shape = {LEN, KEY};

static struct record_table *table_new(size_t n)
{
	struct rng rng = rng_seeded(5);

	return record_table_new(shape, n * (LEN + 8), &rng);
}

/* Key i, told apart by `mark`. */
static void add(struct record_table *table, uint8_t i, uint8_t mark)
{
	uint8_t record[LEN] = {0};

	record[KEY - 1] = i;
	record[LEN - 1] = mark;
	record_table_add(table, record);
}

static size_t find(struct record_table *table, uint8_t i, uint8_t *out, size_t max)
{
	uint8_t key[KEY] = {0};

	key[KEY - 1] = i;
	return record_table_find(table, key, out, max);
}

static void test_record_table_find__each_of_a_full_table(void **state)
{
	struct record_table *table = table_new(200);
	uint8_t out[LEN];

	(void)state;
	for (unsigned i = 0; i < 200; i++) {
		assert_false(record_table_is_full(table));
		add(table, (uint8_t)i, (uint8_t)(i + 1));
	}
	assert_true(record_table_is_full(table));
	assert_int_equal(record_table_count(table), 200);
	for (unsigned i = 0; i < 200; i++) {
		assert_int_equal(find(table, (uint8_t)i, out, 1), 1);
		assert_int_equal(out[LEN - 1], (uint8_t)(i + 1));
	}
	assert_int_equal(find(table, 201, out, 1), 0);
	record_table_free(table);
}

static void test_record_table_find__newest_of_one_key_first(void **state)
{
	struct record_table *table = table_new(50);
	uint8_t out[5 * LEN];

	(void)state;
	for (uint8_t mark = 1; mark <= 5; mark++) {
		add(table, 7, mark);
		add(table, 8, 99);
	}
	assert_int_equal(find(table, 7, out, 5), 5);
	for (unsigned i = 0; i < 5; i++)
		assert_int_equal(out[i * LEN + LEN - 1], 5 - i);
	assert_int_equal(find(table, 7, out, 2), 2);
	record_table_free(table);
}

static void test_record_table_order__ascending(void **state)
{
	struct record_table *table = table_new(100);

	(void)state;
	for (unsigned i = 0; i < 100; i++)
		add(table, (uint8_t)(i * 37 % 100), 0);
	uint32_t *order = record_table_order(table);
	for (unsigned i = 0; i < 100; i++)
		assert_int_equal(record_table_at(table, order[i])[KEY - 1], i);
	mem_free(order);
	record_table_free(table);
}

static void test_record_table_clear__forgets_and_takes_anew(void **state)
{
	struct record_table *table = table_new(20);
	uint8_t out[LEN];

	(void)state;
	add(table, 1, 1);
	record_table_clear(table);
	assert_int_equal(record_table_count(table), 0);
	assert_int_equal(find(table, 1, out, 1), 0);
	add(table, 1, 2);
	assert_int_equal(find(table, 1, out, 1), 1);
	assert_int_equal(out[LEN - 1], 2);
	record_table_free(table);
}

static void test_record_table_new__has_room_in_no_memory(void **state)
{
	struct record_table *table = table_new(0);

	(void)state;
	for (uint8_t i = 0; i < 16; i++)
		add(table, i, 0);
	assert_true(record_table_is_full(table));
	record_table_free(table);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_record_table_find__each_of_a_full_table),
		cmocka_unit_test(test_record_table_find__newest_of_one_key_first),
		cmocka_unit_test(test_record_table_order__ascending),
		cmocka_unit_test(test_record_table_clear__forgets_and_takes_anew),
		cmocka_unit_test(test_record_table_new__has_room_in_no_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
