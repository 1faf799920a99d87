/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "repo/tree_reader.h"
#include "support/sample_source.h"
#include "support/stored_snapshot.h"

struct fixture {
	struct snapshot_fixture *f;
	struct stored_snapshot s;
	struct record_sink *expected;
	struct tree_reader *tree;
	struct tree_source *source;
};

static int setup(void **state)
{
	struct fixture *x = mem_zalloc(sizeof(*x));
	void *f = NULL;
	struct err err = {0};

	if (snapshot_fixture_setup(&f) < 0)
		return -1;
	x->f = f;
	stored_back_up(x->f, sample_source_run);
	stored_open(x->f, &x->s);
	x->expected = record_sink_new();
	if (sample_source_run(&x->expected->sink, &err) < 0 ||
	    tree_reader_new(x->s.blobs, &x->s.body, &x->tree, &err) < 0)
		return -1;
	x->source = tree_reader_source(x->tree);
	*state = x;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *x = *state;
	void *f = x->f;

	tree_reader_free(x->tree);
	record_sink_free(x->expected);
	stored_close(&x->s);
	mem_free(x);
	return snapshot_fixture_teardown(&f);
}

static void test_lookup__gives_the_entry(void **state)
{
	struct fixture *x = *state;
	CLEANUP(entry_release) struct entry entry = {0};
	struct err err = {0};

	assert_int_equal(x->source->ops->lookup(x->source, "b/second", &entry, &err), 0);
	assert_string_equal(entry.name, "second");
	assert_int_equal(entry.mode, 0640);
	assert_int_equal(entry.size, SAMPLE_SHORT);
}

static void test_lookup__tells_what_is_missing(void **state)
{
	struct fixture *x = *state;
	struct entry entry;
	struct err err = {0};

	assert_int_equal(x->source->ops->lookup(x->source, "b/third", &entry, &err), -1);
	assert_int_equal(err.code, ERR_NOT_FOUND);
	assert_string_equal(err.msg, "no /b/third in this snapshot");
}

static void test_directory__gives_its_entries_in_order(void **state)
{
	static const char *const names[] = {"copy", "link", "second", "short"};
	struct fixture *x = *state;
	struct tree_directory *directory = NULL;
	struct err err = {0};
	size_t n = 0;

	assert_int_equal(x->source->ops->open_directory(x->source, "b", &directory, &err),
			 0);
	for (bool end = false; !end;) {
		CLEANUP(entry_release) struct entry entry = {0};

		assert_int_equal(x->source->ops->next(directory, &entry, &end, &err), 0);
		if (!end)
			assert_string_equal(entry.name, names[n++]);
	}
	assert_int_equal(n, ARRAY_SIZE(names));
	x->source->ops->close_directory(directory);
}

static void test_directory__may_be_empty(void **state)
{
	struct fixture *x = *state;
	struct tree_directory *directory = NULL;
	struct entry entry;
	struct err err = {0};
	bool end = false;

	assert_int_equal(x->source->ops->open_directory(x->source, "c", &directory, &err),
			 0);
	assert_int_equal(x->source->ops->next(directory, &entry, &end, &err), 0);
	assert_true(end);
	x->source->ops->close_directory(directory);
}

static void test_open__refuses_what_is_of_another_type(void **state)
{
	struct fixture *x = *state;
	struct tree_directory *directory;
	struct byte_reader *reader;
	struct err err = {0};

	assert_int_equal(
		x->source->ops->open_directory(x->source, "a/long", &directory, &err),
		-1);
	assert_string_equal(err.msg, "/a/long is not a directory");
	assert_int_equal(x->source->ops->open_content(x->source, "b/link", &reader, &err),
			 -1);
	assert_string_equal(err.msg, "/b/link is not a regular file");
}

/* From an offset to the end, `step` bytes at a time. */
static void assert_content(struct fixture *x, const char *path, uint64_t offset,
			   size_t step)
{
	const struct record_node *node = record_sink_find(x->expected, path);
	struct byte_reader *reader = NULL;
	CLEANUP(mem_freep) uint8_t *to = mem_alloc(step);
	struct err err = {0};
	uint64_t at = offset;
	size_t n = 0;

	if (tree_reader_open_range(x->tree, path, offset, &reader, &err) < 0)
		fail_msg("%s", err.msg);
	do {
		if (x->source->ops->read(reader, to, step, &n, &err) < 0)
			fail_msg("%s", err.msg);
		assert_true(n == 0 || at + n <= node->content_len);
		if (n > 0)
			assert_memory_equal(to, node->content.data + at, n);
		at += n;
	} while (n > 0);
	assert_int_equal(at, node->content_len > offset ? node->content_len : offset);
	x->source->ops->close_content(reader);
}

static void test_content__comes_in_any_steps(void **state)
{
	static const size_t steps[] = {1000, 65536, 1 << 20, 1 << 23};
	struct fixture *x = *state;

	for (size_t i = 0; i < ARRAY_SIZE(steps); i++)
		assert_content(x, "a/long", 0, steps[i]);
	assert_content(x, "b/second", 0, 7);
	assert_content(x, "a/empty", 0, 10);
	assert_content(x, "sparse", 0, 10000);
}

static void test_content__starts_at_any_offset(void **state)
{
	static const uint64_t offsets[] = {
		1, 4095, 65536, 1000000, SAMPLE_LONG - 1, SAMPLE_LONG, SAMPLE_LONG + 5};
	struct fixture *x = *state;

	for (size_t i = 0; i < ARRAY_SIZE(offsets); i++)
		assert_content(x, "a/long", offsets[i], 100000);
	assert_content(x, "b/short", 29999, 10);
	assert_content(x, "b/short", 30000, 10);
}

static void test_content__may_be_closed_in_the_middle(void **state)
{
	struct fixture *x = *state;
	struct byte_reader *reader = NULL;
	struct err err = {0};
	uint8_t to[100];
	size_t n = 0;

	assert_int_equal(x->source->ops->open_content(x->source, "a/long", &reader, &err),
			 0);
	assert_int_equal(x->source->ops->read(reader, to, sizeof(to), &n, &err), 0);
	assert_true(n > 0);
	x->source->ops->close_content(reader);
}

/* Reads on until it fails; *ret_good = the bytes before. */
static void read_to_failure(struct fixture *x, const char *path, uint64_t *ret_good,
			    struct err *err)
{
	const struct record_node *node = record_sink_find(x->expected, path);
	struct byte_reader *reader = NULL;
	uint8_t to[5000];
	uint64_t at = 0;
	size_t n = 1;

	assert_int_equal(x->source->ops->open_content(x->source, path, &reader, err), 0);
	while (n > 0 && x->source->ops->read(reader, to, sizeof(to), &n, err) == 0) {
		assert_memory_equal(to, node->content.data + at, n);
		at += n;
	}
	assert_int_not_equal(err->code, ERR_NONE);
	struct err again = {0};
	assert_int_equal(x->source->ops->read(reader, to, sizeof(to), &n, &again), -1);
	x->source->ops->close_content(reader);
	*ret_good = at;
}

static void test_content__ends_before_a_damaged_chunk(void **state)
{
	struct fixture *x = *state;
	CLEANUP(strings_release) struct strings keys;
	struct err err = {0};
	uint64_t good;

	stored_list(x->f, "packs/", &keys);
	for (size_t i = 0; i < strings_count(&keys); i++) {
		CLEANUP(buf_release) struct buf pack;

		stored_get(x->f, strings_at(&keys, i), &pack);
		if (pack.len > 600000) /* a data pack; trees stay whole */
			stored_flip(x->f, strings_at(&keys, i), pack.len / 2);
	}
	read_to_failure(x, "a/long", &good, &err);
	assert_int_equal(err.code, ERR_CORRUPT);
	assert_memory_equal(err.msg, "file /a/long: blob ", 19);
	assert_non_null(strstr(err.msg, ": the tag does not fit"));
	assert_true(good < SAMPLE_LONG);
}

/* The content reader itself, told another length than there is. */
static void read_with_len(struct fixture *x, uint64_t len, struct err *err)
{
	struct tree_walk_options options = tree_reader_walk_options(x->tree);
	CLEANUP(entry_release) struct entry entry = {0};
	CLEANUP(content_ref_release) struct content_ref content = {0};
	CLEANUP(content_reader_freep) struct content_reader *reader = NULL;
	CLEANUP(pool_freep) struct pool *pool = NULL;
	uint8_t to[5000];
	size_t n = 1;

	assert_int_equal(tree_find(&options, "a/long", &entry, &content, err), 0);
	assert_int_equal(pool_new(2, 8, &pool, err), 0);
	assert_int_equal(content_reader_new(
				 &(struct content_reader_options){
					 .blobs = x->s.blobs,
					 .pool = pool,
					 .content = &content,
					 .content_len = len,
					 .memory_bytes = 1,
				 },
				 &reader, err),
			 0);
	while (n > 0 && content_reader_read(reader, to, sizeof(to), &n, err) == 0)
		;
	content_reader_free(STEAL(reader));
	pool_free(STEAL(pool));
}

static void test_content__refuses_more_than_the_entry_says(void **state)
{
	struct err err = {0};

	read_with_len(*state, SAMPLE_LONG - 1, &err);
	assert_int_equal(err.code, ERR_CORRUPT);
	assert_string_equal(err.msg,
			    "more content than the 3145727 bytes that its entry says");
}

static void test_content__refuses_less_than_the_entry_says(void **state)
{
	struct err err = {0};

	read_with_len(*state, SAMPLE_LONG + 1, &err);
	assert_int_equal(err.code, ERR_CORRUPT);
	assert_string_equal(err.msg, "3145728 bytes of content, its entry says 3145729");
}

static void test_content__is_whole_when_the_length_fits(void **state)
{
	struct err err = {0};

	read_with_len(*state, SAMPLE_LONG, &err);
	assert_int_equal(err.code, ERR_NONE);
}

#define tree_test(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		tree_test(test_lookup__gives_the_entry),
		tree_test(test_lookup__tells_what_is_missing),
		tree_test(test_directory__gives_its_entries_in_order),
		tree_test(test_directory__may_be_empty),
		tree_test(test_open__refuses_what_is_of_another_type),
		tree_test(test_content__comes_in_any_steps),
		tree_test(test_content__starts_at_any_offset),
		tree_test(test_content__may_be_closed_in_the_middle),
		tree_test(test_content__ends_before_a_damaged_chunk),
		tree_test(test_content__refuses_more_than_the_entry_says),
		tree_test(test_content__refuses_less_than_the_entry_says),
		tree_test(test_content__is_whole_when_the_length_fits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
