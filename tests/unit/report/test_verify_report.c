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

static void test_verify_report_json__has_level_or_state(void **state)
{
	struct verify_report report = {
		.repository = "x", .findings = findings, .n_findings = 1};
	CLEANUP(buf_release) struct buf text = {0};
	struct json_writer w;

	(void)state;
	buf_init(&text, 0);
	json_writer_init(&w, &text, JSON_COMPACT);
	verify_report_json(&w, &report);
	assert_non_null(strstr(buf_string(&text), "\"first_look\":false"));
	assert_non_null(strstr(
		buf_string(&text),
		"\"findings\":[{\"kind\":\"alarm\",\"text\":\"stream a: a gap\"}]"));
	buf_clear(&text);
	report.level = "structure";
	json_writer_init(&w, &text, JSON_COMPACT);
	verify_report_json(&w, &report);
	assert_non_null(strstr(buf_string(&text), "\"level\":\"structure\",\"blobs\":0"));
	assert_null(strstr(buf_string(&text), "first_look"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_verify_report_text__never_calls_findings_clean),
		cmocka_unit_test(test_verify_report_json__has_level_or_state),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
