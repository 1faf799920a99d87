/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <signal.h>

#include "base/path.h"
#include "repo/tree_walk.h"
#include "support/memory_tree.h"

struct fixture {
	struct node_store store;
	struct memory_source source;
	struct entry root;
	struct content_ref content;
	struct selection *selection;
	struct tree_walk_options options;
	struct buf seen; /* paths, a space behind each */
	const char *stop_at;
};

static int setup(void **state)
{
	struct fixture *f = mem_zalloc(sizeof(*f));

	node_store_init(&f->store);
	memory_source_init(&f->source, &f->store);
	entry_init(&f->root, ENTRY_DIRECTORY, "");
	content_ref_init(&f->content);
	f->selection = selection_new();
	buf_init(&f->seen, 0);
	f->options = (struct tree_walk_options){.source = &f->source.source,
						.root = &f->root,
						.root_content = &f->content,
						.selection = f->selection};
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	selection_free(f->selection);
	buf_release(&f->seen);
	content_ref_release(&f->content);
	entry_release(&f->root);
	node_store_release(&f->store);
	mem_free(f);
	return 0;
}

static void make_sample(struct fixture *f)
{
	static const char *const paths[] = {
		"etc/",	    "etc/hosts", "etc/ssh/", "etc/ssh/key", "home/", "home/a/",
		"home/a/x", "home/b/",	 "home/b/x", "home/b/y",    "zz"};

	memory_tree_make(&f->store, paths, ARRAY_SIZE(paths), &f->content);
}

static int note(void *arg, const struct tree_visit *visit, struct err *err)
{
	struct fixture *f = arg;

	assert_true(strcmp(path_basename(visit->path), visit->entry->name) == 0);
	if (f->stop_at != NULL && strcmp(f->stop_at, visit->path) == 0)
		return err_set(err, ERR_FAILED, "stopped at %s", visit->path);
	buf_printf(&f->seen, "%s ", visit->path);
	return 0;
}

static void assert_walk(struct fixture *f, const char *expected)
{
	struct err err = {0};

	assert_int_equal(tree_walk(&f->options, note, f, &err), 0);
	assert_string_equal(buf_string(&f->seen), expected);
}

static void test_tree_walk__visits_parents_first(void **state)
{
	struct fixture *f = *state;

	make_sample(f);
	f->options.selection = NULL;
	assert_walk(f, " etc etc/hosts etc/ssh etc/ssh/key home home/a home/a/x home/b "
		       "home/b/x home/b/y zz ");
}

static void test_tree_walk__visits_the_root_of_nothing(void **state)
{
	assert_walk(*state, " ");
}

static void test_tree_walk__passes_over_what_is_excluded(void **state)
{
	struct fixture *f = *state;
	struct err err = {0};

	make_sample(f);
	assert_int_equal(selection_exclude(f->selection, "etc/ssh", &err), 0);
	assert_int_equal(selection_exclude(f->selection, "x", &err), 0);
	assert_walk(f, " etc etc/hosts home home/a home/b home/b/y zz ");
}

static void test_tree_walk__brings_directories_only_for_what_is_included(void **state)
{
	struct fixture *f = *state;
	struct err err = {0};

	make_sample(f);
	assert_int_equal(selection_include(f->selection, "**/y", &err), 0);
	assert_walk(f, " home home/b home/b/y ");
}

static void test_tree_walk__takes_all_below_an_included_directory(void **state)
{
	struct fixture *f = *state;
	struct err err = {0};

	make_sample(f);
	assert_int_equal(selection_include(f->selection, "etc/ssh", &err), 0);
	assert_int_equal(selection_include(f->selection, "zz", &err), 0);
	assert_walk(f, " etc etc/ssh etc/ssh/key zz ");
}

static void test_tree_walk__gives_directories_with_their_own_entry(void **state)
{
	struct fixture *f = *state;
	struct err err = {0};

	make_sample(f);
	f->stop_at = "home/b"; /* passed over first, then looked up */
	assert_int_equal(selection_include(f->selection, "**/y", &err), 0);
	assert_int_equal(tree_walk(&f->options, note, f, &err), -1);
	assert_string_equal(err.msg, "stopped at home/b");
	assert_string_equal(buf_string(&f->seen), " home ");
}

static void test_tree_walk__names_the_directory_that_is_damaged(void **state)
{
	struct fixture *f = *state;
	struct entry home, b;
	struct content_ref home_content, b_content;
	struct err err = {0};

	make_sample(f);
	f->options.selection = NULL;
	assert_int_equal(tree_find(&f->options, "home", &home, &home_content, &err), 0);
	assert_int_equal(tree_find(&f->options, "home/b", &b, &b_content, &err), 0);
	struct buf *node =
		map_remove(f->store.blobs, slice_of(b_content.top.id.bytes, BLOB_ID_LEN));
	buf_release(node);
	mem_free(node);
	assert_int_equal(tree_walk(&f->options, note, f, &err), -1);
	assert_int_equal(err.code, ERR_CORRUPT);
	assert_string_equal(err.msg, "directory /home/b: planted: no such blob");
	entry_release(&home);
	entry_release(&b);
	content_ref_release(&home_content);
	content_ref_release(&b_content);
}

static int pass_over_ssh(void *arg, const char *path, const struct content_ref *content,
			 bool *ret_skip, struct err *err)
{
	(void)arg;
	(void)content;
	(void)err;
	*ret_skip = strcmp(path, "etc/ssh") == 0;
	return 0;
}

static void test_tree_walk__does_not_enter_what_is_passed_over(void **state)
{
	struct fixture *f = *state;

	make_sample(f);
	f->options.selection = NULL;
	f->options.enter = pass_over_ssh;
	assert_walk(f, " etc etc/hosts etc/ssh home home/a home/a/x home/b home/b/x "
		       "home/b/y zz ");
}

static int note_damage(void *arg, const char *path, const struct err *why,
		       struct err *err)
{
	struct fixture *f = arg;

	(void)err;
	assert_int_equal(why->code, ERR_CORRUPT);
	buf_printf(&f->seen, "!%s: %s! ", path, why->msg);
	return 0;
}

static void test_tree_walk__goes_on_behind_a_damaged_directory(void **state)
{
	struct fixture *f = *state;
	CLEANUP(entry_release) struct entry entry = {0};
	CLEANUP(content_ref_release) struct content_ref content = {0};
	struct err err = {0};

	make_sample(f);
	f->options.selection = NULL;
	f->options.damaged = note_damage;
	assert_int_equal(tree_find(&f->options, "etc", &entry, &content, &err), 0);
	struct buf *node =
		map_remove(f->store.blobs, slice_of(content.top.id.bytes, BLOB_ID_LEN));
	buf_release(node);
	mem_free(node);
	assert_walk(f, " etc !etc: directory /etc: planted: no such blob! home home/a "
		       "home/a/x home/b home/b/x home/b/y zz ");
}

static void test_tree_walk__stops_when_cancelled(void **state)
{
	struct fixture *f = *state;
	struct cancel cancel;
	struct err err = {0};

	make_sample(f);
	cancel_init(&cancel);
	cancel_set(&cancel, SIGINT);
	f->options.cancel = &cancel;
	assert_int_equal(tree_walk(&f->options, note, f, &err), -1);
	assert_int_equal(err.code, ERR_INTERRUPTED);
}

/* A chain of n directories named "d". */
static void make_chain(struct fixture *f, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		static const uint8_t key[SEQUENCE_KEY_LEN] = "chain";
		CLEANUP(sequence_writer_freep)
		struct sequence_writer *writer =
			sequence_writer_new(BLOB_TREE, key, &f->store.sink);
		struct err err = {0};

		memory_tree_add(writer, "d", ENTRY_DIRECTORY, &f->content);
		assert_int_equal(sequence_writer_finish(writer, &f->content, &err), 0);
	}
}

static void test_tree_walk__goes_as_deep_as_the_limit(void **state)
{
	struct fixture *f = *state;
	struct err err = {0};

	make_chain(f, TREE_DEPTH_MAX);
	f->options.selection = NULL;
	f->stop_at = "nowhere";
	assert_int_equal(tree_walk(&f->options, note, f, &err), 0);
}

static void test_tree_walk__refuses_to_go_deeper(void **state)
{
	struct fixture *f = *state;
	struct err err = {0};

	make_chain(f, TREE_DEPTH_MAX + 1);
	f->options.selection = NULL;
	assert_int_equal(tree_walk(&f->options, note, f, &err), -1);
	assert_int_equal(err.code, ERR_LIMIT);
	assert_string_equal(err.msg, "directories nest deeper than 4096 levels");
}

static void test_tree_find__gives_root_and_paths(void **state)
{
	struct fixture *f = *state;
	static const char *const paths[] = {"", "etc", "home/b/y"};
	struct err err = {0};

	make_sample(f);
	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		CLEANUP(entry_release) struct entry entry = {0};
		CLEANUP(content_ref_release) struct content_ref content = {0};

		assert_int_equal(tree_find(&f->options, paths[i], &entry, &content, &err),
				 0);
		assert_string_equal(entry.name, path_basename(paths[i]));
	}
}

static void test_tree_find__tells_what_is_missing(void **state)
{
	struct fixture *f = *state;
	static const char *const paths[] = {"et",   "etc/hosts/x", "home/b/z",
					    "/etc", "etc/",	   "../etc"};
	struct entry entry;
	struct content_ref content;

	make_sample(f);
	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		CLEANUP(mem_freep)
		char *expected = mem_printf("no /%s in this snapshot", paths[i]);
		struct err err = {0};

		assert_int_equal(tree_find(&f->options, paths[i], &entry, &content, &err),
				 -1);
		assert_int_equal(err.code, ERR_NOT_FOUND);
		assert_string_equal(err.msg, expected);
	}
}

#define in_store(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		in_store(test_tree_walk__visits_parents_first),
		in_store(test_tree_walk__visits_the_root_of_nothing),
		in_store(test_tree_walk__passes_over_what_is_excluded),
		in_store(test_tree_walk__brings_directories_only_for_what_is_included),
		in_store(test_tree_walk__takes_all_below_an_included_directory),
		in_store(test_tree_walk__gives_directories_with_their_own_entry),
		in_store(test_tree_walk__names_the_directory_that_is_damaged),
		in_store(test_tree_walk__does_not_enter_what_is_passed_over),
		in_store(test_tree_walk__goes_on_behind_a_damaged_directory),
		in_store(test_tree_walk__stops_when_cancelled),
		in_store(test_tree_walk__goes_as_deep_as_the_limit),
		in_store(test_tree_walk__refuses_to_go_deeper),
		in_store(test_tree_find__gives_root_and_paths),
		in_store(test_tree_find__tells_what_is_missing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
