/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/cmd_internal.h"
#include "support/cmd_sample.h"

struct values {
	struct sample_run run;
	struct err err;
};

static void values_init(struct values *v)
{
	*v = (struct values){0};
	cmd_values_init(&SAMPLE_PROGRAM, &SAMPLE_CMD_RUN, &v->run);
}

static void values_release(struct values *v)
{
	strings_release(&v->run.exclude);
}

static int set(struct values *v, const char *name, const char *text)
{
	const struct opt *opt =
		cmd_find_option(&SAMPLE_PROGRAM, &SAMPLE_CMD_RUN, slice_of_string(name));

	return cmd_value_set(opt, name, text, &v->run, &v->err);
}

static void test_cmd_value_set__numbers(void **state)
{
	CLEANUP(values_release) struct values v;

	(void)state;
	values_init(&v);
	assert_int_equal(set(&v, "memory", "1048576"), 0);
	assert_int_equal(set(&v, "limit-upload", "1000"), 0);
	assert_int_equal(set(&v, "threads", "256"), 0);
	assert_int_equal(v.run.memory, 1048576);
	assert_int_equal(v.run.limit_upload, 1000);
	assert_int_equal(v.run.threads, 256);
}

static void test_cmd_value_set__numbers_with_units(void **state)
{
	CLEANUP(values_release) struct values v;

	(void)state;
	values_init(&v);
	assert_int_equal(set(&v, "memory", "64MiB"), 0);
	assert_int_equal(set(&v, "max-age", "24h"), 0);
	assert_int_equal(set(&v, "limit-upload", "10MiB/s"), 0);
	assert_int_equal(v.run.memory, 64 * 1024 * 1024);
	assert_int_equal(v.run.max_age, 24 * 3600);
	assert_int_equal(v.run.limit_upload, 10 * 1024 * 1024);
}

static void assert_out_of_bounds(const char *name, const char *text, const char *expected)
{
	CLEANUP(values_release) struct values v;

	values_init(&v);
	assert_int_equal(set(&v, name, text), -1);
	assert_int_equal(v.err.code, ERR_USAGE);
	assert_string_equal(v.err.msg, expected);
}

static void test_cmd_value_set__sizes_and_rates_have_bounds(void **state)
{
	(void)state;
	assert_out_of_bounds("memory", "1", "memory: expected at least 4KiB, found 1");
	assert_out_of_bounds(
		"limit-upload", "0",
		"limit-upload: expected at least 1000/s, at most 1GiB/s, found 0");
	assert_out_of_bounds(
		"limit-upload", "2G",
		"limit-upload: expected at least 1000/s, at most 1GiB/s, found 2G");
}

static void test_cmd_value_set__time(void **state)
{
	CLEANUP(values_release) struct values v;

	(void)state;
	values_init(&v);
	assert_int_equal(set(&v, "before", "1970-01-01T00:00:01Z"), 0);
	assert_int_equal(v.run.before, 1000000000);
	assert_true(v.run.before_given);
}

static void test_cmd_value_set__names_the_option(void **state)
{
	static const char *const NAMES[] = {"memory", "limit-upload", "max-age",
					    "threads", "before"};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(NAMES); i++) {
		CLEANUP(values_release) struct values v;

		values_init(&v);
		assert_int_equal(set(&v, NAMES[i], "nonsense"), -1);
		assert_int_equal(v.err.code, ERR_USAGE);
		assert_int_equal(strncmp(v.err.msg, NAMES[i], strlen(NAMES[i])), 0);
		assert_int_equal(v.err.msg[strlen(NAMES[i])], ':');
		assert_false(v.run.before_given);
	}
}

static void test_cmd_value_set__flags_and_texts(void **state)
{
	CLEANUP(values_release) struct values v;

	(void)state;
	values_init(&v);
	assert_int_equal(set(&v, "dry-run", NULL), 0);
	assert_int_equal(set(&v, "stream", ""), 0);
	assert_int_equal(set(&v, "read-data", NULL), 0);
	assert_true(v.run.dry_run);
	assert_string_equal(v.run.stream, "");
	assert_string_equal(v.run.read_data, "");
	assert_true(v.run.read_data_given);
	assert_false(v.run.common.repo_given);
}

static void test_cmd_value_set__refuses_what_is_no_choice(void **state)
{
	struct sample_key_add add = {0};
	const struct opt *role = &SAMPLE_KEY_ADD[0];
	struct err err = {0};

	(void)state;
	assert_int_equal(cmd_value_set(role, "--role", "writer", &add, &err), 0);
	assert_string_equal(add.role, "writer");
	assert_int_equal(cmd_value_set(role, "--role", "writr", &add, &err), -1);
	assert_int_equal(err.code, ERR_USAGE);
	assert_string_equal(err.msg, "--role: writr is not one of reader, writer");
	assert_string_equal(err.hint, "did you mean writer?");
}

static void test_cmd_value_set_env__flags_by_word(void **state)
{
	CLEANUP(values_release) struct values v;
	const struct opt *json = &SAMPLE_COMMON[1];

	(void)state;
	values_init(&v);
	assert_int_equal(cmd_value_set_env(json, "no", &v.run, &v.err), 0);
	assert_false(v.run.common.json);
	assert_int_equal(cmd_value_set_env(json, "true", &v.run, &v.err), 0);
	assert_true(v.run.common.json);
	assert_int_equal(cmd_value_set_env(json, "2", &v.run, &v.err), -1);
	assert_string_equal(v.err.msg, "QUIPU_SAMPLE_JSON: 2 is not one of yes, no");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cmd_value_set__numbers),
		cmocka_unit_test(test_cmd_value_set__numbers_with_units),
		cmocka_unit_test(test_cmd_value_set__sizes_and_rates_have_bounds),
		cmocka_unit_test(test_cmd_value_set__time),
		cmocka_unit_test(test_cmd_value_set__names_the_option),
		cmocka_unit_test(test_cmd_value_set__flags_and_texts),
		cmocka_unit_test(test_cmd_value_set__refuses_what_is_no_choice),
		cmocka_unit_test(test_cmd_value_set_env__flags_by_word),
	};

	return cmocka_run_group_tests_name("base/cmd_value", tests, NULL, NULL);
}
