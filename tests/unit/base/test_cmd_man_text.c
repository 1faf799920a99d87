/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/cmd_internal.h"

static void test_cmd_man_escape__protects_lines_and_marks(void **state)
{
	CLEANUP(buf_release) struct buf text = {0};

	(void)state;
	buf_init(&text, 0);
	cmd_man_escape(&text, slice_of_string(".a\n'b\\c-d.e"));
	assert_string_equal(buf_string(&text), "\\&.a\n\\&'b\\ec\\-d.e");
}

static void test_cmd_man_sentence__ends_with_one_full_stop(void **state)
{
	CLEANUP(buf_release) struct buf text = {0};

	(void)state;
	buf_init(&text, 0);
	cmd_man_sentence(&text, "one");
	cmd_man_sentence(&text, "two.");
	assert_string_equal(buf_string(&text), "one.\ntwo.\n");
}

static void test_cmd_man_paragraphs__keeps_indented_lines(void **state)
{
	CLEANUP(buf_release) struct buf text = {0};

	(void)state;
	buf_init(&text, 0);
	cmd_man_paragraphs(&text, "one\nmore\n\n  kept  as is\n\ntwo\n\nthree");
	assert_string_equal(buf_string(&text),
			    "one\nmore\n.PP\n.nf\n  kept  as is\n.fi\n.PP\ntwo\n.PP\n"
			    "three\n");
}

static void test_cmd_man_paragraphs__of_nothing_is_nothing(void **state)
{
	CLEANUP(buf_release) struct buf text = {0};

	(void)state;
	buf_init(&text, 0);
	cmd_man_paragraphs(&text, NULL);
	cmd_man_paragraphs(&text, "");
	assert_int_equal(text.len, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cmd_man_escape__protects_lines_and_marks),
		cmocka_unit_test(test_cmd_man_sentence__ends_with_one_full_stop),
		cmocka_unit_test(test_cmd_man_paragraphs__keeps_indented_lines),
		cmocka_unit_test(test_cmd_man_paragraphs__of_nothing_is_nothing),
	};

	return cmocka_run_group_tests_name("base/cmd_man_text", tests, NULL, NULL);
}
