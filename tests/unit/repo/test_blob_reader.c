/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <signal.h>

#include "repo/packlist.h"
#include "support/sample_source.h"
#include "support/stored_snapshot.h"

struct fixture {
	struct snapshot_fixture *f;
	struct stored_snapshot s;
	struct buf bytes;
};

static int setup(void **state)
{
	struct fixture *x = mem_zalloc(sizeof(*x));
	void *f = NULL;

	if (snapshot_fixture_setup(&f) < 0)
		return -1;
	x->f = f;
	stored_back_up(x->f, sample_source_run);
	stored_open(x->f, &x->s);
	buf_init(&x->bytes, 0);
	*state = x;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *x = *state;
	void *f = x->f;

	buf_release(&x->bytes);
	stored_close(&x->s);
	mem_free(x);
	return snapshot_fixture_teardown(&f);
}

static const struct blob_ref *top_of(const struct fixture *x)
{
	return &x->s.body.root_content.top;
}

static int get_top(struct fixture *x, struct err *err)
{
	return blob_reader_get(x->s.blobs, BLOB_TREE, top_of(x), &x->bytes, err);
}

static char *blob_text(const struct blob_ref *ref, const char *why)
{
	char id[17];

	for (unsigned i = 0; i < 8; i++)
		(void)snprintf(id + (size_t)2 * i, 3, "%02x", ref->id.bytes[i]);
	return mem_printf("blob %s: %s", id, why);
}

static void assert_top_fails(struct fixture *x, enum err_code code, const char *why)
{
	CLEANUP(mem_freep) char *expected = blob_text(top_of(x), why);
	struct err err = {0};

	assert_int_equal(get_top(x, &err), -1);
	assert_string_equal(err.msg, expected);
	assert_int_equal(err.code, code);
}

static void test_get__gives_verified_bytes(void **state)
{
	struct fixture *x = *state;
	struct err err = {0};

	assert_int_equal(get_top(x, &err), 0);
	assert_int_equal(x->bytes.len, top_of(x)->raw_len);
	assert_true(blob_reader_verify(x->s.blobs, BLOB_TREE, &top_of(x)->id,
				       buf_slice(&x->bytes)));
	assert_false(blob_reader_verify(x->s.blobs, BLOB_LIST, &top_of(x)->id,
					buf_slice(&x->bytes)));
}

static void test_get__reads_nodes_once(void **state)
{
	struct fixture *x = *state;
	struct err err = {0};

	assert_int_equal(get_top(x, &err), 0);
	uint64_t n = store_counters(x->f->r.store).n_get;
	assert_int_equal(get_top(x, &err), 0);
	assert_int_equal(store_counters(x->f->r.store).n_get, n);
}

static void test_get__refuses_another_length(void **state)
{
	struct fixture *x = *state;
	struct err err = {0};

	x->s.body.root_content.top.raw_len++;
	assert_top_fails(x, ERR_CORRUPT,
			 "it is in none of the packs that the snapshot lists");
	x->s.body.root_content.top.raw_len--;
	assert_int_equal(get_top(x, &err), 0);
	size_t len = top_of(x)->raw_len;
	x->s.body.root_content.top.raw_len++;
	CLEANUP(mem_freep)
	char *why = mem_printf("%zu bytes, what refers to it says %zu", len, len + 1);
	assert_top_fails(x, ERR_CORRUPT, why); /* from the cache */
}

static void test_get__refuses_another_type(void **state)
{
	struct fixture *x = *state;
	CLEANUP(mem_freep)
	char *expected = blob_text(top_of(x),
				   "it is in none of the packs that the snapshot lists");
	struct err err = {0};

	assert_int_equal(
		blob_reader_get(x->s.blobs, BLOB_LIST, top_of(x), &x->bytes, &err), -1);
	assert_string_equal(err.msg, expected);
}

static void test_get__refuses_packs_that_the_snapshot_does_not_list(void **state)
{
	struct fixture *x = *state;
	struct err err = {0};

	memset(x->s.header.packlist_root, 0, sizeof(x->s.header.packlist_root));
	x->s.header.n_packs = 0;
	assert_int_equal(stored_open_blobs(&x->s, &err), 0);
	assert_top_fails(x, ERR_CORRUPT,
			 "it is in none of the packs that the snapshot lists");
}

static void test_new__refuses_a_list_that_is_not_as_long_as_said(void **state)
{
	struct fixture *x = *state;
	struct err err = {0};

	x->s.header.n_packs++;
	assert_int_equal(stored_open_blobs(&x->s, &err), -1);
	assert_int_equal(err.code, ERR_CORRUPT);
}

static void test_get__stops_when_interrupted(void **state)
{
	struct fixture *x = *state;
	struct err err = {0};

	cancel_set(&x->s.cancel, SIGTERM);
	assert_int_equal(get_top(x, &err), -1);
	assert_int_equal(err.code, ERR_INTERRUPTED);
}

static void test_get__refuses_a_pack_of_another_epoch(void **state)
{
	struct fixture *x = *state;
	struct blob_place place;
	char key[PACK_KEY_LEN];

	stored_place(&x->s, BLOB_TREE, top_of(x), &place, key);
	stored_flip(x->f, key, 12); /* the epoch's number */
	CLEANUP(mem_freep)
	char *why =
		mem_printf("%s: its header is not the one that the pack list names", key);
	assert_top_fails(x, ERR_CORRUPT, why);
}

static void test_get__believes_tag_and_id_when_the_list_is_lost(void **state)
{
	struct fixture *x = *state;
	struct blob_place place;
	char key[PACK_KEY_LEN];
	struct err err = {0};

	stored_delete_all(x->f, "packlists/");
	assert_int_equal(stored_open_blobs(&x->s, &err), 0);
	assert_int_equal(blob_reader_lost_pages(x->s.blobs), 1);
	assert_int_equal(get_top(x, &err), 0);
	assert_int_equal(stored_open_blobs(&x->s, &err), 0); /* forgets the node */
	stored_place(&x->s, BLOB_TREE, top_of(x), &place, key);
	stored_flip(x->f, key, place.offset);
	CLEANUP(mem_freep)
	char *why = mem_printf("%s: blob %u: the tag does not fit", key, place.number);
	assert_top_fails(x, ERR_CORRUPT, why);
}

/* Stores the same tree once more, into packs of its own, and lists all packs. */
static void store_twice(struct fixture *x)
{
	CLEANUP(snapshot_run_release) struct snapshot_run run = {0};
	CLEANUP(snapshot_result_release) struct snapshot_result result = {0};
	struct err err = {0};
	uint8_t used[16];

	stored_close(&x->s);
	stored_delete_all(x->f, "index/"); /* the writer finds nothing */
	snapshot_run_begin(x->f, &run);
	if (sample_source_run(snapshot_writer_sink(run.writer), &err) < 0 ||
	    snapshot_writer_finish(run.writer, &result, &err) < 0)
		fail_msg("%s", err.msg);
	stored_open(x->f, &x->s);
	/* Fragments of the second run are there, the first run's packs are added so: */
	CLEANUP(strings_release) struct strings keys;
	stored_list(x->f, "packs/", &keys);
	for (size_t i = 0; i < strings_count(&keys); i++) {
		CLEANUP(pack_contents_release) struct pack_contents contents = {0};
		CLEANUP(buf_release) struct buf pack;
		struct pack_info info = {0};
		uint32_t number;

		stored_get(x->f, strings_at(&keys, i), &pack);
		assert_int_equal(pack_directory_load(
					 x->f->r.repo, key_dedup(x->f->r.recovery),
					 strings_at(&keys, i), pack.len, &contents, &err),
				 0);
		assert_true(pack_key_parse(strings_at(&keys, i), info.name));
		info.size = pack.len;
		memcpy(info.header_hash, contents.header_hash, 32);
		info.epoch = 1;
		assert_int_equal(index_add_pack(x->s.run.index, &info,
						contents.directory.entries.data,
						contents.directory.entries.n, &number,
						&err),
				 0);
	}
	memset(used, 0xff, sizeof(used));
	assert_true(index_n_packs(x->s.run.index) <= 8 * sizeof(used));
	const struct packlist_options options = {
		.store = x->f->r.store,
		.index = x->s.run.index,
		.used = used,
		.n_bits = index_n_packs(x->s.run.index),
	};
	if (packlist_write(&options, x->s.header.packlist_root, &x->s.header.n_packs,
			   &err) < 0 ||
	    stored_open_blobs(&x->s, &err) < 0)
		fail_msg("%s", err.msg);
}

static void test_get__takes_the_other_copy_when_one_is_damaged(void **state)
{
	struct fixture *x = *state;
	struct blob_place place;
	char key[PACK_KEY_LEN];
	struct err err = {0};

	store_twice(x);
	stored_place(&x->s, BLOB_TREE, top_of(x), &place, key);
	stored_flip(x->f, key, place.offset);
	if (get_top(x, &err) < 0)
		fail_msg("%s", err.msg);
	assert_int_equal(blob_reader_failed_places(x->s.blobs), 1);
	CLEANUP(mem_freep)
	char *warning = mem_printf("%s: blob %u: the tag does not fit; reading another "
				   "copy",
				   key, place.number);
	assert_non_null(strstr(x->f->logged, warning));
}

static void test_get__tells_the_first_failure_when_all_copies_are_damaged(void **state)
{
	struct fixture *x = *state;
	struct blob_place place;
	char key[PACK_KEY_LEN];
	CLEANUP(strings_release) struct strings keys;

	store_twice(x);
	stored_place(&x->s, BLOB_TREE, top_of(x), &place, key);
	stored_list(x->f, "packs/", &keys);
	for (size_t i = 0; i < strings_count(&keys); i++)
		stored_delete(x->f, strings_at(&keys, i));
	CLEANUP(mem_freep) char *why = mem_printf("%s: it is missing", key);
	assert_top_fails(x, ERR_CORRUPT, why);
}

static void write_lies(struct fixture *x, stored_lie_fn *lie)
{
	struct blob_place place;
	char key[PACK_KEY_LEN];

	stored_place(&x->s, BLOB_TREE, top_of(x), &place, key);
	stored_lie_in_fragment(x->f, key, lie);
	stored_close(&x->s);
	stored_open(x->f, &x->s);
}

static void test_get__asks_the_packs_when_the_index_misplaces_a_blob(void **state)
{
	struct fixture *x = *state;
	struct err err = {0};

	write_lies(x, stored_lie_offset);
	if (get_top(x, &err) < 0)
		fail_msg("%s", err.msg);
	assert_int_equal(blob_reader_failed_places(x->s.blobs), 1);
	assert_non_null(
		strstr(x->f->logged, "the tag does not fit; reading another copy"));
}

static void test_get__asks_the_packs_when_the_index_hides_a_blob(void **state)
{
	struct fixture *x = *state;
	struct err err = {0};

	write_lies(x, stored_lie_id);
	if (get_top(x, &err) < 0)
		fail_msg("%s", err.msg);
	assert_int_equal(blob_reader_failed_places(x->s.blobs), 0);
	assert_non_null(strstr(x->f->logged, "what the index says is not all"));
}

/* A small fragment, so that it is read last: an invented pack that has the blob many times. */
static void crowd_out(struct fixture *x)
{
	CLEANUP(snapshot_run_release) struct snapshot_run run = {0};
	struct blob_entry entries[2 * INDEX_PLACES_MAX];
	const struct pack_info invented = {.name = "invented", .size = 9999, .epoch = 1};
	struct err err = {0};
	uint32_t number;

	for (size_t i = 0; i < 2 * (size_t)INDEX_PLACES_MAX; i++)
		entries[i] = (struct blob_entry){.id = top_of(x)->id,
						 .type = BLOB_TREE,
						 .offset = 200 + (uint32_t)i,
						 .stored = 100,
						 .raw = top_of(x)->raw_len};
	snapshot_run_index(x->f, &run);
	if (index_add_pack(run.index, &invented, entries, 2 * (size_t)INDEX_PLACES_MAX,
			   &number, &err) < 0 ||
	    index_flush(run.index, x->f->r.repo, x->f->r.writer->writer, &err) < 0)
		fail_msg("%s", err.msg);
}

static void test_get__asks_the_packs_when_false_places_crowd_out_the_true(void **state)
{
	struct fixture *x = *state;
	struct blob_place places[INDEX_PLACES_MAX];
	struct err err = {0};
	size_t n = 0;

	crowd_out(x);
	stored_close(&x->s);
	stored_open(x->f, &x->s);
	assert_int_equal(index_find(x->s.run.index, &top_of(x)->id, places,
				    INDEX_PLACES_MAX, &n, &err),
			 0);
	assert_int_equal(n, INDEX_PLACES_MAX);
	for (size_t i = 0; i < n; i++)
		assert_int_equal(places[i].stored, 100); /* all false */
	if (get_top(x, &err) < 0)
		fail_msg("%s", err.msg);
}

#define reader_test(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		reader_test(test_get__gives_verified_bytes),
		reader_test(test_get__reads_nodes_once),
		reader_test(test_get__refuses_another_length),
		reader_test(test_get__refuses_another_type),
		reader_test(test_get__refuses_packs_that_the_snapshot_does_not_list),
		reader_test(test_new__refuses_a_list_that_is_not_as_long_as_said),
		reader_test(test_get__stops_when_interrupted),
		reader_test(test_get__refuses_a_pack_of_another_epoch),
		reader_test(test_get__believes_tag_and_id_when_the_list_is_lost),
		reader_test(test_get__takes_the_other_copy_when_one_is_damaged),
		reader_test(test_get__asks_the_packs_when_the_index_misplaces_a_blob),
		reader_test(test_get__asks_the_packs_when_the_index_hides_a_blob),
		reader_test(
			test_get__asks_the_packs_when_false_places_crowd_out_the_true),
		reader_test(
			test_get__tells_the_first_failure_when_all_copies_are_damaged),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
