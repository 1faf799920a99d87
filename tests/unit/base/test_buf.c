/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"

static void test_slice_compare__is_bytewise_and_shorter_first(void **state)
{
	(void)state;
	assert_true(slice_compare(slice_of_string("a"), slice_of_string("ab")) < 0);
	assert_true(slice_compare(slice_of_string("ab"), slice_of_string("a")) > 0);
	assert_true(slice_compare(slice_of_string("\xff"), slice_of_string("a")) > 0);
	assert_int_equal(slice_compare(slice_of_string("x"), slice_of_string("x")), 0);
	assert_int_equal(slice_compare(slice_of(NULL, 0), slice_of_string("")), 0);
}

static void test_slice_equal__compares_length_and_bytes(void **state)
{
	(void)state;
	assert_true(slice_equal(slice_of("a\0b", 3), slice_of("a\0b", 3)));
	assert_false(slice_equal(slice_of("a\0b", 3), slice_of("a\0c", 3)));
	assert_false(slice_equal(slice_of_string("x"), slice_of_string("xy")));
	assert_true(slice_equal(slice_of(NULL, 0), slice_of("x", 0)));
}

static void test_buf_append__keeps_a_nul_behind_the_text(void **state)
{
	struct buf buf;

	(void)state;
	buf_init(&buf, 0);
	assert_string_equal(buf_string(&buf), "");
	buf_append_string(&buf, "ab");
	buf_printf(&buf, "%d", 12);
	buf_append_byte(&buf, 'c');
	buf_append(&buf, NULL, 0);
	assert_string_equal(buf_string(&buf), "ab12c");
	assert_int_equal(buf.len, 5);
	buf_release(&buf);
}

static void test_buf__works_when_it_is_only_zeroed(void **state)
{
	CLEANUP(buf_release) struct buf buf = {0};

	(void)state;
	assert_int_equal(buf_room(&buf), BUF_MAX_DEFAULT);
	buf_append_string(&buf, "text");
	assert_string_equal(buf_string(&buf), "text");
}

static void test_buf_append__grows_past_every_capacity(void **state)
{
	CLEANUP(buf_release) struct buf buf = {0};

	(void)state;
	for (size_t i = 0; i < 10000; i++) {
		buf_append_byte(&buf, (uint8_t)i);
		assert_int_equal(buf.data[buf.len], 0);
	}
	for (size_t i = 0; i < 10000; i++)
		assert_int_equal(buf.data[i], (uint8_t)i);
}

static void test_buf_extend__returns_the_new_bytes(void **state)
{
	CLEANUP(buf_release) struct buf buf = {0};

	(void)state;
	buf_append_string(&buf, "ab");
	uint8_t *added = buf_extend(&buf, 2);
	assert_ptr_equal(added, buf.data + 2);
	memcpy(added, "cd", 2);
	assert_string_equal(buf_string(&buf), "abcd");
}

static void test_buf_reserve__lets_later_appends_stay_in_place(void **state)
{
	CLEANUP(buf_release) struct buf buf = {0};

	(void)state;
	buf_reserve(&buf, 1000);
	const uint8_t *before = buf.data;
	for (int i = 0; i < 1000; i++)
		buf_append_byte(&buf, 'x');
	assert_ptr_equal(buf.data, before);
}

static void test_buf_printf__takes_texts_of_every_length(void **state)
{
	CLEANUP(buf_release) struct buf buf = {0};

	(void)state;
	for (int len = 0; len < 300; len++) {
		buf_clear(&buf);
		buf_append_string(&buf, "<");
		buf_printf(&buf, "%*s>", len, "");
		assert_int_equal(buf.len, len + 2);
		assert_int_equal(strlen(buf_string(&buf)), buf.len);
		assert_int_equal(buf.data[buf.len - 1], '>');
	}
}

static void test_buf_printf__reaches_the_maximum(void **state)
{
	CLEANUP(buf_release) struct buf buf;

	(void)state;
	buf_init(&buf, 100);
	buf_printf(&buf, "%100s", "x");
	assert_int_equal(buf.len, 100);
	assert_int_equal(buf_room(&buf), 0);
}

static void test_buf_put__writes_little_endian(void **state)
{
	static const uint8_t expected[] = {1,	 3,    2,    7,	   6,	 5,    4,    8,
					   7,	 6,    5,    4,	   3,	 2,    1,    0xfe,
					   0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2,
					   0,	 'h',  'i',  1,	   0,	 0,    0,    'x'};
	CLEANUP(buf_release) struct buf buf = {0};

	(void)state;
	buf_put_u8(&buf, 1);
	buf_put_u16(&buf, 0x0203);
	buf_put_u32(&buf, 0x04050607);
	buf_put_u64(&buf, UINT64_C(0x0102030405060708));
	buf_put_i64(&buf, -2);
	buf_put_bytes16(&buf, slice_of_string("hi"));
	buf_put_bytes32(&buf, slice_of_string("x"));
	assert_int_equal(buf.len, sizeof(expected));
	assert_memory_equal(buf.data, expected, sizeof(expected));
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
	assert_string_equal(err.msg, "name: longer than 4 bytes");
	assert_int_equal(buf_append_checked(&buf, "", SIZE_MAX, "name", &err), -1);
	assert_string_equal(buf_string(&buf), "abc");
	assert_int_equal(buf_append_checked(&buf, "d", 1, "name", &err), 0);
	assert_string_equal(buf_string(&buf), "abcd");
	buf_release(&buf);
}

/* What a child ends with that appends past the maximum. */
static int status_of_overflow(size_t more)
{
	struct buf buf;
	int status = 0;
	pid_t child = fork();

	if (child == 0) {
		(void)signal(SIGABRT, SIG_DFL); /* a handler would print */
		buf_init(&buf, 8);
		buf_append_string(&buf, "12345678");
		(void)buf_extend(&buf, more);
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	return status;
}

static void test_buf_extend__past_the_maximum_aborts(void **state)
{
	(void)state;
	assert_int_equal(status_of_overflow(0), 0);
	assert_int_equal(WTERMSIG(status_of_overflow(1)), SIGABRT);
	assert_int_equal(WTERMSIG(status_of_overflow(SIZE_MAX)), SIGABRT);
}

static void test_buf_clear__keeps_the_memory(void **state)
{
	CLEANUP(buf_release) struct buf buf = {0};

	(void)state;
	buf_clear(&buf);
	buf_append_string(&buf, "text");
	const uint8_t *before = buf.data;
	buf_clear(&buf);
	assert_int_equal(buf.len, 0);
	assert_string_equal(buf_string(&buf), "");
	buf_append_string(&buf, "t");
	assert_ptr_equal(buf.data, before);
}

static void test_buf_wipe__zeroes_all_of_the_capacity(void **state)
{
	CLEANUP(buf_release) struct buf buf = {0};

	(void)state;
	buf_wipe(&buf);
	buf_append_string(&buf, "secret");
	buf_clear(&buf);
	buf_append_string(&buf, "s");
	buf_wipe(&buf);
	assert_int_equal(buf.len, 0);
	for (size_t i = 0; i < 7; i++)
		assert_int_equal(buf.data[i], 0);
}

static void test_buf_release__keeps_the_maximum(void **state)
{
	struct buf buf;

	(void)state;
	buf_init(&buf, 10);
	buf_append_string(&buf, "text");
	buf_release(&buf);
	assert_null(buf.data);
	assert_int_equal(buf_room(&buf), 10);
	buf_release(&buf);
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
	assert_null(buf.data);
	mem_free(text);
	text = buf_steal_string(&buf);
	assert_string_equal(text, "");
	mem_free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_slice_compare__is_bytewise_and_shorter_first),
		cmocka_unit_test(test_slice_equal__compares_length_and_bytes),
		cmocka_unit_test(test_buf_append__keeps_a_nul_behind_the_text),
		cmocka_unit_test(test_buf__works_when_it_is_only_zeroed),
		cmocka_unit_test(test_buf_append__grows_past_every_capacity),
		cmocka_unit_test(test_buf_extend__returns_the_new_bytes),
		cmocka_unit_test(test_buf_reserve__lets_later_appends_stay_in_place),
		cmocka_unit_test(test_buf_printf__takes_texts_of_every_length),
		cmocka_unit_test(test_buf_printf__reaches_the_maximum),
		cmocka_unit_test(test_buf_put__writes_little_endian),
		cmocka_unit_test(test_buf_append_checked__refuses_past_the_maximum),
		cmocka_unit_test(test_buf_extend__past_the_maximum_aborts),
		cmocka_unit_test(test_buf_clear__keeps_the_memory),
		cmocka_unit_test(test_buf_wipe__zeroes_all_of_the_capacity),
		cmocka_unit_test(test_buf_release__keeps_the_maximum),
		cmocka_unit_test(test_buf_steal_string__leaves_an_empty_buffer),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
