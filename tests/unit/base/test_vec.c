/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/vec.h"

static int compare_int(const void *a, const void *b)
{
	int x = *(const int *)a;
	int y = *(const int *)b;

	return (x > y) - (x < y);
}

static void test_vec__pushes_sorts_and_removes(void **state)
{
	struct vec vec;

	(void)state;
	vec_init(&vec, sizeof(int));
	assert_null(vec_last(&vec));
	for (int i = 100; i > 0; i--)
		vec_push(&vec, &i);
	vec_sort(&vec, compare_int);
	assert_int_equal(*(int *)vec_at(&vec, 0), 1);
	vec_remove(&vec, 0);
	assert_int_equal(*(int *)vec_at(&vec, 0), 2);
	assert_int_equal(*(int *)vec_last(&vec), 100);
	vec_pop(&vec);
	assert_int_equal(vec.n, 98);
	assert_int_equal(*(int *)vec_push(&vec, NULL), 0);
	vec_release(&vec);
}

static void test_strings__own_copies_and_sort_bytewise(void **state)
{
	struct strings strings;
	char name[] = "zebra";

	(void)state;
	strings_init(&strings);
	strings_add(&strings, name);
	name[0] = 'x';
	strings_add(&strings, "Ant");
	strings_sort(&strings);
	assert_int_equal(strings_count(&strings), 2);
	assert_string_equal(strings_at(&strings, 0), "Ant");
	assert_string_equal(strings_at(&strings, 1), "zebra");
	strings_release(&strings);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_vec__pushes_sorts_and_removes),
		cmocka_unit_test(test_strings__own_copies_and_sort_bytewise),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
