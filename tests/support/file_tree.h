/* SPDX-License-Identifier: Apache-2.0 */
/* Making and looking at real files in unit tests. Include after cmocka.h. */
#ifndef TESTS_SUPPORT_FILE_TREE_H
#define TESTS_SUPPORT_FILE_TREE_H

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/path.h"
#include "base/process.h"
#include "support/tempdir.h"

/* DIR/NAME; the caller frees it. */
static inline char *tree_path(const char *dir, const char *name)
{
	return path_join(dir, name);
}

static inline void tree_mkdir(const char *dir, const char *name)
{
	CLEANUP(mem_freep) char *path = tree_path(dir, name);

	assert_int_equal(mkdir(path, 0755), 0);
}

static inline void tree_write(const char *dir, const char *name, const char *text)
{
	CLEANUP(mem_freep) char *path = tree_path(dir, name);
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
}

static inline void tree_symlink(const char *dir, const char *name, const char *target)
{
	CLEANUP(mem_freep) char *path = tree_path(dir, name);

	assert_int_equal(symlink(target, path), 0);
}

/* Of the name itself, not of what a link points to. */
static inline struct stat tree_stat(const char *dir, const char *name)
{
	CLEANUP(mem_freep) char *path = tree_path(dir, name);
	struct stat st;

	assert_int_equal(lstat(path, &st), 0);
	return st;
}

static inline bool tree_exists(const char *dir, const char *name)
{
	CLEANUP(mem_freep) char *path = tree_path(dir, name);
	struct stat st;

	return lstat(path, &st) == 0;
}

/* At most 64 KiB; the caller frees it. */
static inline char *tree_read(const char *dir, const char *name)
{
	CLEANUP(mem_freep) char *path = tree_path(dir, name);
	char *text = mem_zalloc(64 * 1024 + 1);
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	assert_true(fd >= 0);
	assert_true(read(fd, text, 64 * 1024) >= 0);
	close(fd);
	return text;
}

/* A teardown for trees that nftw() cannot walk. */
static inline int tree_remove_deep(void **state)
{
	const char *const argv[] = {"rm", "-rf", "--", *state, NULL};
	CLEANUP(buf_release) struct buf output;
	struct err err = {0};
	int result;

	buf_init(&output, 4096);
	result = process_run(argv, 4096, &output, NULL, &err);
	mem_free(*state);
	return result;
}

#endif
