/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/cursor.h"

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
	buf_put_i64(&buf, -5);
	buf_put_bytes16(&buf, slice_of_string("hi"));
	buf_put_bytes32(&buf, slice_of_string("you"));
	cursor_init(&c, buf_slice(&buf));
	assert_int_equal(cursor_u8(&c), 9);
	assert_int_equal(cursor_u16(&c), 65535);
	assert_int_equal(cursor_u32(&c), 4000000000u);
	assert_true(cursor_u64(&c) == UINT64_MAX);
	assert_int_equal(cursor_i64(&c), -5);
	assert_true(slice_equal(cursor_bytes16(&c, 2), slice_of_string("hi")));
	assert_true(slice_equal(cursor_bytes32(&c, 3), slice_of_string("you")));
	assert_int_equal(cursor_end(&c, "record", &err), 0);
	buf_release(&buf);
}

static void test_cursor__stays_bad_after_the_first_short_read(void **state)
{
	struct err err = {0};
	struct cursor c;

	(void)state;
	cursor_init(&c, slice_of_string("abc"));
	assert_int_equal(cursor_u32(&c), 0);
	assert_true(c.bad);
	assert_int_equal(cursor_u8(&c), 0);
	assert_int_equal(cursor_end(&c, "record", &err), -1);
	assert_int_equal(err.code, ERR_CORRUPT);
	assert_string_equal(err.msg, "record: needs 4 bytes at offset 0, 3 left");
}

static void test_cursor_count__is_bounded_before_anything_is_allocated(void **state)
{
	struct cursor c;
	static const uint8_t huge[] = {255, 255, 255, 255, 1};

	(void)state;
	cursor_init(&c, slice_of(huge, sizeof(huge)));
	assert_int_equal(cursor_count(&c, UINT32_MAX, 32), 0);
	assert_true(c.bad);
	cursor_init(&c, slice_of(huge, sizeof(huge)));
	assert_int_equal(cursor_count(&c, 1000, 0), 0);
	assert_true(c.bad);
}

static void test_cursor_end__refuses_trailing_bytes(void **state)
{
	struct err err = {0};
	struct cursor c;

	(void)state;
	cursor_init(&c, slice_of_string("ab"));
	assert_int_equal(cursor_u8(&c), 'a');
	assert_int_equal(cursor_ok(&c, "record", &err), 0);
	assert_int_equal(cursor_end(&c, "record", &err), -1);
	assert_int_equal(err.code, ERR_CORRUPT);
}

static void test_cursor_bytes16__refuses_more_than_the_maximum(void **state)
{
	struct cursor c;
	static const uint8_t bytes[] = {3, 0, 'a', 'b', 'c'};

	(void)state;
	cursor_init(&c, slice_of(bytes, sizeof(bytes)));
	assert_int_equal(cursor_bytes16(&c, 2).len, 0);
	assert_true(c.bad);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cursor__reads_what_buf_put_wrote),
		cmocka_unit_test(test_cursor__stays_bad_after_the_first_short_read),
		cmocka_unit_test(
			test_cursor_count__is_bounded_before_anything_is_allocated),
		cmocka_unit_test(test_cursor_end__refuses_trailing_bytes),
		cmocka_unit_test(test_cursor_bytes16__refuses_more_than_the_maximum),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
