/* SPDX-License-Identifier: Apache-2.0 */
/* What the first pass over argv refuses, and how it says so. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/cmd_internal.h"
#include "base/mem.h"
#include "support/cmd_sample.h"

static int scan(char *const *words, struct cmd_scan *s, struct err *err)
{
	*s = (struct cmd_scan){.program = &SAMPLE_PROGRAM, .argv = words};
	while (words[s->argc] != NULL)
		s->argc++;
	vec_init(&s->settings, sizeof(struct cmd_setting));
	strings_init(&s->operands);
	return cmd_scan_words(s, err);
}

static void assert_scan(const char *const *words, const char *message, const char *hint)
{
	CLEANUP(cmd_scan_release) struct cmd_scan s = {0};
	char *argv[8] = {0};
	struct err err = {0};
	int failed;

	for (int i = 0; words[i] != NULL; i++)
		argv[i] = mem_strdup(words[i]);
	failed = scan(argv, &s, &err);
	for (int i = 0; argv[i] != NULL; i++)
		mem_free(argv[i]);
	assert_int_equal(failed, -1);
	assert_int_equal(err.code, ERR_USAGE);
	assert_string_equal(err.msg, message);
	assert_string_equal(err.hint, hint);
}

#define WORDS(...)                                                                       \
	(const char *const[])                                                            \
	{                                                                                \
		__VA_ARGS__, NULL                                                        \
	}

static void test_cmd_scan__suggests_a_verb(void **state)
{
	(void)state;
	assert_scan(WORDS("rnu"), "unknown verb rnu", "did you mean run?");
	assert_scan(WORDS("kye", "add"), "unknown verb kye", "did you mean key?");
	assert_scan(WORDS("key", "ad"), "unknown verb key ad", "did you mean key add?");
}

static void test_cmd_scan__points_to_help_when_no_verb_is_near(void **state)
{
	(void)state;
	assert_scan(WORDS("frobnicate"), "unknown verb frobnicate",
		    "see quipu-sample --help");
}

static void test_cmd_scan__suggests_an_option(void **state)
{
	(void)state;
	assert_scan(WORDS("run", "--strem", "x"), "run: unknown option --strem",
		    "did you mean --stream?");
	assert_scan(WORDS("--rebo=x", "run"), "unknown option --rebo",
		    "did you mean --repo?");
}

static void test_cmd_scan__tells_whose_option_it_is(void **state)
{
	(void)state;
	assert_scan(WORDS("show", "--stream", "x"), "show: unknown option --stream",
		    "it is an option of quipu-sample run");
	assert_scan(WORDS("--stream", "x", "run"), "--stream stands before the verb",
		    "only common options may: quipu-sample run --stream");
}

static void test_cmd_scan__quotes_foreign_bytes(void **state)
{
	(void)state;
	assert_scan(WORDS("run", "--a b"), "run: unknown option \"--a b\"",
		    "see quipu-sample run --help");
	assert_scan(WORDS("a b"), "unknown verb \"a b\"", "see quipu-sample --help");
}

static void test_cmd_scan__names_an_unknown_letter(void **state)
{
	(void)state;
	assert_scan(WORDS("run", "-qZ"), "run: unknown option -Z",
		    "see quipu-sample run --help");
	assert_scan(WORDS("-s"), "unknown option -s", "see quipu-sample --help");
}

static void test_cmd_scan__misses_a_value(void **state)
{
	(void)state;
	assert_scan(WORDS("run", "--stream"), "run: --stream needs a value: NAME",
		    "see quipu-sample run --help");
	assert_scan(WORDS("run", "-s"), "run: --stream needs a value: NAME",
		    "see quipu-sample run --help");
}

static void test_cmd_scan__does_not_take_an_option_for_a_value(void **state)
{
	(void)state;
	assert_scan(WORDS("run", "--stream", "--json"),
		    "run: --stream needs a value: NAME",
		    "write --stream=--json if that is the value");
	assert_scan(WORDS("run", "--stream", "--", "x"),
		    "run: --stream needs a value: NAME",
		    "write --stream=-- if that is the value");
}

static void test_cmd_scan__flags_take_no_value(void **state)
{
	(void)state;
	assert_scan(WORDS("run", "--json=yes"), "run: --json takes no value", "");
}

static void test_cmd_scan__refuses_repetition(void **state)
{
	(void)state;
	assert_scan(WORDS("-q", "run", "--quiet"), "run: --quiet is given twice", "");
	assert_scan(WORDS("run", "-sa", "--stream=b"), "run: --stream is given twice",
		    "");
}

static void test_cmd_scan__takes_an_unknown_dashed_word_as_value(void **state)
{
	char run[] = "run", stream[] = "--stream", value[] = "--odd";
	char *const argv[] = {run, stream, value, NULL};
	CLEANUP(cmd_scan_release) struct cmd_scan s = {0};
	struct err err = {0};

	(void)state;
	assert_int_equal(scan(argv, &s, &err), 0);
	assert_true(cmd_scan_has(&s, &SAMPLE_RUN[0]));
	assert_string_equal(((struct cmd_setting *)vec_at(&s.settings, 0))->text,
			    "--odd");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cmd_scan__suggests_a_verb),
		cmocka_unit_test(test_cmd_scan__points_to_help_when_no_verb_is_near),
		cmocka_unit_test(test_cmd_scan__suggests_an_option),
		cmocka_unit_test(test_cmd_scan__tells_whose_option_it_is),
		cmocka_unit_test(test_cmd_scan__quotes_foreign_bytes),
		cmocka_unit_test(test_cmd_scan__names_an_unknown_letter),
		cmocka_unit_test(test_cmd_scan__misses_a_value),
		cmocka_unit_test(test_cmd_scan__does_not_take_an_option_for_a_value),
		cmocka_unit_test(test_cmd_scan__flags_take_no_value),
		cmocka_unit_test(test_cmd_scan__refuses_repetition),
		cmocka_unit_test(test_cmd_scan__takes_an_unknown_dashed_word_as_value),
	};

	return cmocka_run_group_tests_name("base/cmd_scan", tests, NULL, NULL);
}
