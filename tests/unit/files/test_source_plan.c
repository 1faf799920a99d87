/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/fd.h"
#include "files/source_plan.h"
#include "support/file_tree.h"

static void add_all(struct source_plan *plan, const char *const paths[], size_t n)
{
	struct err err = {0};

	source_plan_init(plan);
	for (size_t i = 0; i < n; i++)
		assert_int_equal(source_plan_add(plan, paths[i], &err), 0);
	source_plan_sort(plan);
}

static struct plan_range whole(const struct source_plan *plan)
{
	return (struct plan_range){0, source_plan_count(plan)};
}

static void test_source_plan_sort__orders_by_components(void **state)
{
	static const char *const paths[] = {"/a-b", "/a/z",   "/a",
					    "/B",   "/a/b/c", "/a/b-c"};
	static const char *const sorted[] = {"B", "a", "a/b/c", "a/b-c", "a/z", "a-b"};
	CLEANUP(source_plan_release) struct source_plan plan;

	(void)state;
	add_all(&plan, paths, ARRAY_SIZE(paths));
	for (size_t i = 0; i < ARRAY_SIZE(sorted); i++)
		assert_string_equal(source_plan_at(&plan, i), sorted[i]);
}

static void test_source_plan_narrow__finds_what_lies_below(void **state)
{
	static const char *const paths[] = {"/a/b", "/a-b", "/a/c/d", "/b", "/a/b"};
	CLEANUP(source_plan_release) struct source_plan plan;
	struct plan_range range;
	enum plan_naming naming;

	(void)state;
	add_all(&plan, paths, ARRAY_SIZE(paths));
	range = source_plan_narrow(&plan, whole(&plan), 0, "a", &naming);
	assert_int_equal(naming, PLAN_PASSED);
	assert_int_equal(range.end - range.first, 3);
	range = source_plan_narrow(&plan, range, 1, "b", &naming);
	assert_int_equal(naming, PLAN_NAMED);
	assert_int_equal(range.first, range.end);
}

static void test_source_plan_narrow__keeps_paths_below_a_named_one(void **state)
{
	static const char *const paths[] = {"/a", "/a/b/c"};
	CLEANUP(source_plan_release) struct source_plan plan;
	struct plan_range range;
	enum plan_naming naming;

	(void)state;
	add_all(&plan, paths, ARRAY_SIZE(paths));
	range = source_plan_narrow(&plan, whole(&plan), 0, "a", &naming);
	assert_int_equal(naming, PLAN_NAMED);
	assert_int_equal(range.end - range.first, 1);
	assert_string_equal(source_plan_at(&plan, range.first), "a/b/c");
}

static void test_source_plan_narrow__knows_names_of_directories(void **state)
{
	static const char *const paths[] = {"/a/", "/a", "/b/.", "/b/x", "/c/./", "/d."};
	CLEANUP(source_plan_release) struct source_plan plan;
	enum plan_naming naming;
	struct plan_range range;

	(void)state;
	add_all(&plan, paths, ARRAY_SIZE(paths));
	range = source_plan_narrow(&plan, whole(&plan), 0, "a", &naming);
	assert_int_equal(naming, PLAN_NAMED_DIRECTORY);
	assert_int_equal(range.first, range.end);
	range = source_plan_narrow(&plan, whole(&plan), 0, "b", &naming);
	assert_int_equal(naming, PLAN_NAMED_DIRECTORY);
	assert_int_equal(range.end - range.first, 1);
	(void)source_plan_narrow(&plan, whole(&plan), 0, "c", &naming);
	assert_int_equal(naming, PLAN_NAMED_DIRECTORY);
	(void)source_plan_narrow(&plan, whole(&plan), 0, "d.", &naming);
	assert_int_equal(naming, PLAN_NAMED);
}

static void test_source_plan_narrow__of_an_unknown_name_is_empty(void **state)
{
	static const char *const paths[] = {"/a/b", "/c"};
	CLEANUP(source_plan_release) struct source_plan plan;
	struct plan_range range;
	enum plan_naming naming;

	(void)state;
	add_all(&plan, paths, ARRAY_SIZE(paths));
	range = source_plan_narrow(&plan, whole(&plan), 0, "b", &naming);
	assert_int_equal(naming, PLAN_PASSED);
	assert_int_equal(range.first, range.end);
}

static void test_source_plan_add__resolves_dots(void **state)
{
	static const char *const paths[] = {"/x/./y//../z/"};
	CLEANUP(source_plan_release) struct source_plan plan;

	(void)state;
	add_all(&plan, paths, ARRAY_SIZE(paths));
	assert_string_equal(source_plan_at(&plan, 0), "x/z/");
}

static void test_source_plan_add__refuses_an_empty_path(void **state)
{
	CLEANUP(source_plan_release) struct source_plan plan;
	struct err err = {0};

	(void)state;
	source_plan_init(&plan);
	assert_int_equal(source_plan_add(&plan, "", &err), -1);
	assert_int_equal(err.code, ERR_USAGE);
	assert_string_equal(err.msg, "empty path: expected a file or directory");
}

static int read_list(void **state, struct source_plan *plan, const char *bytes,
		     size_t len, struct err *err)
{
	CLEANUP(mem_freep) char *path = tree_path(*state, "list");

	assert_int_equal(file_write(path, slice_of(bytes, len), 0600, FILE_REPLACE, err),
			 0);
	source_plan_init(plan);
	return source_plan_add_list(plan, path, err);
}

static void test_source_plan_add_list__splits_at_nul(void **state)
{
	CLEANUP(source_plan_release) struct source_plan plan;
	struct err err = {0};

	assert_int_equal(read_list(state, &plan, "/a\nb\0\0/c\0/last", 14, &err), 0);
	assert_int_equal(source_plan_count(&plan), 3);
	assert_string_equal(source_plan_at(&plan, 0), "a\nb");
	assert_string_equal(source_plan_at(&plan, 2), "last");
}

static void test_source_plan_add_list__refuses_a_list_by_lines(void **state)
{
	CLEANUP(source_plan_release) struct source_plan plan;
	struct err err = {0};

	assert_int_equal(read_list(state, &plan, "/a\n/b\n", 6, &err), -1);
	assert_int_equal(err.code, ERR_USAGE);
	assert_non_null(strstr(err.msg, "/list: expected paths separated by NUL bytes"));
	assert_string_equal(err.hint, "make the list with find ... -print0");
}

static void test_source_plan_add_list__refuses_an_empty_list(void **state)
{
	CLEANUP(source_plan_release) struct source_plan plan;
	struct err err = {0};

	assert_int_equal(read_list(state, &plan, "", 0, &err), -1);
	assert_int_equal(err.code, ERR_USAGE);
	assert_non_null(strstr(err.msg, "expected at least one path"));
}

static void test_source_plan_add_list__refuses_an_endless_path(void **state)
{
	CLEANUP(source_plan_release) struct source_plan plan;
	CLEANUP(mem_freep) char *bytes = mem_alloc(SOURCE_PATH_MAX + 2);
	struct err err = {0};

	memset(bytes, 'x', SOURCE_PATH_MAX + 2);
	assert_int_equal(read_list(state, &plan, bytes, SOURCE_PATH_MAX + 2, &err), -1);
	assert_int_equal(err.code, ERR_LIMIT);
	assert_non_null(strstr(err.msg, "path in the list"));
}

static void test_source_plan_add_list__names_a_missing_file(void **state)
{
	CLEANUP(source_plan_release) struct source_plan plan;
	CLEANUP(mem_freep) char *path = tree_path(*state, "none");
	struct err err = {0};

	source_plan_init(&plan);
	assert_int_equal(source_plan_add_list(&plan, path, &err), -1);
	assert_int_equal(err.code, ERR_NOT_FOUND);
	assert_non_null(strstr(err.msg, "cannot open list of paths"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_source_plan_sort__orders_by_components),
		cmocka_unit_test(test_source_plan_narrow__finds_what_lies_below),
		cmocka_unit_test(test_source_plan_narrow__keeps_paths_below_a_named_one),
		cmocka_unit_test(test_source_plan_narrow__knows_names_of_directories),
		cmocka_unit_test(test_source_plan_narrow__of_an_unknown_name_is_empty),
		cmocka_unit_test(test_source_plan_add__resolves_dots),
		cmocka_unit_test(test_source_plan_add__refuses_an_empty_path),
		tempdir_test(test_source_plan_add_list__splits_at_nul),
		tempdir_test(test_source_plan_add_list__refuses_a_list_by_lines),
		tempdir_test(test_source_plan_add_list__refuses_an_empty_list),
		tempdir_test(test_source_plan_add_list__refuses_an_endless_path),
		tempdir_test(test_source_plan_add_list__names_a_missing_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
