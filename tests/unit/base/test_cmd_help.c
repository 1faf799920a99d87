/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "support/cmd_sample.h"
#include "support/cmd_texts.h"

static void test_cmd_help__of_a_verb_in_full(void **state)
{
	CLEANUP(buf_release) struct buf text = {0};

	(void)state;
	buf_init(&text, 0);
	cmd_help(&SAMPLE_PROGRAM, &SAMPLE_CMD_KEY_ADD, 80, &text);
	assert_string_equal(
		buf_string(&text),
		"usage: quipu-sample key add [OPTION...] NAME\n"
		"\n"
		"add a key\n"
		"\n"
		"Options:\n"
		"      --role ROLE           what the key may do (one of reader, "
		"writer)\n"
		"  -o, --out FILE            file to write the new key to\n"
		"      --cache-dir DIR       directory of the cache\n"
		"\n"
		"Common options:\n"
		"  -r, --repo URL            where the repository is: file:///path\n"
		"                            [$QUIPU_SAMPLE_REPO]\n"
		"      --json                print one JSON document on stdout\n"
		"                            [$QUIPU_SAMPLE_JSON]\n"
		"  -q, --quiet               show errors and warnings only, it's "
		"quieter\n"
		"  -h, --help                show this text; after a verb, that of the "
		"verb\n"
		"  -V, --version             show the version\n"
		"\n"
		"Exit codes: see EXIT CODES in quipu-sample(1)\n");
}

static void test_cmd_help__of_the_program_lists_verbs(void **state)
{
	CLEANUP(buf_release) struct buf text = {0};

	(void)state;
	buf_init(&text, 0);
	cmd_help(&SAMPLE_PROGRAM, NULL, 80, &text);
	for (size_t i = 0; SAMPLE_COMMANDS[i] != NULL; i++) {
		assert_has(&text, SAMPLE_COMMANDS[i]->name);
		assert_has(&text, SAMPLE_COMMANDS[i]->summary);
	}
	assert_has_options(&text, "--", "-", &SAMPLE_PROGRAM, NULL);
	assert_null(strstr(buf_string(&text), "--stream"));
}

static void test_cmd_help__shows_every_option(void **state)
{
	(void)state;
	for (size_t i = 0; SAMPLE_COMMANDS[i] != NULL; i++) {
		CLEANUP(buf_release) struct buf text = {0};

		buf_init(&text, 0);
		cmd_help(&SAMPLE_PROGRAM, SAMPLE_COMMANDS[i], 80, &text);
		assert_has_options(&text, "--", "-", &SAMPLE_PROGRAM, SAMPLE_COMMANDS[i]);
	}
}

static void test_cmd_help__shows_description_and_examples(void **state)
{
	CLEANUP(buf_release) struct buf text = {0};

	(void)state;
	buf_init(&text, 0);
	cmd_help(&SAMPLE_PROGRAM, &SAMPLE_CMD_RUN, 80, &text);
	assert_has(&text, "\nA second paragraph:\n\n  quipu-sample run daily\n\n");
	assert_has(&text, "\n\nJobs:\nA job is a table of the configuration:\n\n"
			  "  [[job]]\n\nExamples:\n");
	assert_has(&text, "Examples:\n  quipu-sample run --stream etc --files /etc\n"
			  "      Backs up /etc as stream etc.\n");
}

static void test_cmd_help__keeps_the_width(void **state)
{
	CLEANUP(buf_release) struct buf text = {0};
	const char *line;

	(void)state;
	buf_init(&text, 0);
	cmd_help(&SAMPLE_PROGRAM, &SAMPLE_CMD_RUN, 80, &text);
	for (line = buf_string(&text); *line != '\0'; line += strspn(line, "\n")) {
		size_t len = strcspn(line, "\n");

		assert_true(len <= 80);
		line += len;
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cmd_help__of_a_verb_in_full),
		cmocka_unit_test(test_cmd_help__of_the_program_lists_verbs),
		cmocka_unit_test(test_cmd_help__shows_every_option),
		cmocka_unit_test(test_cmd_help__shows_description_and_examples),
		cmocka_unit_test(test_cmd_help__keeps_the_width),
	};

	return cmocka_run_group_tests_name("base/cmd_help", tests, NULL, NULL);
}
