/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/mem.h"

static void test_mem_zalloc__is_zeroed_and_never_null(void **state)
{
	(void)state;
	uint8_t *p = mem_zalloc(64);
	for (size_t i = 0; i < 64; i++)
		assert_int_equal(p[i], 0);
	mem_free(p);
	p = mem_alloc(0);
	assert_non_null(p);
	mem_free(p);
}

static void test_mem_printf__makes_a_string(void **state)
{
	(void)state;
	CLEANUP(mem_freep) char *text = mem_printf("%s-%d", "a", 5);
	assert_string_equal(text, "a-5");
	assert_null(mem_strdup(NULL));
}

static void test_steal__leaves_null_behind(void **state)
{
	(void)state;
	CLEANUP(mem_freep) char *text = mem_strndup("hello", 3);
	char *taken = STEAL(text);
	assert_null(text);
	assert_string_equal(taken, "hel");
	mem_free(taken);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_mem_zalloc__is_zeroed_and_never_null),
		cmocka_unit_test(test_mem_printf__makes_a_string),
		cmocka_unit_test(test_steal__leaves_null_behind),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
