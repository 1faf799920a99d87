/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/mem.h"
#include "repo/content.h"
#include "support/node_store.h"

static const uint8_t KEY[SEQUENCE_KEY_LEN] = "content key";

static struct content_writer *writer_with(struct node_store *store, uint32_t n)
{
	struct content_writer *writer = content_writer_new(KEY, &store->sink);
	struct err err = {0};

	for (uint32_t i = 0; i < n; i++) {
		struct blob_ref chunk = {.raw_len = 10};

		memcpy(chunk.id.bytes, &i, sizeof(i));
		assert_int_equal(content_writer_add(writer, &chunk, &err), 0);
	}
	return writer;
}

static void test_content_writer_finish__no_chunks(void **state)
{
	CLEANUP(node_store_release) struct node_store store = {0};
	CLEANUP(content_writer_freep) struct content_writer *writer = NULL;
	CLEANUP(content_ref_release) struct content_ref content = {0};
	struct err err = {0};

	(void)state;
	node_store_init(&store);
	writer = writer_with(&store, 0);
	assert_int_equal(content_writer_finish(writer, &content, &err), 0);
	assert_int_equal(content.kind, CONTENT_NONE);
}

static void test_content_writer_finish__as_many_as_an_entry_lists(void **state)
{
	CLEANUP(node_store_release) struct node_store store = {0};
	CLEANUP(content_writer_freep) struct content_writer *writer = NULL;
	CLEANUP(content_ref_release) struct content_ref content = {0};
	struct err err = {0};

	(void)state;
	node_store_init(&store);
	writer = writer_with(&store, CONTENT_INLINE_MAX);
	assert_int_equal(content_writer_finish(writer, &content, &err), 0);
	assert_int_equal(content.kind, CONTENT_CHUNKS);
	assert_int_equal(content.chunks.n, CONTENT_INLINE_MAX);
	assert_int_equal(store.n_put, 0);
	assert_int_equal(content_writer_ids(writer)->n, 0);
}

static void test_content_writer_finish__one_more_is_a_list(void **state)
{
	CLEANUP(node_store_release) struct node_store store = {0};
	CLEANUP(content_writer_freep) struct content_writer *writer = NULL;
	CLEANUP(content_ref_release) struct content_ref content = {0};
	const struct vec *ids;
	struct vec chunks;
	struct err err = {0};

	(void)state;
	node_store_init(&store);
	writer = writer_with(&store, CONTENT_INLINE_MAX + 1);
	assert_int_equal(content_writer_finish(writer, &content, &err), 0);
	assert_int_equal(content.kind, CONTENT_NODE);
	vec_init(&chunks, sizeof(struct blob_ref));
	assert_int_equal(naive_chunks(&store, content.top.id.bytes, content.level,
				      content.top.raw_len, &chunks),
			 650);
	ids = content_writer_ids(writer);
	assert_int_equal(ids->n, chunks.n + store.n_put);
	assert_memory_equal(vec_at(ids, ids->n - 1), content.top.id.bytes, BLOB_ID_LEN);
	vec_release(&chunks);
}

static void test_content_writer_ids__are_bounded(void **state)
{
	CLEANUP(node_store_release) struct node_store store = {0};
	CLEANUP(content_writer_freep) struct content_writer *writer = NULL;
	CLEANUP(content_ref_release) struct content_ref content = {0};
	struct err err = {0};

	(void)state;
	node_store_init(&store);
	writer = writer_with(&store, CONTENT_IDS_MAX + 1);
	assert_null(content_writer_ids(writer));
	assert_int_equal(content_writer_finish(writer, &content, &err), 0);
	assert_int_equal(content.kind, CONTENT_NODE);
}

static void test_content_writer_add__passes_failures_on(void **state)
{
	CLEANUP(node_store_release) struct node_store store = {0};
	CLEANUP(content_writer_freep) struct content_writer *writer = NULL;
	struct content_ref content;
	struct err err = {0};

	(void)state;
	node_store_init(&store);
	store.fail_at = 1;
	writer = writer_with(&store, CONTENT_INLINE_MAX + 1);
	assert_int_equal(content_writer_finish(writer, &content, &err), -1);
	assert_string_equal(err.msg, "planted failure");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_content_writer_finish__no_chunks),
		cmocka_unit_test(test_content_writer_finish__as_many_as_an_entry_lists),
		cmocka_unit_test(test_content_writer_finish__one_more_is_a_list),
		cmocka_unit_test(test_content_writer_ids__are_bounded),
		cmocka_unit_test(test_content_writer_add__passes_failures_on),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
