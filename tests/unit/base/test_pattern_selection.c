/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/pattern.h"

/* A rule list as one text: "+a" includes, "-a" excludes. */
static struct selection *selection_of(const char *const rules[], size_t n)
{
	struct selection *selection = selection_new();

	for (size_t i = 0; i < n; i++) {
		struct err err = {0};
		int result = rules[i][0] == '+'
				     ? selection_include(selection, rules[i] + 1, &err)
				     : selection_exclude(selection, rules[i] + 1, &err);

		if (result < 0)
			fail_msg("%s: %s", rules[i], err.msg);
	}
	return selection;
}

struct verdict_case {
	const char *path; /* a trailing '/' says that it is a directory */
	enum selection_verdict verdict;
};

static void check_verdicts(const struct selection *selection,
			   const struct verdict_case *cases, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct slice path = slice_of_string(cases[i].path);
		bool is_dir = path.len > 0 && path.data[path.len - 1] == '/';

		if (is_dir)
			path.len--;
		enum selection_verdict found = selection_test(selection, path, is_dir);
		if (found != cases[i].verdict)
			fail_msg("%s: %d instead of %d", cases[i].path, (int)found,
				 (int)cases[i].verdict);
	}
}

static void test_selection__without_rules_takes_all(void **state)
{
	static const struct verdict_case cases[] = {
		{"", SELECTION_TAKE}, {"a/", SELECTION_TAKE}, {"a/b", SELECTION_TAKE}};
	CLEANUP(selection_freep) struct selection *s = selection_new();

	(void)state;
	assert_true(selection_is_empty(s));
	check_verdicts(s, cases, ARRAY_SIZE(cases));
}

static void test_selection_exclude__matches_names_at_any_depth(void **state)
{
	static const char *const rules[] = {"-*.tmp"};
	static const struct verdict_case cases[] = {
		{"b.tmp", SELECTION_SKIP},     {"a/b.tmp", SELECTION_SKIP},
		{"a/b.tmp/c", SELECTION_SKIP}, {"a/b.tm", SELECTION_TAKE},
		{"b.tmp/", SELECTION_SKIP},    {"", SELECTION_TAKE},
	};
	CLEANUP(selection_freep) struct selection *s = selection_of(rules, 1);

	(void)state;
	assert_false(selection_is_empty(s));
	check_verdicts(s, cases, ARRAY_SIZE(cases));
}

static void test_selection_exclude__is_anchored_by_a_slash(void **state)
{
	static const char *const rules[] = {"-/top", "-var/cache", "-./here"};
	static const struct verdict_case cases[] = {
		{"top", SELECTION_SKIP},	   {"a/top", SELECTION_TAKE},
		{"var/cache/x/y", SELECTION_SKIP}, {"srv/var/cache/", SELECTION_TAKE},
		{"var/", SELECTION_TAKE},	   {"here", SELECTION_SKIP},
		{"a/here", SELECTION_TAKE},
	};
	CLEANUP(selection_freep) struct selection *s = selection_of(rules, 3);

	(void)state;
	check_verdicts(s, cases, ARRAY_SIZE(cases));
}

static void test_selection_exclude__with_a_trailing_slash_means_directories(void **state)
{
	static const char *const rules[] = {"-build/", "-/a/b/"};
	static const struct verdict_case cases[] = {
		{"x/build/", SELECTION_SKIP}, {"x/build", SELECTION_TAKE},
		{"build/x", SELECTION_SKIP},  {"a/b/", SELECTION_SKIP},
		{"a/b", SELECTION_TAKE},      {"a/b/c", SELECTION_SKIP},
	};
	CLEANUP(selection_freep) struct selection *s = selection_of(rules, 2);

	(void)state;
	check_verdicts(s, cases, ARRAY_SIZE(cases));
}

static void test_selection_exclude__of_contents_keeps_the_directory(void **state)
{
	static const char *const rules[] = {"-cache/*"};
	static const struct verdict_case cases[] = {
		{"cache/", SELECTION_TAKE},
		{"cache/x", SELECTION_SKIP},
		{"cache/d/", SELECTION_SKIP},
		{"cache/d/x", SELECTION_SKIP},
	};
	CLEANUP(selection_freep) struct selection *s = selection_of(rules, 1);

	(void)state;
	check_verdicts(s, cases, ARRAY_SIZE(cases));
}

static void test_selection_include__takes_only_what_is_named(void **state)
{
	static const char *const rules[] = {"+/home/ana", "-*.o"};
	static const struct verdict_case cases[] = {
		{"", SELECTION_DESCEND},	  {"home/", SELECTION_DESCEND},
		{"home", SELECTION_SKIP},	  {"home/ana/", SELECTION_TAKE},
		{"home/ana/x.c", SELECTION_TAKE}, {"home/ana/x.o", SELECTION_SKIP},
		{"home/bob.txt", SELECTION_SKIP},
	};
	CLEANUP(selection_freep) struct selection *s = selection_of(rules, 2);

	(void)state;
	check_verdicts(s, cases, ARRAY_SIZE(cases));
}

/* Else a restore of one table would read every tree, and a backup would complain about
 * directories that nobody asked for. */
static void test_selection_include__does_not_enter_where_nothing_can_match(void **state)
{
	static const char *const rules[] = {"+a/b", "+c/**/x"};
	static const struct verdict_case cases[] = {
		{"a/", SELECTION_DESCEND},
		{"a/c/", SELECTION_SKIP},
		{"b/", SELECTION_SKIP},
		{"c/d/e/", SELECTION_DESCEND},
	};
	CLEANUP(selection_freep) struct selection *s = selection_of(rules, 2);

	(void)state;
	check_verdicts(s, cases, ARRAY_SIZE(cases));
}

static void test_selection_include__of_a_name_enters_every_directory(void **state)
{
	static const char *const rules[] = {"+*.conf"};
	static const struct verdict_case cases[] = {
		{"a/b/", SELECTION_DESCEND},
		{"a/b/x.conf", SELECTION_TAKE},
		{"a/x", SELECTION_SKIP},
		{"x.conf/any", SELECTION_TAKE},
	};
	CLEANUP(selection_freep) struct selection *s = selection_of(rules, 1);

	(void)state;
	check_verdicts(s, cases, ARRAY_SIZE(cases));
}

static void test_selection_test__an_exclude_closes_what_was_included_before(void **state)
{
	static const char *const rules[] = {"+/srv", "-/srv/cache"};
	static const struct verdict_case cases[] = {
		{"srv/cache/", SELECTION_SKIP},
		{"srv/cache/x", SELECTION_SKIP},
		{"srv/data", SELECTION_TAKE},
	};
	CLEANUP(selection_freep) struct selection *s = selection_of(rules, 2);

	(void)state;
	check_verdicts(s, cases, ARRAY_SIZE(cases));
}

static void test_selection_test__a_later_include_opens_an_excluded_directory(void **state)
{
	static const char *const rules[] = {"+/srv", "-/srv/cache", "+/srv/cache/keep"};
	static const struct verdict_case cases[] = {
		{"srv/cache/", SELECTION_DESCEND},
		{"srv/cache/keep", SELECTION_TAKE},
		{"srv/cache/other", SELECTION_SKIP},
		{"srv/cache/other/", SELECTION_SKIP},
	};
	CLEANUP(selection_freep) struct selection *s = selection_of(rules, 3);

	(void)state;
	check_verdicts(s, cases, ARRAY_SIZE(cases));
}

static void test_selection_exclude__refuses_what_never_matches(void **state)
{
	static const char *const bad[] = {"/",	  "./",	    ".",    "..",
					  "a//b", "a/../b", "/./a", "a//"};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		CLEANUP(selection_freep) struct selection *s = selection_new();
		struct err err = {0};

		if (selection_exclude(s, bad[i], &err) == 0)
			fail_msg("\"%s\" was accepted", bad[i]);
		assert_int_equal(err.code, ERR_USAGE);
		assert_non_null(strstr(err.msg, "never matches"));
		assert_string_equal(err.hint,
				    "paths start at the root of the tree: /home/ana");
		assert_true(selection_is_empty(s));
	}
}

static void test_selection_include__passes_on_what_the_check_says(void **state)
{
	CLEANUP(selection_freep) struct selection *s = selection_new();
	struct err err = {0};

	(void)state;
	assert_int_equal(selection_include(s, "a[", &err), -1);
	assert_string_equal(err.msg, "pattern a[: '[' is not closed by ']'");
	/* and asks for no list of includes */
	assert_int_equal(selection_test(s, slice_of_string("x"), false), SELECTION_TAKE);
}

static int add_text(struct selection *s, const char *text, size_t len, struct err *err)
{
	return selection_exclude_text(s, slice_of(text, len), "my rules", err);
}

static void test_selection_exclude_text__reads_lines_and_comments(void **state)
{
	static const char text[] = "# comment\n\n*.log\r\n!keep.log\n\\#odd\ncache\n"
				   "!cache/keep";
	static const struct verdict_case cases[] = {
		{"a.log", SELECTION_SKIP},     {"keep.log", SELECTION_TAKE},
		{"other", SELECTION_TAKE},     {"#odd", SELECTION_SKIP},
		{"# comment", SELECTION_TAKE}, {"cache/", SELECTION_DESCEND},
		{"cache/x", SELECTION_SKIP},   {"cache/keep", SELECTION_TAKE},
		{"", SELECTION_TAKE},
	};
	CLEANUP(selection_freep) struct selection *s = selection_new();
	struct err err = {0};

	(void)state;
	assert_int_equal(add_text(s, text, sizeof(text) - 1, &err), 0);
	check_verdicts(s, cases, ARRAY_SIZE(cases));
}

static void test_selection_exclude_text__takes_an_empty_file(void **state)
{
	CLEANUP(selection_freep) struct selection *s = selection_new();
	struct err err = {0};

	(void)state;
	assert_int_equal(add_text(s, NULL, 0, &err), 0);
	assert_true(selection_is_empty(s));
}

static void test_selection_exclude_text__names_file_and_line(void **state)
{
	CLEANUP(selection_freep) struct selection *s = selection_new();
	struct err err = {0};

	(void)state;
	assert_int_equal(add_text(s, "ok\n[bad\n", 8, &err), -1);
	assert_string_equal(err.msg,
			    "\"my rules\":2: pattern [bad: '[' is not closed by ']'");
	assert_int_equal(add_text(s, "a\0b\n", 4, &err), -1);
	assert_string_equal(err.msg, "\"my rules\":1: the line holds a NUL byte");
	assert_int_equal(add_text(s, "x\n\n!", 4, &err), -1);
	assert_string_equal(err.msg, "\"my rules\":3: the pattern is empty");
}

static void test_selection_unmatched__names_includes_that_took_nothing(void **state)
{
	static const char *const rules[] = {"+/etc/ngnix", "+*.conf", "+./b/", "-*.log"};
	CLEANUP(strings_release) struct strings patterns = {0};
	CLEANUP(selection_freep) struct selection *s = selection_of(rules, 4);
	struct err err = {0};

	(void)state;
	strings_init(&patterns);
	assert_int_equal(add_text(s, "!keep\n", 6, &err), 0);
	assert_int_equal(selection_test(s, slice_of_string("etc"), true),
			 SELECTION_DESCEND);
	assert_int_equal(selection_test(s, slice_of_string("etc/a.conf"), false),
			 SELECTION_TAKE);
	assert_int_equal(selection_test(s, slice_of_string("b"), false), SELECTION_SKIP);
	selection_unmatched(s, SELECTION_INCLUDES, &patterns);
	assert_int_equal(strings_count(&patterns), 2);
	assert_string_equal(strings_at(&patterns, 0), "/etc/ngnix");
	assert_string_equal(strings_at(&patterns, 1), "./b/");
}

static void test_selection_unmatched__names_excludes_of_places(void **state)
{
	static const char *const rules[] = {"-a/b", "-*.bak", "-/srv/tmp"};
	CLEANUP(strings_release) struct strings patterns = {0};
	CLEANUP(selection_freep) struct selection *s = selection_of(rules, 3);

	(void)state;
	strings_init(&patterns);
	assert_int_equal(selection_test(s, slice_of_string("srv/tmp"), true),
			 SELECTION_SKIP);
	selection_unmatched(s, SELECTION_EXCLUDES, &patterns);
	assert_int_equal(strings_count(&patterns), 1);
	assert_string_equal(strings_at(&patterns, 0), "a/b");
}

static size_t n_unmatched(const struct selection *s)
{
	CLEANUP(strings_release) struct strings patterns = {0};

	strings_init(&patterns);
	selection_unmatched(s, SELECTION_INCLUDES, &patterns);
	selection_unmatched(s, SELECTION_EXCLUDES, &patterns);
	return strings_count(&patterns);
}

static void test_selection_unmatched__leaves_out_what_another_rule_overruled(void **state)
{
	static const char *const rules[] = {"+*.conf", "+/etc", "-/etc/x.conf"};
	CLEANUP(selection_freep) struct selection *s = selection_of(rules, 3);

	(void)state;
	assert_int_equal(selection_test(s, slice_of_string("etc/x.conf"), false),
			 SELECTION_SKIP);
	assert_int_equal(n_unmatched(s), 0);
}

/* In either order, and although nobody asks for what is below a skipped directory. */
static void test_selection_unmatched__leaves_out_what_lies_below_an_exclude(void **state)
{
	static const char *const rules[] = {"-/etc/x/y", "-/etc/x", "-/etc/x/*/z",
					    "-/etc/y/x"};
	CLEANUP(strings_release) struct strings patterns = {0};
	CLEANUP(selection_freep) struct selection *s = selection_of(rules, 4);

	(void)state;
	strings_init(&patterns);
	assert_int_equal(selection_test(s, slice_of_string("etc/x"), true),
			 SELECTION_SKIP);
	selection_unmatched(s, SELECTION_EXCLUDES, &patterns);
	assert_int_equal(strings_count(&patterns), 1);
	assert_string_equal(strings_at(&patterns, 0), "/etc/y/x");
}

static void test_selection_unmatched__names_what_no_directory_holds(void **state)
{
	static const char *const rules[] = {"+/etc", "+/etc/x/keep", "-/etc/x",
					    "-/etc/x/y"};
	CLEANUP(selection_freep) struct selection *file = selection_of(rules, 4);
	CLEANUP(selection_freep) struct selection *directory = selection_of(rules, 4);

	(void)state;
	assert_int_equal(selection_test(file, slice_of_string("etc/x"), false),
			 SELECTION_SKIP);
	assert_int_equal(n_unmatched(file), 2); /* of one and of the other kind */
	assert_int_equal(selection_test(directory, slice_of_string("etc/x"), true),
			 SELECTION_SKIP);
	assert_int_equal(n_unmatched(directory), 1); /* the include takes nothing */
}

static void test_selection_pass_over__is_for_what_lies_below(void **state)
{
	static const char *const rules[] = {"-/mnt/a/b", "-/mnt/b/a", "+/mnt/a/c"};
	CLEANUP(strings_release) struct strings patterns = {0};
	CLEANUP(selection_freep) struct selection *s = selection_of(rules, 3);

	(void)state;
	strings_init(&patterns);
	selection_pass_over(s, slice_of_string("mnt/a"));
	selection_unmatched(s, SELECTION_EXCLUDES, &patterns);
	selection_unmatched(s, SELECTION_INCLUDES, &patterns);
	assert_int_equal(strings_count(&patterns), 2);
	assert_string_equal(strings_at(&patterns, 0), "/mnt/b/a");
	assert_string_equal(strings_at(&patterns, 1), "/mnt/a/c");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_selection__without_rules_takes_all),
		cmocka_unit_test(test_selection_exclude__matches_names_at_any_depth),
		cmocka_unit_test(test_selection_exclude__is_anchored_by_a_slash),
		cmocka_unit_test(
			test_selection_exclude__with_a_trailing_slash_means_directories),
		cmocka_unit_test(test_selection_exclude__of_contents_keeps_the_directory),
		cmocka_unit_test(test_selection_include__takes_only_what_is_named),
		cmocka_unit_test(
			test_selection_include__does_not_enter_where_nothing_can_match),
		cmocka_unit_test(
			test_selection_include__of_a_name_enters_every_directory),
		cmocka_unit_test(
			test_selection_test__an_exclude_closes_what_was_included_before),
		cmocka_unit_test(
			test_selection_test__a_later_include_opens_an_excluded_directory),
		cmocka_unit_test(test_selection_exclude__refuses_what_never_matches),
		cmocka_unit_test(test_selection_include__passes_on_what_the_check_says),
		cmocka_unit_test(test_selection_exclude_text__reads_lines_and_comments),
		cmocka_unit_test(test_selection_exclude_text__takes_an_empty_file),
		cmocka_unit_test(test_selection_exclude_text__names_file_and_line),
		cmocka_unit_test(
			test_selection_unmatched__names_includes_that_took_nothing),
		cmocka_unit_test(test_selection_unmatched__names_excludes_of_places),
		cmocka_unit_test(
			test_selection_unmatched__leaves_out_what_another_rule_overruled),
		cmocka_unit_test(
			test_selection_unmatched__leaves_out_what_lies_below_an_exclude),
		cmocka_unit_test(test_selection_unmatched__names_what_no_directory_holds),
		cmocka_unit_test(test_selection_pass_over__is_for_what_lies_below),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
