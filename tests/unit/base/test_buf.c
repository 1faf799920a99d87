/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/mem.h"

static void test_buf_append__keeps_a_nul_behind_the_text(void **state)
{
	struct buf buf;

	(void)state;
	buf_init(&buf, 0);
	assert_string_equal(buf_string(&buf), "");
	buf_append_string(&buf, "ab");
	buf_printf(&buf, "%d", 12);
	buf_append_byte(&buf, 'c');
	assert_string_equal(buf_string(&buf), "ab12c");
	assert_int_equal(buf.len, 5);
	buf_release(&buf);
}

static void test_buf_put__writes_little_endian(void **state)
{
	static const uint8_t expected[] = {1, 3,   2,	7, 6, 5, 4, 2,
					   0, 'h', 'i', 1, 0, 0, 0, 'x'};
	struct buf buf;

	(void)state;
	buf_init(&buf, 0);
	buf_put_u8(&buf, 1);
	buf_put_u16(&buf, 0x0203);
	buf_put_u32(&buf, 0x04050607);
	buf_put_bytes16(&buf, slice_of_string("hi"));
	buf_put_bytes32(&buf, slice_of_string("x"));
	assert_int_equal(buf.len, sizeof(expected));
	assert_memory_equal(buf.data, expected, sizeof(expected));
	buf_release(&buf);
}

static void test_buf_append_checked__refuses_past_the_maximum(void **state)
{
	struct err err = {0};
	struct buf buf;

	(void)state;
	buf_init(&buf, 4);
	assert_int_equal(buf_append_checked(&buf, "abc", 3, "name", &err), 0);
	assert_int_equal(buf_room(&buf), 1);
	assert_int_equal(buf_append_checked(&buf, "de", 2, "name", &err), -1);
	assert_int_equal(err.code, ERR_LIMIT);
	assert_memory_equal(err.msg, "name", 4);
	assert_string_equal(buf_string(&buf), "abc");
	buf_release(&buf);
}

static void test_slice_compare__is_bytewise_and_shorter_first(void **state)
{
	(void)state;
	assert_true(slice_compare(slice_of_string("a"), slice_of_string("ab")) < 0);
	assert_true(slice_compare(slice_of_string("\xff"), slice_of_string("a")) > 0);
	assert_int_equal(slice_compare(slice_of_string("x"), slice_of_string("x")), 0);
	assert_false(slice_equal(slice_of_string("x"), slice_of_string("xy")));
}

static void test_buf_steal_string__leaves_an_empty_buffer(void **state)
{
	struct buf buf;

	(void)state;
	buf_init(&buf, 0);
	buf_append_string(&buf, "mine");
	char *text = buf_steal_string(&buf);
	assert_string_equal(text, "mine");
	assert_int_equal(buf.len, 0);
	mem_free(text);
	buf_release(&buf);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_buf_append__keeps_a_nul_behind_the_text),
		cmocka_unit_test(test_buf_put__writes_little_endian),
		cmocka_unit_test(test_buf_append_checked__refuses_past_the_maximum),
		cmocka_unit_test(test_slice_compare__is_bytewise_and_shorter_first),
		cmocka_unit_test(test_buf_steal_string__leaves_an_empty_buffer),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
