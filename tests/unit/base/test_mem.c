/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"

static void test_mem_alloc__of_nothing_is_not_null(void **state)
{
	(void)state;
	CLEANUP(mem_freep) void *a = mem_alloc(0);
	CLEANUP(mem_freep) void *b = mem_zalloc(0);
	CLEANUP(mem_freep) void *c = mem_calloc(0, 8);
	CLEANUP(mem_freep) void *d = mem_calloc(8, 0);
	CLEANUP(mem_freep) void *e = mem_realloc(NULL, 0, 8);
	CLEANUP(mem_freep) void *f = mem_dup(NULL, 0);
	assert_true(a && b && c && d && e && f);
}

static void test_mem_zalloc__is_zeroed(void **state)
{
	(void)state;
	CLEANUP(mem_freep) uint8_t *p = mem_zalloc(64);
	CLEANUP(mem_freep) uint8_t *q = mem_calloc(8, 8);
	for (size_t i = 0; i < 64; i++)
		assert_int_equal(p[i] | q[i], 0);
}

static void test_mem_realloc__keeps_the_contents(void **state)
{
	(void)state;
	uint32_t *p = mem_realloc(NULL, 2, sizeof(*p));
	p[0] = 1;
	p[1] = 2;
	p = mem_realloc(p, 1000, sizeof(*p));
	assert_int_equal(p[0], 1);
	assert_int_equal(p[1], 2);
	mem_free(p);
}

static void overflow_realloc(void)
{
	mem_free(mem_realloc(NULL, SIZE_MAX / 2, 4));
}

/* The factors' product would wrap around to a small size. */
static void test_mem_realloc__aborts_on_overflow(void **state)
{
	int status = 0;
	pid_t child = fork();

	(void)state;
	if (child == 0) {
		(void)signal(SIGABRT, SIG_DFL); /* a handler would print */
		overflow_realloc();
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGABRT);
}

static void test_mem_printf__makes_a_string(void **state)
{
	(void)state;
	CLEANUP(mem_freep) char *text = mem_printf("%s-%d", "a", 5);
	CLEANUP(mem_freep) char *empty = mem_printf("%s", "");
	assert_string_equal(text, "a-5");
	assert_string_equal(empty, "");
}

static void test_mem_strdup__passes_null_through(void **state)
{
	(void)state;
	CLEANUP(mem_freep) char *copy = mem_strdup("text");
	assert_string_equal(copy, "text");
	assert_null(mem_strdup(NULL));
	assert_null(mem_strndup(NULL, 3));
}

static void test_mem_strndup__ends_at_length_or_nul(void **state)
{
	static const char no_nul[3] = {'a', 'b', 'c'};

	(void)state;
	CLEANUP(mem_freep) char *cut = mem_strndup("hello", 3);
	CLEANUP(mem_freep) char *whole = mem_strndup("hello", 99);
	CLEANUP(mem_freep) char *unterminated = mem_strndup(no_nul, 3);
	CLEANUP(mem_freep) char *none = mem_strndup("hello", 0);
	assert_string_equal(cut, "hel");
	assert_string_equal(whole, "hello");
	assert_string_equal(unterminated, "abc");
	assert_string_equal(none, "");
}

static void test_mem_dup__copies_bytes(void **state)
{
	(void)state;
	CLEANUP(mem_freep) char *copy = mem_dup("a\0b", 3);
	assert_memory_equal(copy, "a\0b", 3);
}

static void test_mem_freep__leaves_null_behind(void **state)
{
	char *text = mem_strdup("x");

	(void)state;
	mem_freep(&text);
	assert_null(text);
	mem_freep(&text);
	mem_free(NULL);
}

static void test_steal__leaves_null_behind(void **state)
{
	(void)state;
	CLEANUP(mem_freep) char *text = mem_strdup("hel");
	char *taken = STEAL(text);
	assert_null(text);
	assert_string_equal(taken, "hel");
	mem_free(taken);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_mem_alloc__of_nothing_is_not_null),
		cmocka_unit_test(test_mem_zalloc__is_zeroed),
		cmocka_unit_test(test_mem_realloc__keeps_the_contents),
		cmocka_unit_test(test_mem_realloc__aborts_on_overflow),
		cmocka_unit_test(test_mem_printf__makes_a_string),
		cmocka_unit_test(test_mem_strdup__passes_null_through),
		cmocka_unit_test(test_mem_strndup__ends_at_length_or_nul),
		cmocka_unit_test(test_mem_dup__copies_bytes),
		cmocka_unit_test(test_mem_freep__leaves_null_behind),
		cmocka_unit_test(test_steal__leaves_null_behind),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
