/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/fd_internal.h"
#include "base/mem.h"
#include "support/tempdir.h"

static struct slice text(const char *string)
{
	return slice_of_string(string);
}

static void assert_content(const char *path, const char *expected)
{
	CLEANUP(buf_release) struct buf bytes = {0};
	struct err err = {0};

	if (file_read(path, 1000, &bytes, &err) < 0)
		fail_msg("%s", err.msg);
	assert_string_equal(buf_string(&bytes), expected);
}

static unsigned count_entries(const char *path)
{
	DIR *dir = opendir(path);
	unsigned n = 0;

	assert_non_null(dir);
	for (struct dirent *e = readdir(dir); e != NULL; e = readdir(dir))
		n += strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0;
	(void)closedir(dir);
	return n;
}

static void test_file_read__allows_exactly_max(void **state)
{
	CLEANUP(mem_freep) char *path = path_join(*state, "f");
	CLEANUP(buf_release) struct buf bytes = {0};
	struct err err = {0};

	assert_int_equal(file_write(path, text("12345"), 0600, FILE_CREATE, &err), 0);
	assert_int_equal(file_read(path, 5, &bytes, &err), 0);
	assert_string_equal(buf_string(&bytes), "12345");
}

static void test_file_read__refuses_more_than_max(void **state)
{
	CLEANUP(mem_freep) char *path = path_join(*state, "f");
	CLEANUP(mem_freep) char *expected = mem_printf("%s is larger than 4 bytes", path);
	CLEANUP(buf_release) struct buf bytes = {0};
	struct err err = {0};

	assert_int_equal(file_write(path, text("12345"), 0600, FILE_CREATE, &err), 0);
	assert_int_equal(file_read(path, 4, &bytes, &err), -1);
	assert_int_equal(err.code, ERR_LIMIT);
	assert_string_equal(err.msg, expected);
	assert_null(bytes.data);
}

static void test_file_read__names_a_missing_file(void **state)
{
	CLEANUP(buf_release) struct buf bytes = {0};
	struct err err = {0};

	(void)state;
	assert_int_equal(file_read("/nonexistent/f", 4, &bytes, &err), -1);
	assert_int_equal(err.code, ERR_NOT_FOUND);
	assert_string_equal(err.msg,
			    "cannot open /nonexistent/f: No such file or directory");
}

static void test_file_read__names_a_directory(void **state)
{
	CLEANUP(mem_freep)
	char *expected = mem_printf("%s: cannot read: Is a directory", (char *)*state);
	CLEANUP(buf_release) struct buf bytes = {0};
	struct err err = {0};

	assert_int_equal(file_read(*state, 4, &bytes, &err), -1);
	assert_string_equal(err.msg, expected);
}

static void test_file_read__reads_files_of_unknown_size(void **state)
{
	CLEANUP(buf_release) struct buf bytes = {0};
	struct err err = {0};

	(void)state;
	assert_int_equal(file_read("/proc/self/status", 100000, &bytes, &err), 0);
	assert_non_null(strstr(buf_string(&bytes), "Pid:"));
}

static void test_file_read_secret__keeps_the_bytes(void **state)
{
	CLEANUP(mem_freep) char *path = path_join(*state, "f");
	CLEANUP(secret_release) struct secret secret = {0};
	struct err err = {0};

	assert_int_equal(file_write(path, text("pass"), 0600, FILE_CREATE, &err), 0);
	assert_int_equal(file_read_secret(path, 100, &secret, &err), 0);
	assert_int_equal(secret.len, 4);
	assert_memory_equal(secret.data, "pass", 4);
}

static void test_file_read_secret__refuses_more_than_max(void **state)
{
	CLEANUP(mem_freep) char *path = path_join(*state, "f");
	CLEANUP(mem_freep) char *expected = mem_printf("%s is larger than 3 bytes", path);
	CLEANUP(secret_release) struct secret secret = {0};
	struct err err = {0};

	assert_int_equal(file_write(path, text("pass"), 0600, FILE_CREATE, &err), 0);
	assert_int_equal(file_read_secret(path, 3, &secret, &err), -1);
	assert_int_equal(err.code, ERR_LIMIT);
	assert_string_equal(err.msg, expected);
}

static void test_file_write__creates_with_the_mode(void **state)
{
	CLEANUP(mem_freep) char *path = path_join(*state, "key");
	struct err err = {0};
	struct stat st;

	assert_int_equal(file_write(path, text("k"), 0600, FILE_CREATE, &err), 0);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(st.st_nlink, 1);
	assert_content(path, "k");
}

static void test_file_write__create_keeps_an_existing_file(void **state)
{
	CLEANUP(mem_freep) char *path = path_join(*state, "key");
	CLEANUP(mem_freep)
	char *expected = mem_printf("cannot create %s: File exists", path);
	struct err err = {0};

	assert_int_equal(file_write(path, text("old"), 0600, FILE_CREATE, &err), 0);
	assert_int_equal(file_write(path, text("new"), 0600, FILE_CREATE, &err), -1);
	assert_int_equal(err.code, ERR_EXISTS);
	assert_string_equal(err.msg, expected);
	assert_content(path, "old");
	assert_int_equal(count_entries(*state), 1);
}

static void test_file_write__create_keeps_a_dangling_link(void **state)
{
	CLEANUP(mem_freep) char *path = path_join(*state, "key");
	struct err err = {0};

	assert_int_equal(symlink("nowhere", path), 0);
	assert_int_equal(file_write(path, text("new"), 0600, FILE_CREATE, &err), -1);
	assert_int_equal(err.code, ERR_EXISTS);
	assert_int_equal(count_entries(*state), 1);
}

static void test_file_write__replace_replaces(void **state)
{
	CLEANUP(mem_freep) char *path = path_join(*state, "f");
	struct err err = {0};

	assert_int_equal(file_write(path, text("old"), 0600, FILE_REPLACE, &err), 0);
	assert_int_equal(file_write(path, text("newer"), 0600, FILE_REPLACE, &err), 0);
	assert_content(path, "newer");
	assert_int_equal(count_entries(*state), 1);
}

static void test_file_write__replace_leaves_no_temporary_file_behind(void **state)
{
	CLEANUP(mem_freep) char *path = path_join(*state, "d");
	struct err err = {0};

	assert_int_equal(mkdir(path, 0700), 0);
	assert_int_equal(file_write(path, text("x"), 0600, FILE_REPLACE, &err), -1);
	assert_non_null(strstr(err.msg, "cannot create"));
	assert_int_equal(count_entries(*state), 1);
}

static void test_file_write__names_a_missing_directory(void **state)
{
	struct err err = {0};

	(void)state;
	assert_int_equal(file_write("/nonexistent/f", text("x"), 0600, FILE_CREATE, &err),
			 -1);
	assert_int_equal(err.code, ERR_NOT_FOUND);
	assert_string_equal(err.msg,
			    "cannot create /nonexistent/f: No such file or directory");
}

static void test_file_write__takes_the_longest_name(void **state)
{
	char name[256];
	CLEANUP(mem_freep) char *path = NULL;
	struct err err = {0};

	memset(name, 'n', 255);
	name[255] = '\0';
	path = path_join(*state, name);
	assert_int_equal(file_write(path, text("1"), 0600, FILE_REPLACE, &err), 0);
	assert_content(path, "1");
}

static struct file_target target_in(const char *directory, const char *name)
{
	struct file_target target = {.name = name, .path = name, .mode = 0600};

	target.dir_fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(target.dir_fd >= 0);
	return target;
}

static void test_file_write_named__creates_and_cleans_up(void **state)
{
	struct file_target target = target_in(*state, "f");
	CLEANUP(mem_freep) char *path = path_join(*state, "f");
	struct err err = {0};

	assert_int_equal(file_write_named(&target, text("x"), false, &err), 0);
	fd_closep(&target.dir_fd);
	assert_content(path, "x");
	assert_int_equal(count_entries(*state), 1);
}

static void test_file_write_named__refuses_a_taken_name(void **state)
{
	struct file_target target = target_in(*state, "f");
	CLEANUP(mem_freep) char *path = path_join(*state, "f");
	struct err err = {0};

	assert_int_equal(file_write(path, text("old"), 0600, FILE_CREATE, &err), 0);
	assert_int_equal(file_write_named(&target, text("new"), false, &err), -1);
	fd_closep(&target.dir_fd);
	assert_int_equal(err.code, ERR_EXISTS);
	assert_string_equal(err.msg, "cannot create f: File exists");
	assert_content(path, "old");
	assert_int_equal(count_entries(*state), 1);
}

static void test_file_write_named__passes_by_a_stale_temporary_file(void **state)
{
	struct file_target target = target_in(*state, "f");
	CLEANUP(mem_freep)
	char *stale = mem_printf("%s/" FILE_TEMP_PREFIX "%ld-0", (char *)*state,
				 (long)getpid());
	struct err err = {0};

	assert_int_equal(file_write(stale, text("stale"), 0600, FILE_CREATE, &err), 0);
	assert_int_equal(file_write_named(&target, text("new"), true, &err), 0);
	fd_closep(&target.dir_fd);
	assert_content(stale, "stale");
	assert_int_equal(count_entries(*state), 2);
}

static void test_file_create_unnamed__creates_or_says_unsupported(void **state)
{
	struct file_target target = target_in(*state, "f");
	CLEANUP(mem_freep) char *path = path_join(*state, "f");
	bool unsupported = false;
	struct err err = {0};

	assert_int_equal(file_create_unnamed(&target, text("x"), &unsupported, &err), 0);
	fd_closep(&target.dir_fd);
	if (unsupported)
		assert_int_equal(count_entries(*state), 0);
	else
		assert_content(path, "x");
}

static void test_directory_create__makes_parents(void **state)
{
	CLEANUP(mem_freep) char *path = path_join(*state, "a//b/c/");
	struct err err = {0};
	struct stat st;

	assert_int_equal(directory_create(path, 0750, &err), 0);
	assert_int_equal(stat(path, &st), 0);
	assert_true(S_ISDIR(st.st_mode));
	assert_int_equal(directory_create(path, 0750, &err), 0);
}

static void test_directory_create__names_a_file_in_the_way(void **state)
{
	CLEANUP(mem_freep) char *file = path_join(*state, "f");
	CLEANUP(mem_freep) char *path = path_join(file, "sub");
	CLEANUP(mem_freep)
	char *expected = mem_printf("%s exists and is not a directory", file);
	struct err err = {0};

	assert_int_equal(file_write(file, text(""), 0600, FILE_CREATE, &err), 0);
	assert_int_equal(directory_create(path, 0700, &err), -1);
	assert_int_equal(err.code, ERR_EXISTS);
	assert_string_equal(err.msg, expected);
}

static void test_directory_create__accepts_a_link_to_a_directory(void **state)
{
	CLEANUP(mem_freep) char *link = path_join(*state, "l");
	struct err err = {0};

	assert_int_equal(symlink(".", link), 0);
	assert_int_equal(directory_create(link, 0700, &err), 0);
}

static void test_directory_sync__names_a_missing_one(void **state)
{
	struct err err = {0};

	(void)state;
	assert_int_equal(directory_sync("/nonexistent", &err), -1);
	assert_string_equal(
		err.msg, "cannot open directory /nonexistent: No such file or directory");
	err_clear(&err);
	assert_int_equal(directory_sync_parent("/nonexistent", &err), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		tempdir_test(test_file_read__allows_exactly_max),
		tempdir_test(test_file_read__refuses_more_than_max),
		tempdir_test(test_file_read__names_a_missing_file),
		tempdir_test(test_file_read__names_a_directory),
		tempdir_test(test_file_read__reads_files_of_unknown_size),
		tempdir_test(test_file_read_secret__keeps_the_bytes),
		tempdir_test(test_file_read_secret__refuses_more_than_max),
		tempdir_test(test_file_write__creates_with_the_mode),
		tempdir_test(test_file_write__create_keeps_an_existing_file),
		tempdir_test(test_file_write__create_keeps_a_dangling_link),
		tempdir_test(test_file_write__replace_replaces),
		tempdir_test(test_file_write__replace_leaves_no_temporary_file_behind),
		tempdir_test(test_file_write__names_a_missing_directory),
		tempdir_test(test_file_write__takes_the_longest_name),
		tempdir_test(test_file_write_named__creates_and_cleans_up),
		tempdir_test(test_file_write_named__refuses_a_taken_name),
		tempdir_test(test_file_write_named__passes_by_a_stale_temporary_file),
		tempdir_test(test_file_create_unnamed__creates_or_says_unsupported),
		tempdir_test(test_directory_create__makes_parents),
		tempdir_test(test_directory_create__names_a_file_in_the_way),
		tempdir_test(test_directory_create__accepts_a_link_to_a_directory),
		tempdir_test(test_directory_sync__names_a_missing_one),
	};

	return cmocka_run_group_tests_name("base/fd_file", tests, NULL, NULL);
}
