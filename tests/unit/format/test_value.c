/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/rng.h"
#include "support/value_build.h"

static void test_value_append__keeps_order_of_appearance(void **state)
{
	struct value *table = value_new_table();

	(void)state;
	value_set(table, "zebra", value_new_int(1));
	value_set(table, "ant", value_new_int(2));
	value_set(table, "moth", value_new_int(3));
	assert_int_equal(value_count(table), 3);
	assert_string_equal(value_key(table, 0), "zebra");
	assert_string_equal(value_key(table, 1), "ant");
	assert_string_equal(value_key(table, 2), "moth");
	value_free(table);
}

static void test_value_get__finds_every_key(void **state)
{
	struct value *table = value_new_table();
	struct rng rng = rng_seeded(3);
	char key[32];

	(void)state;
	for (int i = 0; i < 300; i++) {
		(void)snprintf(key, sizeof(key), "%llx-%d",
			       (unsigned long long)rng_below(&rng, 1000), i);
		value_set(table, key, value_new_int(i));
	}
	for (size_t i = 0; i < 300; i++)
		assert_ptr_equal(value_get(table, value_key(table, i)),
				 value_at(table, i));
	assert_null(value_get(table, "absent"));
	assert_null(value_get(table, ""));
	value_free(table);
}

static void test_value_get__is_null_outside_of_tables(void **state)
{
	struct value *array = value_new_array();

	(void)state;
	assert_null(value_get(array, "key"));
	assert_null(value_get(value_push(array, value_new_null()), "key"));
	value_free(array);
}

static void test_value_index__makes_appended_keys_known(void **state)
{
	struct value *table = value_new_table();
	struct value_span span = {2, 1, 2, 4};

	(void)state;
	value_append(table, "two", span, value_new_int(2));
	value_append(table, "one", span, value_new_int(1));
	value_index(table);
	assert_ptr_equal(value_get(table, "one"), value_at(table, 1));
	assert_ptr_equal(value_get(table, "two"), value_at(table, 0));
	assert_int_equal(value_key_span(table, 0).line, 2);
	assert_int_equal(value_key_span(table, 0).end_column, 4);
	value_set(table, "three", value_new_int(3));
	assert_ptr_equal(value_get(table, "three"), value_at(table, 2));
	value_free(table);
}

static void test_value_push__returns_the_child(void **state)
{
	struct value *array = value_new_array();
	struct value *child = value_push(array, value_new_table());

	(void)state;
	value_set(child, "a", value_new_bool(true));
	assert_int_equal(value_count(array), 1);
	assert_ptr_equal(value_at(array, 0), child);
	assert_int_equal(value_type(child), VALUE_TABLE);
	value_free(array);
}

static void test_value_count__is_0_for_scalars(void **state)
{
	struct value *text = value_new_string("abc");

	(void)state;
	assert_int_equal(value_count(text), 0);
	value_free(text);
}

static void test_value_file__is_the_root_s(void **state)
{
	struct value *root = value_new_array();
	struct value *leaf =
		value_push(value_push(root, value_new_array()), value_new_null());

	(void)state;
	assert_string_equal(value_file(leaf), "");
	value_set_origin(root, "a.toml", ERR_USAGE);
	assert_string_equal(value_file(leaf), "a.toml");
	value_free(root);
}

static void test_value_datetime__is_text(void **state)
{
	struct value *datetime = value_new_datetime("2026-11-25");
	struct value *text = value_new_string("2026-11-25");

	(void)state;
	assert_string_equal(value_datetime(datetime), "2026-11-25");
	assert_null(value_datetime(text));
	value_free(datetime);
	value_free(text);
}

static void test_value_free__takes_null(void **state)
{
	struct value *none = NULL;

	(void)state;
	value_free(none);
	value_freep(&none);
	assert_null(none);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_value_append__keeps_order_of_appearance),
		cmocka_unit_test(test_value_get__finds_every_key),
		cmocka_unit_test(test_value_get__is_null_outside_of_tables),
		cmocka_unit_test(test_value_index__makes_appended_keys_known),
		cmocka_unit_test(test_value_push__returns_the_child),
		cmocka_unit_test(test_value_count__is_0_for_scalars),
		cmocka_unit_test(test_value_file__is_the_root_s),
		cmocka_unit_test(test_value_datetime__is_text),
		cmocka_unit_test(test_value_free__takes_null),
	};

	return cmocka_run_group_tests_name("value", tests, NULL, NULL);
}
