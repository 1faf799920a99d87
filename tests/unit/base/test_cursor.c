/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/cursor.h"

static void check_end(struct cursor *c, const char *msg)
{
	struct err err = {0};

	assert_int_equal(cursor_end(c, "record", &err), -1);
	assert_int_equal(err.code, ERR_CORRUPT);
	assert_string_equal(err.msg, msg);
}

static void test_cursor__reads_what_buf_put_wrote(void **state)
{
	struct err err = {0};
	struct cursor c;
	struct buf buf;

	(void)state;
	buf_init(&buf, 0);
	buf_put_u8(&buf, 9);
	buf_put_u16(&buf, 65535);
	buf_put_u32(&buf, 4000000000u);
	buf_put_u64(&buf, UINT64_MAX);
	buf_put_i64(&buf, INT64_MIN);
	buf_put_bytes16(&buf, slice_of_string("hi"));
	buf_put_bytes32(&buf, slice_of_string("you"));
	buf_put_bytes16(&buf, slice_of(NULL, 0));
	cursor_init(&c, buf_slice(&buf));
	assert_int_equal(cursor_u8(&c), 9);
	assert_int_equal(cursor_u16(&c), 65535);
	assert_int_equal(cursor_u32(&c), 4000000000u);
	assert_true(cursor_u64(&c) == UINT64_MAX);
	assert_true(cursor_i64(&c) == INT64_MIN);
	assert_true(slice_equal(cursor_bytes16(&c, 2), slice_of_string("hi")));
	assert_true(slice_equal(cursor_bytes32(&c, 3), slice_of_string("you")));
	assert_int_equal(cursor_bytes16(&c, 0).len, 0);
	assert_int_equal(cursor_end(&c, "record", &err), 0);
	assert_int_equal(err.code, ERR_NONE);
	buf_release(&buf);
}

static void test_cursor__numbers_are_little_endian(void **state)
{
	static const uint8_t bytes[] = {1, 2, 3, 4, 5, 6, 7, 8};
	struct cursor c;

	(void)state;
	cursor_init(&c, slice_of(bytes, 8));
	assert_int_equal(cursor_u16(&c), 0x0201);
	assert_int_equal(cursor_u32(&c), 0x06050403);
	cursor_init(&c, slice_of(bytes, 8));
	assert_true(cursor_u64(&c) == UINT64_C(0x0807060504030201));
}

static void test_cursor__stays_bad_after_the_first_short_read(void **state)
{
	struct cursor c;

	(void)state;
	cursor_init(&c, slice_of_string("abc"));
	assert_int_equal(cursor_u32(&c), 0);
	assert_true(c.bad);
	assert_int_equal(cursor_left(&c), 0);
	assert_int_equal(cursor_u8(&c), 0);
	assert_int_equal(cursor_bytes(&c, 0).len, 0);
	check_end(&c, "record: needs 4 bytes at offset 0, 3 left");
}

static void test_cursor__takes_no_input_at_all(void **state)
{
	struct err err = {0};
	struct cursor c;

	(void)state;
	cursor_init(&c, slice_of(NULL, 0));
	assert_int_equal(cursor_left(&c), 0);
	assert_non_null(cursor_bytes(&c, 0).data);
	cursor_expect(&c, "", 0, "nothing");
	assert_int_equal(cursor_end(&c, "record", &err), 0);
	(void)cursor_u8(&c);
	check_end(&c, "record: needs 1 bytes at offset 0, 0 left");
}

static void test_cursor_bytes__borrows_from_the_input(void **state)
{
	static const char text[] = "abcdef";
	struct cursor c;

	(void)state;
	cursor_init(&c, slice_of(text, 6));
	(void)cursor_u16(&c);
	struct slice bytes = cursor_bytes(&c, 3);
	assert_ptr_equal(bytes.data, text + 2);
	assert_int_equal(bytes.len, 3);
	assert_int_equal(cursor_left(&c), 1);
	assert_int_equal(cursor_bytes(&c, SIZE_MAX).len, 0);
	assert_true(c.bad);
}

static void test_cursor_copy__zeroes_its_target_on_failure(void **state)
{
	uint8_t to[4] = {9, 9, 9, 9};
	struct cursor c;

	(void)state;
	cursor_init(&c, slice_of_string("abcdef"));
	cursor_copy(&c, to, 4);
	assert_memory_equal(to, "abcd", 4);
	cursor_copy(&c, to, 4);
	assert_memory_equal(to, "\0\0\0\0", 4);
	check_end(&c, "record: needs 4 bytes at offset 4, 2 left");
}

static void test_cursor_bytes16__refuses_more_than_the_maximum(void **state)
{
	static const uint8_t bytes[] = {3, 0, 'a', 'b', 'c'};
	struct cursor c;

	(void)state;
	cursor_init(&c, slice_of(bytes, sizeof(bytes)));
	assert_int_equal(cursor_bytes16(&c, 3).len, 3);
	assert_false(c.bad);
	cursor_init(&c, slice_of(bytes, sizeof(bytes)));
	assert_int_equal(cursor_bytes16(&c, 2).len, 0);
	check_end(&c, "record: length 3 at offset 0 exceeds 2");
}

static void test_cursor_bytes32__refuses_what_is_not_there(void **state)
{
	static const uint8_t bytes[] = {255, 255, 255, 255, 'a'};
	struct cursor c;

	(void)state;
	cursor_init(&c, slice_of(bytes, sizeof(bytes)));
	assert_int_equal(cursor_bytes32(&c, SIZE_MAX).len, 0);
	check_end(&c, "record: needs 4294967295 bytes at offset 4, 1 left");
}

static void test_cursor_count__is_bounded_by_its_maximum(void **state)
{
	static const uint8_t bytes[] = {5, 0, 0, 0};
	struct cursor c;

	(void)state;
	cursor_init(&c, slice_of(bytes, sizeof(bytes)));
	assert_int_equal(cursor_count(&c, 5, 0), 5);
	cursor_init(&c, slice_of(bytes, sizeof(bytes)));
	assert_int_equal(cursor_count(&c, 4, 0), 0);
	check_end(&c, "record: count 5 at offset 0 exceeds 4");
}

static void test_cursor_count__is_bounded_by_what_is_left(void **state)
{
	static const uint8_t bytes[] = {2, 0, 0, 0, 1, 1, 1, 1, 1};
	static const uint8_t huge[] = {255, 255, 255, 255, 1};
	struct cursor c;

	(void)state;
	cursor_init(&c, slice_of(bytes, sizeof(bytes)));
	assert_int_equal(cursor_count(&c, 10, 2), 2);
	cursor_init(&c, slice_of(bytes, sizeof(bytes)));
	assert_int_equal(cursor_count(&c, 10, 3), 0);
	check_end(&c, "record: count 2 of 3 bytes each at offset 0, 5 left");
	cursor_init(&c, slice_of(huge, sizeof(huge)));
	assert_int_equal(cursor_count(&c, UINT32_MAX, SIZE_MAX), 0);
	assert_true(c.bad);
}

static void test_cursor_expect__names_what_is_missing(void **state)
{
	struct err err = {0};
	struct cursor c;

	(void)state;
	cursor_init(&c, slice_of_string("QUIP!"));
	cursor_expect(&c, "QUIP", 4, "the magic");
	assert_int_equal(cursor_ok(&c, "record", &err), 0);
	cursor_expect(&c, "?", 1, "a question mark");
	check_end(&c, "record: expected a question mark at offset 4");
	cursor_init(&c, slice_of_string("QU"));
	cursor_expect(&c, "QUIP", 4, "the magic");
	check_end(&c, "record: needs 4 bytes at offset 0, 2 left");
}

static void test_cursor_fail__keeps_the_first_reason(void **state)
{
	struct cursor c;

	(void)state;
	cursor_init(&c, slice_of_string("x"));
	cursor_fail(&c, "version %d is not known", 9);
	cursor_fail(&c, "later");
	check_end(&c, "record: version 9 is not known");
}

static void test_cursor_end__refuses_trailing_bytes(void **state)
{
	struct err err = {0};
	struct cursor c;

	(void)state;
	cursor_init(&c, slice_of_string("abc"));
	assert_int_equal(cursor_u8(&c), 'a');
	assert_int_equal(cursor_ok(&c, "record", &err), 0);
	check_end(&c, "record: 2 bytes too many at offset 1");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cursor__reads_what_buf_put_wrote),
		cmocka_unit_test(test_cursor__numbers_are_little_endian),
		cmocka_unit_test(test_cursor__stays_bad_after_the_first_short_read),
		cmocka_unit_test(test_cursor__takes_no_input_at_all),
		cmocka_unit_test(test_cursor_bytes__borrows_from_the_input),
		cmocka_unit_test(test_cursor_copy__zeroes_its_target_on_failure),
		cmocka_unit_test(test_cursor_bytes16__refuses_more_than_the_maximum),
		cmocka_unit_test(test_cursor_bytes32__refuses_what_is_not_there),
		cmocka_unit_test(test_cursor_count__is_bounded_by_its_maximum),
		cmocka_unit_test(test_cursor_count__is_bounded_by_what_is_left),
		cmocka_unit_test(test_cursor_expect__names_what_is_missing),
		cmocka_unit_test(test_cursor_fail__keeps_the_first_reason),
		cmocka_unit_test(test_cursor_end__refuses_trailing_bytes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
