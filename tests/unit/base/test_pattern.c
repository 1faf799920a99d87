/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/pattern.h"

static void test_pattern_match__follows_the_glob_rules(void **state)
{
	static const struct {
		const char *pattern, *text;
		bool matches;
	} cases[] = {
		{"*.log", "a.log", true},
		{"*.log", "a/b.log", false},
		{"a?c", "abc", true},
		{"a?c", "a/c", false},
		{"[a-c]x", "bx", true},
		{"[!a-c]x", "bx", false},
		{"\\*", "*", true},
		{"\\*", "x", false},
		{"**/b", "b", true},
		{"**/b", "a/a/b", true},
		{"a/**", "a/b/c", true},
		{"a/**/z", "a/z", true},
		{"a/**/z", "a/b/c/z", true},
		{"a/**/z", "a/b/c/y", false},
		{"a", "a/b", false},
		{"a*a*a*a*a*a*b", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", false},
		{"", "", true},
		{"*", "", true},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		if (pattern_match(cases[i].pattern, slice_of_string(cases[i].text)) !=
		    cases[i].matches)
			fail_msg("\"%s\" on \"%s\"", cases[i].pattern, cases[i].text);
}

static void test_pattern_check__names_the_fault(void **state)
{
	struct err err = {0};

	(void)state;
	assert_int_equal(pattern_check("a[", &err), -1);
	assert_non_null(strstr(err.msg, "not closed"));
	assert_int_equal(pattern_check("a\\", &err), -1);
	assert_non_null(strstr(err.msg, "backslash"));
	assert_int_equal(pattern_check("[]a]", &err), 0);
}

static enum selection_verdict verdict(const struct selection *selection, const char *path,
				      bool is_dir)
{
	return selection_test(selection, slice_of_string(path), is_dir);
}

static void test_selection__excludes_names_at_any_depth_and_anchored_paths(void **state)
{
	CLEANUP(selection_freep) struct selection *s = selection_new();
	struct err err = {0};

	(void)state;
	assert_true(selection_is_empty(s));
	assert_int_equal(selection_exclude(s, "*.tmp", &err), 0);
	assert_int_equal(selection_exclude(s, "/var/cache", &err), 0);
	assert_int_equal(selection_exclude(s, "build/", &err), 0);
	assert_int_equal(verdict(s, "a/b.tmp", false), SELECTION_SKIP);
	assert_int_equal(verdict(s, "var/cache/x/y", false), SELECTION_SKIP);
	assert_int_equal(verdict(s, "srv/var/cache", true), SELECTION_TAKE);
	assert_int_equal(verdict(s, "a/build", true), SELECTION_SKIP);
	assert_int_equal(verdict(s, "a/build", false), SELECTION_TAKE);
	assert_int_equal(verdict(s, "", true), SELECTION_TAKE);
}

static void test_selection__includes_only_what_is_named(void **state)
{
	CLEANUP(selection_freep) struct selection *s = selection_new();
	struct err err = {0};

	(void)state;
	assert_int_equal(selection_include(s, "/home/ana", &err), 0);
	assert_int_equal(selection_exclude(s, "*.o", &err), 0);
	assert_int_equal(verdict(s, "home", true), SELECTION_DESCEND);
	assert_int_equal(verdict(s, "home/ana/x.c", false), SELECTION_TAKE);
	assert_int_equal(verdict(s, "home/ana/x.o", false), SELECTION_SKIP);
	assert_int_equal(verdict(s, "home/bob.txt", false), SELECTION_SKIP);
}

static void test_selection_exclude_text__names_file_and_line(void **state)
{
	CLEANUP(selection_freep) struct selection *s = selection_new();
	struct err err = {0};

	(void)state;
	assert_int_equal(
		selection_exclude_text(s, slice_of_string("# x\n*.log\n!keep.log\n"),
				       "rules", &err),
		0);
	assert_int_equal(verdict(s, "a.log", false), SELECTION_SKIP);
	assert_int_equal(verdict(s, "keep.log", false), SELECTION_TAKE);
	assert_int_equal(verdict(s, "other", false), SELECTION_TAKE);
	assert_int_equal(
		selection_exclude_text(s, slice_of_string("ok\n[bad\n"), "rules", &err),
		-1);
	assert_memory_equal(err.msg, "rules:2: ", 9);
}

static void test_pattern_suggest__finds_the_near_word(void **state)
{
	static const char *const words[] = {"restore", "run", "list", "check"};

	(void)state;
	assert_string_equal(pattern_suggest("chekc", words, 4), "check");
	assert_string_equal(pattern_suggest("lst", words, 4), "list");
	assert_null(pattern_suggest("banana", words, 4));
	assert_null(pattern_suggest("", words, 4));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pattern_match__follows_the_glob_rules),
		cmocka_unit_test(test_pattern_check__names_the_fault),
		cmocka_unit_test(
			test_selection__excludes_names_at_any_depth_and_anchored_paths),
		cmocka_unit_test(test_selection__includes_only_what_is_named),
		cmocka_unit_test(test_selection_exclude_text__names_file_and_line),
		cmocka_unit_test(test_pattern_suggest__finds_the_near_word),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
