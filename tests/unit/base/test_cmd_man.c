/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "support/cmd_sample.h"
#include "support/cmd_texts.h"
#include "support/tempdir.h"

static void page(const struct cmd *cmd, const char *extra, struct buf *text)
{
	buf_init(text, 0);
	cmd_man(&SAMPLE_PROGRAM, cmd, slice_of_string(extra), text);
}

static void test_cmd_man__of_a_verb_shows_every_option(void **state)
{
	(void)state;
	for (size_t i = 0; SAMPLE_COMMANDS[i] != NULL; i++) {
		CLEANUP(buf_release) struct buf text = {0};

		page(SAMPLE_COMMANDS[i], "", &text);
		assert_has_options(&text, "\\-\\-", "\\-", &SAMPLE_PROGRAM,
				   SAMPLE_COMMANDS[i]);
		assert_has(&text, "See EXIT CODES in\n.BR quipu\\-sample (1) .\n");
	}
}

static void test_cmd_man__of_the_program_documents_exit_codes(void **state)
{
	CLEANUP(buf_release) struct buf text = {0};

	(void)state;
	page(NULL, "", &text);
	assert_has(&text, ".SH EXIT CODES\n");
	for (const struct err_exit *row = err_exit_table(); row->meaning != NULL; row++) {
		CLEANUP(mem_freep)
		char *entry = mem_printf(".TP\n\\fB%s\\fR\n", row->codes);

		assert_has(&text, entry);
	}
	assert_has(&text, "See\n.BR quipu\\-sample\\-key\\-add (1) .\n");
}

static void test_cmd_man__shows_environment_and_further_sentences(void **state)
{
	CLEANUP(buf_release) struct buf text = {0};

	(void)state;
	page(&SAMPLE_CMD_SHOW, "", &text);
	assert_has(&text, "Nothing is created there but by init.\n"
			  "Without it, the environment variable "
			  "\\fBQUIPU_SAMPLE_REPO\\fR.\n");
}

static void test_cmd_man__shows_sections_before_examples(void **state)
{
	CLEANUP(buf_release) struct buf text = {0};

	(void)state;
	buf_init(&text, 0);
	cmd_man(&SAMPLE_PROGRAM, &SAMPLE_CMD_RUN, slice_of_string(""), &text);
	assert_has(&text, ".SH JOBS\nA job is a table of the configuration:\n"
			  ".PP\n.nf\n  [[job]]\n.fi\n.SH EXAMPLES\n");
}

static void test_cmd_man__puts_extra_text_before_exit_codes(void **state)
{
	CLEANUP(buf_release) struct buf text = {0};

	(void)state;
	page(&SAMPLE_CMD_RUN, "## FILES\n\nNone.\n", &text);
	assert_has(&text, ".SH \"FILES\"\nNone.\n.SH EXIT CODES\n");
}

static void test_cmd_man__passes_mandoc(void **state)
{
	static const char *const LINT[] = {"mandoc", "-T", "lint", "-W", "warning", NULL};
	static const char EXTRA[] =
		"## FILES\n\n- `a` and **b**\n  goes on\n- c\n\n### \"Sub\"\n\ntext\n\n"
		"```\n.code \\ 'x\n```\n\nlast `open\n";

	for (size_t i = 0; i <= 4; i++) {
		CLEANUP(buf_release) struct buf text = {0};
		CLEANUP(buf_release) struct buf output = {0};

		page(i < 4 ? SAMPLE_COMMANDS[i] : NULL, EXTRA, &text);
		run_on_text(*state, &text, LINT, &output);
		assert_string_equal(buf_string(&output), "");
	}
}

static void test_cmd_man__tells_version_and_date(void **state)
{
	CLEANUP(buf_release) struct buf text = {0};

	(void)state;
	page(&SAMPLE_CMD_RUN, "", &text);
	assert_has(&text, ".TH \"QUIPU\\-SAMPLE\\-RUN\" 1 \"2026-11-25\" "
			  "\"quipu\\-sample 1.2.3\" \"Quipu manual\"\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cmd_man__of_a_verb_shows_every_option),
		cmocka_unit_test(test_cmd_man__of_the_program_documents_exit_codes),
		cmocka_unit_test(test_cmd_man__shows_environment_and_further_sentences),
		cmocka_unit_test(test_cmd_man__shows_sections_before_examples),
		cmocka_unit_test(test_cmd_man__puts_extra_text_before_exit_codes),
		tempdir_test(test_cmd_man__passes_mandoc),
		cmocka_unit_test(test_cmd_man__tells_version_and_date),
	};

	return cmocka_run_group_tests_name("base/cmd_man", tests, NULL, NULL);
}
