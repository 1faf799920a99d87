/* SPDX-License-Identifier: Apache-2.0 */
/* Random trees through all of the writing and all of the reading half. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "repo/blob_reader.h"
#include "repo/body_reader.h"
#include "repo/tree_reader.h"
#include "support/random_source.h"
#include "support/record_sink.h"
#include "support/snapshot_run.h"

enum { CONTENT_MAX = 3000000 }; /* several segments, several chunks */

static void back_up(struct snapshot_fixture *f, uint64_t seed,
		    struct snapshot_result *ret_result)
{
	CLEANUP(snapshot_run_release) struct snapshot_run run = {0};
	struct err err = {0};

	snapshot_run_begin(f, &run);
	if (random_source_run(seed, CONTENT_MAX, snapshot_writer_sink(run.writer), &err) <
		    0 ||
	    snapshot_writer_finish(run.writer, ret_result, &err) < 0)
		fail_msg("%s", err.msg);
}

/* What reading the newest snapshot needs. */
struct reading {
	struct snapshot_list list;
	const struct snapshot_header *header;
	struct snapshot_run run; /* its index only */
	struct snapshot_body body;
	struct blob_reader *blobs;
	struct tree_reader *tree;
	const struct record_sink *expected;
	size_t n_seen;
};

static void open_body(struct snapshot_fixture *f, struct reading *r)
{
	const struct reader_key *key = key_reader(f->r.recovery);
	CLEANUP(epoch_keys_freep)
	struct epoch_keys *epochs = epoch_keys_new(f->r.repo, key, r->header);
	struct err err = {0};

	if (body_read(f->r.repo, key, epochs, r->header, &r->body, &err) < 0)
		fail_msg("%s", err.msg);
}

static void reading_open(struct snapshot_fixture *f, struct reading *r)
{
	struct blob_reader_options options = {
		.repo = f->r.repo,
		.key = key_reader(f->r.recovery),
		.n_threads = 2,
		.log = &f->log,
	};
	struct err err = {0};

	*r = (struct reading){0};
	if (snapshot_list_load(f->r.repo, "hosts/alpha", NULL, &r->list, &err) < 0 ||
	    snapshot_list_find(&r->list, "latest:hosts/alpha", &r->header, &err) < 0)
		fail_msg("%s", err.msg);
	open_body(f, r);
	snapshot_run_index(f, &r->run);
	options.index = r->run.index;
	options.header = r->header;
	if (blob_reader_new(&options, &r->blobs, &err) < 0 ||
	    tree_reader_new(r->blobs, &r->body, &r->tree, &err) < 0)
		fail_msg("%s", err.msg);
}

static void reading_close(struct reading *r)
{
	tree_reader_free(r->tree);
	blob_reader_free(r->blobs);
	snapshot_run_release(&r->run);
	snapshot_body_release(&r->body);
	snapshot_list_release(&r->list);
}

static void assert_content(struct reading *r, const char *path,
			   const struct record_node *node)
{
	struct tree_source *source = tree_reader_source(r->tree);
	CLEANUP(buf_release) struct buf found = {0};
	struct byte_reader *reader = NULL;
	struct err err = {0};
	size_t n = 0;

	buf_init(&found, 0);
	if (source->ops->open_content(source, path, &reader, &err) < 0)
		fail_msg("%s", err.msg);
	do {
		uint8_t *room = buf_extend(&found, 65536);

		if (source->ops->read(reader, room, 65536, &n, &err) < 0)
			fail_msg("%s", err.msg);
		found.len -= 65536 - n;
	} while (n > 0);
	source->ops->close_content(reader);
	assert_int_equal(found.len, node->content_len);
	if (found.len > 0)
		assert_memory_equal(found.data, node->content.data, found.len);
}

static int compare(void *arg, const struct tree_visit *visit, struct err *err)
{
	struct reading *r = arg;
	const struct record_node *node = record_sink_find(r->expected, visit->path);

	(void)err;
	assert_non_null(node);
	r->n_seen++;
	assert_int_equal(visit->entry->type, node->entry.type);
	assert_int_equal(visit->entry->mode, node->entry.mode);
	assert_int_equal(visit->entry->mtime_nsec, node->entry.mtime_nsec);
	if (visit->entry->type == ENTRY_FILE)
		assert_content(r, visit->path, node);
	if (visit->entry->type == ENTRY_SYMLINK)
		assert_string_equal(visit->entry->target, node->entry.target);
	return 0;
}

static void assert_newest_is(struct snapshot_fixture *f, uint64_t seed)
{
	struct record_sink *expected = record_sink_new();
	struct tree_walk_options options;
	struct reading r;
	struct err err = {0};

	assert_int_equal(random_source_run(seed, CONTENT_MAX, &expected->sink, &err), 0);
	assert_null(expected->broken);
	reading_open(f, &r);
	r.expected = expected;
	options = tree_reader_walk_options(r.tree);
	if (tree_walk(&options, compare, &r, &err) < 0)
		fail_msg("%s", err.msg);
	assert_int_equal(r.n_seen, expected->nodes.n);
	reading_close(&r);
	record_sink_free(expected);
}

static void test_snapshot__random_trees_come_back(void **state)
{
	struct snapshot_fixture *f = *state;

	mem_free(f->cache_directory); /* all trees have the same identities */
	f->cache_directory = NULL;
	for (uint64_t seed = 1; seed <= 4; seed++) {
		CLEANUP(snapshot_result_release) struct snapshot_result result = {0};

		back_up(f, seed, &result);
		assert_int_equal(result.seq, seed);
		assert_newest_is(f, seed);
	}
	assert_string_equal(f->logged, "");
}

static void test_snapshot__comes_back_when_nothing_was_read(void **state)
{
	struct snapshot_fixture *f = *state;

	for (unsigned i = 0; i < 3; i++) {
		CLEANUP(snapshot_result_release) struct snapshot_result result = {0};

		back_up(f, 9, &result);
		assert_int_equal(result.new_bytes > 0, i == 0);
	}
	assert_newest_is(f, 9);
	assert_string_equal(f->logged, "");
}

#define roundtrip_test(fn)                                                               \
	cmocka_unit_test_setup_teardown(fn, snapshot_fixture_setup,                      \
					snapshot_fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		roundtrip_test(test_snapshot__random_trees_come_back),
		roundtrip_test(test_snapshot__comes_back_when_nothing_was_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
