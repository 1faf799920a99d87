/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "report/run_report.h"

static struct run_report sample(void)
{
	return (struct run_report){
		.stream = "etc",
		.backed_up = true,
		.snapshot = {0xab},
		.files = 10,
		.bytes = 4096,
		.new_bytes = 2048,
		.stored_bytes = 1024,
		.nsec = 1500000000,
		.n_warnings = 2,
	};
}

static struct run_report failed(void)
{
	struct run_report report = {.job = "db", .stream = "db/orders", .failed = true};

	(void)err_set(&report.error, ERR_DENIED, "no entry");
	report.exit_code = 1;
	return report;
}

static void test_run_report_json__has_the_documented_members(void **state)
{
	struct run_report report = sample();
	CLEANUP(buf_release) struct buf text = {0};
	struct json_writer w;

	(void)state;
	buf_init(&text, 0);
	json_writer_init(&w, &text, JSON_COMPACT);
	run_report_json(&w, &report);
	assert_string_equal(
		buf_string(&text),
		"{\"snapshot\":"
		"\"ab00000000000000000000000000000000000000000000000000000000000000"
		"\",\"stream\":\"etc\",\"time\":\"1970-01-01T00:00:00Z\",\"files\":10,"
		"\"bytes\":4096,\"new_bytes\":2048,\"stored_bytes\":1024,\"seconds\":1.5,"
		"\"warnings\":[],\"n_warnings\":2,\"n_alarms\":0,\"dry_run\":false,"
		"\"exit_code\":0}");
}

static void test_run_reports_json__includes_failed_jobs(void **state)
{
	struct run_report reports[] = {sample(), failed()};
	CLEANUP(buf_release) struct buf text = {0};
	struct json_writer w;

	(void)state;
	buf_init(&text, 0);
	json_writer_init(&w, &text, JSON_COMPACT);
	run_reports_json(&w, reports, 2);
	assert_true(json_writer_is_done(&w));
	assert_non_null(
		strstr(buf_string(&text),
		       "{\"job\":\"db\",\"stream\":\"db/orders\",\"error\":{\"code\":"
		       "\"denied\",\"message\":\"no entry\",\"hint\":null},"
		       "\"exit_code\":1}"));
}

static void test_run_report_json__has_snapshot_and_error_when_a_hook_failed(void **state)
{
	struct run_report report = sample();
	CLEANUP(buf_release) struct buf text = {0};
	struct json_writer w;

	(void)state;
	report.failed = true;
	report.exit_code = 1;
	(void)err_set(&report.error, ERR_FAILED, "hook after");
	buf_init(&text, 0);
	json_writer_init(&w, &text, JSON_COMPACT);
	run_report_json(&w, &report);
	assert_non_null(strstr(buf_string(&text), "{\"snapshot\":\"ab00"));
	assert_non_null(strstr(buf_string(&text),
			       "\"dry_run\":false,\"error\":{\"code\":\"failed\","
			       "\"message\":\"hook after\",\"hint\":null},"
			       "\"exit_code\":1}"));
}

static void test_run_report_text__has_snapshot_and_error_when_a_hook_failed(void **state)
{
	struct run_report report = sample();
	CLEANUP(buf_release) struct buf text = {0};

	(void)state;
	report.failed = true;
	(void)err_set(&report.error, ERR_FAILED, "hook after");
	buf_init(&text, 0);
	run_report_text(&text, &report);
	assert_non_null(strstr(buf_string(&text), "\nsnapshot ab00"));
	assert_non_null(strstr(buf_string(&text), "\netc: failed: hook after\n"));
}

static void test_run_report_text__is_a_summary(void **state)
{
	struct run_report report = sample();
	CLEANUP(buf_release) struct buf text = {0};

	(void)state;
	buf_init(&text, 0);
	run_report_text(&text, &report);
	assert_memory_equal(
		buf_string(&text),
		"etc: 10 files, 4.00 KiB read in 1.5s; new 2.00 KiB, stored 1.00 "
		"KiB (compressed 2.00x); 2 warnings\nsnapshot ab00",
		110);
	buf_clear(&text);
	report = failed();
	run_report_text(&text, &report);
	assert_string_equal(buf_string(&text), "db: failed: no entry\n");
	buf_clear(&text);
	(void)err_hint(&report.error, "ask for it");
	run_report_text(&text, &report);
	assert_string_equal(buf_string(&text),
			    "db: failed: no entry\nhint: ask for it\n");
}

static void test_run_report_text__tells_alarms_apart(void **state)
{
	struct run_report report = sample();
	CLEANUP(buf_release) struct buf text = {0};

	(void)state;
	buf_init(&text, 0);
	report.n_warnings = 3;
	report.n_alarms = 2;
	run_report_text(&text, &report);
	assert_non_null(strstr(buf_string(&text), "; 2 alarms; 1 warnings\nsnapshot"));
	buf_clear(&text);
	report.n_warnings = 2;
	run_report_text(&text, &report);
	assert_non_null(strstr(buf_string(&text), "; 2 alarms\nsnapshot"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_run_report_json__has_the_documented_members),
		cmocka_unit_test(test_run_reports_json__includes_failed_jobs),
		cmocka_unit_test(
			test_run_report_json__has_snapshot_and_error_when_a_hook_failed),
		cmocka_unit_test(
			test_run_report_text__has_snapshot_and_error_when_a_hook_failed),
		cmocka_unit_test(test_run_report_text__is_a_summary),
		cmocka_unit_test(test_run_report_text__tells_alarms_apart),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
