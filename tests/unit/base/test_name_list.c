/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/name_list.h"
#include "support/file_tree.h"

static void test_name_list_read__sorts_bytewise(void **state)
{
	static const char *const names[] = {"b",   "a",	   "\xff\xfe", "B",
					    "-rf", "a\nb", "a.b"};
	static const char *const sorted[] = {"-rf", "B", "a",	    "a\nb",
					     "a.b", "b", "\xff\xfe"};
	CLEANUP(name_list_release) struct name_list list;
	struct err err = {0};
	int fd = open(*state, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		tree_write(*state, names[i], "");
	name_list_init(&list);
	assert_int_equal(name_list_read(&list, fd, &err), 0);
	assert_int_equal(name_list_count(&list), ARRAY_SIZE(sorted));
	for (size_t i = 0; i < ARRAY_SIZE(sorted); i++)
		assert_string_equal(name_list_at(&list, i), sorted[i]);
	close(fd);
}

static void test_name_list_read__leaves_an_empty_directory_empty(void **state)
{
	CLEANUP(name_list_release) struct name_list list;
	struct err err = {0};
	int fd = open(*state, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	name_list_init(&list);
	assert_int_equal(name_list_read(&list, fd, &err), 0);
	assert_int_equal(name_list_count(&list), 0);
	close(fd);
}

static void test_name_list_read__refuses_a_file(void **state)
{
	CLEANUP(name_list_release) struct name_list list;
	CLEANUP(mem_freep) char *path = tree_path(*state, "f");
	struct err err = {0};
	int fd;

	tree_write(*state, "f", "x");
	fd = open(path, O_RDONLY | O_CLOEXEC);
	name_list_init(&list);
	assert_int_equal(name_list_read(&list, fd, &err), -1);
	assert_string_equal(err.msg, "cannot be listed: Not a directory");
	close(fd);
}

static void test_name_list_add__takes_names_of_255_bytes(void **state)
{
	CLEANUP(name_list_release) struct name_list list;
	struct err err = {0};
	char name[256];

	(void)state;
	memset(name, 'n', 255);
	name[255] = '\0';
	name_list_init(&list);
	assert_int_equal(name_list_add(&list, "short", &err), 0);
	assert_int_equal(name_list_add(&list, name, &err), 0);
	name_list_sort(&list);
	assert_string_equal(name_list_at(&list, 0), name);
	assert_string_equal(name_list_at(&list, 1), "short");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		tempdir_test(test_name_list_read__sorts_bytewise),
		tempdir_test(test_name_list_read__leaves_an_empty_directory_empty),
		tempdir_test(test_name_list_read__refuses_a_file),
		cmocka_unit_test(test_name_list_add__takes_names_of_255_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
