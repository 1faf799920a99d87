/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/pattern.h"

struct match_case {
	const char *pattern, *text;
	bool matches;
};

static void check_matches(const struct match_case *cases, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (pattern_match(cases[i].pattern, slice_of_string(cases[i].text)) !=
		    cases[i].matches)
			fail_msg("\"%s\" on \"%s\"", cases[i].pattern, cases[i].text);
}

static void test_pattern_match__star_and_question_mark_stay_in_a_segment(void **state)
{
	static const struct match_case cases[] = {
		{"*.log", "a.log", true}, {"*.log", ".log", true},
		{"*.log", "a.lo", false}, {"*.log", "a/b.log", false},
		{"*", "", true},	  {"*", "a/b", false},
		{"*/*", "a/b", true},	  {"a?c", "abc", true},
		{"a?c", "a/c", false},	  {"a?c", "ac", false},
		{"?", "", false},	  {"", "", true},
		{"", "a", false},	  {"a", "", false},
		{"a", "a/b", false},	  {"a/b", "a", false},
		{"a*", "a", true},	  {"*a*b*", "xaybz", true},
		{"*ab", "aab", true},	  {"a**b", "axyb", true},
		{"a**b", "ax/yb", false}, {"*.tar.gz", "x.tar.tar.gz", true},
		{"a/*/c", "a/b/c", true}, {"a/*/c", "a/c", false},
		{"a/*/c", "a//c", true},  {"\xc3?", "\xc3\xa9", true},
	};

	(void)state;
	check_matches(cases, ARRAY_SIZE(cases));
}

static void test_pattern_match__sets(void **state)
{
	static const struct match_case cases[] = {
		{"[a-c]x", "bx", true},	   {"[a-c]x", "dx", false},
		{"[!a-c]x", "bx", false},  {"[!a-c]x", "dx", true},
		{"[^a]", "b", true},	   {"[^a]", "a", false},
		{"[]]", "]", true},	   {"[!]]", "]", false},
		{"[!]]", "a", true},	   {"[]-a]", "^", true},
		{"[a-]", "-", true},	   {"[-a]", "-", true},
		{"[a-]", "b", false},	   {"[\\]x]", "]", true},
		{"[\\]x]", "x", true},	   {"[\\]x]", "\\", false},
		{"[[-\\]]", "\\", true},   {"[a\\-c]", "b", false},
		{"[a\\-c]", "-", true},	   {"[!a]", "/", false},
		{"a[!b]c", "a/c", false},  {"[\x80-\xff]", "\xc3", true},
		{"*[0-9]", "part7", true}, {"*[0-9]", "part", false},
		{"[abc", "a", false}, /* pattern_check() refuses it */
	};

	(void)state;
	check_matches(cases, ARRAY_SIZE(cases));
}

static void test_pattern_match__backslash_makes_literal(void **state)
{
	static const struct match_case cases[] = {
		{"\\*", "*", true},	{"\\*", "x", false},	  {"\\?", "a", false},
		{"\\[a]", "[a]", true}, {"a\\\\b", "a\\b", true}, {"\\a", "a", true},
	};

	(void)state;
	check_matches(cases, ARRAY_SIZE(cases));
}

static void test_pattern_match__globstar_takes_any_number_of_segments(void **state)
{
	static const struct match_case cases[] = {
		{"**", "", true},
		{"**", "a/b/c", true},
		{"**/b", "b", true},
		{"**/b", "a/a/b", true},
		{"**/b", "a/ab", false},
		{"a/**", "a", true},
		{"a/**", "a/b/c", true},
		{"a/**", "b/a", false},
		{"a/**/**", "a", true},
		{"**/**/b", "x/b", true},
		{"a/**/z", "a/z", true},
		{"a/**/z", "a/b/c/z", true},
		{"a/**/z", "a/b/c/y", false},
		{"a/**/b/**/c", "a/x/b/y/z/c", true},
		{"a/**/b/**/c", "a/c", false},
		{"**/a/*/c", "a/a/b/c", true},
		{"**/a/b", "a/a/b", true},
		{"**/a/**/a", "a", false},
		{"**/a/**/a", "a/a", true},
		{"**x", "a/x", false},
	};

	(void)state;
	check_matches(cases, ARRAY_SIZE(cases));
}

/* Exponential matchers do not come back from these; ours looks at each pair once. */
static void test_pattern_match__is_not_exponential(void **state)
{
	struct buf pattern = {0};
	struct buf text = {0};

	(void)state;
	for (int i = 0; i < 400; i++) {
		buf_append_string(&pattern, i % 2 == 0 ? "**/" : "*a*a*a/");
		buf_append_string(&text, "aaaaaa/");
	}
	buf_append_string(&pattern, "b");
	buf_append_string(&text, "c");
	assert_true(pattern.len <= PATTERN_MAX);
	assert_false(pattern_match(buf_string(&pattern), buf_slice(&text)));
	text.data[text.len - 1] = 'b';
	assert_true(pattern_match(buf_string(&pattern), buf_slice(&text)));
	buf_release(&pattern);
	buf_release(&text);
}

static void test_pattern_may_match_below__follows_the_leading_segments(void **state)
{
	static const struct match_case cases[] = {
		{"a/b/c", "", true},	 {"a/b/c", "a", true},
		{"a/b/c", "a/b", true},	 {"a/b/c", "b", false},
		{"a/b/c", "a/c", false}, {"a/b/c", "a/b/c", false},
		{"a/*/c", "a/x", true},	 {"a/**", "a/b/c", true},
		{"a/**/c", "b", false},	 {"**/x", "any/y", true},
		{"a", "a", false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		if (pattern_may_match_below(cases[i].pattern,
					    slice_of_string(cases[i].text)) !=
		    cases[i].matches)
			fail_msg("\"%s\" below \"%s\"", cases[i].pattern, cases[i].text);
}

static void test_pattern_check__names_the_fault(void **state)
{
	static const struct {
		const char *pattern, *msg;
	} cases[] = {
		{"", "the pattern is empty"},
		{"a[", "pattern a[: '[' is not closed by ']'"},
		{"[]", "pattern []: '[' is not closed by ']'"},
		{"[!]", "pattern [!]: '[' is not closed by ']'"},
		{"[\\]", "pattern \"[\\\\]\": '[' is not closed by ']'"},
		{"a\\", "pattern \"a\\\\\": ends in a lone backslash"},
		{"a\\/b", "pattern \"a\\\\/b\": a backslash before '/' never matches"},
		{"[a/b]", "pattern [a/b]: '/' inside '[...]' never matches"},
		{"[z-a]", "pattern [z-a]: a range inside '[...]' runs backwards"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct err err = {0};

		assert_int_equal(pattern_check(cases[i].pattern, &err), -1);
		assert_int_equal(err.code, ERR_USAGE);
		assert_string_equal(err.msg, cases[i].msg);
	}
}

static void test_pattern_check__accepts_what_is_well_formed(void **state)
{
	static const char *const good[] = {"[]a]",    "[!]a]", "\\[",	"[\\]]",  "]",
					   "a\\\\/b", "[a-]",  "[a-a]", "**/*.o", "\\\\"};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		struct err err = {0};

		if (pattern_check(good[i], &err) < 0)
			fail_msg("\"%s\": %s", good[i], err.msg);
	}
}

static void test_pattern_check__limits_the_length(void **state)
{
	char pattern[PATTERN_MAX + 2];
	struct err err = {0};

	(void)state;
	memset(pattern, 'x', sizeof(pattern));
	pattern[PATTERN_MAX] = '\0';
	assert_int_equal(pattern_check(pattern, &err), 0);
	pattern[PATTERN_MAX] = 'x';
	pattern[PATTERN_MAX + 1] = '\0';
	assert_int_equal(pattern_check(pattern, &err), -1);
	assert_int_equal(err.code, ERR_USAGE);
	assert_non_null(strstr(err.msg, "is longer than 4096 bytes"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			test_pattern_match__star_and_question_mark_stay_in_a_segment),
		cmocka_unit_test(test_pattern_match__sets),
		cmocka_unit_test(test_pattern_match__backslash_makes_literal),
		cmocka_unit_test(
			test_pattern_match__globstar_takes_any_number_of_segments),
		cmocka_unit_test(test_pattern_match__is_not_exponential),
		cmocka_unit_test(
			test_pattern_may_match_below__follows_the_leading_segments),
		cmocka_unit_test(test_pattern_check__names_the_fault),
		cmocka_unit_test(test_pattern_check__accepts_what_is_well_formed),
		cmocka_unit_test(test_pattern_check__limits_the_length),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
