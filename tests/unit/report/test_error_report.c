/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "report/error_report.h"

static void check(const struct err *err, const char *json, const char *lines)
{
	CLEANUP(buf_release) struct buf text = {0};
	struct json_writer w;

	buf_init(&text, 0);
	json_writer_init(&w, &text, JSON_COMPACT);
	json_begin_object(&w);
	error_report_json(&w, err);
	json_end_object(&w);
	assert_string_equal(buf_string(&text), json);
	buf_clear(&text);
	error_report_text(&text, err);
	assert_string_equal(buf_string(&text), lines);
}

static void test_error_report__has_code_and_message(void **state)
{
	struct err err = {0};

	(void)state;
	(void)err_set(&err, ERR_DENIED, "no entry");
	check(&err,
	      "{\"error\":{\"code\":\"denied\",\"message\":\"no entry\",\"hint\":null}}",
	      "no entry\n");
}

static void test_error_report__has_advice(void **state)
{
	struct err err = {0};

	(void)state;
	(void)err_set(&err, ERR_KEY, "wrong key");
	(void)err_hint(&err, "try another");
	check(&err,
	      "{\"error\":{\"code\":\"key\",\"message\":\"wrong key\","
	      "\"hint\":\"try another\"}}",
	      "wrong key\nhint: try another\n");
}

/* The newline that marks it is no part of it. */
static void test_error_report__has_the_line_of_a_file(void **state)
{
	struct err err = {0};

	(void)state;
	(void)err_set(&err, ERR_USAGE, "f:1:2: odd");
	(void)err_hint(&err, "\n 1 | [a\n   |  ^");
	check(&err,
	      "{\"error\":{\"code\":\"usage\",\"message\":\"f:1:2: odd\","
	      "\"hint\":\" 1 | [a\\n   |  ^\"}}",
	      "f:1:2: odd\n 1 | [a\n   |  ^\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_error_report__has_code_and_message),
		cmocka_unit_test(test_error_report__has_advice),
		cmocka_unit_test(test_error_report__has_the_line_of_a_file),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
