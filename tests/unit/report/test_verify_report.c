/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "report/verify_report.h"

static const struct report_finding findings[] = {{"alarm", "stream a: a gap"}};

static void test_verify_report_text__never_calls_findings_clean(void **state)
{
	struct verify_report report = {.repository = "file:///x",
				       .n_snapshots = 3,
				       .findings = findings,
				       .n_findings = 1};
	CLEANUP(buf_release) struct buf text = {0};

	(void)state;
	buf_init(&text, 0);
	verify_report_text(&text, &report);
	assert_memory_equal(buf_string(&text), "alarm: stream a: a gap\n", 23);
	assert_non_null(strstr(buf_string(&text), "NOT CLEAN\n"));
	assert_null(strstr(buf_string(&text), "clean: everything"));
}

static void test_verify_report_json__tells_of_the_state_file(void **state)
{
	struct verify_report report = {
		.repository = "x", .findings = findings, .n_findings = 1};
	CLEANUP(buf_release) struct buf text = {0};
	struct json_writer w;

	(void)state;
	buf_init(&text, 0);
	json_writer_init(&w, &text, JSON_COMPACT);
	verify_report_json(&w, &report);
	assert_true(json_writer_is_done(&w));
	assert_non_null(strstr(buf_string(&text), "\"first_look\":false"));
	assert_non_null(strstr(
		buf_string(&text),
		"\"findings\":[{\"kind\":\"alarm\",\"text\":\"stream a: a gap\"}]"));
}

static void test_check_report__tells_the_level(void **state)
{
	struct verify_report report = {.repository = "x",
				       .clean = true,
				       .level = "structure",
				       .data_read = true};
	CLEANUP(buf_release) struct buf text = {0};
	struct json_writer w;

	(void)state;
	buf_init(&text, 0);
	check_report_text(&text, &report);
	assert_non_null(strstr(buf_string(&text),
			       "no damage found (level: structure, data read)\n"));
	buf_clear(&text);
	json_writer_init(&w, &text, JSON_COMPACT);
	check_report_json(&w, &report);
	assert_true(json_writer_is_done(&w));
	assert_non_null(strstr(buf_string(&text), "\"level\":\"structure\",\"blobs\":0"));
}

/* Else "data read" would be said where none was. */
static void test_check_report__tells_of_an_empty_part(void **state)
{
	struct verify_report report = {
		.clean = true, .level = "trees", .part = 3, .of = 1000};
	CLEANUP(buf_release) struct buf text = {0};

	(void)state;
	buf_init(&text, 0);
	check_report_text(&text, &report);
	assert_non_null(strstr(buf_string(&text),
			       "no damage found (level: trees; no data read: no pack is "
			       "in part 3 of 1000)\n"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_verify_report_text__never_calls_findings_clean),
		cmocka_unit_test(test_verify_report_json__tells_of_the_state_file),
		cmocka_unit_test(test_check_report__tells_the_level),
		cmocka_unit_test(test_check_report__tells_of_an_empty_part),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
