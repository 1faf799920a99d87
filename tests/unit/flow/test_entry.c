/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/mem.h"
#include "flow/entry.h"

static void test_entry_init__sets_type_and_name(void **state)
{
	struct entry entry;

	(void)state;
	entry_init(&entry, ENTRY_FIFO, "pipe");
	assert_int_equal(entry.type, ENTRY_FIFO);
	assert_string_equal(entry.name, "pipe");
	assert_int_equal(entry.n_links, 1);
	assert_null(entry.target);
	entry_release(&entry);
	assert_null(entry.name);
}

static void test_entry_add_xattr__keeps_names_ascending(void **state)
{
	static const char *const names[] = {"user.b", "user.c", "user.a", "user.bb"};
	static const char *const sorted[] = {"user.a", "user.b", "user.bb", "user.c"};
	struct entry entry;

	(void)state;
	entry_init(&entry, ENTRY_FILE, "f");
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		entry_add_xattr(&entry, names[i], slice_of_string(names[i]));
	assert_int_equal(entry.xattrs.n, ARRAY_SIZE(names));
	for (size_t i = 0; i < ARRAY_SIZE(sorted); i++) {
		const struct xattr *xattr = vec_at(&entry.xattrs, i);

		assert_string_equal(xattr->name, sorted[i]);
		assert_memory_equal(xattr->value, sorted[i], xattr->value_len);
	}
	entry_release(&entry);
}

static void test_entry_add_xattr__takes_empty_and_binary_values(void **state)
{
	static const uint8_t bytes[] = {0, 255, 0};
	struct entry entry;
	const struct xattr *xattr;

	(void)state;
	entry_init(&entry, ENTRY_FILE, "f");
	entry_add_xattr(&entry, "user.empty", slice_of(NULL, 0));
	entry_add_xattr(&entry, "user.zeroes", slice_of(bytes, sizeof(bytes)));
	xattr = vec_at(&entry.xattrs, 0);
	assert_int_equal(xattr->value_len, 0);
	xattr = vec_at(&entry.xattrs, 1);
	assert_int_equal(xattr->value_len, 3);
	assert_memory_equal(xattr->value, bytes, 3);
	entry_release(&entry);
}

static void test_entry_fact__finds_by_key(void **state)
{
	struct entry entry;

	(void)state;
	entry_init(&entry, ENTRY_FILE, "table");
	entry_add_fact(&entry, "rows", "%d", 12);
	entry_add_fact(&entry, "sum", "%s", "ab");
	assert_string_equal(entry_fact(&entry, "rows"), "12");
	assert_string_equal(entry_fact(&entry, "sum"), "ab");
	assert_null(entry_fact(&entry, "row"));
	entry_release(&entry);
}

static void test_entry_content_len__is_size_without_holes(void **state)
{
	struct entry entry;

	(void)state;
	entry_init(&entry, ENTRY_FILE, "f");
	entry.size = 77;
	assert_int_equal(entry_content_len(&entry), 77);
	entry_release(&entry);
}

static void test_entry_content_len__sums_extents_of_sparse(void **state)
{
	struct entry entry;

	(void)state;
	entry_init(&entry, ENTRY_FILE, "f");
	entry.size = 1 << 20;
	entry_add_extent(&entry, 4096, 100);
	entry_add_extent(&entry, 8192, 11);
	assert_true(entry.is_sparse);
	assert_int_equal(entry_content_len(&entry), 111);
	entry_release(&entry);
}

static void test_entry_content_len__is_zero_for_one_hole(void **state)
{
	struct entry entry;

	(void)state;
	entry_init(&entry, ENTRY_FILE, "f");
	entry.size = 4096;
	entry.is_sparse = true;
	assert_int_equal(entry_content_len(&entry), 0);
	entry_release(&entry);
}

static void test_entry_content_len__is_zero_for_directories(void **state)
{
	struct entry entry;

	(void)state;
	entry_init(&entry, ENTRY_DIRECTORY, "d");
	entry.size = 4096;
	assert_int_equal(entry_content_len(&entry), 0);
	entry_release(&entry);
}

static void test_entry_copy__owns_all_of_it(void **state)
{
	struct entry from, to;
	const struct xattr *xattr;

	(void)state;
	entry_init(&from, ENTRY_SYMLINK, "link");
	from.target = mem_strdup("/else/where");
	from.user = mem_strdup("ada");
	from.mtime_nsec = -1;
	from.n_links = 3;
	entry_add_xattr(&from, "user.k", slice_of_string("v"));
	entry_add_fact(&from, "k", "100%%");
	entry_add_extent(&from, 1, 2);
	entry_copy(&to, &from);
	entry_release(&from);

	assert_string_equal(to.name, "link");
	assert_string_equal(to.target, "/else/where");
	assert_string_equal(to.user, "ada");
	assert_null(to.group);
	assert_int_equal(to.mtime_nsec, -1);
	assert_int_equal(to.n_links, 3);
	xattr = vec_at(&to.xattrs, 0);
	assert_string_equal(xattr->name, "user.k");
	assert_string_equal(entry_fact(&to, "k"), "100%");
	assert_int_equal(((struct extent *)vec_at(&to.extents, 0))->len, 2);
	entry_release(&to);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_entry_init__sets_type_and_name),
		cmocka_unit_test(test_entry_add_xattr__keeps_names_ascending),
		cmocka_unit_test(test_entry_add_xattr__takes_empty_and_binary_values),
		cmocka_unit_test(test_entry_fact__finds_by_key),
		cmocka_unit_test(test_entry_content_len__is_size_without_holes),
		cmocka_unit_test(test_entry_content_len__sums_extents_of_sparse),
		cmocka_unit_test(test_entry_content_len__is_zero_for_one_hole),
		cmocka_unit_test(test_entry_content_len__is_zero_for_directories),
		cmocka_unit_test(test_entry_copy__owns_all_of_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
