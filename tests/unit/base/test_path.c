/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <unistd.h>

#include "base/mem.h"
#include "base/path.h"

static void assert_join(const char *directory, const char *name, const char *expected)
{
	CLEANUP(mem_freep) char *joined = path_join(directory, name);

	assert_string_equal(joined, expected);
}

static void test_path_join__puts_one_slash_between(void **state)
{
	(void)state;
	assert_join("/a", "b", "/a/b");
	assert_join("/a/", "b", "/a/b");
	assert_join("/a", "/b", "/a/b");
	assert_join("/", "b", "/b");
}

static void test_path_join__empty_parts_add_nothing(void **state)
{
	(void)state;
	assert_join("", "b", "b");
	assert_join("/a", "", "/a");
	assert_join("", "", "");
}

static void assert_split(const char *path, const char *directory, const char *name)
{
	CLEANUP(mem_freep) char *got = path_dirname(path);

	assert_string_equal(got, directory);
	assert_string_equal(path_basename(path), name);
}

static void test_path_dirname__splits_at_the_last_slash(void **state)
{
	(void)state;
	assert_split("a/b/c", "a/b", "c");
	assert_split("a//b", "a", "b");
	assert_split("a/b/", "a/b", "");
}

static void test_path_dirname__without_a_slash_and_at_the_root(void **state)
{
	(void)state;
	assert_split("a", ".", "a");
	assert_split("", ".", "");
	assert_split("/a", "/", "a");
	assert_split("//a", "/", "a");
	assert_split("/", "/", "");
}

static void assert_absolute(const char *path, const char *expected)
{
	struct err err = {0};
	CLEANUP(mem_freep) char *absolute = path_absolute(path, &err);

	assert_non_null(absolute);
	assert_string_equal(absolute, expected);
}

static void test_path_absolute__removes_dots_and_double_slashes(void **state)
{
	(void)state;
	assert_absolute("/a//b/./c/", "/a/b/c");
	assert_absolute("/a/b/../c", "/a/c");
	assert_absolute("/a/b/../../c/d/..", "/c");
	assert_absolute("/.hidden/..more", "/.hidden/..more");
}

static void test_path_absolute__stops_at_the_root(void **state)
{
	(void)state;
	assert_absolute("/", "/");
	assert_absolute("/..", "/");
	assert_absolute("/a/../../../b", "/b");
	assert_absolute("/a/..", "/");
}

static void test_path_absolute__starts_at_the_current_directory(void **state)
{
	(void)state;
	assert_int_equal(chdir("/usr/bin"), 0);
	assert_absolute("x", "/usr/bin/x");
	assert_absolute("../x", "/usr/x");
	assert_absolute(".", "/usr/bin");
}

static void test_path_absolute__refuses_an_empty_path(void **state)
{
	struct err err = {0};

	(void)state;
	assert_null(path_absolute("", &err));
	assert_int_equal(err.code, ERR_USAGE);
	assert_string_equal(err.msg, "a path is empty");
}

static void test_path_component_valid__accepts_any_bytes(void **state)
{
	char longest[255];

	(void)state;
	memset(longest, 0xff, sizeof(longest));
	assert_true(path_component_valid(slice_of_string("a")));
	assert_true(path_component_valid(slice_of_string("...")));
	assert_true(path_component_valid(slice_of_string(".a")));
	assert_true(path_component_valid(slice_of_string("..a")));
	assert_true(path_component_valid(slice_of_string("\n\x01\xff ")));
	assert_true(path_component_valid(slice_of(longest, sizeof(longest))));
}

static void test_path_component_valid__refuses_what_leads_elsewhere(void **state)
{
	char too_long[256];

	(void)state;
	memset(too_long, 'a', sizeof(too_long));
	assert_false(path_component_valid(slice_of_string("")));
	assert_false(path_component_valid(slice_of_string(".")));
	assert_false(path_component_valid(slice_of_string("..")));
	assert_false(path_component_valid(slice_of_string("a/b")));
	assert_false(path_component_valid(slice_of("a\0b", 3)));
	assert_false(path_component_valid(slice_of(too_long, sizeof(too_long))));
}

static void test_path_relative_valid__accepts_plain_paths(void **state)
{
	(void)state;
	assert_true(path_relative_valid(slice_of_string("")));
	assert_true(path_relative_valid(slice_of_string("a")));
	assert_true(path_relative_valid(slice_of_string("a/b/...")));
}

static void test_path_relative_valid__refuses_what_leads_elsewhere(void **state)
{
	(void)state;
	assert_false(path_relative_valid(slice_of_string("/")));
	assert_false(path_relative_valid(slice_of_string("/a")));
	assert_false(path_relative_valid(slice_of_string("a/")));
	assert_false(path_relative_valid(slice_of_string("a//b")));
	assert_false(path_relative_valid(slice_of_string("a/../b")));
	assert_false(path_relative_valid(slice_of_string("..")));
	assert_false(path_relative_valid(slice_of_string("./a")));
	assert_false(path_relative_valid(slice_of("a/b\0c", 5)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_path_join__puts_one_slash_between),
		cmocka_unit_test(test_path_join__empty_parts_add_nothing),
		cmocka_unit_test(test_path_dirname__splits_at_the_last_slash),
		cmocka_unit_test(test_path_dirname__without_a_slash_and_at_the_root),
		cmocka_unit_test(test_path_absolute__removes_dots_and_double_slashes),
		cmocka_unit_test(test_path_absolute__stops_at_the_root),
		cmocka_unit_test(test_path_absolute__starts_at_the_current_directory),
		cmocka_unit_test(test_path_absolute__refuses_an_empty_path),
		cmocka_unit_test(test_path_component_valid__accepts_any_bytes),
		cmocka_unit_test(test_path_component_valid__refuses_what_leads_elsewhere),
		cmocka_unit_test(test_path_relative_valid__accepts_plain_paths),
		cmocka_unit_test(test_path_relative_valid__refuses_what_leads_elsewhere),
	};

	return cmocka_run_group_tests_name("base/path", tests, NULL, NULL);
}
