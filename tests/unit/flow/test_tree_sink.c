/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "flow/tree_sink.h"

/* A stream that gives `room` bytes at a time and fails after `fail_after` commits. */
struct stream {
	uint8_t bytes[64];
	size_t len, room;
	unsigned commits, fail_after;
};

static uint8_t *give_space(struct stream *stream, size_t *ret_len)
{
	*ret_len = stream->room;
	return stream->bytes + stream->len;
}

static int take_commit(struct stream *stream, size_t len, struct err *err)
{
	if (stream->commits++ == stream->fail_after)
		return err_set(err, ERR_NO_SPACE, "pack is full");
	stream->len += len;
	return 0;
}

static const struct tree_sink_ops ops = {.space = give_space, .commit = take_commit};

static void test_tree_sink_write__fills_room_after_room(void **state)
{
	struct tree_sink sink = {.ops = &ops};
	struct stream stream = {.room = 3, .fail_after = 99};
	struct err err = {0};

	(void)state;
	assert_int_equal(
		tree_sink_write(&sink, &stream, slice_of_string("0123456789"), &err), 0);
	assert_int_equal(stream.len, 10);
	assert_int_equal(stream.commits, 4);
	assert_memory_equal(stream.bytes, "0123456789", 10);
}

static void test_tree_sink_write__of_nothing_commits_nothing(void **state)
{
	struct tree_sink sink = {.ops = &ops};
	struct stream stream = {.room = 3};
	struct err err = {0};

	(void)state;
	assert_int_equal(tree_sink_write(&sink, &stream, slice_of(NULL, 0), &err), 0);
	assert_int_equal(stream.commits, 0);
}

static void test_tree_sink_write__stops_at_the_first_error(void **state)
{
	struct tree_sink sink = {.ops = &ops};
	struct stream stream = {.room = 4, .fail_after = 1};
	struct err err = {0};

	(void)state;
	assert_int_equal(
		tree_sink_write(&sink, &stream, slice_of_string("0123456789"), &err), -1);
	assert_int_equal(err.code, ERR_NO_SPACE);
	assert_string_equal(err.msg, "pack is full");
	assert_int_equal(stream.len, 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tree_sink_write__fills_room_after_room),
		cmocka_unit_test(test_tree_sink_write__of_nothing_commits_nothing),
		cmocka_unit_test(test_tree_sink_write__stops_at_the_first_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
