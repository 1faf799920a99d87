/* SPDX-License-Identifier: Apache-2.0 */
/* What is stored is damaged in every way: what can be had comes, what cannot is told, and no
 * wrong byte gets out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "repo/tree_walk.h"
#include "support/sample_source.h"
#include "support/stored_snapshot.h"

#include "support/memory_target.h"

struct fixture {
	struct snapshot_fixture *f;
	struct stored_snapshot s;
	struct record_sink *expected;
	struct memory_target *t;
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
	if (sample_source_run(&x->expected->sink, &err) < 0)
		return -1;
	x->t = memory_target_new();
	*state = x;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *x = *state;
	void *f = x->f;

	memory_target_free(x->t);
	record_sink_free(x->expected);
	stored_close(&x->s);
	mem_free(x);
	return snapshot_fixture_teardown(&f);
}

/* Closes and opens the snapshot, so that nothing is remembered. */
static void reopen(struct fixture *x)
{
	stored_close(&x->s);
	stored_open(x->f, &x->s);
}

static int restore(struct fixture *x, struct err *err)
{
	CLEANUP(restore_plan_freep)
	struct restore_plan *plan = restore_plan_new(&(struct restore_options){
		.blobs = x->s.blobs,
		.body = &x->s.body,
		.scratch_directory = x->f->r.directory,
	});

	if (restore_plan_walk(plan, &x->t->target, err) < 0)
		return -1;
	return restore_plan_fetch(plan, &x->t->target, err);
}

static void assert_all_restored(struct fixture *x)
{
	struct err err = {0};

	if (restore(x, &err) < 0)
		fail_msg("%s", err.msg);
	assert_int_equal(x->t->n_files, SAMPLE_FILES);
	for (uint32_t i = 0; i < x->t->n_files; i++)
		assert_int_equal(x->t->files[i].n_finished, 1);
	memory_target_assert_no_wrong_byte(x->t, x->expected);
}

/* The first chunk of a file. */
static struct blob_ref chunk_of(struct fixture *x, const char *path)
{
	struct tree_walk_options options = {
		.source = blob_reader_nodes(x->s.blobs),
		.root = &x->s.body.root,
		.root_content = &x->s.body.root_content,
	};
	CLEANUP(entry_release) struct entry entry = {0};
	CLEANUP(content_ref_release) struct content_ref content = {0};
	struct blob_ref chunk;
	struct err err = {0};
	bool end;

	if (tree_find(&options, path, &entry, &content, &err) < 0)
		fail_msg("%s", err.msg);
	CLEANUP(sequence_reader_freep)
	struct sequence_reader *chunks =
		sequence_reader_new(BLOB_LIST, blob_reader_nodes(x->s.blobs), &content);
	assert_int_equal(sequence_reader_next_chunk(chunks, &chunk, &end, &err), 0);
	assert_false(end);
	return chunk;
}

static void hex_of(const struct blob_ref *ref, char out[static 17])
{
	for (unsigned i = 0; i < 8; i++)
		(void)snprintf(out + (size_t)2 * i, 3, "%02x", ref->id.bytes[i]);
}

/* These files and no others are lost, with just this text. */
static void assert_lost(struct fixture *x, const char *const *paths, size_t n,
			const char *text)
{
	struct err err = {0};

	if (restore(x, &err) < 0)
		fail_msg("%s", err.msg);
	for (uint32_t i = 0; i < x->t->n_files; i++) {
		const struct target_file *file = &x->t->files[i];
		bool lost = false;

		for (size_t k = 0; k < n; k++)
			lost = lost || strcmp(paths[k], file->path) == 0;
		assert_int_equal(file->n_finished, !lost);
		assert_int_equal(file->n_lost > 0, lost);
		assert_int_equal(file->n_given_up, lost);
	}
	memory_target_assert_no_wrong_byte(x->t, x->expected);
	assert_string_equal(strings_at(&x->t->lost, 0), text);
}

static void test_fetch__loses_only_files_with_the_damaged_blob(void **state)
{
	static const char *const lost[] = {"a/short", "b/copy", "b/short"};
	struct fixture *x = *state;
	struct blob_ref chunk = chunk_of(x, "a/short");
	struct blob_place place;
	char key[PACK_KEY_LEN], id[17];

	stored_place(&x->s, BLOB_DATA, &chunk, &place, key);
	stored_flip(x->f, key, place.offset + 5);
	hex_of(&chunk, id);
	CLEANUP(mem_freep)
	char *text = mem_printf("blob %s: %s: blob %u: the tag does not fit", id, key,
				place.number);
	assert_lost(x, lost, ARRAY_SIZE(lost), text);
}

static void test_fetch__ends_with_the_damage_when_nobody_counts_it(void **state)
{
	struct fixture *x = *state;
	struct restore_target_ops ops = MEMORY_TARGET_OPS;
	struct blob_ref chunk = chunk_of(x, "a/short");
	struct blob_place place;
	char key[PACK_KEY_LEN];
	struct err err = {0};

	ops.lost = NULL;
	x->t->target.ops = &ops;
	stored_place(&x->s, BLOB_DATA, &chunk, &place, key);
	stored_flip(x->f, key, place.offset + 5);
	assert_int_equal(restore(x, &err), -1);
	assert_int_equal(err.code, ERR_CORRUPT);
	assert_non_null(strstr(err.msg, key));
	memory_target_assert_no_wrong_byte(x->t, x->expected);
}

static size_t count_lost(const struct fixture *x)
{
	size_t n = 0;

	for (uint32_t i = 0; i < x->t->n_files; i++)
		n += x->t->files[i].n_lost > 0;
	return n;
}

static void test_fetch__names_the_missing_pack(void **state)
{
	struct fixture *x = *state;
	struct blob_ref chunk = chunk_of(x, "b/second");
	struct blob_place place;
	char key[PACK_KEY_LEN], id[17];
	struct err err = {0};

	stored_place(&x->s, BLOB_DATA, &chunk, &place, key);
	stored_delete(x->f, key);
	hex_of(&chunk, id);
	if (restore(x, &err) < 0)
		fail_msg("%s", err.msg);
	CLEANUP(mem_freep) char *text = mem_printf("blob %s: %s: it is missing", id, key);
	bool told = false;
	for (size_t i = 0; i < strings_count(&x->t->lost); i++)
		told = told || strcmp(strings_at(&x->t->lost, i), text) == 0;
	assert_true(told);
	assert_int_equal(memory_target_find(x->t, "b/second")->n_finished, 0);
	assert_true(count_lost(x) >= 1);
	memory_target_assert_no_wrong_byte(x->t, x->expected);
}

static void test_fetch__refuses_a_pack_under_anothers_name(void **state)
{
	struct fixture *x = *state;
	struct blob_ref here = chunk_of(x, "b/second");
	struct blob_place place;
	char key[PACK_KEY_LEN], id[17];
	CLEANUP(strings_release) struct strings packs;
	CLEANUP(buf_release) struct buf other;
	struct err err = {0};

	stored_place(&x->s, BLOB_DATA, &here, &place, key);
	stored_list(x->f, "packs/", &packs);
	const char *name = strings_at(&packs, 0);
	if (strcmp(name, key) == 0)
		name = strings_at(&packs, 1);
	stored_get(x->f, name, &other);
	stored_put(x->f, key, buf_slice(&other));
	if (restore(x, &err) < 0)
		fail_msg("%s", err.msg);
	hex_of(&here, id);
	CLEANUP(mem_freep)
	char *text = mem_printf("blob %s: %s: its header is not the one that the pack "
				"list names",
				id, key);
	bool told = false;
	for (size_t i = 0; i < strings_count(&x->t->lost); i++)
		told = told || strcmp(strings_at(&x->t->lost, i), text) == 0;
	assert_true(told);
	memory_target_assert_no_wrong_byte(x->t, x->expected);
}

static void test_fetch__never_delivers_a_wrong_byte_whatever_is_flipped(void **state)
{
	struct fixture *x = *state;
	CLEANUP(strings_release) struct strings packs;

	stored_list(x->f, "packs/", &packs);
	for (size_t i = 0; i < strings_count(&packs); i++) {
		for (size_t at = 0; at < 400; at += 37)
			stored_flip(x->f, strings_at(&packs, i), at * 13 + at % 2);
	}
	struct err ignored = {0};
	(void)restore(x, &ignored);
	memory_target_assert_no_wrong_byte(x->t, x->expected);
	for (uint32_t i = 0; i < x->t->n_files; i++)
		assert_true(x->t->files[i].n_finished == 0 || x->t->files[i].n_lost == 0);
}

static void test_fetch__names_the_directory_that_is_damaged(void **state)
{
	struct fixture *x = *state;
	struct blob_place place;
	char key[PACK_KEY_LEN], id[17];
	struct err err = {0};

	stored_place(&x->s, BLOB_TREE, &x->s.body.root_content.top, &place, key);
	stored_flip(x->f, key, place.offset);
	hex_of(&x->s.body.root_content.top, id);
	CLEANUP(mem_freep)
	char *text = mem_printf("directory /: blob %s: %s: blob %u: the tag does not fit",
				id, key, place.number);
	assert_int_equal(restore(x, &err), -1);
	assert_int_equal(err.code, ERR_CORRUPT);
	assert_string_equal(err.msg, text);
}

static void test_fetch__restores_without_any_fragment(void **state)
{
	struct fixture *x = *state;

	stored_delete_all(x->f, "index/");
	reopen(x);
	assert_all_restored(x);
	assert_non_null(strstr(x->f->logged, "packs are in no index fragment that could "
					     "be read: their own directories were read "
					     "instead"));
}

static void test_fetch__restores_without_the_pack_list(void **state)
{
	struct fixture *x = *state;

	stored_delete_all(x->f, "packlists/");
	reopen(x);
	assert_int_equal(blob_reader_lost_pages(x->s.blobs), 1);
	assert_all_restored(x);
	assert_non_null(strstr(x->f->logged, "packlists/"));
}

static void test_fetch__restores_without_stored_keys(void **state)
{
	struct fixture *x = *state;
	struct err err = {0};

	stored_delete_all(x->f, "keys/wraps/");
	assert_int_equal(repo_fixture_reopen(&x->f->r, &err), 0);
	reopen(x);
	assert_all_restored(x);
}

#define damage_test(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		damage_test(test_fetch__loses_only_files_with_the_damaged_blob),
		damage_test(test_fetch__ends_with_the_damage_when_nobody_counts_it),
		damage_test(test_fetch__names_the_missing_pack),
		damage_test(test_fetch__refuses_a_pack_under_anothers_name),
		damage_test(test_fetch__never_delivers_a_wrong_byte_whatever_is_flipped),
		damage_test(test_fetch__names_the_directory_that_is_damaged),
		damage_test(test_fetch__restores_without_any_fragment),
		damage_test(test_fetch__restores_without_the_pack_list),
		damage_test(test_fetch__restores_without_stored_keys),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
