/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "support/value_build.h"

/* A document as a TOML parser would make it, with one [[job]], and one as of JSON. */
struct fixture {
	struct value *root, *json;
	const struct value *job;
};

static int setup(void **state)
{
	static struct fixture f;

	f.root = value_new_table();
	value_set_origin(f.root, "jobs.toml", ERR_USAGE);
	value_set_span(f.root, (struct value_span){1, 1, 9, 1});

	struct value *jobs = value_set(f.root, "job", value_new_array());
	struct value *job = value_push(jobs, value_new_table());
	struct value *stream = value_set(job, "stream", value_new_int(5));

	value_set_span(job, (struct value_span){6, 1, 9, 1});
	value_set_span(stream, (struct value_span){7, 10, 7, 11});
	f.job = job;

	f.json = value_new_table();
	value_set_origin(f.json, "quipu.json", ERR_CORRUPT);

	struct value *list = value_set(f.json, "list", value_new_array());

	value_push(list, value_new_bool(true));
	value_set(value_push(list, value_new_table()), "a key", value_new_double(1.5));
	*state = &f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	value_free(f->root);
	value_free(f->json);
	return 0;
}

static void test_value_get_text__names_place_and_path(void **state)
{
	struct fixture *f = *state;
	const char *text = "untouched";
	struct err err = {0};

	assert_int_equal(value_get_text(f->job, "stream", &text, &err), -1);
	assert_int_equal(err.code, ERR_USAGE);
	assert_string_equal(
		err.msg,
		"jobs.toml:7:10: job.stream: expected a string, found an integer");
	assert_string_equal(text, "untouched");
}

static void test_value_get_text__names_the_table_without_the_key(void **state)
{
	struct fixture *f = *state;
	const char *text;
	struct err err = {0};

	assert_int_equal(value_get_text(f->job, "name", &text, &err), -1);
	assert_string_equal(err.msg, "jobs.toml:6:1: job: key \"name\" is missing");
	assert_int_equal(value_get_text(f->root, "name", &text, &err), -1);
	assert_string_equal(err.msg, "jobs.toml:1:1: key \"name\" is missing");
}

static void test_value_get_text__wants_a_table(void **state)
{
	struct fixture *f = *state;
	const char *text;
	struct err err = {0};

	assert_int_equal(value_get_text(value_get(f->job, "stream"), "name", &text, &err),
			 -1);
	assert_string_equal(
		err.msg,
		"jobs.toml:7:10: job.stream: expected a table, found an integer");
}

static void test_value_error__counts_elements_without_lines(void **state)
{
	struct fixture *f = *state;
	const struct value *entry = value_at(value_get(f->json, "list"), 1);
	bool flag;
	struct err err = {0};

	assert_int_equal(value_as_bool(value_get(entry, "a key"), &flag, &err), -1);
	assert_int_equal(err.code, ERR_CORRUPT);
	assert_string_equal(err.msg, "quipu.json: list[1].\"a key\": expected a boolean, "
				     "found a number");
}

static void test_value_error__quotes_the_file_name(void **state)
{
	struct value *root = value_new_int(1);
	struct err err = {0};

	(void)state;
	value_set_origin(root, "a\nb", ERR_CORRUPT);
	assert_int_equal(value_error(root, &err, "number %d", 7), -1);
	assert_string_equal(err.msg, "\"a\\nb\": number 7");
	value_free(root);
}

static void test_value_error__works_without_any_place(void **state)
{
	struct value *root = value_new_int(1);
	struct err err = {0};

	(void)state;
	assert_int_equal(value_expect(root, VALUE_TABLE, &err), -1);
	assert_int_equal(err.code, ERR_FAILED);
	assert_string_equal(err.msg, "expected a table, found an integer");
	value_free(root);
}

static void test_value_place__is_cut(void **state)
{
	struct value *root = value_new_table();
	struct value *leaf = root;
	char place[VALUE_PLACE_MAX];

	(void)state;
	for (int i = 0; i < 60; i++)
		leaf = value_set(leaf, "some-key", value_new_table());
	assert_ptr_equal(value_place(leaf, place), place);
	assert_int_equal(strlen(place), VALUE_PLACE_MAX - 1);
	assert_string_equal(place + VALUE_PLACE_MAX - 4, "...");
	value_free(root);
}

static void test_value_as_uint__refuses_negative(void **state)
{
	struct value *value = value_new_int(-3);
	uint64_t v = 9;
	struct err err = {0};

	(void)state;
	assert_int_equal(value_as_uint(value, &v, &err), -1);
	assert_string_equal(err.msg, "expected 0 or more, found -3");
	assert_int_equal(v, 9);
	value_free(value);
}

static void test_value_as__refuses_other_types(void **state)
{
	struct value *value = value_new_null();
	struct slice bytes;
	uint64_t count;
	bool flag;
	struct err err = {0};

	(void)state;
	assert_int_equal(value_as_uint(value, &count, &err), -1);
	assert_string_equal(err.msg, "expected an integer, found null");
	assert_int_equal(value_as_bytes(value, &bytes, &err), -1);
	assert_string_equal(err.msg, "expected a string, found null");
	assert_int_equal(value_as_bool(value, &flag, &err), -1);
	assert_string_equal(err.msg, "expected a boolean, found null");
	value_free(value);
}

static void test_value_get__names_absent_keys(void **state)
{
	struct value *table = value_new_table();
	const struct value *child;
	int64_t integer;
	uint64_t count;
	struct err err = {0};

	(void)state;
	assert_int_equal(value_get_int(table, "i", &integer, &err), -1);
	assert_string_equal(err.msg, "key \"i\" is missing");
	assert_int_equal(value_get_uint(table, "u", &count, &err), -1);
	assert_string_equal(err.msg, "key \"u\" is missing");
	assert_int_equal(value_get_array(table, "a", &child, &err), -1);
	assert_string_equal(err.msg, "key \"a\" is missing");
	value_free(table);
}

static void test_value_as_double__takes_integers(void **state)
{
	struct value *value = value_new_int(-3);
	struct value *text = value_new_string("1.5");
	double v = 0;
	struct err err = {0};

	(void)state;
	assert_int_equal(value_as_double(value, &v, &err), 0);
	assert_true(v == -3.0);
	assert_int_equal(value_as_double(text, &v, &err), -1);
	assert_string_equal(err.msg, "expected a number, found a string");
	value_free(value);
	value_free(text);
}

static void test_value_as_text__refuses_nul(void **state)
{
	struct value *value = value_new_text(slice_of("a\0b", 3));
	const char *text;
	struct slice bytes;
	struct err err = {0};

	(void)state;
	assert_int_equal(value_as_text(value, &text, &err), -1);
	assert_string_equal(err.msg, "expected a string without NUL characters");
	assert_int_equal(value_as_bytes(value, &bytes, &err), 0);
	assert_true(slice_equal(bytes, slice_of("a\0b", 3)));
	value_free(value);
}

static void test_value_get__reads_every_type(void **state)
{
	struct value *table = value_new_table();
	const struct value *child;
	const char *text;
	int64_t integer;
	uint64_t count;
	bool flag;
	struct err err = {0};

	(void)state;
	value_set(table, "text", value_new_string("abc"));
	value_set(table, "int", value_new_int(INT64_MIN));
	value_set(table, "count", value_new_int(INT64_MAX));
	value_set(table, "flag", value_new_bool(true));
	value_set(table, "array", value_new_array());
	value_set(table, "table", value_new_table());
	assert_int_equal(value_get_text(table, "text", &text, &err), 0);
	assert_string_equal(text, "abc");
	assert_int_equal(value_get_int(table, "int", &integer, &err), 0);
	assert_true(integer == INT64_MIN);
	assert_int_equal(value_get_uint(table, "count", &count, &err), 0);
	assert_true(count == INT64_MAX);
	assert_int_equal(value_as_bool(value_get(table, "flag"), &flag, &err), 0);
	assert_true(flag);
	assert_int_equal(value_get_array(table, "array", &child, &err), 0);
	assert_int_equal(value_type(child), VALUE_ARRAY);
	assert_int_equal(value_get_table(table, "table", &child, &err), 0);
	assert_int_equal(value_type(child), VALUE_TABLE);
	assert_int_equal(value_get_table(table, "array", &child, &err), -1);
	assert_string_equal(err.msg, "array: expected a table, found an array");
	value_free(table);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_value_get_text__names_place_and_path),
		TEST(test_value_get_text__names_the_table_without_the_key),
		TEST(test_value_get_text__wants_a_table),
		TEST(test_value_error__counts_elements_without_lines),
		TEST(test_value_error__quotes_the_file_name),
		TEST(test_value_error__works_without_any_place),
		TEST(test_value_place__is_cut),
		TEST(test_value_as_uint__refuses_negative),
		TEST(test_value_as__refuses_other_types),
		TEST(test_value_get__names_absent_keys),
		TEST(test_value_as_double__takes_integers),
		TEST(test_value_as_text__refuses_nul),
		TEST(test_value_get__reads_every_type),
	};

	return cmocka_run_group_tests_name("value_read", tests, NULL, NULL);
}
