/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <signal.h>

#include "base/err.h"

static void test_err_set__tells_code_and_message(void **state)
{
	struct err err = {0};

	(void)state;
	assert_int_equal(err_set(&err, ERR_CORRUPT, "offset %d", 7), -1);
	assert_int_equal(err.code, ERR_CORRUPT);
	assert_string_equal(err.msg, "offset 7");
	assert_string_equal(err.hint, "");
}

static void test_err_wrap__puts_context_in_front_and_keeps_code_and_hint(void **state)
{
	struct err err = {0};

	(void)state;
	(void)err_set(&err, ERR_CORRUPT, "offset 7");
	(void)err_hint(&err, "run check");
	assert_int_equal(err_wrap(&err, "pack %s", "3f"), -1);
	assert_string_equal(err.msg, "pack 3f: offset 7");
	assert_string_equal(err.hint, "run check");
	assert_int_equal(err.code, ERR_CORRUPT);
}

static void test_err_wrap__cuts_what_does_not_fit(void **state)
{
	struct err err = {0};

	(void)state;
	(void)err_set(&err, ERR_IO, "the cause");
	for (int i = 0; i < 300; i++)
		(void)err_wrap(&err, "context number %d", i);
	assert_true(strlen(err.msg) < ERR_MSG_MAX);
	assert_non_null(strstr(err.msg, "the cause"));
	assert_memory_equal(err.msg, "context number 299", 18);
}

static void test_err_set_errno__maps_and_appends_the_text(void **state)
{
	static const struct {
		int number;
		enum err_code code;
	} cases[] = {{EACCES, ERR_DENIED},
		     {ENOSPC, ERR_NO_SPACE},
		     {ENOENT, ERR_NOT_FOUND},
		     {EEXIST, ERR_EXISTS},
		     {EIO, ERR_IO}};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct err err = {0};

		(void)err_set_errno(&err, cases[i].number, "open %s", "x");
		assert_int_equal(err.code, cases[i].code);
		assert_memory_equal(err.msg, "open x: ", 8);
	}
}

static void test_err_exit_code__follows_the_table(void **state)
{
	struct err err = {0};

	(void)state;
	(void)err_set(&err, ERR_ALARM, "x");
	assert_int_equal(err_exit_code(&err), 15);
	(void)err_set(&err, ERR_KEY, "x");
	assert_int_equal(err_exit_code(&err), 12);
	(void)err_set(&err, ERR_INTERRUPTED, "x");
	err.signal = SIGTERM;
	assert_int_equal(err_exit_code(&err), 143);
	err_clear(&err);
	assert_int_equal(err_exit_code(&err), 0);
}

static void test_err_worse_exit__keeps_the_documented_order(void **state)
{
	static const int order[] = {0, 3, 2, 1, 10, 12, 14, 13, 15, 130, 143};

	(void)state;
	for (size_t i = 0; i + 1 < ARRAY_SIZE(order); i++) {
		assert_int_equal(err_worse_exit(order[i], order[i + 1]), order[i + 1]);
		assert_int_equal(err_worse_exit(order[i + 1], order[i]), order[i + 1]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_err_set__tells_code_and_message),
		cmocka_unit_test(
			test_err_wrap__puts_context_in_front_and_keeps_code_and_hint),
		cmocka_unit_test(test_err_wrap__cuts_what_does_not_fit),
		cmocka_unit_test(test_err_set_errno__maps_and_appends_the_text),
		cmocka_unit_test(test_err_exit_code__follows_the_table),
		cmocka_unit_test(test_err_worse_exit__keeps_the_documented_order),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
