/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <float.h>
#include <math.h>

#include "format/json.h"
#include "format/value_internal.h"

struct fixture {
	struct buf text;
	struct json_writer w;
};

static int setup(void **state)
{
	static struct fixture f;

	buf_init(&f.text, 0);
	json_writer_init(&f.w, &f.text, JSON_COMPACT);
	*state = &f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	buf_release(&f->text);
	return 0;
}

static void write_sample(struct json_writer *w)
{
	json_begin_object(w);
	json_put_string(w, "id", "3f2a");
	json_put_uint(w, "files", 12);
	json_write_key(w, "warnings");
	json_begin_array(w);
	json_write_string(w, "one");
	json_begin_object(w);
	json_end_object(w);
	json_begin_array(w);
	json_end_array(w);
	json_end_array(w);
	json_put_bool(w, "done", true);
	json_write_key(w, "parent");
	json_write_null(w);
	json_end_object(w);
}

static void test_json_write__compact(void **state)
{
	struct fixture *f = *state;

	write_sample(&f->w);
	assert_string_equal(buf_string(&f->text),
			    "{\"id\":\"3f2a\",\"files\":12,\"warnings\":[\"one\",{},[]],"
			    "\"done\":true,\"parent\":null}");
	assert_true(json_writer_is_done(&f->w));
}

static void test_json_write__pretty(void **state)
{
	struct fixture *f = *state;

	json_writer_init(&f->w, &f->text, JSON_PRETTY);
	write_sample(&f->w);
	assert_string_equal(buf_string(&f->text), "{\n"
						  "  \"id\": \"3f2a\",\n"
						  "  \"files\": 12,\n"
						  "  \"warnings\": [\n"
						  "    \"one\",\n"
						  "    {},\n"
						  "    []\n"
						  "  ],\n"
						  "  \"done\": true,\n"
						  "  \"parent\": null\n"
						  "}");
}

static void test_json_writer_is_done__only_when_all_is_closed(void **state)
{
	struct fixture *f = *state;

	assert_false(json_writer_is_done(&f->w));
	json_begin_array(&f->w);
	assert_false(json_writer_is_done(&f->w));
	json_end_array(&f->w);
	assert_true(json_writer_is_done(&f->w));
}

static void test_json_write__goes_on_in_an_emptied_buffer(void **state)
{
	struct fixture *f = *state;

	json_begin_array(&f->w);
	json_write_int(&f->w, 1);
	assert_string_equal(buf_string(&f->text), "[1");
	buf_clear(&f->text);
	json_write_int(&f->w, 2);
	json_end_array(&f->w);
	assert_string_equal(buf_string(&f->text), ",2]");
}

static void test_json_write_int__is_exact(void **state)
{
	struct fixture *f = *state;

	json_begin_array(&f->w);
	json_write_int(&f->w, INT64_MIN);
	json_write_int(&f->w, INT64_MAX);
	json_write_uint(&f->w, UINT64_MAX);
	json_end_array(&f->w);
	assert_string_equal(
		buf_string(&f->text),
		"[-9223372036854775808,9223372036854775807,18446744073709551615]");
}

static void test_json_write_double__is_shortest_and_exact(void **state)
{
	struct fixture *f = *state;

	json_begin_array(&f->w);
	json_write_double(&f->w, 0.1);
	json_write_double(&f->w, 1);
	json_write_double(&f->w, -2.5);
	json_write_double(&f->w, 1e300);
	json_write_double(&f->w, 1.0 / 3);
	json_write_double(&f->w, DBL_MIN);
	json_end_array(&f->w);
	assert_string_equal(buf_string(&f->text),
			    "[0.1,1.0,-2.5,1e+300,0.3333333333333333,"
			    "2.2250738585072014e-308]");
}

static void test_json_write_double__not_finite_is_null(void **state)
{
	struct fixture *f = *state;

	json_begin_array(&f->w);
	json_write_double(&f->w, (double)NAN);
	json_write_double(&f->w, (double)INFINITY);
	json_end_array(&f->w);
	assert_string_equal(buf_string(&f->text), "[null,null]");
}

static void test_json_write_string__escapes(void **state)
{
	struct fixture *f = *state;

	json_write_text(
		&f->w,
		slice_of("\"\\/\b\t\n\v\f\r\0\x1f\x7f z\xc3\xa9\xf0\x9f\x8e\x89", 20));
	assert_string_equal(buf_string(&f->text),
			    "\"\\\"\\\\/\\b\\t\\n\\u000b\\f\\r\\u0000\\u001f\\u007f z"
			    "\xc3\xa9\xf0\x9f\x8e\x89\"");
}

static void test_json_write_string__null_pointer_is_null(void **state)
{
	struct fixture *f = *state;

	json_write_string(&f->w, NULL);
	assert_string_equal(buf_string(&f->text), "null");
}

static void test_json_write_text__replaces_each_invalid_byte(void **state)
{
	struct fixture *f = *state;

	/* A stray byte, a cut sequence of two bytes, a surrogate, an overlong slash. */
	json_write_text(&f->w, slice_of("a\xff"
					"b\xe2\x82"
					"c\xed\xa0\x80\xc0\xaf",
					11));
	assert_string_equal(
		buf_string(&f->text),
		"\"a\xef\xbf\xbd"
		"b\xef\xbf\xbd\xef\xbf\xbd"
		"c\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"");
}

static void test_json_write_hex__writes_digits(void **state)
{
	struct fixture *f = *state;

	json_begin_object(&f->w);
	json_put_hex(&f->w, "name_hex", slice_of("\xff\x00", 2));
	json_put_text(&f->w, "name", slice_of("\xff", 1));
	json_end_object(&f->w);
	assert_string_equal(buf_string(&f->text),
			    "{\"name_hex\":\"ff00\",\"name\":\"\xef\xbf\xbd\"}");
}

static void test_json_put_name__adds_bytes_that_are_not_utf8(void **state)
{
	struct fixture *f = *state;

	json_begin_object(&f->w);
	json_put_name(&f->w, "one", slice_of_string("\xc3\xa4"));
	json_put_name(&f->w, "two", slice_of("\xff", 1));
	json_end_object(&f->w);
	assert_string_equal(buf_string(&f->text),
			    "{\"one\":\"\xc3\xa4\",\"two\":\"\xef\xbf\xbd\","
			    "\"two_hex\":\"ff\"}");
}

static void test_json_write_raw__embeds_a_value(void **state)
{
	struct fixture *f = *state;

	json_begin_object(&f->w);
	json_write_key(&f->w, "facts");
	json_write_raw(&f->w, slice_of_string("{\"a\": 1}"));
	json_put_int(&f->w, "n", -1);
	json_put_double(&f->w, "d", 0.5);
	json_end_object(&f->w);
	assert_string_equal(buf_string(&f->text),
			    "{\"facts\":{\"a\": 1},\"n\":-1,\"d\":0.5}");
}

static void test_json_write_value__gives_the_text_back(void **state)
{
	static const char text[] = "{\"b\":[1,-2.5,\"x\",true,false,null,{}],\"a\":\"\"}";
	struct fixture *f = *state;
	struct value *value = NULL;
	struct err err = {0};

	assert_int_equal(json_parse(slice_of_string(text), "f", 1000, &value, &err), 0);
	json_write_value(&f->w, value);
	assert_string_equal(buf_string(&f->text), text);
	value_free(value);
}

static void test_json_write_value__dates_are_strings(void **state)
{
	struct fixture *f = *state;
	struct value *value = value_new_datetime("2026-11-25");

	json_write_value(&f->w, value);
	assert_string_equal(buf_string(&f->text), "\"2026-11-25\"");
	value_free(value);
}

static void test_json_writer__knows_what_each_level_is(void **state)
{
	struct fixture *f = *state;

	json_begin_array(&f->w);
	assert_int_equal(f->w.objects, 0);
	json_begin_object(&f->w);
	assert_int_equal(f->w.objects, 2);
	json_end_object(&f->w);
	json_begin_array(&f->w);
	assert_int_equal(f->w.objects, 0);
	json_end_array(&f->w);
	json_end_array(&f->w);
}

static void test_json_write__reaches_64_levels(void **state)
{
	struct fixture *f = *state;

	for (int i = 0; i < VALUE_DEPTH_MAX; i++)
		json_begin_array(&f->w);
	for (int i = 0; i < VALUE_DEPTH_MAX; i++)
		json_end_array(&f->w);
	assert_true(json_writer_is_done(&f->w));
	assert_int_equal(f->text.len, 2 * VALUE_DEPTH_MAX);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_json_write__compact),
		TEST(test_json_write__pretty),
		TEST(test_json_writer_is_done__only_when_all_is_closed),
		TEST(test_json_write__goes_on_in_an_emptied_buffer),
		TEST(test_json_write_int__is_exact),
		TEST(test_json_write_double__is_shortest_and_exact),
		TEST(test_json_write_double__not_finite_is_null),
		TEST(test_json_write_string__escapes),
		TEST(test_json_write_string__null_pointer_is_null),
		TEST(test_json_write_text__replaces_each_invalid_byte),
		TEST(test_json_write_hex__writes_digits),
		TEST(test_json_put_name__adds_bytes_that_are_not_utf8),
		TEST(test_json_write_raw__embeds_a_value),
		TEST(test_json_write_value__gives_the_text_back),
		TEST(test_json_write_value__dates_are_strings),
		TEST(test_json_writer__knows_what_each_level_is),
		TEST(test_json_write__reaches_64_levels),
	};

	return cmocka_run_group_tests_name("json_write", tests, NULL, NULL);
}
