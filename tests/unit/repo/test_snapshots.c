/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/mem.h"
#include "repo/snapshots_internal.h"

static void test_stream_name_check__takes_segments(void **state)
{
	static const char *const good[] = {"a", "db/orders", "A-1._/x..y", "...", "-"};
	CLEANUP(mem_freep) char *longest = mem_alloc(STREAM_NAME_MAX + 1);
	struct err err = {0};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(good); i++)
		assert_int_equal(stream_name_check(good[i], &err), 0);
	memset(longest, 'a', STREAM_NAME_MAX);
	longest[STREAM_NAME_MAX] = '\0';
	assert_int_equal(stream_name_check(longest, &err), 0);
}

static void test_stream_name_check__refuses_with_a_reason(void **state)
{
	static const char *const bad[][2] = {
		{"", "stream name \"\": it is empty"},
		{"/a", "stream name /a: it has an empty segment"},
		{"a/", "stream name a/: it has an empty segment"},
		{"a//b", "stream name a//b: it has an empty segment"},
		{"a/../b", "stream name a/../b: a segment is . or .."},
		{".", "stream name .: a segment is . or .."},
		{"a:b",
		 "stream name a:b: only letters, digits, . _ - and / may stand in it"},
	};
	CLEANUP(mem_freep) char *longer = mem_alloc(STREAM_NAME_MAX + 2);
	struct err err = {0};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		assert_int_equal(stream_name_check(bad[i][0], &err), -1);
		assert_int_equal(err.code, ERR_USAGE);
		assert_string_equal(err.msg, bad[i][1]);
	}
	memset(longer, 'a', STREAM_NAME_MAX + 1);
	longer[STREAM_NAME_MAX + 1] = '\0';
	assert_int_equal(stream_name_check(longer, &err), -1);
	assert_non_null(strstr(err.msg, "longer than 200 bytes"));
}

static void test_stream_domain__is_the_first_segment(void **state)
{
	CLEANUP(mem_freep) char *one = stream_domain("db/orders/eu");
	CLEANUP(mem_freep) char *whole = stream_domain("mail");

	(void)state;
	assert_string_equal(one, "db");
	assert_string_equal(whole, "mail");
}

#define ZEROES "0000000000000000000000000000000000000000000000000000000000000000"

static void test_snapshot_place_parse__reads_a_headers_key(void **state)
{
	struct snapshot_place place;
	uint8_t zeroes[HASH_LEN] = {0};

	(void)state;
	assert_true(
		snapshot_place_parse("snapshots/db/orders/0000000012-" ZEROES, &place));
	assert_string_equal(place.stream, "db/orders");
	assert_int_equal(place.seq, 12);
	assert_memory_equal(place.id, zeroes, HASH_LEN);
}

static void test_snapshot_place_parse__refuses_other_keys(void **state)
{
	static const char *const keys[] = {
		"snapshots/0000000012-" ZEROES,
		"snapshot/db/0000000012-" ZEROES,
		"snapshots/../0000000012-" ZEROES,
		"snapshots/db/12-" ZEROES,
		"snapshots/db/README",
		"snapshots/",
		"snapshots",
		"",
	};
	struct snapshot_place place;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		if (snapshot_place_parse(keys[i], &place))
			fail_msg("%s", keys[i]);
}

static void test_snapshot_header_text__names_stream_seq_and_id(void **state)
{
	struct snapshot_header header = {
		.stream = (char[]){"db/orders"}, .seq = 5, .id = {0x3f, 0x2a}};
	char shown[HEADER_TEXT_MAX];

	(void)state;
	assert_string_equal(snapshot_header_text(&header, shown),
			    "header db/orders 5 (3f2a0000)");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_stream_name_check__takes_segments),
		cmocka_unit_test(test_stream_name_check__refuses_with_a_reason),
		cmocka_unit_test(test_stream_domain__is_the_first_segment),
		cmocka_unit_test(test_snapshot_place_parse__reads_a_headers_key),
		cmocka_unit_test(test_snapshot_place_parse__refuses_other_keys),
		cmocka_unit_test(test_snapshot_header_text__names_stream_seq_and_id),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
