/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "files/file_extents.h"
#include "support/file_tree.h"

enum { MIB = 1024 * 1024 };

static int make_file(void **state, uint64_t size)
{
	CLEANUP(mem_freep) char *path = tree_path(*state, "f");
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, (off_t)size), 0);
	return fd;
}

static void find(int fd, struct entry *entry)
{
	struct stat st;

	assert_int_equal(fstat(fd, &st), 0);
	entry_init(entry, ENTRY_FILE, "f");
	entry->size = (uint64_t)st.st_size;
	file_extents_find(fd, &st, entry);
}

static struct extent extent_at(const struct entry *entry, size_t i)
{
	return *(const struct extent *)vec_at(&entry->extents, i);
}

static void test_file_extents_find__sees_runs_between_holes(void **state)
{
	CLEANUP(entry_release) struct entry entry;
	int fd = make_file(state, 10 * MIB);

	assert_int_equal(pwrite(fd, "one", 3, 2 * MIB), 3);
	assert_int_equal(pwrite(fd, "two", 3, 7 * MIB), 3);
	find(fd, &entry);
	assert_true(entry.is_sparse);
	assert_int_equal(entry.extents.n, 2);
	assert_int_equal(extent_at(&entry, 0).offset, 2 * MIB);
	assert_int_equal(extent_at(&entry, 1).offset, 7 * MIB);
	assert_true(entry_content_len(&entry) < MIB);
	close(fd);
}

static void test_file_extents_find__of_one_hole_has_none(void **state)
{
	CLEANUP(entry_release) struct entry entry;
	int fd = make_file(state, 5 * MIB);

	find(fd, &entry);
	assert_true(entry.is_sparse);
	assert_int_equal(entry.extents.n, 0);
	assert_int_equal(entry.size, 5 * MIB);
	close(fd);
}

static void test_file_extents_find__of_a_full_file_is_not_sparse(void **state)
{
	CLEANUP(entry_release) struct entry entry;
	int fd = make_file(state, 0);

	assert_int_equal(write(fd, "text", 4), 4);
	find(fd, &entry);
	assert_false(entry.is_sparse);
	assert_int_equal(entry_content_len(&entry), 4);
	close(fd);
}

static void test_file_extents_find__stops_at_the_size(void **state)
{
	CLEANUP(entry_release) struct entry entry;
	int fd = make_file(state, MIB);

	assert_int_equal(pwrite(fd, "end", 3, MIB), 3);
	find(fd, &entry);
	assert_int_equal(entry.extents.n, 1);
	assert_int_equal(extent_at(&entry, 0).offset + extent_at(&entry, 0).len, MIB + 3);
	close(fd);
}

static void push(struct vec *extents, uint64_t offset, uint64_t len)
{
	struct extent extent = {offset, len};

	vec_push(extents, &extent);
}

static void test_file_extents_join__closes_the_smallest_holes(void **state)
{
	CLEANUP(vec_release) struct vec extents;
	const struct extent *all;

	(void)state;
	vec_init(&extents, sizeof(struct extent));
	push(&extents, 0, 10);	  /* hole of 90 */
	push(&extents, 100, 10);  /* hole of 5 */
	push(&extents, 115, 10);  /* hole of 875 */
	push(&extents, 1000, 10); /* hole of 5 */
	push(&extents, 1015, 10);
	file_extents_join(&extents, 3);
	all = extents.data;
	assert_int_equal(extents.n, 3);
	assert_int_equal(all[1].offset, 100);
	assert_int_equal(all[1].len, 25);
	assert_int_equal(all[2].offset, 1000);
	assert_int_equal(all[2].len, 25);
}

static void test_file_extents_join__counts_holes_of_equal_length(void **state)
{
	CLEANUP(vec_release) struct vec extents;
	const struct extent *last;

	(void)state;
	vec_init(&extents, sizeof(struct extent));
	for (uint64_t i = 0; i < 1000; i++)
		push(&extents, i * 10, 4);
	file_extents_join(&extents, 7);
	last = vec_last(&extents);
	assert_int_equal(extents.n, 7);
	assert_int_equal(last->offset + last->len, 9994);
}

static void test_file_extents_join__leaves_what_fits(void **state)
{
	CLEANUP(vec_release) struct vec extents;

	(void)state;
	vec_init(&extents, sizeof(struct extent));
	push(&extents, 0, 1);
	push(&extents, 2, 1);
	file_extents_join(&extents, 2);
	assert_int_equal(extents.n, 2);
}

static void test_file_extents_cut__drops_what_was_not_read(void **state)
{
	CLEANUP(entry_release) struct entry entry;

	(void)state;
	entry_init(&entry, ENTRY_FILE, "f");
	entry.size = 1000;
	entry_add_extent(&entry, 100, 50);
	entry_add_extent(&entry, 300, 50);
	entry_add_extent(&entry, 500, 50);
	file_extents_cut(&entry, 70);
	assert_int_equal(entry.extents.n, 2);
	assert_int_equal(entry.size, 320);
	assert_int_equal(entry_content_len(&entry), 70);
}

static void test_file_extents_cut__sets_the_size_without_holes(void **state)
{
	CLEANUP(entry_release) struct entry entry;

	(void)state;
	entry_init(&entry, ENTRY_FILE, "f");
	entry.size = 1000;
	file_extents_cut(&entry, 7);
	assert_int_equal(entry.size, 7);
	assert_false(entry.is_sparse);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		tempdir_test(test_file_extents_find__sees_runs_between_holes),
		tempdir_test(test_file_extents_find__of_one_hole_has_none),
		tempdir_test(test_file_extents_find__of_a_full_file_is_not_sparse),
		tempdir_test(test_file_extents_find__stops_at_the_size),
		cmocka_unit_test(test_file_extents_join__closes_the_smallest_holes),
		cmocka_unit_test(test_file_extents_join__counts_holes_of_equal_length),
		cmocka_unit_test(test_file_extents_join__leaves_what_fits),
		cmocka_unit_test(test_file_extents_cut__drops_what_was_not_read),
		cmocka_unit_test(test_file_extents_cut__sets_the_size_without_holes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
