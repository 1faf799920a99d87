/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/quote.h"

static void check(const char *in, const char *expected)
{
	char out[QUOTE_TEXT_MAX];

	assert_string_equal(quote_string(in, out), expected);
}

static void test_quote_text__leaves_plain_text_bare(void **state)
{
	(void)state;
	check("etc/passwd", "etc/passwd");
	check("caf\xc3\xa9", "caf\xc3\xa9");
}

static void test_quote_text__escapes_what_a_terminal_must_not_see(void **state)
{
	(void)state;
	check("", "\"\"");
	check("a b", "\"a b\"");
	check("a\nb", "\"a\\nb\"");
	check("\x1b[31m", "\"\\x1B[31m\"");
	check("bad\xff", "\"bad\\xFF\"");
	check("q\"", "\"q\\\"\"");
}

static void test_quote_text__cuts_long_text_in_the_middle(void **state)
{
	char in[2000];
	char out[QUOTE_TEXT_MAX];

	(void)state;
	memset(in, 'x', sizeof(in) - 1);
	in[sizeof(in) - 1] = '\0';
	(void)quote_string(in, out);
	assert_true(strlen(out) < QUOTE_TEXT_MAX);
	assert_non_null(strstr(out, "..."));
}

static void test_utf8_valid__is_strict(void **state)
{
	(void)state;
	assert_true(utf8_valid(slice_of_string("\xf0\x9f\x98\x80")));
	assert_false(utf8_valid(slice_of_string("\xc0\xaf")));
	assert_false(utf8_valid(slice_of_string("\xed\xa0\x80")));
	assert_false(utf8_valid(slice_of_string("\xf4\x90\x80\x80")));
	assert_false(utf8_valid(slice_of_string("\xe2\x82")));
	assert_int_equal(utf8_sequence(slice_of_string("\xe2\x82\xac!")), 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_quote_text__leaves_plain_text_bare),
		cmocka_unit_test(test_quote_text__escapes_what_a_terminal_must_not_see),
		cmocka_unit_test(test_quote_text__cuts_long_text_in_the_middle),
		cmocka_unit_test(test_utf8_valid__is_strict),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
