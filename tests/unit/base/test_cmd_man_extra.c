/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/cmd_internal.h"

static void assert_becomes(const char *markdown, const char *man)
{
	CLEANUP(buf_release) struct buf text = {0};

	buf_init(&text, 0);
	cmd_man_extra(&text, slice_of_string(markdown));
	assert_string_equal(buf_string(&text), man);
}

static void test_cmd_man_extra__headings(void **state)
{
	(void)state;
	assert_becomes("## FILES\n### A \"b\"\n",
		       ".SH \"FILES\"\n.SS \"A \\(dqb\\(dq\"\n");
}

static void test_cmd_man_extra__paragraphs(void **state)
{
	(void)state;
	assert_becomes("## X\n\na\nb\n\n\nc\n", ".SH \"X\"\na\nb\n.PP\nc\n");
}

static void test_cmd_man_extra__lists(void **state)
{
	(void)state;
	assert_becomes("## X\n\n- one\n  more\n- two\n\nend",
		       ".SH \"X\"\n.IP \\(bu 2\none\nmore\n.IP \\(bu 2\ntwo\n.PP\nend\n");
}

static void test_cmd_man_extra__bold_and_code(void **state)
{
	(void)state;
	assert_becomes("a `--x y` **b** c", "a \\fB\\-\\-x y\\fR \\fBb\\fR c\n");
	assert_becomes("open `x", "open \\fBx\\fR\n");
}

static void test_cmd_man_extra__fenced_code_stays(void **state)
{
	(void)state;
	assert_becomes("```sh\n.a `b`\n\n  c\n```\n", ".nf\n\\&.a `b`\n\n  c\n.fi\n");
	assert_becomes("```\nx\n", ".nf\nx\n.fi\n");
	assert_becomes("a\n```\nx\n```", "a\n.PP\n.nf\nx\n.fi\n");
}

static void test_cmd_man_extra__nothing(void **state)
{
	(void)state;
	assert_becomes("", "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cmd_man_extra__headings),
		cmocka_unit_test(test_cmd_man_extra__paragraphs),
		cmocka_unit_test(test_cmd_man_extra__lists),
		cmocka_unit_test(test_cmd_man_extra__bold_and_code),
		cmocka_unit_test(test_cmd_man_extra__fenced_code_stays),
		cmocka_unit_test(test_cmd_man_extra__nothing),
	};

	return cmocka_run_group_tests_name("base/cmd_man_extra", tests, NULL, NULL);
}
