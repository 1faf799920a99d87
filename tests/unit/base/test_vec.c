/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/vec.h"

static struct vec ints(int n)
{
	struct vec vec;

	vec_init(&vec, sizeof(int));
	for (int i = 0; i < n; i++)
		vec_push(&vec, &i);
	return vec;
}

static int int_at(const struct vec *vec, size_t i)
{
	return *(const int *)vec_at(vec, i);
}

static int compare_falling(const void *a, const void *b)
{
	int x = *(const int *)a;
	int y = *(const int *)b;

	return (x < y) - (x > y);
}

static void test_vec_push__keeps_all_through_growth(void **state)
{
	CLEANUP(vec_release) struct vec vec = ints(1000);

	(void)state;
	assert_int_equal(vec.n, 1000);
	for (int i = 0; i < 1000; i++)
		assert_int_equal(int_at(&vec, (size_t)i), i);
}

static void test_vec_push__of_null_pushes_zeroes(void **state)
{
	CLEANUP(vec_release) struct vec vec = ints(3);

	(void)state;
	vec_clear(&vec);
	for (int i = 0; i < 3; i++)
		assert_int_equal(*(int *)vec_push(&vec, NULL), 0);
	assert_int_equal(vec.n, 3);
}

static void test_vec_last__is_null_when_empty(void **state)
{
	CLEANUP(vec_release) struct vec vec = ints(2);

	(void)state;
	assert_int_equal(*(int *)vec_last(&vec), 1);
	vec_pop(&vec);
	assert_int_equal(*(int *)vec_last(&vec), 0);
	vec_pop(&vec);
	assert_null(vec_last(&vec));
}

static void test_vec_remove__keeps_the_order(void **state)
{
	CLEANUP(vec_release) struct vec vec = ints(5);

	(void)state;
	vec_remove(&vec, 0);
	vec_remove(&vec, 1);
	vec_remove(&vec, 2);
	assert_int_equal(vec.n, 2);
	assert_int_equal(int_at(&vec, 0), 1);
	assert_int_equal(int_at(&vec, 1), 3);
}

static void test_vec_sort__follows_the_comparison(void **state)
{
	CLEANUP(vec_release) struct vec vec = ints(100);
	struct vec empty = ints(0);

	(void)state;
	vec_sort(&vec, compare_falling);
	for (int i = 0; i < 100; i++)
		assert_int_equal(int_at(&vec, (size_t)i), 99 - i);
	vec_sort(&empty, compare_falling);
	assert_int_equal(empty.n, 0);
}

static void test_vec_release__allows_to_go_on(void **state)
{
	struct vec vec = ints(3);
	int seven = 7;

	(void)state;
	vec_release(&vec);
	assert_int_equal(vec.n, 0);
	vec_push(&vec, &seven);
	assert_int_equal(int_at(&vec, 0), 7);
	vec_release(&vec);
}

static void test_strings__own_copies(void **state)
{
	CLEANUP(strings_release) struct strings strings;
	char name[] = "zebra";

	(void)state;
	strings_init(&strings);
	strings_add(&strings, name);
	name[0] = 'x';
	assert_int_equal(strings_count(&strings), 1);
	assert_string_equal(strings_at(&strings, 0), "zebra");
}

static void test_strings_sort__is_bytewise(void **state)
{
	CLEANUP(strings_release) struct strings strings;

	(void)state;
	strings_init(&strings);
	strings_add(&strings, "\xc3\xa9");
	strings_add(&strings, "a");
	strings_add(&strings, "");
	strings_add(&strings, "Ant");
	strings_sort(&strings);
	assert_string_equal(strings_at(&strings, 0), "");
	assert_string_equal(strings_at(&strings, 1), "Ant");
	assert_string_equal(strings_at(&strings, 2), "a");
	assert_string_equal(strings_at(&strings, 3), "\xc3\xa9");
}

/* Option structs are only zeroed. */
static void test_strings_add__works_in_a_zeroed_struct(void **state)
{
	CLEANUP(strings_release) struct strings strings = {0};

	(void)state;
	assert_int_equal(strings_count(&strings), 0);
	strings_sort(&strings);
	strings_add(&strings, "x");
	assert_string_equal(strings_at(&strings, 0), "x");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_vec_push__keeps_all_through_growth),
		cmocka_unit_test(test_vec_push__of_null_pushes_zeroes),
		cmocka_unit_test(test_vec_last__is_null_when_empty),
		cmocka_unit_test(test_vec_remove__keeps_the_order),
		cmocka_unit_test(test_vec_sort__follows_the_comparison),
		cmocka_unit_test(test_vec_release__allows_to_go_on),
		cmocka_unit_test(test_strings__own_copies),
		cmocka_unit_test(test_strings_sort__is_bytewise),
		cmocka_unit_test(test_strings_add__works_in_a_zeroed_struct),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
