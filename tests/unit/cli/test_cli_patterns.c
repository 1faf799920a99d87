/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/mem.h"
#include "base/pattern.h"
#include "cli/cli_patterns.h"

/* What the help says about a pattern, as paths. A '/' at a path's end: a directory. */
static const struct told {
	const char *pattern;
	const char *covers[3], *leaves[3];
} told[] = {
	{"*.log", {"var/log/a.log", "b.log/", "b.log/x"}, {"var/a.logs", "log"}},
	{"cache/", {"home/ana/cache/", "cache/x/y"}, {"home/cache", "cached/"}},
	{"/etc/ssl",
	 {"etc/ssl/", "etc/ssl", "etc/ssl/certs/a"},
	 {"srv/etc/ssl", "etc/ssl2"}},
	{"/home/*/tmp",
	 {"home/ana/tmp/", "home/ana/tmp/x"},
	 {"home/tmp", "home/a/b/tmp"}},
	{"/srv/**/old", {"srv/old", "srv/a/old/", "srv/a/b/old"}, {"old", "srv/older"}},
	{"core.[0-9]", {"core.1", "tmp/core.9"}, {"core.10", "core.x"}},
	{"[!0-9]", {"x", "a/b"}, {"7", "12"}},
	{"\\*", {"*", "a/*"}, {"x", "a/xy"}},
};

static bool is_covered(const char *pattern, const char *path)
{
	CLEANUP(selection_freep) struct selection *selection = selection_new();
	size_t len = strlen(path);
	bool is_directory = path[len - 1] == '/';
	struct err err = {0};

	if (selection_exclude(selection, pattern, &err) < 0)
		fail_msg("%s", err.msg);
	return selection_test(selection, slice_of(path, len - is_directory),
			      is_directory) == SELECTION_SKIP;
}

static void test_cli_pattern_sections__tell_the_truth(void **state)
{
	const char *text = cli_pattern_sections[0].text;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(told); i++) {
		CLEANUP(mem_freep) char *line = mem_printf("%s ", told[i].pattern);

		if (strstr(text, line) == NULL)
			fail_msg("%s is not in the text", told[i].pattern);
		for (size_t j = 0; j < ARRAY_SIZE(told[i].covers); j++) {
			const char *covered = told[i].covers[j];
			const char *left = told[i].leaves[j];

			if (covered != NULL && !is_covered(told[i].pattern, covered))
				fail_msg("%s: %s", told[i].pattern, covered);
			if (left != NULL && is_covered(told[i].pattern, left))
				fail_msg("not %s: %s", told[i].pattern, left);
		}
	}
}

static void test_cli_pattern_sections__exclude_goes_before_include(void **state)
{
	CLEANUP(selection_freep) struct selection *selection = selection_new();
	struct err err;

	(void)state;
	assert_int_equal(selection_include(selection, "/etc", &err), 0);
	assert_int_equal(selection_exclude(selection, "*.pem", &err), 0);
	assert_int_equal(selection_test(selection, slice_of_string("etc/a"), false),
			 SELECTION_TAKE);
	assert_int_equal(selection_test(selection, slice_of_string("etc/a.pem"), false),
			 SELECTION_SKIP);
	assert_int_equal(selection_test(selection, slice_of_string("srv/a"), false),
			 SELECTION_SKIP);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cli_pattern_sections__tell_the_truth),
		cmocka_unit_test(test_cli_pattern_sections__exclude_goes_before_include),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
