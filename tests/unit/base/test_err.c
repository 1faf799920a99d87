/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <signal.h>

#include "base/err.h"

static void fill(char *text, size_t len, char c)
{
	memset(text, c, len);
	text[len] = '\0';
}

static void test_err_set__tells_code_and_message(void **state)
{
	struct err err = {0};

	(void)state;
	assert_int_equal(err_set(&err, ERR_CORRUPT, "offset %d", 7), -1);
	assert_int_equal(err.code, ERR_CORRUPT);
	assert_string_equal(err.msg, "offset 7");
	assert_string_equal(err.hint, "");
}

static void test_err_set__clears_hint_and_signal(void **state)
{
	struct err err = {.code = ERR_INTERRUPTED, .signal = SIGINT, .hint = "old"};

	(void)state;
	(void)err_set(&err, ERR_IO, "new");
	assert_string_equal(err.hint, "");
	assert_int_equal(err.signal, 0);
}

static void test_err_set__takes_its_own_message_as_argument(void **state)
{
	struct err err = {0};

	(void)state;
	(void)err_set(&err, ERR_IO, "inner");
	(void)err_set(&err, ERR_ALARM, "outer (%s)", err.msg);
	assert_string_equal(err.msg, "outer (inner)");
}

static void test_err_set__keeps_what_just_fits(void **state)
{
	char text[ERR_MSG_MAX + 1];
	struct err err = {0};

	(void)state;
	fill(text, ERR_MSG_MAX - 1, 'x');
	(void)err_set(&err, ERR_IO, "%s", text);
	assert_string_equal(err.msg, text);
}

static void test_err_set__marks_what_is_cut(void **state)
{
	char text[ERR_MSG_MAX + 1];
	struct err err = {0};

	(void)state;
	fill(text, ERR_MSG_MAX, 'x');
	(void)err_set(&err, ERR_IO, "%s", text);
	assert_int_equal(strlen(err.msg), ERR_MSG_MAX - 1);
	assert_string_equal(err.msg + ERR_MSG_MAX - 5, "x...");
}

static void test_err_set__never_cuts_inside_a_character(void **state)
{
	char text[2 * ERR_MSG_MAX];
	struct err err = {0};

	(void)state;
	for (size_t shift = 0; shift < 3; shift++) {
		fill(text, shift, 'x');
		for (size_t at = shift; at + 3 < sizeof(text); at += 3)
			memcpy(text + at, "\xe2\x82\xac", 4);
		(void)err_set(&err, ERR_IO, "%s", text);
		size_t len = strlen(err.msg);
		assert_memory_equal(err.msg + len - 6, "\xe2\x82\xac...", 6);
	}
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

static void test_err_wrap__keeps_the_signal(void **state)
{
	struct err err = {0};

	(void)state;
	(void)err_set(&err, ERR_INTERRUPTED, "interrupted");
	err.signal = SIGTERM;
	(void)err_wrap(&err, "backup");
	assert_int_equal(err_exit_code(&err), 143);
}

static void test_err_wrap__keeps_what_just_fits(void **state)
{
	char text[ERR_MSG_MAX + 1];
	struct err err = {0};

	(void)state;
	fill(text, ERR_MSG_MAX - 1 - 3, 'x');
	(void)err_set(&err, ERR_IO, "%s", text);
	(void)err_wrap(&err, "p");
	assert_memory_equal(err.msg, "p: x", 4);
	assert_string_equal(err.msg + 3, text);
}

static void test_err_wrap__keeps_context_and_cause_of_what_is_too_long(void **state)
{
	struct err err = {0};

	(void)state;
	(void)err_set(&err, ERR_IO, "the cause");
	for (int i = 0; i < 300; i++)
		(void)err_wrap(&err, "context number %d", i);
	assert_true(strlen(err.msg) < ERR_MSG_MAX);
	assert_memory_equal(err.msg, "context number 299: ", 20);
	assert_non_null(strstr(err.msg, "..."));
	assert_non_null(strstr(err.msg, "context number 0: the cause"));
}

static void test_err_wrap__leaves_room_for_the_cause(void **state)
{
	char text[2 * ERR_MSG_MAX];
	struct err err = {0};

	(void)state;
	fill(text, sizeof(text) - 1, 'c');
	(void)err_set(&err, ERR_IO, "the cause");
	(void)err_wrap(&err, "%s", text);
	assert_string_equal(strchr(err.msg, ':'), ": ...the cause");
}

static void test_err_set_errno__chooses_the_code(void **state)
{
	static const struct {
		int number;
		enum err_code code;
	} cases[] = {
		{EACCES, ERR_DENIED},	 {EPERM, ERR_DENIED},	   {EROFS, ERR_DENIED},
		{ENOSPC, ERR_NO_SPACE},	 {EDQUOT, ERR_NO_SPACE},   {EFBIG, ERR_NO_SPACE},
		{ENOENT, ERR_NOT_FOUND}, {ENOTDIR, ERR_NOT_FOUND}, {EEXIST, ERR_EXISTS},
		{EIO, ERR_IO},		 {EINVAL, ERR_IO},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct err err = {0};

		assert_int_equal(err_set_errno(&err, cases[i].number, "x"), -1);
		assert_int_equal(err.code, cases[i].code);
	}
}

static void test_err_set_errno__appends_the_text(void **state)
{
	struct err err = {0};

	(void)state;
	(void)err_set_errno(&err, ENOENT, "open %s", "x");
	assert_string_equal(err.msg, "open x: No such file or directory");
	(void)err_set_errno(&err, 123456, "open %s", "x");
	assert_string_equal(err.msg, "open x: Unknown error 123456");
}

static void test_err_set_errno__shortens_its_text_not_the_reason(void **state)
{
	char text[2 * ERR_MSG_MAX];
	struct err err = {0};

	(void)state;
	fill(text, sizeof(text) - 1, 'x');
	(void)err_set_errno(&err, ENOENT, "%s", text);
	assert_int_equal(strlen(err.msg), ERR_MSG_MAX - 1);
	assert_string_equal(strstr(err.msg, "..."), "...: No such file or directory");
}

static void test_err_hint__replaces_and_is_cut(void **state)
{
	char text[2 * ERR_HINT_MAX];
	struct err err = {0};

	(void)state;
	fill(text, sizeof(text) - 1, 'h');
	(void)err_set(&err, ERR_USAGE, "x");
	assert_int_equal(err_hint(&err, "first"), -1);
	assert_int_equal(err_hint(&err, "see %s", text), -1);
	assert_int_equal(strlen(err.hint), ERR_HINT_MAX - 1);
	assert_string_equal(err.hint + ERR_HINT_MAX - 5, "h...");
	assert_string_equal(err.msg, "x");
}

static void test_err_clear__empties_all(void **state)
{
	struct err err = {0};

	(void)state;
	(void)err_set(&err, ERR_USAGE, "x");
	(void)err_hint(&err, "y");
	err_clear(&err);
	assert_int_equal(err.code, ERR_NONE);
	assert_string_equal(err.msg, "");
	assert_string_equal(err.hint, "");
	assert_int_equal(err_exit_code(&err), 0);
}

/* The names are part of the JSON contract and the codes of the documented table. */
static void test_err_code_name__and_exit_code_of_every_code(void **state)
{
	static const struct {
		enum err_code code;
		const char *name;
		int exit_code;
	} cases[] = {
		{ERR_NONE, "none", 0},
		{ERR_FAILED, "failed", 1},
		{ERR_USAGE, "usage", 2},
		{ERR_NOT_FOUND, "not_found", 1},
		{ERR_EXISTS, "exists", 1},
		{ERR_DENIED, "denied", 1},
		{ERR_NO_SPACE, "no_space", 1},
		{ERR_IO, "io", 1},
		{ERR_TRANSIENT, "transient", 1},
		{ERR_LIMIT, "limit", 1},
		{ERR_UNSUPPORTED, "unsupported", 1},
		{ERR_NO_REPO, "no_repo", 10},
		{ERR_KEY, "key", 12},
		{ERR_CORRUPT, "corrupt", 13},
		{ERR_TARGET, "target", 14},
		{ERR_ALARM, "alarm", 15},
		{ERR_PARTIAL, "partial", 3},
		{ERR_INTERRUPTED, "interrupted", 1},
		{ERR_BUG, "bug", 1},
	};

	(void)state;
	assert_int_equal(ARRAY_SIZE(cases), ERR_CODE_COUNT);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct err err = {.code = cases[i].code};

		assert_string_equal(err_code_name(cases[i].code), cases[i].name);
		assert_int_equal(err_exit_code(&err), cases[i].exit_code);
	}
}

static void test_err_exit_code__of_a_signal(void **state)
{
	struct err err = {.code = ERR_INTERRUPTED, .signal = SIGINT};

	(void)state;
	assert_int_equal(err_exit_code(&err), 130);
	err.signal = SIGTERM;
	assert_int_equal(err_exit_code(&err), 143);
}

static void test_err_exit_code__of_an_unknown_code_is_a_failure(void **state)
{
	struct err err = {.code = ERR_CODE_COUNT};

	(void)state;
	assert_int_equal(err_exit_code(&err), 1);
	assert_string_equal(err_code_name(ERR_CODE_COUNT), "bug");
}

static void test_err_worse_exit__keeps_the_documented_order(void **state)
{
	static const int order[] = {0, 3, 2, 1, 10, 12, 14, 13, 15, 129, 130, 143};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(order); i++) {
		for (size_t j = i; j < ARRAY_SIZE(order); j++) {
			assert_int_equal(err_worse_exit(order[i], order[j]), order[j]);
			assert_int_equal(err_worse_exit(order[j], order[i]), order[j]);
		}
	}
}

static void test_err_worse_exit__takes_an_unknown_code_as_failed(void **state)
{
	(void)state;
	assert_int_equal(err_worse_exit(99, 2), 99);
	assert_int_equal(err_worse_exit(99, 10), 10);
	assert_int_equal(err_worse_exit(0, 99), 99);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_err_set__tells_code_and_message),
		cmocka_unit_test(test_err_set__clears_hint_and_signal),
		cmocka_unit_test(test_err_set__takes_its_own_message_as_argument),
		cmocka_unit_test(test_err_set__keeps_what_just_fits),
		cmocka_unit_test(test_err_set__marks_what_is_cut),
		cmocka_unit_test(test_err_set__never_cuts_inside_a_character),
		cmocka_unit_test(
			test_err_wrap__puts_context_in_front_and_keeps_code_and_hint),
		cmocka_unit_test(test_err_wrap__keeps_the_signal),
		cmocka_unit_test(test_err_wrap__keeps_what_just_fits),
		cmocka_unit_test(
			test_err_wrap__keeps_context_and_cause_of_what_is_too_long),
		cmocka_unit_test(test_err_wrap__leaves_room_for_the_cause),
		cmocka_unit_test(test_err_set_errno__chooses_the_code),
		cmocka_unit_test(test_err_set_errno__appends_the_text),
		cmocka_unit_test(test_err_set_errno__shortens_its_text_not_the_reason),
		cmocka_unit_test(test_err_hint__replaces_and_is_cut),
		cmocka_unit_test(test_err_clear__empties_all),
		cmocka_unit_test(test_err_code_name__and_exit_code_of_every_code),
		cmocka_unit_test(test_err_exit_code__of_a_signal),
		cmocka_unit_test(test_err_exit_code__of_an_unknown_code_is_a_failure),
		cmocka_unit_test(test_err_worse_exit__keeps_the_documented_order),
		cmocka_unit_test(test_err_worse_exit__takes_an_unknown_code_as_failed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
