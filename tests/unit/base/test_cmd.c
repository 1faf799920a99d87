/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/cmd_internal.h"
#include "support/cmd_sample.h"

static const struct opt *option(const struct cmd *cmd, const char *name)
{
	return cmd_find_option(&SAMPLE_PROGRAM, cmd, slice_of_string(name));
}

static void test_cmd_find_option__knows_own_and_common_ones(void **state)
{
	(void)state;
	assert_ptr_equal(option(&SAMPLE_CMD_RUN, "stream"), &SAMPLE_RUN[0]);
	assert_ptr_equal(option(&SAMPLE_CMD_RUN, "repo"), &SAMPLE_COMMON[0]);
	assert_ptr_equal(option(NULL, "repo"), &SAMPLE_COMMON[0]);
	assert_ptr_equal(option(NULL, "help"), &CMD_OPT_HELP);
	assert_ptr_equal(option(NULL, "generate"), &CMD_OPT_GENERATE);
	assert_null(option(NULL, "stream"));
	assert_null(option(&SAMPLE_CMD_SHOW, "stream"));
}

static void test_cmd_find_option__takes_no_abbreviation(void **state)
{
	(void)state;
	assert_null(option(&SAMPLE_CMD_RUN, "strea"));
	assert_null(option(&SAMPLE_CMD_RUN, "streams"));
	assert_null(option(&SAMPLE_CMD_RUN, ""));
}

static void test_cmd_find_letter__knows_own_and_common_ones(void **state)
{
	(void)state;
	assert_ptr_equal(cmd_find_letter(&SAMPLE_PROGRAM, &SAMPLE_CMD_RUN, 's'),
			 &SAMPLE_RUN[0]);
	assert_ptr_equal(cmd_find_letter(&SAMPLE_PROGRAM, NULL, 'V'), &CMD_OPT_VERSION);
	assert_null(cmd_find_letter(&SAMPLE_PROGRAM, NULL, 's'));
}

static void test_cmd_is_group__is_the_first_of_two_words(void **state)
{
	(void)state;
	assert_true(cmd_is_group(&SAMPLE_PROGRAM, "key"));
	assert_false(cmd_is_group(&SAMPLE_PROGRAM, "ke"));
	assert_false(cmd_is_group(&SAMPLE_PROGRAM, "run"));
	assert_false(cmd_is_group(&SAMPLE_PROGRAM, "key add"));
}

static void test_cmd_word_summary__lists_a_groups_verbs(void **state)
{
	CLEANUP(buf_release) struct buf text = {0};

	(void)state;
	buf_init(&text, 0);
	cmd_word_summary(&SAMPLE_PROGRAM, "key", &text);
	buf_append_byte(&text, '|');
	cmd_word_summary(&SAMPLE_PROGRAM, "key add", &text);
	assert_string_equal(buf_string(&text), "list, add|add a key");
}

static void assert_form(const char *name, const char *form, const char *limits)
{
	CLEANUP(buf_release) struct buf text = {0};
	CLEANUP(buf_release) struct buf more = {0};
	const struct opt *opt = option(&SAMPLE_CMD_RUN, name);

	if (opt == NULL)
		opt = option(&SAMPLE_CMD_KEY_ADD, name);
	buf_init(&text, 0);
	buf_init(&more, 0);
	cmd_option_form(opt, &text);
	cmd_option_limits(opt, &more);
	assert_string_equal(buf_string(&text), form);
	assert_string_equal(buf_string(&more), limits);
}

static void test_cmd_option_form__shows_what_may_follow(void **state)
{
	(void)state;
	assert_form("json", "--json", "");
	assert_form("repo", "--repo URL", "");
	assert_form("read-data", "--read-data[=P%|N/M]", "");
	assert_form("files", "--files PATH...", "");
	assert_form("exclude", "--exclude PATTERN", "may be repeated");
	assert_form("memory", "--memory SIZE", "at least 4KiB");
	assert_form("limit-upload", "--limit-upload RATE",
		    "at least 1000/s, at most 1GiB/s");
	assert_form("threads", "--threads N", "1 to 256");
	assert_form("role", "--role ROLE", "one of reader, writer");
}

static void test_cmd_wants_json__looks_before_the_double_dash(void **state)
{
	char program[] = "--json", json[] = "--json", dashes[] = "--", word[] = "x";
	char *const with[] = {program, word, json, NULL};
	char *const after[] = {program, dashes, json, NULL};

	(void)state;
	assert_true(cmd_wants_json(3, with));
	assert_false(cmd_wants_json(2, with));
	assert_false(cmd_wants_json(3, after));
	assert_false(cmd_wants_json(0, with));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cmd_find_option__knows_own_and_common_ones),
		cmocka_unit_test(test_cmd_find_option__takes_no_abbreviation),
		cmocka_unit_test(test_cmd_find_letter__knows_own_and_common_ones),
		cmocka_unit_test(test_cmd_is_group__is_the_first_of_two_words),
		cmocka_unit_test(test_cmd_word_summary__lists_a_groups_verbs),
		cmocka_unit_test(test_cmd_option_form__shows_what_may_follow),
		cmocka_unit_test(test_cmd_wants_json__looks_before_the_double_dash),
	};

	return cmocka_run_group_tests_name("base/cmd", tests, NULL, NULL);
}
