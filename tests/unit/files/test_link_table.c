/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "files/link_table.h"

static const uint8_t key[16] = "fifteen letters";

static void test_link_table_get__tells_devices_apart(void **state)
{
	struct link_table *table = link_table_new(key);
	uint64_t value = 5;

	(void)state;
	assert_false(link_table_get(table, 1, 7, &value));
	assert_int_equal(value, 5);
	link_table_add(table, 1, 7, 0);
	link_table_add(table, 2, 7, 11);
	assert_true(link_table_get(table, 1, 7, &value));
	assert_int_equal(value, 0);
	assert_true(link_table_get(table, 2, 7, &value));
	assert_int_equal(value, 11);
	assert_false(link_table_get(table, 7, 1, &value));
	link_table_free(table);
}

static void test_link_table_add__grows(void **state)
{
	struct link_table *table = link_table_new(key);
	uint64_t value = 0;

	(void)state;
	for (uint64_t i = 0; i < 10000; i++)
		link_table_add(table, i % 3, i, i * 2);
	for (uint64_t i = 0; i < 10000; i++) {
		assert_true(link_table_get(table, i % 3, i, &value));
		assert_int_equal(value, i * 2);
		assert_false(link_table_get(table, i % 3 + 1, i, &value));
	}
	link_table_free(table);
}

static void test_link_table_free__takes_null(void **state)
{
	struct link_table *none = NULL;

	(void)state;
	link_table_free(none);
	assert_null(none);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_link_table_get__tells_devices_apart),
		cmocka_unit_test(test_link_table_add__grows),
		cmocka_unit_test(test_link_table_free__takes_null),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
