/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "report/entry_report.h"

static void test_report_mode_text__shows_special_bits(void **state)
{
	char text[MODE_TEXT_LEN];

	(void)state;
	assert_string_equal(report_mode_text('f', 0644, text), "-rw-r--r--");
	assert_string_equal(report_mode_text('d', 01777, text), "drwxrwxrwt");
	assert_string_equal(report_mode_text('f', 04755, text), "-rwsr-xr-x");
	assert_string_equal(report_mode_text('f', 02640, text), "-rw-r-S---");
}

static void test_report_entry_json__adds_hex_for_names_that_are_no_text(void **state)
{
	static const struct report_fact facts[] = {{"rows", "5"}};
	struct report_entry entry = {.path = "a\xff",
				     .type = 'f',
				     .mode = 0600,
				     .size = 3,
				     .facts = facts,
				     .n_facts = 1};
	CLEANUP(buf_release) struct buf text = {0};
	struct json_writer w;

	(void)state;
	buf_init(&text, 0);
	json_writer_init(&w, &text, JSON_COMPACT);
	report_entry_json(&w, &entry);
	assert_non_null(strstr(buf_string(&text), "\"path_hex\":\"2f61ff\""));
	assert_non_null(strstr(buf_string(&text), "\"facts\":{\"rows\":\"5\"}"));
	buf_clear(&text);
	entry.path = "a";
	entry.target = "\xff";
	json_writer_init(&w, &text, JSON_COMPACT);
	report_entry_json(&w, &entry);
	assert_non_null(strstr(buf_string(&text), "\"target_hex\":\"ff\""));
	assert_null(strstr(buf_string(&text), "path_hex"));
	buf_clear(&text);
	entry.target = "b";
	json_writer_init(&w, &text, JSON_COMPACT);
	report_entry_json(&w, &entry);
	assert_null(strstr(buf_string(&text), "_hex"));
}

static void test_report_entry_line__quotes_and_shows_targets(void **state)
{
	struct report_entry entry = {
		.path = "a\nb", .type = 'l', .mode = 0777, .uid = 7, .target = "to"};
	CLEANUP(buf_release) struct buf text = {0};

	(void)state;
	buf_init(&text, 0);
	report_entry_line(&text, &entry);
	assert_memory_equal(buf_string(&text), "lrwxrwxrwx 7 ", 13);
	assert_non_null(strstr(buf_string(&text), "\"/a\\nb\" -> to\n"));
}

static void test_report_entry_line__quotes_names_of_owners(void **state)
{
	struct report_entry entry = {
		.path = "a", .type = 'f', .user = "\x1b[2J", .group = "a b"};
	CLEANUP(buf_release) struct buf text = {0};

	(void)state;
	buf_init(&text, 0);
	report_entry_line(&text, &entry);
	assert_non_null(strstr(buf_string(&text), "\"\\x1B[2J\" \"a b\" "));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_report_mode_text__shows_special_bits),
		cmocka_unit_test(
			test_report_entry_json__adds_hex_for_names_that_are_no_text),
		cmocka_unit_test(test_report_entry_line__quotes_and_shows_targets),
		cmocka_unit_test(test_report_entry_line__quotes_names_of_owners),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
