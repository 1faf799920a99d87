/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "report/restore_report.h"

static const uint8_t id[32] = {0xab};

static void test_restore_report_text__tells_tables_and_losses(void **state)
{
	static const struct report_table tables[] = {
		{"tables/a.copy", 5, true, NULL},
		{"tables/b.copy", 7, false, NULL},
		{"tables/\a.copy", 0, false, "foreign: \x1b[m elsewhere"}};
	struct strings none = {.vec = {.elem_len = sizeof(char *)}};
	struct restore_report report = {.snapshot = id,
					.stream = "db/a",
					.target = "dbname=x",
					.files = 2,
					.bytes = 2048,
					.lost = 1,
					.nsec = 1500000000,
					.warnings = &none,
					.tables = tables,
					.n_tables = 3,
					.refused = 4};
	CLEANUP(buf_release) struct buf text = {0};

	(void)state;
	buf_init(&text, 0);
	restore_report_text(&text, &report);
	assert_string_equal(
		buf_string(&text),
		"restored db/a as of 1970-01-01T00:00:00Z to dbname=x\n"
		"\"tables/\\x07.copy\": not compared, foreign: \\x1B[m elsewhere\n"
		"2 tables with 12 rows; read back and equal to the snapshot: 1 of 2\n"
		"NOT restored: 4 things that the server refused; the warnings name them\n"
		"2 files, 2.00 KiB in 1.5s; 1 LOST\n");
}

static void test_restore_report_json__tells_why_a_table_is_not_compared(void **state)
{
	static const struct report_table tables[] = {{"a", 5, true, NULL},
						     {"f", 0, false, "foreign"}};
	struct strings none = {.vec = {.elem_len = sizeof(char *)}};
	struct restore_report report = {.snapshot = id,
					.stream = "a",
					.target = "dbname=x",
					.warnings = &none,
					.tables = tables,
					.n_tables = 2};
	CLEANUP(buf_release) struct buf text = {0};
	struct json_writer w;

	(void)state;
	buf_init(&text, 0);
	json_writer_init(&w, &text, JSON_COMPACT);
	restore_report_json(&w, &report);
	assert_non_null(strstr(buf_string(&text),
			       "\"tables\":[{\"path\":\"a\",\"rows\":5,\"equal\":true},"
			       "{\"path\":\"f\",\"rows\":0,\"equal\":null,"
			       "\"reason\":\"foreign\"}],\"refused\":0"));
}

static void test_restore_report_json__is_one_document(void **state)
{
	struct strings none = {.vec = {.elem_len = sizeof(char *)}};
	struct restore_report report = {.snapshot = id,
					.stream = "a",
					.target = "/t",
					.files = 1,
					.warnings = &none};
	CLEANUP(buf_release) struct buf text = {0};
	struct json_writer w;

	(void)state;
	buf_init(&text, 0);
	json_writer_init(&w, &text, JSON_COMPACT);
	restore_report_json(&w, &report);
	assert_true(json_writer_is_done(&w));
	assert_null(strstr(buf_string(&text), "tables"));
	assert_non_null(strstr(buf_string(&text), "\"files\":1"));
}

static void test_restore_report__tells_of_metadata(void **state)
{
	struct strings warnings;
	struct restore_report report = {
		.snapshot = id,
		.stream = "a",
		.target = "/t",
		.metadata = {.modes = 2, .times = 1, .owners_left = 7},
		.warnings = &warnings};
	CLEANUP(buf_release) struct buf text = {0};
	struct json_writer w;

	(void)state;
	strings_init(&warnings);
	assert_true(report_metadata_failed(&report.metadata));
	report_metadata_warn(&report.metadata, &warnings);
	assert_int_equal(strings_count(&warnings), 3);
	assert_string_equal(strings_at(&warnings, 0),
			    "modes that could not be restored: 2");
	assert_string_equal(strings_at(&warnings, 2),
			    "owners that were left, since only root may restore them: 7");
	buf_init(&text, 0);
	restore_report_text(&text, &report);
	assert_non_null(
		strstr(buf_string(&text),
		       "\nNOT restored: 0 owners, 2 modes, 0 extended attributes, "
		       "1 modification times\n"
		       "left, since only root may restore them: 7 owners, 0 "
		       "extended attributes\n"));
	buf_clear(&text);
	json_writer_init(&w, &text, JSON_COMPACT);
	restore_report_json(&w, &report);
	assert_non_null(strstr(buf_string(&text),
			       "\"metadata_failed\":{\"owners\":0,\"modes\":2,"
			       "\"attributes\":0,\"times\":1},"
			       "\"metadata_left\":{\"owners\":7,\"attributes\":0},"));
	strings_release(&warnings);
}

static void test_report_metadata_failed__passes_what_was_left(void **state)
{
	struct report_metadata metadata = {.owners_left = 1, .attributes_left = 1};

	(void)state;
	assert_false(report_metadata_failed(&metadata));
}

static void test_plan_report__shows_what_would_happen(void **state)
{
	struct plan_report report = {.snapshot = id,
				     .stream = "a",
				     .source_kind = "files",
				     .files = 3,
				     .write_bytes = 1024,
				     .fetch_bytes = 512,
				     .requests = 2,
				     .estimated_nsec = 61000000000};
	CLEANUP(buf_release) struct buf text = {0};
	struct json_writer w;

	(void)state;
	buf_init(&text, 0);
	plan_report_text(&text, &report);
	assert_non_null(
		strstr(buf_string(&text), "3 files, 0 directories, 0 others; 1.00 KiB"));
	assert_non_null(strstr(buf_string(&text), "estimate   1m01s"));
	buf_clear(&text);
	json_writer_init(&w, &text, JSON_COMPACT);
	plan_report_json(&w, &report);
	assert_true(json_writer_is_done(&w));
	assert_non_null(strstr(buf_string(&text), "\"target\":null"));
}

static void test_plan_report__tells_what_is_lost(void **state)
{
	struct plan_report report = {
		.snapshot = id, .stream = "a", .source_kind = "files", .lost = 2};
	CLEANUP(buf_release) struct buf text = {0};
	struct json_writer w;

	(void)state;
	buf_init(&text, 0);
	plan_report_text(&text, &report);
	assert_non_null(strstr(buf_string(&text), "LOST       2 files or directories\n"));
	buf_clear(&text);
	json_writer_init(&w, &text, JSON_COMPACT);
	plan_report_json(&w, &report);
	assert_non_null(strstr(buf_string(&text), "\"lost\":2,"));
}

static void test_plan_report_estimate__grows_with_bytes_and_requests(void **state)
{
	(void)state;
	assert_int_equal(plan_report_estimate(0, 0, 0), 0);
	assert_int_equal(plan_report_estimate(150 * 1024 * 1024, 0, 0), 1000000000);
	assert_int_equal(plan_report_estimate(0, 0, 100), 500000000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_restore_report_text__tells_tables_and_losses),
		cmocka_unit_test(
			test_restore_report_json__tells_why_a_table_is_not_compared),
		cmocka_unit_test(test_restore_report_json__is_one_document),
		cmocka_unit_test(test_restore_report__tells_of_metadata),
		cmocka_unit_test(test_report_metadata_failed__passes_what_was_left),
		cmocka_unit_test(test_plan_report__shows_what_would_happen),
		cmocka_unit_test(test_plan_report__tells_what_is_lost),
		cmocka_unit_test(
			test_plan_report_estimate__grows_with_bytes_and_requests),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
