/* SPDX-License-Identifier: Apache-2.0 */
/* What cmd_parse() makes of whole command lines. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/fd.h"
#include "support/cmd_sample.h"
#include "support/tempdir.h"

struct parsed {
	char *words; /* texts of options point into it */
	int failed;
	struct cmd_line line;
	struct err err;
};

enum { WORDS_MAX = 16 };

/* Parses "quipu-sample" and these words, separated by single spaces. */
static void parse(struct parsed *p, const char *line)
{
	char *copy = mem_printf("quipu-sample %s", line);
	char *argv[WORDS_MAX + 1] = {copy};
	int argc = 1;

	for (char *c = copy; *c != '\0'; c++) {
		if (*c != ' ')
			continue;
		*c = '\0';
		assert_true(argc < WORDS_MAX);
		argv[argc++] = c + 1;
	}
	*p = (struct parsed){.words = copy};
	p->failed = cmd_parse(&SAMPLE_PROGRAM, argc, argv, &p->line, &p->err);
}

static void parsed_release(struct parsed *p)
{
	cmd_line_release(&SAMPLE_PROGRAM, &p->line);
	mem_free(p->words);
}

static const struct sample_run *parse_run(struct parsed *p, const char *line)
{
	parse(p, line);
	if (p->failed < 0)
		fail_msg("%s", p->err.msg);
	assert_ptr_equal(p->line.cmd, &SAMPLE_CMD_RUN);
	return p->line.options;
}

static void assert_refused(const char *line, const char *message, const char *hint)
{
	CLEANUP(parsed_release) struct parsed p;

	parse(&p, line);
	assert_int_equal(p.failed, -1);
	assert_int_equal(p.err.code, ERR_USAGE);
	assert_string_equal(p.err.msg, message);
	assert_string_equal(p.err.hint, hint);
	assert_null(p.line.cmd);
	assert_null(p.line.options);
}

static void assert_operands(const struct parsed *p, const char *expected)
{
	CLEANUP(buf_release) struct buf list;

	buf_init(&list, 0);
	for (size_t i = 0; i < strings_count(&p->line.operands); i++)
		buf_printf(&list, "%s|", strings_at(&p->line.operands, i));
	assert_string_equal(buf_string(&list), expected);
}

static void test_cmd_parse__starts_from_zero(void **state)
{
	CLEANUP(parsed_release) struct parsed p;
	const struct sample_run *run = parse_run(&p, "run");

	(void)state;
	assert_int_equal(p.line.outcome, CMD_RUN);
	assert_null(run->common.repo);
	assert_false(run->common.repo_given);
	assert_false(run->files);
	assert_int_equal(strings_count(&run->exclude), 0);
	assert_operands(&p, "");
}

static void test_cmd_parse__long_options_both_ways(void **state)
{
	CLEANUP(parsed_release) struct parsed p;
	const struct sample_run *run =
		parse_run(&p, "run --stream etc --repo=file:///r --dry-run");

	(void)state;
	assert_string_equal(run->stream, "etc");
	assert_string_equal(run->common.repo, "file:///r");
	assert_true(run->common.repo_given);
	assert_true(run->dry_run);
	assert_false(run->common.json);
}

static void test_cmd_parse__letters_joined_and_with_values(void **state)
{
	CLEANUP(parsed_release) struct parsed p;
	const struct sample_run *run = parse_run(&p, "run -qnsetc -r file:///r");

	(void)state;
	assert_true(run->common.quiet);
	assert_true(run->dry_run);
	assert_string_equal(run->stream, "etc");
	assert_string_equal(run->common.repo, "file:///r");
}

static void test_cmd_parse__common_options_before_the_verb(void **state)
{
	CLEANUP(parsed_release) struct parsed p;
	const struct sample_run *run =
		parse_run(&p, "--json -r file:///r run --quiet job");

	(void)state;
	assert_true(run->common.json);
	assert_true(run->common.quiet);
	assert_string_equal(run->common.repo, "file:///r");
	assert_operands(&p, "job|");
}

static void test_cmd_parse__options_and_operands_mixed(void **state)
{
	CLEANUP(parsed_release) struct parsed p;
	const struct sample_run *run = parse_run(&p, "run a --json b -x c d");

	(void)state;
	assert_true(run->common.json);
	assert_string_equal(strings_at(&run->exclude, 0), "c");
	assert_operands(&p, "a|b|d|");
}

static void test_cmd_parse__double_dash_ends_options(void **state)
{
	CLEANUP(parsed_release) struct parsed p;
	const struct sample_run *run = parse_run(&p, "run --json -- --quiet -x -- -");

	(void)state;
	assert_true(run->common.json);
	assert_false(run->common.quiet);
	assert_operands(&p, "--quiet|-x|--|-|");
}

static void test_cmd_parse__a_single_dash_is_an_operand(void **state)
{
	CLEANUP(parsed_release) struct parsed p;

	(void)state;
	parse_run(&p, "run -");
	assert_operands(&p, "-|");
}

static void test_cmd_parse__lists_are_collected(void **state)
{
	CLEANUP(parsed_release) struct parsed p;
	const struct sample_run *run = parse_run(&p, "run --exclude a -xb --exclude=c");

	(void)state;
	assert_int_equal(strings_count(&run->exclude), 3);
	assert_string_equal(strings_at(&run->exclude, 0), "a");
	assert_string_equal(strings_at(&run->exclude, 2), "c");
}

static void test_cmd_parse__optional_value_only_behind_equals(void **state)
{
	CLEANUP(parsed_release) struct parsed alone;
	CLEANUP(parsed_release) struct parsed with;
	const struct sample_run *run = parse_run(&alone, "run --read-data 5%");

	(void)state;
	assert_string_equal(run->read_data, "");
	assert_true(run->read_data_given);
	assert_operands(&alone, "5%|");
	run = parse_run(&with, "run --read-data=5%");
	assert_string_equal(run->read_data, "5%");
}

static void test_cmd_parse__two_word_verbs(void **state)
{
	CLEANUP(parsed_release) struct parsed p;

	(void)state;
	parse(&p, "key --json add --role reader NAME");
	assert_int_equal(p.failed, 0);
	assert_ptr_equal(p.line.cmd, &SAMPLE_CMD_KEY_ADD);
	assert_true(((struct sample_key_add *)p.line.options)->common.json);
	assert_operands(&p, "NAME|");
}

static void test_cmd_parse__files_take_the_operands(void **state)
{
	CLEANUP(parsed_release) struct parsed p;
	const struct sample_run *run = parse_run(&p, "run --files /etc --json /srv");

	(void)state;
	assert_true(run->files);
	assert_true(run->common.json);
	assert_operands(&p, "/etc|/srv|");
}

static void test_cmd_parse__environment_fills_what_is_absent(void **state)
{
	CLEANUP(parsed_release) struct parsed p;
	const struct sample_run *run;

	(void)state;
	assert_int_equal(setenv("QUIPU_SAMPLE_REPO", "file:///env", 1), 0);
	assert_int_equal(setenv("QUIPU_SAMPLE_JSON", "yes", 1), 0);
	run = parse_run(&p, "run");
	assert_int_equal(unsetenv("QUIPU_SAMPLE_REPO"), 0);
	assert_int_equal(unsetenv("QUIPU_SAMPLE_JSON"), 0);
	assert_string_equal(run->common.repo, "file:///env");
	assert_true(run->common.repo_given);
	assert_true(run->common.json);
}

static void test_cmd_parse__argv_wins_over_the_environment(void **state)
{
	CLEANUP(parsed_release) struct parsed p;
	const struct sample_run *run;

	(void)state;
	assert_int_equal(setenv("QUIPU_SAMPLE_REPO", "file:///env", 1), 0);
	run = parse_run(&p, "run --repo file:///argv");
	assert_int_equal(unsetenv("QUIPU_SAMPLE_REPO"), 0);
	assert_string_equal(run->common.repo, "file:///argv");
}

static void test_cmd_parse__an_empty_variable_is_absent(void **state)
{
	CLEANUP(parsed_release) struct parsed p;
	const struct sample_run *run;

	(void)state;
	assert_int_equal(setenv("QUIPU_SAMPLE_REPO", "", 1), 0);
	run = parse_run(&p, "run");
	assert_int_equal(unsetenv("QUIPU_SAMPLE_REPO"), 0);
	assert_null(run->common.repo);
}

static void test_cmd_parse__names_a_wrong_variable(void **state)
{
	(void)state;
	assert_int_equal(setenv("QUIPU_SAMPLE_JSON", "maybe", 1), 0);
	assert_refused("run", "QUIPU_SAMPLE_JSON: maybe is not one of yes, no", "");
	assert_int_equal(unsetenv("QUIPU_SAMPLE_JSON"), 0);
}

static void test_cmd_parse__names_a_wrong_value(void **state)
{
	CLEANUP(parsed_release) struct parsed p;

	(void)state;
	parse(&p, "run --threads 0");
	assert_int_equal(p.failed, -1);
	assert_int_equal(p.err.code, ERR_USAGE);
	assert_non_null(strstr(p.err.msg, "run: --threads: expected 1 to 256"));
}

static void test_cmd_parse__two_takers_exclude_each_other(void **state)
{
	(void)state;
	assert_refused("run --files --command true x",
		       "run: --files and --command exclude each other", "");
}

static void test_cmd_parse__needs_a_verb(void **state)
{
	(void)state;
	assert_refused("--json", "a verb is missing: one of run, show, key",
		       "see quipu-sample --help");
	assert_refused("key", "key: a second word is missing: one of list, add",
		       "see quipu-sample --help");
}

static void test_cmd_parse__counts_operands(void **state)
{
	(void)state;
	assert_refused("show", "show: expected SNAPSHOT [PATH], got 0 operands",
		       "usage: quipu-sample show [OPTION...] SNAPSHOT [PATH]");
	assert_refused("show a b c", "show: unexpected operand c",
		       "usage: quipu-sample show [OPTION...] SNAPSHOT [PATH]");
	assert_refused("show --part 1/2 a b", "show: unexpected operand b",
		       "write --part=1/2 if that is its value");
	assert_refused("show --part -- a b c", "show: unexpected operand c",
		       "usage: quipu-sample show [OPTION...] SNAPSHOT [PATH]");
	assert_refused("key list x", "key list: unexpected operand x",
		       "usage: quipu-sample key list [OPTION...]");
}

static void assert_shows(const char *line, const char *start, const char *inside)
{
	CLEANUP(parsed_release) struct parsed p;

	parse(&p, line);
	if (p.failed < 0)
		fail_msg("%s: %s", line, p.err.msg);
	assert_int_equal(p.line.outcome, CMD_HELP_SHOWN);
	assert_null(p.line.cmd);
	assert_int_equal(strncmp(buf_string(&p.line.text), start, strlen(start)), 0);
	assert_non_null(strstr(buf_string(&p.line.text), inside));
}

static void test_cmd_parse__help_is_everywhere(void **state)
{
	(void)state;
	assert_shows("--help", "usage: quipu-sample VERB", "key add");
	assert_shows("-h", "usage: quipu-sample VERB", "key add");
	assert_shows("help", "usage: quipu-sample VERB", "key add");
	assert_shows("run --help", "usage: quipu-sample run ", "--stream NAME");
	assert_shows("--help run", "usage: quipu-sample run ", "--stream NAME");
	assert_shows("help key add", "usage: quipu-sample key add ", "--role ROLE");
	assert_shows("key --help", "usage: quipu-sample key VERB", "key list");
}

static void test_cmd_parse__help_among_wrong_values_and_missing_operands(void **state)
{
	(void)state;
	assert_shows("show --help", "usage: quipu-sample show ", "SNAPSHOT");
	assert_shows("run --threads x -h", "usage: quipu-sample run ", "--threads N");
}

static void test_cmd_parse__version_is_everywhere(void **state)
{
	(void)state;
	assert_shows("--version", "quipu-sample 1.2.3\n", "");
	assert_shows("show -V", "quipu-sample 1.2.3\n", "");
}

static void test_cmd_parse__generates_texts(void **state)
{
	(void)state;
	assert_shows("--generate man", ".TH \"QUIPU\\-SAMPLE\" 1", ".SH VERBS");
	assert_shows("key add --generate=man", ".TH \"QUIPU\\-SAMPLE\\-KEY\\-ADD\" 1",
		     "role");
	assert_shows("--generate bash", "# Completion of quipu-sample for bash",
		     "complete");
	assert_shows("--generate zsh", "#compdef quipu-sample\n", "_arguments");
	assert_shows("--generate fish", "# Completion of quipu-sample for fish",
		     "complete");
	assert_shows("--generate tables", "-\trepo\tr\ttext\tURL\tQUIPU_SAMPLE_REPO\n",
		     "\nrun\tthreads\t-\tcount\tN\t-\n");
	assert_shows("--generate verbs", "run\n", "key add\n");
}

static void test_cmd_parse__refuses_to_generate_something_else(void **state)
{
	(void)state;
	assert_refused("--generate html",
		       "--generate: html is not one of man|bash|zsh|fish|tables|verbs",
		       "");
}

static void test_cmd_parse__man_takes_further_text_from_a_file(void **state)
{
	CLEANUP(mem_freep) char *path = path_join(*state, "extra.md");
	CLEANUP(mem_freep) char *line = mem_printf("run --generate man:%s", path);
	struct err err = {0};

	assert_int_equal(file_write(path, slice_of_string("## FILES\n\nNone.\n"), 0600,
				    FILE_CREATE, &err),
			 0);
	assert_shows(line, ".TH", "\n.SH \"FILES\"\n");
}

static void test_cmd_parse__man_names_a_missing_file(void **state)
{
	CLEANUP(parsed_release) struct parsed p;

	(void)state;
	parse(&p, "--generate man:/nonexistent/x.md");
	assert_int_equal(p.failed, -1);
	assert_string_equal(p.err.msg,
			    "cannot open /nonexistent/x.md: No such file or directory");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cmd_parse__starts_from_zero),
		cmocka_unit_test(test_cmd_parse__long_options_both_ways),
		cmocka_unit_test(test_cmd_parse__letters_joined_and_with_values),
		cmocka_unit_test(test_cmd_parse__common_options_before_the_verb),
		cmocka_unit_test(test_cmd_parse__options_and_operands_mixed),
		cmocka_unit_test(test_cmd_parse__double_dash_ends_options),
		cmocka_unit_test(test_cmd_parse__a_single_dash_is_an_operand),
		cmocka_unit_test(test_cmd_parse__lists_are_collected),
		cmocka_unit_test(test_cmd_parse__optional_value_only_behind_equals),
		cmocka_unit_test(test_cmd_parse__two_word_verbs),
		cmocka_unit_test(test_cmd_parse__files_take_the_operands),
		cmocka_unit_test(test_cmd_parse__environment_fills_what_is_absent),
		cmocka_unit_test(test_cmd_parse__argv_wins_over_the_environment),
		cmocka_unit_test(test_cmd_parse__an_empty_variable_is_absent),
		cmocka_unit_test(test_cmd_parse__names_a_wrong_variable),
		cmocka_unit_test(test_cmd_parse__names_a_wrong_value),
		cmocka_unit_test(test_cmd_parse__two_takers_exclude_each_other),
		cmocka_unit_test(test_cmd_parse__needs_a_verb),
		cmocka_unit_test(test_cmd_parse__counts_operands),
		cmocka_unit_test(test_cmd_parse__help_is_everywhere),
		cmocka_unit_test(
			test_cmd_parse__help_among_wrong_values_and_missing_operands),
		cmocka_unit_test(test_cmd_parse__version_is_everywhere),
		cmocka_unit_test(test_cmd_parse__generates_texts),
		cmocka_unit_test(test_cmd_parse__refuses_to_generate_something_else),
		tempdir_test(test_cmd_parse__man_takes_further_text_from_a_file),
		cmocka_unit_test(test_cmd_parse__man_names_a_missing_file),
	};

	return cmocka_run_group_tests_name("base/cmd_parse", tests, NULL, NULL);
}
