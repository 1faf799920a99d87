/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/mem.h"
#include "base/rng.h"
#include "repo/sequence_writer.h"
#include "support/node_store.h"

static const uint8_t KEY[SEQUENCE_KEY_LEN] = "sequence key";

static void add_entry(struct sequence_writer *writer, const char *name, size_t padding)
{
	CLEANUP(entry_release) struct entry entry = {0};
	CLEANUP(buf_release) struct buf bytes = {0};
	struct err err = {0};

	entry_init(&entry, ENTRY_FIFO, name);
	if (padding > 0) {
		CLEANUP(mem_freep) char *text = mem_zalloc(padding + 1);

		memset(text, 'x', padding);
		entry_add_fact(&entry, "padding", "%s", text);
	}
	buf_init(&bytes, 0);
	assert_int_equal(tree_entry_encode_head(&entry, &bytes, &err), 0);
	assert_int_equal(sequence_writer_add_entry(writer, slice_of_string(name),
						   buf_slice(&bytes), &err),
			 0);
}

static void name_of(size_t i, char out[static 24])
{
	(void)snprintf(out, 24, "%09zu", i);
}

/* A directory of the numbers below n, with one name more when `extra` is not NULL. */
static void directory_of(struct node_store *store, size_t n, const char *extra,
			 struct content_ref *ret_content)
{
	CLEANUP(sequence_writer_freep)
	struct sequence_writer *writer =
		sequence_writer_new(BLOB_TREE, KEY, &store->sink);
	struct err err = {0};
	char name[24];

	for (size_t i = 0; i < n; i++) {
		name_of(i, name);
		if (extra != NULL && strcmp(extra, name) < 0) {
			add_entry(writer, extra, 0);
			extra = NULL;
		}
		add_entry(writer, name, 0);
	}
	if (extra != NULL)
		add_entry(writer, extra, 0);
	assert_int_equal(sequence_writer_finish(writer, ret_content, &err), 0);
}

static void assert_holds_numbers(const struct node_store *store,
				 const struct content_ref *content, size_t n)
{
	struct vec entries;
	char name[24];

	vec_init(&entries, sizeof(struct slice));
	assert_int_equal(content->kind, CONTENT_NODE);
	naive_entries(store, content->top.id.bytes, content->level, content->top.raw_len,
		      &entries);
	assert_int_equal(entries.n, n);
	for (size_t i = 0; i < n; i++) {
		const struct slice *entry = vec_at(&entries, i);

		name_of(i, name);
		assert_memory_equal(entry->data + 7, name, 9);
	}
	vec_release(&entries);
}

static void test_sequence_writer_finish__nothing_was_added(void **state)
{
	CLEANUP(node_store_release) struct node_store store = {0};
	CLEANUP(content_ref_release) struct content_ref content = {0};

	(void)state;
	node_store_init(&store);
	directory_of(&store, 0, NULL, &content);
	assert_int_equal(content.kind, CONTENT_NONE);
	assert_int_equal(store.n_put, 0);
}

static void test_sequence_writer_finish__one_entry_is_one_node(void **state)
{
	CLEANUP(node_store_release) struct node_store store = {0};
	CLEANUP(content_ref_release) struct content_ref content = {0};

	(void)state;
	node_store_init(&store);
	directory_of(&store, 1, NULL, &content);
	assert_int_equal(content.level, 0);
	assert_int_equal(store.n_put, 1);
	assert_holds_numbers(&store, &content, 1);
}

/* Every length around the places where the first nodes end: tops are never nodes of one
 * child. */
static void test_sequence_writer_finish__all_small_lengths(void **state)
{
	(void)state;
	for (size_t n = 1; n < 700; n++) {
		CLEANUP(node_store_release) struct node_store store = {0};
		CLEANUP(content_ref_release) struct content_ref content = {0};

		node_store_init(&store);
		directory_of(&store, n, NULL, &content);
		assert_holds_numbers(&store, &content, n);
		if (content.level > 0)
			assert_true(node_store_get(&store, &content.top.id)->data[3] > 1);
	}
}

static void test_sequence_writer_finish__a_large_directory(void **state)
{
	CLEANUP(node_store_release) struct node_store store = {0};
	CLEANUP(content_ref_release) struct content_ref content = {0};

	(void)state;
	node_store_init(&store);
	directory_of(&store, 100000, NULL, &content);
	assert_int_equal(content.level, 2);
	assert_in_range(store.n_put, 100000 / 512, 100000 / 128);
	assert_holds_numbers(&store, &content, 100000);
}

static void test_sequence_writer_finish__the_same_twice(void **state)
{
	CLEANUP(node_store_release) struct node_store store = {0};
	CLEANUP(content_ref_release) struct content_ref first = {0};
	CLEANUP(content_ref_release) struct content_ref second = {0};
	size_t n_new;

	(void)state;
	node_store_init(&store);
	directory_of(&store, 20000, NULL, &first);
	n_new = store.n_new;
	directory_of(&store, 20000, NULL, &second);
	assert_int_equal(store.n_new, n_new);
	assert_memory_equal(&first.top, &second.top, sizeof(first.top));
}

static void test_sequence_writer_finish__an_inserted_entry_changes_few(void **state)
{
	static const char *const extra[] = {"0", "000050000x", "000099999x",
					    "000000255x"};
	CLEANUP(node_store_release) struct node_store store = {0};
	CLEANUP(content_ref_release) struct content_ref first = {0};

	(void)state;
	node_store_init(&store);
	directory_of(&store, 100000, NULL, &first);
	for (size_t i = 0; i < ARRAY_SIZE(extra); i++) {
		CLEANUP(content_ref_release) struct content_ref second = {0};
		size_t before = store.n_new;

		directory_of(&store, 100000, extra[i], &second);
		assert_in_range(store.n_new - before, 3, 6);
	}
}

static void test_sequence_writer_add_entry__long_entries_end_nodes(void **state)
{
	CLEANUP(node_store_release) struct node_store store = {0};
	CLEANUP(content_ref_release) struct content_ref content = {0};
	CLEANUP(sequence_writer_freep) struct sequence_writer *writer = NULL;
	struct err err = {0};
	char name[24];

	(void)state;
	node_store_init(&store);
	writer = sequence_writer_new(BLOB_TREE, KEY, &store.sink);
	for (size_t i = 0; i < 20; i++) {
		name_of(i, name);
		add_entry(writer, name, i % 2 == 0 ? 600000 : 2000000);
	}
	assert_int_equal(sequence_writer_finish(writer, &content, &err), 0);
	assert_holds_numbers(&store, &content, 20);
	assert_true(store.longest <= NODE_MAX);
	assert_int_equal(store.n_put, 11);
}

static void add_chunk(struct sequence_writer *writer, uint64_t number)
{
	struct blob_ref chunk = {.raw_len = 1000};
	struct err err = {0};

	memcpy(chunk.id.bytes, &number, sizeof(number));
	assert_int_equal(sequence_writer_add_chunk(writer, &chunk, &err), 0);
}

static void list_of(struct node_store *store, size_t n, bool is_equal, uint64_t seed,
		    struct content_ref *ret_content)
{
	CLEANUP(sequence_writer_freep)
	struct sequence_writer *writer =
		sequence_writer_new(BLOB_LIST, KEY, &store->sink);
	struct rng rng = rng_seeded(seed);
	struct err err = {0};

	for (size_t i = 0; i < n; i++)
		add_chunk(writer, is_equal ? seed : rng_below(&rng, UINT64_MAX));
	assert_int_equal(sequence_writer_finish(writer, ret_content, &err), 0);
}

static void assert_list_holds(const struct node_store *store,
			      const struct content_ref *content, size_t n)
{
	struct vec chunks;

	vec_init(&chunks, sizeof(struct blob_ref));
	assert_int_equal(naive_chunks(store, content->top.id.bytes, content->level,
				      content->top.raw_len, &chunks),
			 n * 1000);
	assert_int_equal(chunks.n, n);
	vec_release(&chunks);
}

static void test_sequence_writer_add_chunk__a_long_list(void **state)
{
	CLEANUP(node_store_release) struct node_store store = {0};
	CLEANUP(content_ref_release) struct content_ref content = {0};

	(void)state;
	node_store_init(&store);
	list_of(&store, 100000, false, 1, &content);
	assert_in_range(content.level, 1, 2);
	assert_list_holds(&store, &content, 100000);
}

static bool cuts_list(uint64_t number)
{
	uint8_t id[BLOB_ID_LEN] = {0};

	memcpy(id, &number, sizeof(number));
	return (siphash(KEY, slice_of(id, sizeof(id))) &
		((1 << SEQUENCE_LIST_BITS) - 1)) == 0;
}

/* The worst of equal chunks: every one ends its node. */
static void test_sequence_writer_add_chunk__equal_chunks_that_cut(void **state)
{
	CLEANUP(node_store_release) struct node_store store = {0};
	CLEANUP(content_ref_release) struct content_ref content = {0};
	uint64_t number = 0;

	(void)state;
	while (!cuts_list(number))
		number++;
	node_store_init(&store);
	list_of(&store, 20000, true, number, &content);
	assert_in_range(content.level, 1, 5);
	assert_list_holds(&store, &content, 20000);
}

static void test_sequence_writer_add_chunk__equal_chunks_that_do_not(void **state)
{
	CLEANUP(node_store_release) struct node_store store = {0};
	CLEANUP(content_ref_release) struct content_ref content = {0};
	uint64_t number = 0;

	(void)state;
	while (cuts_list(number))
		number++;
	node_store_init(&store);
	list_of(&store, 3 * SEQUENCE_NODE_ITEMS + 1, true, number, &content);
	assert_int_equal(store.n_new, 3);
	assert_list_holds(&store, &content, 3 * SEQUENCE_NODE_ITEMS + 1);
}

static void test_sequence_writer_finish__passes_failures_on(void **state)
{
	(void)state;
	for (size_t fail_at = 1; fail_at <= 3; fail_at++) {
		CLEANUP(node_store_release) struct node_store store = {0};
		CLEANUP(sequence_writer_freep) struct sequence_writer *writer = NULL;
		struct content_ref content;
		struct blob_ref chunk = {.raw_len = 1};
		struct err err = {0};
		int result = 0;

		node_store_init(&store);
		store.fail_at = fail_at;
		writer = sequence_writer_new(BLOB_LIST, KEY, &store.sink);
		for (uint32_t i = 0; result == 0 && i < 8000; i++) {
			memcpy(chunk.id.bytes, &i, sizeof(i));
			result = sequence_writer_add_chunk(writer, &chunk, &err);
		}
		if (result == 0)
			result = sequence_writer_finish(writer, &content, &err);
		assert_int_equal(result, -1);
		assert_string_equal(err.msg, "planted failure");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sequence_writer_finish__nothing_was_added),
		cmocka_unit_test(test_sequence_writer_finish__one_entry_is_one_node),
		cmocka_unit_test(test_sequence_writer_finish__all_small_lengths),
		cmocka_unit_test(test_sequence_writer_finish__a_large_directory),
		cmocka_unit_test(test_sequence_writer_finish__the_same_twice),
		cmocka_unit_test(
			test_sequence_writer_finish__an_inserted_entry_changes_few),
		cmocka_unit_test(test_sequence_writer_add_entry__long_entries_end_nodes),
		cmocka_unit_test(test_sequence_writer_add_chunk__a_long_list),
		cmocka_unit_test(test_sequence_writer_add_chunk__equal_chunks_that_cut),
		cmocka_unit_test(
			test_sequence_writer_add_chunk__equal_chunks_that_do_not),
		cmocka_unit_test(test_sequence_writer_finish__passes_failures_on),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
