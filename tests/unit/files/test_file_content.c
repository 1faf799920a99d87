/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <signal.h>

#include "files/file_content.h"
#include "support/file_tree.h"
#include "support/record_sink.h"

static void record_freep(struct record_sink **record)
{
	record_sink_free(*record);
}

/* Reads `entry` from a file that holds `text`. */
static int read_text(void **state, const char *text, struct entry *entry,
		     struct record_sink *record, struct file_content_result *result,
		     struct err *err)
{
	const struct file_content_options options = {0};
	CLEANUP(mem_freep) char *path = tree_path(*state, "f");
	int fd, answer;

	tree_write(*state, "f", text);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	answer = file_content_read(&record->sink, fd, entry, &options, result, err);
	close(fd);
	return answer;
}

static void test_file_content_read__fills_small_rooms(void **state)
{
	CLEANUP(record_freep) struct record_sink *record = record_sink_new();
	CLEANUP(entry_release) struct entry entry, root;
	struct file_content_result result = {0};
	struct err err = {0};

	record->space_len = 3;
	entry_init(&entry, ENTRY_FILE, "f");
	entry_init(&root, ENTRY_DIRECTORY, "");
	entry.size = 10;
	assert_int_equal(record->sink.ops->open_directory(&record->sink, &root, &err), 0);
	assert_int_equal(read_text(state, "0123456789", &entry, record, &result, &err),
			 0);
	assert_int_equal(
		record->sink.ops->add(&record->sink, &entry, result.content, NULL, &err),
		0);
	assert_string_equal(record_sink_text(record, "f"), "0123456789");
	assert_null(record->broken);
}

static void test_file_content_read__takes_what_a_file_grew_by(void **state)
{
	CLEANUP(record_freep) struct record_sink *record = record_sink_new();
	CLEANUP(entry_release) struct entry entry;
	struct file_content_result result = {0};
	struct err err = {0};

	entry_init(&entry, ENTRY_FILE, "f");
	entry.size = 4;
	assert_int_equal(read_text(state, "0123456789", &entry, record, &result, &err),
			 0);
	assert_int_equal(entry.size, 10);
	record->sink.ops->abandon_content(result.content);
	assert_int_equal(atomic_load(&record->n_open), 0);
}

/* The sink's room grows the file: 4 bytes for each that are asked for. */
static int growing_fd;
static uint8_t *(*recorded_space)(struct stream *stream, size_t *ret_len);

static uint8_t *growing_space(struct stream *stream, size_t *ret_len)
{
	assert_int_equal(write(growing_fd, "more", 4), 4);
	return recorded_space(stream, ret_len);
}

/* Else it would be read for ever. */
static void test_file_content_read__leaves_what_a_file_grows_by_all_the_time(void **state)
{
	CLEANUP(record_freep) struct record_sink *record = record_sink_new();
	CLEANUP(mem_freep) char *path = tree_path(*state, "f");
	CLEANUP(entry_release) struct entry entry;
	struct file_content_result result = {0};
	struct tree_sink_ops ops = *record->sink.ops;
	struct err err = {0};

	recorded_space = ops.space;
	ops.space = growing_space;
	record->sink.ops = &ops;
	record->space_len = 3;
	tree_write(*state, "f", "");
	growing_fd = open(path, O_WRONLY | O_APPEND | O_CLOEXEC);
	entry_init(&entry, ENTRY_FILE, "f");
	entry.size = 3;
	assert_int_equal(read_text(state, "abc", &entry, record, &result, &err), 0);
	assert_int_equal(entry.size, 7);
	record->sink.ops->abandon_content(result.content);
	close(growing_fd);
}

/* Nothing but reading tells how long it is. */
static void test_file_content_read__reads_what_has_no_length(void **state)
{
	const struct file_content_options options = {0};
	CLEANUP(record_freep) struct record_sink *record = record_sink_new();
	CLEANUP(entry_release) struct entry entry;
	struct file_content_result result = {0};
	struct err err = {0};
	int fd = open("/proc/self/status", O_RDONLY | O_CLOEXEC);
	struct stat st;

	(void)state;
	assert_int_equal(fstat(fd, &st), 0);
	assert_int_equal(st.st_size, 0);
	entry_init(&entry, ENTRY_FILE, "f");
	assert_int_equal(
		file_content_read(&record->sink, fd, &entry, &options, &result, &err), 0);
	assert_int_equal(result.read_error, 0);
	assert_in_range(entry.size, 100, 1 << 20);
	assert_non_null(result.content);
	record->sink.ops->abandon_content(result.content);
	close(fd);
}

static void test_file_content_read__opens_no_stream_for_an_empty_file(void **state)
{
	CLEANUP(record_freep) struct record_sink *record = record_sink_new();
	CLEANUP(entry_release) struct entry entry;
	struct file_content_result result = {0};
	struct err err = {0};

	record->fail_call = "open_stream";
	entry_init(&entry, ENTRY_FILE, "f");
	assert_int_equal(read_text(state, "", &entry, record, &result, &err), 0);
	assert_null(result.content);
	assert_int_equal(entry.size, 0);
}

static void test_file_content_read__keeps_a_hole_at_the_end(void **state)
{
	CLEANUP(record_freep) struct record_sink *record = record_sink_new();
	CLEANUP(entry_release) struct entry entry;
	struct file_content_result result = {0};
	struct err err = {0};

	entry_init(&entry, ENTRY_FILE, "f");
	entry.size = 400;
	entry_add_extent(&entry, 2, 3);
	assert_int_equal(read_text(state, "0123456789", &entry, record, &result, &err),
			 0);
	assert_int_equal(entry.size, 400);
	record->sink.ops->abandon_content(result.content);
}

static void test_file_content_read__cuts_a_file_that_shrank(void **state)
{
	CLEANUP(record_freep) struct record_sink *record = record_sink_new();
	CLEANUP(entry_release) struct entry entry;
	struct file_content_result result = {0};
	struct err err = {0};

	entry_init(&entry, ENTRY_FILE, "f");
	entry.size = 400;
	assert_int_equal(read_text(state, "0123456789", &entry, record, &result, &err),
			 0);
	assert_int_equal(entry.size, 10);
	record->sink.ops->abandon_content(result.content);
}

static void test_file_content_read__cuts_extents_of_a_file_that_shrank(void **state)
{
	CLEANUP(record_freep) struct record_sink *record = record_sink_new();
	CLEANUP(entry_release) struct entry entry;
	struct file_content_result result = {0};
	struct err err = {0};

	entry_init(&entry, ENTRY_FILE, "f");
	entry.size = 400;
	entry_add_extent(&entry, 2, 3);
	entry_add_extent(&entry, 8, 100);
	entry_add_extent(&entry, 200, 100);
	assert_int_equal(read_text(state, "0123456789", &entry, record, &result, &err),
			 0);
	assert_int_equal(entry.size, 10);
	assert_int_equal(entry.extents.n, 2);
	assert_int_equal(entry_content_len(&entry), 5);
	record->sink.ops->abandon_content(result.content);
}

static void test_file_content_read__gives_none_when_all_is_gone(void **state)
{
	CLEANUP(record_freep) struct record_sink *record = record_sink_new();
	CLEANUP(entry_release) struct entry entry;
	struct file_content_result result = {0};
	struct err err = {0};

	entry_init(&entry, ENTRY_FILE, "f");
	entry.size = 400;
	assert_int_equal(read_text(state, "", &entry, record, &result, &err), 0);
	assert_null(result.content);
	assert_int_equal(entry.size, 0);
	assert_int_equal(atomic_load(&record->n_open), 0);
}

static void test_file_content_read__tells_read_errors_apart(void **state)
{
	const struct file_content_options options = {0};
	CLEANUP(record_freep) struct record_sink *record = record_sink_new();
	CLEANUP(entry_release) struct entry entry;
	struct file_content_result result = {0};
	struct err err = {0};
	int fd = open(*state, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	entry_init(&entry, ENTRY_FILE, "f");
	entry.size = 400;
	assert_int_equal(
		file_content_read(&record->sink, fd, &entry, &options, &result, &err), 0);
	assert_int_equal(result.read_error, EISDIR);
	assert_null(result.content);
	assert_int_equal(atomic_load(&record->n_open), 0);
	close(fd);
}

static void test_file_content_read__abandons_when_the_sink_fails(void **state)
{
	CLEANUP(record_freep) struct record_sink *record = record_sink_new();
	CLEANUP(entry_release) struct entry entry;
	struct file_content_result result = {0};
	struct err err = {0};

	record->fail_call = "commit";
	entry_init(&entry, ENTRY_FILE, "f");
	entry.size = 3;
	assert_int_equal(read_text(state, "abc", &entry, record, &result, &err), -1);
	assert_string_equal(err.msg, "planted failure");
	assert_int_equal(atomic_load(&record->n_open), 0);
}

static void test_file_content_read__is_interrupted(void **state)
{
	CLEANUP(record_freep) struct record_sink *record = record_sink_new();
	CLEANUP(mem_freep) char *path = tree_path(*state, "f");
	CLEANUP(entry_release) struct entry entry;
	struct file_content_result result = {0};
	struct cancel cancel;
	const struct file_content_options options = {.cancel = &cancel};
	struct err err = {0};
	int fd;

	cancel_init(&cancel);
	cancel_set(&cancel, SIGTERM);
	tree_write(*state, "f", "abc");
	fd = open(path, O_RDONLY | O_CLOEXEC);
	entry_init(&entry, ENTRY_FILE, "f");
	entry.size = 3;
	assert_int_equal(
		file_content_read(&record->sink, fd, &entry, &options, &result, &err),
		-1);
	assert_int_equal(err.code, ERR_INTERRUPTED);
	assert_int_equal(atomic_load(&record->n_open), 0);
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		tempdir_test(test_file_content_read__fills_small_rooms),
		tempdir_test(test_file_content_read__takes_what_a_file_grew_by),
		tempdir_test(
			test_file_content_read__leaves_what_a_file_grows_by_all_the_time),
		tempdir_test(test_file_content_read__reads_what_has_no_length),
		tempdir_test(test_file_content_read__opens_no_stream_for_an_empty_file),
		tempdir_test(test_file_content_read__keeps_a_hole_at_the_end),
		tempdir_test(test_file_content_read__cuts_a_file_that_shrank),
		tempdir_test(test_file_content_read__cuts_extents_of_a_file_that_shrank),
		tempdir_test(test_file_content_read__gives_none_when_all_is_gone),
		tempdir_test(test_file_content_read__tells_read_errors_apart),
		tempdir_test(test_file_content_read__abandons_when_the_sink_fails),
		tempdir_test(test_file_content_read__is_interrupted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
