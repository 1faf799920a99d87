/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "format/json.h"

static struct value *parse(const char *text)
{
	struct value *value = NULL;
	struct err err = {0};

	if (json_parse(slice_of_string(text), "f.json", 1000, &value, &err) < 0)
		print_error("%s\n", err.msg);
	assert_non_null(value);
	return value;
}

static void check_refused(const char *text, const char *message)
{
	struct value *value = NULL;
	struct err err = {0};

	assert_int_equal(json_parse(slice_of_string(text), "f.json", 1000, &value, &err),
			 -1);
	assert_int_equal(err.code, ERR_CORRUPT);
	assert_string_equal(err.msg, message);
	assert_null(value);
}

static void test_json_parse__reads_every_type(void **state)
{
	struct value *root =
		parse("{\"n\": null, \"t\": true, \"f\": false, \"i\": -5,"
		      " \"d\": 2.5, \"s\": \"a\\u00e9\\n\", \"a\": [1, [2]]}");
	const struct value *array;
	const char *text;
	double real;
	bool flag;
	int64_t integer;
	struct err err = {0};

	(void)state;
	assert_int_equal(value_type(value_get(root, "n")), VALUE_NULL);
	assert_int_equal(value_as_bool(value_get(root, "t"), &flag, &err), 0);
	assert_true(flag);
	assert_int_equal(value_as_bool(value_get(root, "f"), &flag, &err), 0);
	assert_false(flag);
	assert_int_equal(value_get_int(root, "i", &integer, &err), 0);
	assert_int_equal(integer, -5);
	assert_int_equal(value_as_double(value_get(root, "d"), &real, &err), 0);
	assert_true(real == 2.5);
	assert_int_equal(value_get_text(root, "s", &text, &err), 0);
	assert_string_equal(text, "a\xc3\xa9\n");
	assert_int_equal(value_get_array(root, "a", &array, &err), 0);
	assert_int_equal(value_count(array), 2);
	assert_int_equal(value_count(value_at(array, 1)), 1);
	value_free(root);
}

static void test_json_parse__keeps_order_of_keys(void **state)
{
	struct value *root = parse("{\"z\":1,\"a\":2,\"m\":3,\"b\":4}");

	(void)state;
	assert_string_equal(value_key(root, 0), "z");
	assert_string_equal(value_key(root, 1), "a");
	assert_string_equal(value_key(root, 2), "m");
	assert_string_equal(value_key(root, 3), "b");
	value_free(root);
}

static void test_json_parse__integers_are_exact(void **state)
{
	struct value *root = parse("[9223372036854775807, -9223372036854775808]");
	int64_t v;
	struct err err = {0};

	(void)state;
	assert_int_equal(value_as_int(value_at(root, 0), &v, &err), 0);
	assert_true(v == INT64_MAX);
	assert_int_equal(value_as_int(value_at(root, 1), &v, &err), 0);
	assert_true(v == INT64_MIN);
	value_free(root);
}

static void test_json_parse__takes_any_value_as_document(void **state)
{
	struct value *root = parse(" 7 ");

	(void)state;
	assert_int_equal(value_type(root), VALUE_INT);
	assert_string_equal(value_file(root), "f.json");
	value_free(root);
}

static void test_json_parse__refuses_syntax_errors(void **state)
{
	(void)state;
	check_refused("", "f.json:1:1: the document is empty");
	check_refused("{\n \"a\": 1", "f.json:2:7: the document ends too early");
	check_refused("{\n \"a\": }", "f.json:2:7: invalid JSON");
	check_refused("[1,]", "f.json:1:4: invalid JSON");
	check_refused("[01]", "f.json:1:2: invalid JSON");
	check_refused("// x\n1", "f.json:1:1: invalid JSON");
	check_refused("1 2", "f.json:1:3: expected the end of the document");
}

static void test_json_parse__refuses_duplicate_keys(void **state)
{
	(void)state;
	check_refused("{\"a\": 1, \"a\": 2}", "f.json:1:12: duplicate key");
}

static void test_json_parse__refuses_large_numbers(void **state)
{
	(void)state;
	check_refused("[9223372036854775808]",
		      "f.json:1:20: the number exceeds its range (64-bit integers, "
		      "double precision)");
	check_refused("[1e999]",
		      "f.json:1:6: the number exceeds its range (64-bit integers, "
		      "double precision)");
}

static void test_json_parse__refuses_bad_strings(void **state)
{
	(void)state;
	check_refused("\"\xff\"", "f.json:1:1: invalid UTF-8");
	check_refused("\"\\u0000\"", "f.json:1:8: NUL characters are not accepted");
	check_refused("{\"\\u0000\": 1}", "f.json:1:9: NUL characters are not accepted");
	check_refused("\"\\ud800\"", "f.json:1:8: invalid JSON");
}

static void test_json_parse__error_holds_no_input(void **state)
{
	struct value *value = NULL;
	struct err err = {0};

	(void)state;
	assert_int_equal(json_parse(slice_of_string("{\"key\": secret}"), "f.json", 1000,
				    &value, &err),
			 -1);
	assert_null(strstr(err.msg, "secret"));
	assert_string_equal(err.hint, "");
}

static void test_json_parse__bounds_nesting(void **state)
{
	char text[140];
	struct value *value = NULL;
	struct err err = {0};

	(void)state;
	memset(text, '[', 64);
	memset(text + 64, ']', 64);
	text[128] = '\0';
	value_free(parse(text));
	memset(text, '[', 65);
	assert_int_equal(json_parse(slice_of(text, 65), "f.json", 1000, &value, &err),
			 -1);
	assert_string_equal(err.msg, "f.json:1:65: nesting exceeds 64 levels");
}

static void test_json_parse__brackets_in_strings_do_not_nest(void **state)
{
	char text[150];

	(void)state;
	memset(text, '[', 140);
	text[0] = '"';
	text[1] = '\\';
	text[2] = '"';
	text[139] = '"';
	text[140] = '\0';

	struct value *root = parse(text);

	assert_int_equal(value_type(root), VALUE_STRING);
	value_free(root);
}

static void test_json_parse__keeps_the_limit(void **state)
{
	struct value *value = NULL;
	struct err err = {0};

	(void)state;
	assert_int_equal(json_parse(slice_of_string("[1, 2]"), "f.json", 5, &value, &err),
			 -1);
	assert_int_equal(err.code, ERR_LIMIT);
	assert_string_equal(err.msg, "f.json: 6 bytes exceed the limit of 5");
}

static void test_json_parse__blames_the_document(void **state)
{
	struct value *root = parse("{\"payload\": 1}");
	const char *text;
	struct err err = {0};

	(void)state;
	assert_int_equal(value_get_text(root, "payload", &text, &err), -1);
	assert_int_equal(err.code, ERR_CORRUPT);
	assert_string_equal(err.msg,
			    "f.json: payload: expected a string, found an integer");
	value_free(root);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_json_parse__reads_every_type),
		cmocka_unit_test(test_json_parse__keeps_order_of_keys),
		cmocka_unit_test(test_json_parse__integers_are_exact),
		cmocka_unit_test(test_json_parse__takes_any_value_as_document),
		cmocka_unit_test(test_json_parse__refuses_syntax_errors),
		cmocka_unit_test(test_json_parse__refuses_duplicate_keys),
		cmocka_unit_test(test_json_parse__refuses_large_numbers),
		cmocka_unit_test(test_json_parse__refuses_bad_strings),
		cmocka_unit_test(test_json_parse__error_holds_no_input),
		cmocka_unit_test(test_json_parse__bounds_nesting),
		cmocka_unit_test(test_json_parse__brackets_in_strings_do_not_nest),
		cmocka_unit_test(test_json_parse__keeps_the_limit),
		cmocka_unit_test(test_json_parse__blames_the_document),
	};

	return cmocka_run_group_tests_name("json", tests, NULL, NULL);
}
