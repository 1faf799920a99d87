/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <sys/xattr.h>

#include "files/file_meta.h"
#include "support/file_tree.h"

static void meta_freep(struct file_meta **meta)
{
	file_meta_free(*meta);
}

static void test_file_meta_describe__takes_what_stat_says(void **state)
{
	CLEANUP(meta_freep) struct file_meta *meta = file_meta_new();
	CLEANUP(entry_release) struct entry entry;
	struct stat st = {
		.st_mode = S_IFREG | 04751,
		.st_uid = 0,
		.st_gid = 4000000000u,
		.st_size = 77,
		.st_nlink = 1,
		.st_mtim = {.tv_sec = 1, .tv_nsec = 5},
	};

	(void)state;
	file_meta_describe(meta, &st, "f", &entry);
	assert_int_equal(entry.type, ENTRY_FILE);
	assert_int_equal(entry.mode, 04751);
	assert_string_equal(entry.user, "root");
	assert_int_equal(entry.gid, 4000000000u);
	assert_null(entry.group);
	assert_int_equal(entry.mtime_nsec, 1000000005);
	assert_int_equal(entry.size, 77);
	assert_int_equal(entry.n_links, 1);
}

static void test_file_meta_describe__numbers_devices_by_appearance(void **state)
{
	CLEANUP(meta_freep) struct file_meta *meta = file_meta_new();
	static const dev_t devices[] = {0x801, 0x99, 0x801};
	static const uint64_t numbers[] = {1, 2, 1};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(devices); i++) {
		CLEANUP(entry_release) struct entry entry;
		struct stat st = {
			.st_mode = S_IFREG,
			.st_nlink = 2,
			.st_dev = devices[i],
			.st_ino = 42,
		};

		file_meta_describe(meta, &st, "f", &entry);
		assert_int_equal(entry.n_links, 2);
		assert_int_equal(entry.link_device, numbers[i]);
		assert_int_equal(entry.link_inode, 42);
	}
}

static void test_file_meta_describe__splits_device_numbers(void **state)
{
	CLEANUP(meta_freep) struct file_meta *meta = file_meta_new();
	CLEANUP(entry_release) struct entry entry;
	struct stat st = {.st_mode = S_IFCHR | 0666, .st_nlink = 1, .st_rdev = 0x103};

	(void)state;
	file_meta_describe(meta, &st, "null", &entry);
	assert_int_equal(entry.type, ENTRY_CHAR_DEVICE);
	assert_int_equal(entry.rdev_major, 1);
	assert_int_equal(entry.rdev_minor, 3);
	assert_int_equal(entry.size, 0);
}

static void test_file_meta_type__knows_no_sockets(void **state)
{
	enum entry_type type = ENTRY_FILE;

	(void)state;
	assert_false(file_meta_type(S_IFSOCK | 0755, &type));
	assert_true(file_meta_type(S_IFIFO | 0644, &type));
	assert_int_equal(type, ENTRY_FIFO);
}

static void test_file_meta_nsec__is_cut_at_the_limits(void **state)
{
	(void)state;
	assert_int_equal(file_meta_nsec(&(struct timespec){INT64_MAX / 2, 0}), INT64_MAX);
	assert_int_equal(file_meta_nsec(&(struct timespec){INT64_MIN / 2, 0}), INT64_MIN);
	assert_int_equal(file_meta_nsec(&(struct timespec){-1, 999999999}), -1);
}

static void test_file_meta_add_xattrs__reads_all_sorted(void **state)
{
	CLEANUP(meta_freep) struct file_meta *meta = file_meta_new();
	CLEANUP(mem_freep) char *path = tree_path(*state, "f");
	CLEANUP(entry_release) struct entry entry;
	const struct xattr *xattr;
	struct err err = {0};
	int fd;

	tree_write(*state, "f", "x");
	if (setxattr(path, "user.b", "2", 1, 0) < 0) {
		entry_init(&entry, ENTRY_FILE, "f");
		print_message("the file system has no user attributes\n");
		skip();
	}
	assert_int_equal(setxattr(path, "user.a", "\0\xff", 2, 0), 0);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	entry_init(&entry, ENTRY_FILE, "f");
	assert_int_equal(file_meta_add_xattrs(meta, fd, &entry, &err), 0);
	assert_int_equal(entry.xattrs.n, 2);
	xattr = vec_at(&entry.xattrs, 0);
	assert_string_equal(xattr->name, "user.a");
	assert_int_equal(xattr->value_len, 2);
	assert_memory_equal(xattr->value, "\0\xff", 2);
	close(fd);
}

static void test_file_meta_add_xattrs__of_a_link_are_its_own(void **state)
{
	CLEANUP(meta_freep) struct file_meta *meta = file_meta_new();
	CLEANUP(mem_freep) char *path = tree_path(*state, "link");
	CLEANUP(entry_release) struct entry entry;
	struct err err = {0};
	int fd;

	tree_write(*state, "f", "x");
	tree_symlink(*state, "link", "f");
	entry_init(&entry, ENTRY_SYMLINK, "link");
	if (lsetxattr(path, "trusted.own", "link", 4, 0) < 0) {
		print_message("trusted attributes need root\n");
		skip();
	}
	fd = open(path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	assert_int_equal(file_meta_add_xattrs(meta, fd, &entry, &err), 0);
	assert_int_equal(entry.xattrs.n, 1);
	assert_string_equal(((struct xattr *)vec_at(&entry.xattrs, 0))->name,
			    "trusted.own");
	close(fd);
}

static void test_file_meta_add_xattrs__reports_what_cannot_be_listed(void **state)
{
	CLEANUP(meta_freep) struct file_meta *meta = file_meta_new();
	CLEANUP(entry_release) struct entry entry;
	struct err err = {0};

	(void)state;
	entry_init(&entry, ENTRY_FILE, "f");
	assert_int_equal(file_meta_add_xattrs(meta, -1, &entry, &err), -1);
	assert_int_equal(err.code, ERR_IO);
	assert_string_equal(err.msg,
			    "extended attributes cannot be listed: Bad file descriptor");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_file_meta_describe__takes_what_stat_says),
		cmocka_unit_test(test_file_meta_describe__numbers_devices_by_appearance),
		cmocka_unit_test(test_file_meta_describe__splits_device_numbers),
		cmocka_unit_test(test_file_meta_type__knows_no_sockets),
		cmocka_unit_test(test_file_meta_nsec__is_cut_at_the_limits),
		tempdir_test(test_file_meta_add_xattrs__reads_all_sorted),
		tempdir_test(test_file_meta_add_xattrs__of_a_link_are_its_own),
		tempdir_test(test_file_meta_add_xattrs__reports_what_cannot_be_listed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
