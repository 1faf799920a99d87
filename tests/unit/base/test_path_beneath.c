/* SPDX-License-Identifier: Apache-2.0 */
/* What both ways of opening must refuse is tested on both: openat2() and the walk. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/path_internal.h"
#include "support/tempdir.h"

typedef int open_fn(int dir_fd, const char *relative, int flags, mode_t mode);

static open_fn *const WAYS[] = {path_openat2, path_walk};

/* root/{a/b/f, link -> a, outlink -> /, a/flink -> f} */
static int make_tree(const char *root)
{
	CLEANUP(mem_freep) char *b = path_join(root, "a/b");
	CLEANUP(mem_freep) char *f = path_join(root, "a/b/f");
	CLEANUP(mem_freep) char *link = path_join(root, "link");
	CLEANUP(mem_freep) char *outlink = path_join(root, "outlink");
	CLEANUP(mem_freep) char *flink = path_join(root, "a/flink");
	struct err err = {0};
	int fd;

	assert_int_equal(directory_create(b, 0700, &err), 0);
	assert_int_equal(file_write(f, slice_of_string("in f"), 0600, FILE_CREATE, &err),
			 0);
	assert_int_equal(symlink("a", link), 0);
	assert_int_equal(symlink("/", outlink), 0);
	assert_int_equal(symlink("b/f", flink), 0);
	fd = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(fd >= 0);
	return fd;
}

static bool openat2_is_missing(int root)
{
	CLEANUP(fd_closep) int fd = path_openat2(root, "a", O_RDONLY, 0);

	return fd < 0;
}

static void assert_both(int root, const char *relative, int flags, int expected_errno)
{
	for (size_t i = openat2_is_missing(root) ? 1 : 0; i < ARRAY_SIZE(WAYS); i++) {
		CLEANUP(fd_closep) int fd = WAYS[i](root, relative, flags, 0600);

		assert_int_equal(fd >= 0 ? 0 : errno, expected_errno);
	}
}

static void test_path_ways__open_files_and_directories(void **state)
{
	CLEANUP(fd_closep) int root = make_tree(*state);

	assert_both(root, "a", O_RDONLY | O_DIRECTORY, 0);
	assert_both(root, "a/b/f", O_RDONLY, 0);
	assert_both(root, "a/new", O_WRONLY | O_CREAT, 0);
	assert_both(root, "a/b/f", O_WRONLY | O_CREAT | O_EXCL, EEXIST);
	assert_both(root, "a/b", O_WRONLY | O_TMPFILE, 0);
}

static void test_path_ways__refuse_symbolic_links(void **state)
{
	CLEANUP(fd_closep) int root = make_tree(*state);

	assert_both(root, "link/b/f", O_RDONLY, ELOOP);
	assert_both(root, "outlink/etc/passwd", O_RDONLY, ELOOP);
	assert_both(root, "a/flink", O_RDONLY, ELOOP);
	assert_both(root, "a/flink", O_WRONLY | O_CREAT, ELOOP);
}

static void test_path_ways__open_a_link_itself_by_path(void **state)
{
	CLEANUP(fd_closep) int root = make_tree(*state);

	assert_both(root, "a/flink", O_PATH, 0);
}

static void test_path_ways__report_missing_names(void **state)
{
	CLEANUP(fd_closep) int root = make_tree(*state);

	assert_both(root, "a/x/f", O_RDONLY, ENOENT);
	assert_both(root, "a/b/f/x", O_RDONLY, ENOTDIR);
}

static void test_path_walk__sets_close_on_exec(void **state)
{
	CLEANUP(fd_closep) int root = make_tree(*state);
	CLEANUP(fd_closep) int fd = path_walk(root, "a/b/f", O_RDONLY, 0);

	assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
}

static void test_path_open_beneath__reads_the_file(void **state)
{
	CLEANUP(fd_closep) int root = make_tree(*state);
	CLEANUP(fd_closep) int fd = -1;
	struct err err = {0};
	char bytes[5] = {0};

	assert_int_equal(path_open_beneath(root, "a/b/f", O_RDONLY, 0, &fd, &err), 0);
	assert_int_equal(fd_pread_exact(fd, 0, bytes, 4, &err), 0);
	assert_string_equal(bytes, "in f");
}

static void test_path_open_beneath__empty_is_the_directory(void **state)
{
	CLEANUP(fd_closep) int root = make_tree(*state);
	CLEANUP(fd_closep) int fd = -1;
	struct err err = {0};
	struct stat a, b;

	assert_int_equal(path_open_beneath(root, "", O_RDONLY, 0, &fd, &err), 0);
	assert_int_equal(fstat(root, &a), 0);
	assert_int_equal(fstat(fd, &b), 0);
	assert_int_equal(a.st_ino, b.st_ino);
}

static void test_path_open_beneath__refuses_to_leave(void **state)
{
	static const char *const BAD[] = {"..",		 "../x", "a/../..",
					  "/etc/passwd", "a//b", "./a"};
	CLEANUP(fd_closep) int root = make_tree(*state);

	for (size_t i = 0; i < ARRAY_SIZE(BAD); i++) {
		struct err err = {0};
		int fd = -1;

		assert_int_equal(path_open_beneath(root, BAD[i], O_RDONLY, 0, &fd, &err),
				 -1);
		assert_int_equal(err.code, ERR_CORRUPT);
		assert_non_null(strstr(err.msg, ": expected a relative path without"));
		assert_int_equal(fd, -1);
	}
}

static void test_path_open_beneath__says_that_a_link_is_in_the_way(void **state)
{
	CLEANUP(fd_closep) int root = make_tree(*state);
	struct err err = {0};
	int fd = -1;

	assert_int_equal(path_open_beneath(root, "link/b", O_RDONLY, 0, &fd, &err), -1);
	assert_int_equal(err.code, ERR_DENIED);
	assert_string_equal(err.msg, "link/b: a symbolic link is in the way");
}

static void test_path_open_beneath__names_the_path(void **state)
{
	CLEANUP(fd_closep) int root = make_tree(*state);
	struct err err = {0};
	int fd = -1;

	assert_int_equal(path_open_beneath(root, "a/x\n", O_RDONLY, 0, &fd, &err), -1);
	assert_int_equal(err.code, ERR_NOT_FOUND);
	assert_string_equal(err.msg, "\"a/x\\n\": No such file or directory");
}

/* A relative path of `depth` directories with long names: beyond PATH_MAX. */
static char *deep_path(unsigned depth)
{
	CLEANUP(buf_release) struct buf path;

	buf_init(&path, 0);
	for (unsigned i = 0; i < depth; i++) {
		if (i > 0)
			buf_append_byte(&path, '/');
		memset(buf_extend(&path, 200), 'd', 200);
	}
	return buf_steal_string(&path);
}

static void remove_deep(int root, unsigned depth)
{
	CLEANUP(mem_freep) char *path = deep_path(depth);
	struct err err = {0};

	for (; *path != '\0'; path[strlen(path) < 201 ? 0 : strlen(path) - 201] = '\0') {
		CLEANUP(fd_closep) int fd = -1;
		const char *name;

		assert_int_equal(path_open_parent_beneath(root, path, &fd, &name, &err),
				 0);
		assert_int_equal(unlinkat(fd, name, AT_REMOVEDIR), 0);
	}
}

static void test_path_mkdir_beneath__goes_deeper_than_path_max(void **state)
{
	CLEANUP(mem_freep) char *path = deep_path(30);
	CLEANUP(fd_closep) int root = make_tree(*state);
	CLEANUP(fd_closep) int fd = -1;
	struct err err = {0};

	assert_int_equal(path_mkdir_beneath(root, path, 0700, &err), 0);
	assert_int_equal(path_open_beneath(root, path, O_RDONLY, 0, &fd, &err), 0);
	remove_deep(root, 30);
}

static void test_path_open_parent_beneath__splits_the_name(void **state)
{
	CLEANUP(fd_closep) int root = make_tree(*state);
	CLEANUP(fd_closep) int fd = -1;
	const char *relative = "a/b/new";
	const char *name = NULL;
	struct err err = {0};
	struct stat st;

	assert_int_equal(path_open_parent_beneath(root, relative, &fd, &name, &err), 0);
	assert_ptr_equal(name, relative + 4);
	assert_int_equal(fstatat(fd, "f", &st, AT_SYMLINK_NOFOLLOW), 0);
}

static void test_path_open_parent_beneath__of_a_plain_name(void **state)
{
	CLEANUP(fd_closep) int root = make_tree(*state);
	CLEANUP(fd_closep) int fd = -1;
	const char *name = NULL;
	struct err err = {0};
	struct stat st;

	assert_int_equal(path_open_parent_beneath(root, "x", &fd, &name, &err), 0);
	assert_string_equal(name, "x");
	assert_int_equal(fstatat(fd, "a", &st, AT_SYMLINK_NOFOLLOW), 0);
}

static void test_path_open_parent_beneath__refuses_an_empty_path(void **state)
{
	CLEANUP(fd_closep) int root = make_tree(*state);
	const char *name = NULL;
	struct err err = {0};
	int fd = -1;

	assert_int_equal(path_open_parent_beneath(root, "", &fd, &name, &err), -1);
	assert_string_equal(err.msg, "a path is empty where an entry's name is expected");
}

static void test_path_mkdir_beneath__creates_what_is_missing(void **state)
{
	CLEANUP(fd_closep) int root = make_tree(*state);
	struct err err = {0};
	struct stat st;

	assert_int_equal(path_mkdir_beneath(root, "a/n/m", 0710, &err), 0);
	assert_int_equal(fstatat(root, "a/n/m", &st, 0), 0);
	assert_int_equal(st.st_mode & 07777, 0710);
	assert_int_equal(path_mkdir_beneath(root, "a/n/m", 0700, &err), 0);
	assert_int_equal(path_mkdir_beneath(root, "", 0700, &err), 0);
}

static void test_path_mkdir_beneath__refuses_links_and_files(void **state)
{
	CLEANUP(fd_closep) int root = make_tree(*state);
	struct err err = {0};

	assert_int_equal(path_mkdir_beneath(root, "outlink/tmp/x", 0700, &err), -1);
	assert_string_equal(err.msg, "outlink/tmp/x: a symbolic link is in the way");
	err_clear(&err);
	assert_int_equal(path_mkdir_beneath(root, "a/b/f/x", 0700, &err), -1);
	assert_string_equal(err.msg, "a/b/f/x: Not a directory");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		tempdir_test(test_path_ways__open_files_and_directories),
		tempdir_test(test_path_ways__refuse_symbolic_links),
		tempdir_test(test_path_ways__open_a_link_itself_by_path),
		tempdir_test(test_path_ways__report_missing_names),
		tempdir_test(test_path_walk__sets_close_on_exec),
		tempdir_test(test_path_open_beneath__reads_the_file),
		tempdir_test(test_path_open_beneath__empty_is_the_directory),
		tempdir_test(test_path_open_beneath__refuses_to_leave),
		tempdir_test(test_path_open_beneath__says_that_a_link_is_in_the_way),
		tempdir_test(test_path_open_beneath__names_the_path),
		tempdir_test(test_path_mkdir_beneath__goes_deeper_than_path_max),
		tempdir_test(test_path_open_parent_beneath__splits_the_name),
		tempdir_test(test_path_open_parent_beneath__of_a_plain_name),
		tempdir_test(test_path_open_parent_beneath__refuses_an_empty_path),
		tempdir_test(test_path_mkdir_beneath__creates_what_is_missing),
		tempdir_test(test_path_mkdir_beneath__refuses_links_and_files),
	};

	return cmocka_run_group_tests_name("base/path_beneath", tests, NULL, NULL);
}
