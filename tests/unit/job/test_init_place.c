/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/fd.h"
#include "job/init_place.h"
#include "support/tempdir.h"

/* Asks about the directory `repo` in the test's own, with keys in `keys` beside it or where
 * it says. */
static int check(const char *directory, const char *keys, struct err *err)
{
	CLEANUP(mem_freep) char *url = mem_printf("file://%s/repo", directory);
	CLEANUP(mem_freep) char *key_directory = path_join(directory, keys);
	CLEANUP(init_place_release) struct init_place place = {0};

	*err = (struct err){0};
	return init_place_check(url, key_directory, &place, err);
}

static void make_directory(const char *directory, const char *name)
{
	CLEANUP(mem_freep) char *path = path_join(directory, name);
	struct err err = {0};

	if (directory_create(path, 0700, &err) < 0)
		fail_msg("%s", err.msg);
}

static void make_file(const char *directory, const char *name)
{
	CLEANUP(mem_freep) char *path = path_join(directory, name);
	struct err err = {0};

	if (file_write(path, slice_of_string("x"), 0600, FILE_CREATE, &err) < 0)
		fail_msg("%s", err.msg);
}

static void expect_accepted(const char *directory)
{
	struct err err;

	if (check(directory, "keys", &err) < 0)
		fail_msg("%s", err.msg);
}

static void expect_refused(const char *directory, const char *text)
{
	struct err err;

	assert_int_equal(check(directory, "keys", &err), -1);
	assert_int_equal(err.code, ERR_EXISTS);
	if (strstr(err.msg, text) == NULL)
		fail_msg("expected %s in: %s", text, err.msg);
	assert_string_not_equal(err.hint, "");
}

static void test_init_place_check__takes_what_is_absent_or_empty(void **state)
{
	expect_accepted(*state);
	make_directory(*state, "repo/lost+found");
	expect_accepted(*state);
}

static void test_init_place_check__takes_what_a_killed_init_left(void **state)
{
	make_directory(*state, "repo/keys/log");
	make_directory(*state, "repo/keys/wraps/1");
	make_file(*state, "repo/" FILE_TEMP_PREFIX "00");
	make_file(*state, "repo/keys/log/0000000001-00");
	expect_accepted(*state);
}

static void test_init_place_check__leaves_a_repository_to_the_caller(void **state)
{
	make_directory(*state, "repo/packs");
	make_file(*state, "repo/quipu.json");
	expect_accepted(*state);
}

static void test_init_place_check__refuses_foreign_files(void **state)
{
	make_directory(*state, "repo");
	make_file(*state, "repo/.profile");
	expect_refused(*state, "repo is not empty: it holds .profile");
}

static void test_init_place_check__refuses_a_foreign_directory_named_keys(void **state)
{
	make_directory(*state, "repo/keys");
	make_file(*state, "repo/keys/id_ed25519");
	expect_refused(*state, "repo/keys is not empty: it holds id_ed25519");
}

static void test_init_place_check__refuses_keys_in_the_repository(void **state)
{
	static const char *const inside[] = {"repo",	  "repo/keys", "repo/./a/../b",
					     "x/../repo", "link",      "link/deeper"};
	CLEANUP(mem_freep) char *link = path_join(*state, "link");
	struct err err;

	assert_int_equal(symlink("repo", link), 0);
	make_directory(*state, "repo");
	for (size_t i = 0; i < ARRAY_SIZE(inside); i++) {
		assert_int_equal(check(*state, inside[i], &err), -1);
		assert_int_equal(err.code, ERR_USAGE);
		assert_non_null(strstr(err.msg, "is inside the repository"));
	}
	assert_int_equal(check(*state, "repository.keys", &err), 0);
}

static void test_init_place_check__looks_at_directories_only(void **state)
{
	struct init_place place = {0};
	struct err err = {0};

	(void)state;
	assert_int_equal(init_place_check("s3://bucket/prefix", "keys", &place, &err), 0);
	init_place_undo(&place); /* nothing */
	assert_int_equal(init_place_check("nonsense", "keys", &place, &err), -1);
	assert_int_equal(err.code, ERR_USAGE);
}

/* Checks DIRECTORY/NAME, has `made` made, and undoes it. */
static void undo(const char *directory, const char *name, const char *made)
{
	CLEANUP(mem_freep) char *url = mem_printf("file://%s/%s", directory, name);
	CLEANUP(init_place_release) struct init_place place = {0};
	struct err err = {0};

	assert_int_equal(init_place_check(url, "keys", &place, &err), 0);
	make_directory(directory, made);
	init_place_undo(&place);
}

static bool exists(const char *directory, const char *name)
{
	CLEANUP(mem_freep) char *path = path_join(directory, name);

	return access(path, F_OK) == 0;
}

static void test_init_place_undo__removes_what_was_made(void **state)
{
	static const char *const names[] = {"a/b/repo", "a/b/repo/", "a//b/repo//"};

	make_directory(*state, "there");
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		undo(*state, names[i], "a/b/repo");
		assert_false(exists(*state, "a"));
		undo(*state, "there/repo", "there/repo");
		assert_false(exists(*state, "there/repo"));
		assert_true(exists(*state, "there"));
	}
}

static void test_init_place_undo__keeps_what_was_there(void **state)
{
	make_directory(*state, "repo");
	undo(*state, "repo", "repo");
	assert_true(exists(*state, "repo"));
}

static void test_init_place_undo__keeps_what_has_something_in_it(void **state)
{
	undo(*state, "a/repo", "a/repo/keys");
	assert_true(exists(*state, "a/repo/keys"));
	undo(*state, "b/repo", "b/other");
	assert_true(exists(*state, "b/other"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		tempdir_test(test_init_place_check__takes_what_is_absent_or_empty),
		tempdir_test(test_init_place_check__takes_what_a_killed_init_left),
		tempdir_test(test_init_place_check__leaves_a_repository_to_the_caller),
		tempdir_test(test_init_place_check__refuses_foreign_files),
		tempdir_test(
			test_init_place_check__refuses_a_foreign_directory_named_keys),
		tempdir_test(test_init_place_check__refuses_keys_in_the_repository),
		cmocka_unit_test(test_init_place_check__looks_at_directories_only),
		tempdir_test(test_init_place_undo__removes_what_was_made),
		tempdir_test(test_init_place_undo__keeps_what_was_there),
		tempdir_test(test_init_place_undo__keeps_what_has_something_in_it),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
