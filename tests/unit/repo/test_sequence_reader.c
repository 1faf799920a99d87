/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "repo/sequence_reader.h"
#include "support/node_source.h"

static const uint8_t KEY[SEQUENCE_KEY_LEN] = "sequence key";

struct fixture {
	struct node_store store;
	struct memory_source source;
	struct content_ref content;
};

static int setup(void **state)
{
	struct fixture *f = mem_zalloc(sizeof(*f));

	node_store_init(&f->store);
	memory_source_init(&f->source, &f->store);
	content_ref_init(&f->content);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	content_ref_release(&f->content);
	node_store_release(&f->store);
	mem_free(f);
	return 0;
}

static void encode_fifo(const char *name, struct buf *bytes)
{
	CLEANUP(entry_release) struct entry entry = {0};
	struct err err = {0};

	entry_init(&entry, ENTRY_FIFO, name);
	buf_clear(bytes);
	assert_int_equal(tree_entry_encode_head(&entry, bytes, &err), 0);
}

/* The even numbers below 2n as names. */
static void make_directory(struct fixture *f, size_t n)
{
	CLEANUP(sequence_writer_freep)
	struct sequence_writer *writer =
		sequence_writer_new(BLOB_TREE, KEY, &f->store.sink);
	CLEANUP(buf_release) struct buf bytes = {0};
	struct err err = {0};
	char name[24];

	buf_init(&bytes, 0);
	for (size_t i = 0; i < n; i++) {
		(void)snprintf(name, sizeof(name), "%09zu", 2 * i);
		encode_fifo(name, &bytes);
		assert_int_equal(sequence_writer_add_entry(writer, slice_of_string(name),
							   buf_slice(&bytes), &err),
				 0);
	}
	assert_int_equal(sequence_writer_finish(writer, &f->content, &err), 0);
}

static struct blob_ref chunk_of(size_t i)
{
	struct blob_ref chunk = {.raw_len = (uint32_t)(i % 7 + 1)};

	memcpy(chunk.id.bytes, &i, sizeof(i));
	chunk.id.bytes[20] = (uint8_t)(i * 37);
	return chunk;
}

static void make_list(struct fixture *f, size_t n)
{
	CLEANUP(sequence_writer_freep)
	struct sequence_writer *writer =
		sequence_writer_new(BLOB_LIST, KEY, &f->store.sink);
	struct err err = {0};

	for (size_t i = 0; i < n; i++) {
		struct blob_ref chunk = chunk_of(i);

		assert_int_equal(sequence_writer_add_chunk(writer, &chunk, &err), 0);
	}
	assert_int_equal(sequence_writer_finish(writer, &f->content, &err), 0);
}

static struct sequence_reader *open_reader(struct fixture *f, enum blob_type type)
{
	return sequence_reader_new(type, &f->source.source, &f->content);
}

/* Reads to the end; a reader rests before every `rest`-th entry. */
static void assert_directory(struct sequence_reader *reader, size_t n, size_t rest)
{
	struct err err = {0};
	char name[24];

	for (size_t i = 0;; i++) {
		CLEANUP(entry_release) struct entry entry = {0};
		CLEANUP(content_ref_release) struct content_ref content = {0};
		bool end;

		if (rest > 0 && i % rest == 0)
			sequence_reader_rest(reader);
		assert_int_equal(
			sequence_reader_next_entry(reader, &entry, &content, &end, &err),
			0);
		if (end) {
			assert_int_equal(i, n);
			return;
		}
		(void)snprintf(name, sizeof(name), "%09zu", 2 * i);
		assert_string_equal(entry.name, name);
	}
}

static void test_next_entry__gives_all_in_order(void **state)
{
	struct fixture *f = *state;

	make_directory(f, 20000);
	assert_true(f->content.level >= 1);
	CLEANUP(sequence_reader_freep)
	struct sequence_reader *reader = open_reader(f, BLOB_TREE);
	assert_directory(reader, 20000, 0);
}

static void test_next_entry__ends_at_once_without_content(void **state)
{
	CLEANUP(sequence_reader_freep)
	struct sequence_reader *reader = open_reader(*state, BLOB_TREE);

	assert_directory(reader, 0, 0);
}

static void test_rest__gives_memory_back_and_goes_on(void **state)
{
	struct fixture *f = *state;
	struct err err = {0};

	make_directory(f, 3000);
	CLEANUP(sequence_reader_freep)
	struct sequence_reader *reader = open_reader(f, BLOB_TREE);
	CLEANUP(entry_release) struct entry entry = {0};
	CLEANUP(content_ref_release) struct content_ref content = {0};
	bool end;

	assert_int_equal(sequence_reader_next_entry(reader, &entry, &content, &end, &err),
			 0);
	assert_true(sequence_reader_memory(reader) > 0);
	sequence_reader_rest(reader);
	assert_int_equal(sequence_reader_memory(reader), 0);
	CLEANUP(sequence_reader_freep)
	struct sequence_reader *other = open_reader(f, BLOB_TREE);
	assert_directory(other, 3000, 7);
}

static void assert_chunks(struct sequence_reader *reader, size_t from, size_t n)
{
	struct err err = {0};
	struct blob_ref chunk;
	bool end;

	for (size_t i = from;; i++) {
		struct blob_ref expected = chunk_of(i);

		assert_int_equal(sequence_reader_next_chunk(reader, &chunk, &end, &err),
				 0);
		if (end) {
			assert_int_equal(i, n);
			return;
		}
		assert_memory_equal(&chunk, &expected, sizeof(chunk));
	}
}

static void test_next_chunk__gives_all_in_order(void **state)
{
	struct fixture *f = *state;

	make_list(f, 30000);
	CLEANUP(sequence_reader_freep)
	struct sequence_reader *reader = open_reader(f, BLOB_LIST);
	assert_chunks(reader, 0, 30000);
}

static void test_next_chunk__gives_those_of_the_entry(void **state)
{
	struct fixture *f = *state;

	f->content.kind = CONTENT_CHUNKS;
	for (size_t i = 0; i < 5; i++) {
		struct blob_ref chunk = chunk_of(i);

		vec_push(&f->content.chunks, &chunk);
	}
	CLEANUP(sequence_reader_freep)
	struct sequence_reader *reader = open_reader(f, BLOB_LIST);
	assert_chunks(reader, 0, 5);
}

/* Content offset where chunk i begins. */
static uint64_t start_of(size_t i)
{
	uint64_t sum = 0;

	for (size_t k = 0; k < i; k++)
		sum += k % 7 + 1;
	return sum;
}

static void test_seek__stands_before_the_chunk_that_holds_the_offset(void **state)
{
	struct fixture *f = *state;
	static const size_t places[] = {0, 1, 6, 1023, 7777, 29998, 29999};
	struct err err = {0};
	uint64_t start;

	make_list(f, 30000);
	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		CLEANUP(sequence_reader_freep)
		struct sequence_reader *reader = open_reader(f, BLOB_LIST);
		uint64_t expected = start_of(places[i]);
		uint64_t last = expected + places[i] % 7;

		assert_int_equal(sequence_reader_seek(reader, last, &start, &err), 0);
		assert_int_equal(start, expected);
		assert_chunks(reader, places[i], 30000);
	}
}

static void test_seek__reads_only_the_nodes_on_the_way(void **state)
{
	struct fixture *f = *state;
	struct err err = {0};
	uint64_t start;

	make_list(f, 30000);
	CLEANUP(sequence_reader_freep)
	struct sequence_reader *reader = open_reader(f, BLOB_LIST);
	assert_int_equal(sequence_reader_seek(reader, start_of(29000), &start, &err), 0);
	assert_int_equal(f->source.n_got, f->content.level + 1);
}

static void test_seek__past_the_end_leaves_nothing(void **state)
{
	struct fixture *f = *state;
	struct err err = {0};
	uint64_t start;

	make_list(f, 3000);
	CLEANUP(sequence_reader_freep)
	struct sequence_reader *reader = open_reader(f, BLOB_LIST);
	assert_int_equal(sequence_reader_seek(reader, UINT64_MAX, &start, &err), 0);
	assert_int_equal(start, start_of(3000));
	assert_chunks(reader, 3000, 3000);
}

static void test_seek__works_on_the_chunks_of_the_entry(void **state)
{
	struct fixture *f = *state;
	struct err err = {0};
	uint64_t start;

	f->content.kind = CONTENT_CHUNKS;
	for (size_t i = 0; i < 5; i++) {
		struct blob_ref chunk = chunk_of(i);

		vec_push(&f->content.chunks, &chunk);
	}
	CLEANUP(sequence_reader_freep)
	struct sequence_reader *reader = open_reader(f, BLOB_LIST);
	assert_int_equal(sequence_reader_seek(reader, 4, &start, &err), 0);
	assert_int_equal(start, 3);
	assert_chunks(reader, 2, 5);
}

static void test_find__gives_names_that_are_there(void **state)
{
	struct fixture *f = *state;
	struct err err = {0};

	make_directory(f, 20000);
	for (size_t i = 0; i < 20000; i += 499) {
		struct found_entry found;
		char name[24];

		(void)snprintf(name, sizeof(name), "%09zu", 2 * i);
		f->source.n_got = 0;
		assert_int_equal(sequence_find(&f->source.source, &f->content,
					       slice_of_string(name), &found, &err),
				 0);
		assert_true(found.found);
		assert_string_equal(found.entry.name, name);
		entry_release(&found.entry);
		content_ref_release(&found.content);
		assert_int_equal(f->source.n_got, f->content.level + 1);
	}
}

static void test_find__does_not_find_what_is_not_there(void **state)
{
	struct fixture *f = *state;
	static const char *const names[] = {"", "000000001", "000019999", "zzz"};
	struct err err = {0};

	make_directory(f, 20000);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		struct found_entry found = {.found = true};

		assert_int_equal(sequence_find(&f->source.source, &f->content,
					       slice_of_string(names[i]), &found, &err),
				 0);
		assert_false(found.found);
	}
}

static void test_next_chunk__refuses_a_child_that_is_not_as_long_as_said(void **state)
{
	struct fixture *f = *state;
	CLEANUP(buf_release) struct buf leaf = {0};
	CLEANUP(buf_release) struct buf top = {0};
	struct blob_ref chunk = chunk_of(3), ref;
	struct err err = {0};
	bool end;

	buf_init(&leaf, 0);
	buf_init(&top, 0);
	node_begin(&leaf, 0);
	list_node_add_chunk(&leaf, &chunk);
	node_end(&leaf, 1);
	node_store_add(&f->store, BLOB_LIST, buf_slice(&leaf), &ref);
	node_begin(&top, 1);
	list_node_add_child(&top, &ref, 5);
	node_end(&top, 1);
	f->content.kind = CONTENT_NODE;
	f->content.level = 1;
	node_store_add(&f->store, BLOB_LIST, buf_slice(&top), &f->content.top);
	CLEANUP(sequence_reader_freep)
	struct sequence_reader *reader = open_reader(f, BLOB_LIST);
	assert_int_equal(sequence_reader_next_chunk(reader, &chunk, &end, &err), 0);
	assert_int_equal(sequence_reader_next_chunk(reader, &chunk, &end, &err), -1);
	assert_int_equal(err.code, ERR_CORRUPT);
	assert_string_equal(err.msg, "list node: 4 bytes of content, its parent says 5");
}

static void add_leaf(struct fixture *f, struct buf *top, const char *first,
		     const char *second)
{
	CLEANUP(buf_release) struct buf leaf = {0};
	CLEANUP(buf_release) struct buf bytes = {0};
	struct blob_ref ref;

	buf_init(&leaf, 0);
	buf_init(&bytes, 0);
	node_begin(&leaf, 0);
	encode_fifo(first, &bytes);
	tree_node_add_entry(&leaf, buf_slice(&bytes));
	encode_fifo(second, &bytes);
	tree_node_add_entry(&leaf, buf_slice(&bytes));
	node_end(&leaf, 2);
	node_store_add(&f->store, BLOB_TREE, buf_slice(&leaf), &ref);
	tree_node_add_child(top, slice_of_string(first), &ref);
}

static void test_next_entry__refuses_names_that_fall_back_between_nodes(void **state)
{
	struct fixture *f = *state;
	CLEANUP(buf_release) struct buf top = {0};
	struct err err = {0};
	int failed = 0;
	bool end = false;

	buf_init(&top, 0);
	node_begin(&top, 1);
	add_leaf(f, &top, "a", "c");
	add_leaf(f, &top, "b", "d");
	node_end(&top, 2);
	f->content.kind = CONTENT_NODE;
	f->content.level = 1;
	node_store_add(&f->store, BLOB_TREE, buf_slice(&top), &f->content.top);
	CLEANUP(sequence_reader_freep)
	struct sequence_reader *reader = open_reader(f, BLOB_TREE);
	for (int i = 0; i < 3 && failed == 0; i++) {
		CLEANUP(entry_release) struct entry entry = {0};
		CLEANUP(content_ref_release) struct content_ref content = {0};

		failed = sequence_reader_next_entry(reader, &entry, &content, &end, &err);
		if (failed < 0) {
			entry = (struct entry){0};
			content = (struct content_ref){0};
			assert_int_equal(i, 2);
		}
	}
	assert_int_equal(failed, -1);
	assert_string_equal(err.msg,
			    "directory: b comes after a name that is not smaller");
}

static void test_next_entry__tells_which_node_is_missing(void **state)
{
	struct fixture *f = *state;
	struct entry entry;
	struct content_ref content;
	struct err err = {0};
	bool end;

	f->content.kind = CONTENT_NODE;
	f->content.top.raw_len = 10;
	CLEANUP(sequence_reader_freep)
	struct sequence_reader *reader = open_reader(f, BLOB_TREE);
	assert_int_equal(sequence_reader_next_entry(reader, &entry, &content, &end, &err),
			 -1);
	assert_string_equal(err.msg, "planted: no such blob");
}

static void test_next_entry__refuses_a_node_that_is_too_long(void **state)
{
	struct fixture *f = *state;
	struct entry entry;
	struct content_ref content;
	struct err err = {0};
	bool end;

	f->content.kind = CONTENT_NODE;
	f->content.top.raw_len = NODE_MAX + 1;
	CLEANUP(sequence_reader_freep)
	struct sequence_reader *reader = open_reader(f, BLOB_TREE);
	assert_int_equal(sequence_reader_next_entry(reader, &entry, &content, &end, &err),
			 -1);
	assert_int_equal(err.code, ERR_CORRUPT);
	assert_string_equal(err.msg, "a node of 4194305 bytes");
	assert_int_equal(f->source.n_got, 0);
}

#define in_store(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		in_store(test_next_entry__gives_all_in_order),
		in_store(test_next_entry__ends_at_once_without_content),
		in_store(test_rest__gives_memory_back_and_goes_on),
		in_store(test_next_chunk__gives_all_in_order),
		in_store(test_next_chunk__gives_those_of_the_entry),
		in_store(test_seek__stands_before_the_chunk_that_holds_the_offset),
		in_store(test_seek__reads_only_the_nodes_on_the_way),
		in_store(test_seek__past_the_end_leaves_nothing),
		in_store(test_seek__works_on_the_chunks_of_the_entry),
		in_store(test_find__gives_names_that_are_there),
		in_store(test_find__does_not_find_what_is_not_there),
		in_store(test_next_chunk__refuses_a_child_that_is_not_as_long_as_said),
		in_store(test_next_entry__refuses_names_that_fall_back_between_nodes),
		in_store(test_next_entry__tells_which_node_is_missing),
		in_store(test_next_entry__refuses_a_node_that_is_too_long),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
