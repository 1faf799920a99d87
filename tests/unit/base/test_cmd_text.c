/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/cmd_internal.h"

static void test_cmd_wrap__breaks_between_words(void **state)
{
	CLEANUP(buf_release) struct buf out = {0};

	(void)state;
	buf_init(&out, 0);
	assert_int_equal(cmd_wrap(&out, "one two  three four", 0, 2, 9), 6);
	assert_string_equal(buf_string(&out), "one two\n  three\n  four");
}

static void test_cmd_wrap__lets_long_words_stand_out(void **state)
{
	CLEANUP(buf_release) struct buf out = {0};

	(void)state;
	buf_init(&out, 0);
	(void)cmd_wrap(&out, "a longerthanthat b", 0, 0, 6);
	assert_string_equal(buf_string(&out), "a\nlongerthanthat\nb");
}

static void test_cmd_wrap__counts_from_the_given_column(void **state)
{
	CLEANUP(buf_release) struct buf out = {0};

	(void)state;
	buf_init(&out, 0);
	(void)cmd_wrap(&out, "ab cd", 6, 6, 10);
	assert_string_equal(buf_string(&out), "ab\n      cd");
}

static void test_cmd_wrap_paragraphs__keeps_indented_lines(void **state)
{
	CLEANUP(buf_release) struct buf out = {0};

	(void)state;
	buf_init(&out, 0);
	cmd_wrap_paragraphs(&out, "first words\nof it\n\n  kept   as is\n\nlast", 10);
	assert_string_equal(buf_string(&out),
			    "first\nwords of\nit\n\n  kept   as is\n\nlast\n\n");
}

static void test_cmd_wrap_paragraphs__of_nothing_is_nothing(void **state)
{
	CLEANUP(buf_release) struct buf out = {0};

	(void)state;
	buf_init(&out, 0);
	cmd_wrap_paragraphs(&out, NULL, 80);
	cmd_wrap_paragraphs(&out, "", 80);
	assert_int_equal(out.len, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cmd_wrap__breaks_between_words),
		cmocka_unit_test(test_cmd_wrap__lets_long_words_stand_out),
		cmocka_unit_test(test_cmd_wrap__counts_from_the_given_column),
		cmocka_unit_test(test_cmd_wrap_paragraphs__keeps_indented_lines),
		cmocka_unit_test(test_cmd_wrap_paragraphs__of_nothing_is_nothing),
	};

	return cmocka_run_group_tests_name("base/cmd_text", tests, NULL, NULL);
}
