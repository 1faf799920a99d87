/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "report/snapshot_report.h"

static const uint8_t id[32] = {0x3f, 0x2a, 0x01};

static struct report_snapshot sample(void)
{
	return (struct report_snapshot){
		.id = id,
		.stream = "db/orders",
		.seq = 2,
		.time_nsec = INT64_C(1764043567) * 1000000000 + 5,
		.start_nsec = INT64_C(1764043560) * 1000000000,
		.files = 3,
		.bytes = 2048,
		.new_bytes = 1024,
		.stored_bytes = 600,
		.warnings = 1,
		.writer = "cron",
	};
}

static void test_report_snapshot_json__has_null_for_what_the_key_cannot_read(void **state)
{
	struct report_snapshot snapshot = sample();
	CLEANUP(buf_release) struct buf text = {0};
	struct json_writer w;

	(void)state;
	buf_init(&text, 0);
	json_writer_init(&w, &text, JSON_COMPACT);
	report_snapshot_json(&w, &snapshot);
	assert_true(json_writer_is_done(&w));
	assert_string_equal(
		buf_string(&text),
		"{\"id\":"
		"\"3f2a010000000000000000000000000000000000000000000000000000000000\","
		"\"stream\":\"db/"
		"orders\",\"seq\":2,\"time\":\"2025-11-25T04:06:07.000000005Z\","
		"\"start\":\"2025-11-25T04:06:00Z\",\"files\":3,\"bytes\":2048,"
		"\"new_bytes\":1024,\"stored_bytes\":600,\"warnings\":1,\"writer\":"
		"\"cron\","
		"\"host\":null,\"paths\":null,\"expired\":false}");
}

static void test_report_paths_json__has_bytes_that_are_not_utf8(void **state)
{
	CLEANUP(strings_release) struct strings paths = {0};
	CLEANUP(buf_release) struct buf text = {0};
	struct json_writer w;

	(void)state;
	strings_init(&paths);
	strings_add(&paths, "/a");
	buf_init(&text, 0);
	json_writer_init(&w, &text, JSON_COMPACT);
	json_begin_object(&w);
	report_paths_json(&w, &paths);
	json_end_object(&w);
	assert_string_equal(buf_string(&text), "{\"paths\":[\"/a\"]}");
	strings_add(&paths, "/\xfe");
	buf_clear(&text);
	json_writer_init(&w, &text, JSON_COMPACT);
	json_begin_object(&w);
	report_paths_json(&w, &paths);
	json_end_object(&w);
	assert_string_equal(buf_string(&text), "{\"paths\":[\"/a\",\"/\xef\xbf\xbd\"],"
					       "\"paths_hex\":[\"2f61\",\"2ffe\"]}");
}

static void test_report_snapshot_line__fits_under_the_heading(void **state)
{
	struct report_snapshot snapshot = sample();
	CLEANUP(buf_release) struct buf heading = {0};
	CLEANUP(buf_release) struct buf line = {0};

	(void)state;
	buf_init(&heading, 0);
	buf_init(&line, 0);
	report_snapshot_heading(&heading);
	report_snapshot_line(&line, &snapshot);
	assert_int_equal(heading.len, line.len);
	assert_memory_equal(buf_string(&line),
			    "3f2a010000  2025-11-25T04:06:07Z  db/orders ", 44);
	snapshot.expired = true;
	report_snapshot_line(&line, &snapshot);
	assert_non_null(strstr(buf_string(&line), "expired"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			test_report_snapshot_json__has_null_for_what_the_key_cannot_read),
		cmocka_unit_test(test_report_paths_json__has_bytes_that_are_not_utf8),
		cmocka_unit_test(test_report_snapshot_line__fits_under_the_heading),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
