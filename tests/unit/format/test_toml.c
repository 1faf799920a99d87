/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>

#include "format/toml.h"

static struct value *parse(const char *text)
{
	struct value *value = NULL;
	struct err err = {0};

	if (toml_parse(slice_of_string(text), "jobs.toml", 10000, &value, &err) < 0)
		print_error("%s\n", err.msg);
	assert_non_null(value);
	return value;
}

static void check_refused(const char *text, const char *message)
{
	struct value *value = NULL;
	struct err err = {0};

	assert_int_equal(
		toml_parse(slice_of_string(text), "jobs.toml", 10000, &value, &err), -1);
	assert_int_equal(err.code, ERR_USAGE);
	assert_string_equal(err.msg, message);
	assert_null(value);
}

static void check_span(struct value_span span, uint32_t line, uint32_t column,
		       uint32_t end_line, uint32_t end_column)
{
	assert_int_equal(span.line, line);
	assert_int_equal(span.column, column);
	assert_int_equal(span.end_line, end_line);
	assert_int_equal(span.end_column, end_column);
}

static void test_toml_parse__reads_every_type(void **state)
{
	struct value *root = parse("s = \"a\\tb\"\ni = -5\nd = 2.5\nt = true\nf = false\n"
				   "a = [1, [2]]\nw = { x = 1 }\n");
	const char *text;
	int64_t integer;
	double real;
	bool flag;
	struct err err = {0};

	(void)state;
	assert_int_equal(value_get_text(root, "s", &text, &err), 0);
	assert_string_equal(text, "a\tb");
	assert_int_equal(value_get_int(root, "i", &integer, &err), 0);
	assert_int_equal(integer, -5);
	assert_int_equal(value_as_double(value_get(root, "d"), &real, &err), 0);
	assert_true(real == 2.5);
	assert_int_equal(value_as_bool(value_get(root, "t"), &flag, &err), 0);
	assert_true(flag);
	assert_int_equal(value_as_bool(value_get(root, "f"), &flag, &err), 0);
	assert_false(flag);
	assert_int_equal(value_count(value_get(root, "a")), 2);
	assert_int_equal(value_type(value_get(value_get(root, "w"), "x")), VALUE_INT);
	value_free(root);
}

static void test_toml_parse__reads_dates_as_text(void **state)
{
	struct value *root = parse("a = 1979-05-27\nb = 07:32:00.5\n"
				   "c = 1979-05-27T07:32:00-08:00\n"
				   "d = 1979-05-27 07:32:00Z\n");

	(void)state;
	assert_string_equal(value_datetime(value_get(root, "a")), "1979-05-27");
	assert_string_equal(value_datetime(value_get(root, "b")), "07:32:00.5");
	assert_string_equal(value_datetime(value_get(root, "c")),
			    "1979-05-27T07:32:00-08:00");
	assert_string_equal(value_datetime(value_get(root, "d")), "1979-05-27T07:32:00Z");
	value_free(root);
}

static void test_toml_parse__reads_special_numbers(void **state)
{
	struct value *root = parse("a = inf\nb = nan\nc = 0xff\nd = 1_000\n");
	double real;
	int64_t integer;
	struct err err = {0};

	(void)state;
	assert_int_equal(value_as_double(value_get(root, "a"), &real, &err), 0);
	assert_true(isinf(real));
	assert_int_equal(value_as_double(value_get(root, "b"), &real, &err), 0);
	assert_true(isnan(real));
	assert_int_equal(value_get_int(root, "c", &integer, &err), 0);
	assert_int_equal(integer, 255);
	assert_int_equal(value_get_int(root, "d", &integer, &err), 0);
	assert_int_equal(integer, 1000);
	value_free(root);
}

static void test_toml_parse__keys_are_in_order_of_appearance(void **state)
{
	struct value *root = parse("z = 1\na = 2\n[m]\ny = 1\nb = 2\n[c]\n");

	(void)state;
	assert_int_equal(value_count(root), 4);
	assert_string_equal(value_key(root, 0), "z");
	assert_string_equal(value_key(root, 1), "a");
	assert_string_equal(value_key(root, 2), "m");
	assert_string_equal(value_key(root, 3), "c");
	assert_string_equal(value_key(value_get(root, "m"), 0), "y");
	assert_string_equal(value_key(value_get(root, "m"), 1), "b");
	value_free(root);
}

static void test_toml_parse__array_tables_are_in_order(void **state)
{
	struct value *root = parse("[[job]]\nname = \"b\"\n[[job]]\nname = \"a\"\n");
	const struct value *jobs = value_get(root, "job");
	const char *name;
	struct err err = {0};

	(void)state;
	assert_int_equal(value_count(jobs), 2);
	assert_int_equal(value_get_text(value_at(jobs, 0), "name", &name, &err), 0);
	assert_string_equal(name, "b");
	value_free(root);
}

static void test_toml_parse__tells_where_things_stand(void **state)
{
	struct value *root = parse("first = 1\n[job]\n  name = \"\xc3\xa9\"  # comment\n"
				   "list = [1,\n  22]\n");
	const struct value *job = value_get(root, "job");

	(void)state;
	check_span(value_key_span(root, 0), 1, 1, 1, 6);
	check_span(value_span(value_get(root, "first")), 1, 9, 1, 10);
	check_span(value_key_span(root, 1), 2, 2, 2, 5);
	check_span(value_key_span(job, 0), 3, 3, 3, 7);
	check_span(value_span(value_get(job, "name")), 3, 10, 3, 13);
	check_span(value_span(value_get(job, "list")), 4, 8, 5, 6);
	check_span(value_span(value_at(value_get(job, "list"), 1)), 5, 3, 5, 5);
	assert_string_equal(value_file(job), "jobs.toml");
	value_free(root);
}

static void test_toml_parse__errors_of_getters_have_a_place(void **state)
{
	struct value *root = parse("[[job]]\nname = \"x\"\nstream = 5\n");
	const char *text;
	struct err err = {0};

	(void)state;
	assert_int_equal(value_get_text(value_at(value_get(root, "job"), 0), "stream",
					&text, &err),
			 -1);
	assert_int_equal(err.code, ERR_USAGE);
	assert_string_equal(
		err.msg,
		"jobs.toml:3:10: job.stream: expected a string, found an integer");
	value_free(root);
}

static void test_toml_parse__empty_is_an_empty_table(void **state)
{
	struct value *root = parse("");

	(void)state;
	assert_int_equal(value_type(root), VALUE_TABLE);
	assert_int_equal(value_count(root), 0);
	value_free(root);
}

static void test_toml_parse__refuses_syntax_errors(void **state)
{
	(void)state;
	check_refused("a = ", "jobs.toml:1:5: key-value pair: encountered end-of-file");
	check_refused("a = 1\na = 2\n", "jobs.toml:2:5: key-value pair: cannot redefine "
					"existing integer 'a'");
	check_refused("a = 1 b = 2\n",
		      "jobs.toml:1:7: key-value pair: expected a comment "
		      "or whitespace, saw 'b'");
	check_refused("[job]\n[job]\n", "jobs.toml:2:1: table header: cannot redefine "
					"existing table 'job'");
}

static void test_toml_parse__refuses_what_toml_asserts(void **state)
{
	(void)state;
	check_refused("a = 1\n[ =]\n", "jobs.toml:2:3: unexpected text");
	check_refused("[[[a]]]\n", "jobs.toml:1:3: unexpected text");
	check_refused("[\na]\n", "jobs.toml:1:2: unexpected text");
	check_refused("c = 1979-05-27T`7:32:00\nd = 1\n",
		      "jobs.toml:1:18: unexpected text");
}

static void test_toml_parse__takes_letters_near_the_bom(void **state)
{
	struct value *root = parse("a = \"\"\"\\\n\xef\xbb\x8d\"\"\"\n");
	const char *text;
	struct err err = {0};

	(void)state;
	assert_int_equal(value_get_text(root, "a", &text, &err), 0);
	assert_string_equal(text, "\xef\xbb\x8d");
	value_free(root);
}

static void test_toml_parse__refuses_large_integers(void **state)
{
	(void)state;
	check_refused("a = 9223372036854775808\n",
		      "jobs.toml:1:24: decimal integer: '9223372036854775808' is not "
		      "representable in 64 bits");
}

static void test_toml_parse__refuses_nul_characters(void **state)
{
	(void)state;
	check_refused("a = [\"\\u0000\"]\n",
		      "jobs.toml:1:6: NUL characters are not accepted");
	check_refused("t.\"a\\u0000\" = 1\n",
		      "jobs.toml:1:3: NUL characters are not accepted");
}

static void test_toml_parse__shows_the_line(void **state)
{
	struct value *value = NULL;
	struct err err = {0};

	(void)state;
	assert_int_equal(toml_parse(slice_of_string("a = 1\n[job]\n\tname = tru\n"),
				    "jobs.toml", 10000, &value, &err),
			 -1);
	assert_string_equal(err.hint, "\n 3 |  name = tru\n   |            ^");
}

static void test_toml_parse__message_holds_no_control_characters(void **state)
{
	(void)state;
	check_refused(
		"[t\n",
		"jobs.toml:1:3: table header: expected ']', saw the end of the line");
	check_refused("a = tru\n",
		      "jobs.toml:1:8: expected a value; texts stand in quotes");
}

static void test_toml_parse__says_what_most_mistakes_are(void **state)
{
	(void)state;
	check_refused("a = \"x\nb = 1\n",
		      "jobs.toml:1:7: string: not closed on its line");
	check_refused("a = 'x\n", "jobs.toml:1:7: string: not closed on its line");
	check_refused("a = file:///x\n",
		      "jobs.toml:1:6: expected a value; texts stand in quotes");
	check_refused("a = /x\n",
		      "jobs.toml:1:5: expected a value; texts stand in quotes");
	check_refused("a = inbox\n",
		      "jobs.toml:1:7: expected a value; texts stand in quotes");
	check_refused("a = 64MiB\n",
		      "jobs.toml:1:7: expected a value; texts stand in quotes");
}

static void test_toml_parse__bounds_nested_values(void **state)
{
	char text[128] = "a = ";

	(void)state;
	memset(text + 4, '[', 33);
	memset(text + 37, ']', 33);
	check_refused(text,
		      "jobs.toml:1:37: value: exceeded maximum nested value depth of 32");
}

static void test_toml_parse__bounds_the_tree(void **state)
{
	/* 31 tables of a header, 31 of a key, 3 inline. */
	(void)state;
	check_refused("[a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a]\n"
		      "a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a"
		      " = {a = {a = {a = 1}}}\n",
		      "jobs.toml:2:80: nesting exceeds 64 levels");
}

static void test_toml_parse__keeps_the_limit(void **state)
{
	struct value *value = NULL;
	struct err err = {0};

	(void)state;
	assert_int_equal(
		toml_parse(slice_of_string("a = 1\n"), "jobs.toml", 5, &value, &err), -1);
	assert_int_equal(err.code, ERR_LIMIT);
	assert_string_equal(err.msg, "jobs.toml: 6 bytes exceed the limit of 5");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_toml_parse__reads_every_type),
		cmocka_unit_test(test_toml_parse__reads_dates_as_text),
		cmocka_unit_test(test_toml_parse__reads_special_numbers),
		cmocka_unit_test(test_toml_parse__keys_are_in_order_of_appearance),
		cmocka_unit_test(test_toml_parse__array_tables_are_in_order),
		cmocka_unit_test(test_toml_parse__tells_where_things_stand),
		cmocka_unit_test(test_toml_parse__errors_of_getters_have_a_place),
		cmocka_unit_test(test_toml_parse__empty_is_an_empty_table),
		cmocka_unit_test(test_toml_parse__refuses_syntax_errors),
		cmocka_unit_test(test_toml_parse__refuses_what_toml_asserts),
		cmocka_unit_test(test_toml_parse__takes_letters_near_the_bom),
		cmocka_unit_test(test_toml_parse__refuses_large_integers),
		cmocka_unit_test(test_toml_parse__refuses_nul_characters),
		cmocka_unit_test(test_toml_parse__shows_the_line),
		cmocka_unit_test(test_toml_parse__message_holds_no_control_characters),
		cmocka_unit_test(test_toml_parse__says_what_most_mistakes_are),
		cmocka_unit_test(test_toml_parse__bounds_nested_values),
		cmocka_unit_test(test_toml_parse__bounds_the_tree),
		cmocka_unit_test(test_toml_parse__keeps_the_limit),
	};

	return cmocka_run_group_tests_name("toml", tests, NULL, NULL);
}
