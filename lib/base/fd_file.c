/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whole files, written so that a reader, a crash or a full disk never meets half of one:
 * the bytes go into a file that nobody can find, are synced, and one atomic step gives them
 * their name; then the directory is synced.
 *
 * FILE_CREATE must lose to an existing name, so the step is link(), which fails with EEXIST;
 * rename() would overwrite. Where possible the file has no name at all until then
 * (O_TMPFILE), and a killed program leaves nothing. NFS, overlay and FUSE file systems may
 * lack O_TMPFILE, some have no hard links either (vfat): those get a named temporary file,
 * and renameat2(RENAME_NOREPLACE) in place of link(). FILE_REPLACE is always a named file
 * and a rename, because an unnamed file cannot be renamed over another one.
 *
 * The temporary name has the process id and a number that O_EXCL makes unique; it does not
 * contain the target's name, which may already be as long as a name may be.
 *
 * A killed program leaves a named temporary file behind. It may be removed when nobody writes
 * to it: a writer holds a lock on it, which dies with the process, on whatever machine that
 * runs; and because not every network file system passes locks on, it must also be a day old,
 * while no write of ours takes minutes. Where locks cannot be had at all it stays. Should
 * one that is in use be removed after all, its writer fails, since a name that is gone can be
 * neither linked nor renamed: nothing is lost.
 */
#include "base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd_internal.h"
#include "base/mem.h"
#include "base/name_list.h"
#include "base/path.h"
#include "base/quote.h"

enum {
	READ_STEP = 64 * 1024,
	TEMP_NAME_MAX = 64,
	TEMP_TRIES = 10000,
	NSEC_PER_SEC = 1000000000,
};

static int open_for_read(const char *path, int *ret_fd, struct err *err)
{
	char shown[QUOTE_TEXT_MAX];
	int fd;

	do {
		fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	} while (fd < 0 && errno == EINTR);
	if (fd < 0)
		return err_set_errno(err, errno, "cannot open %s",
				     quote_string(path, shown));
	*ret_fd = fd;
	return 0;
}

static int too_large(const char *path, size_t max, struct err *err)
{
	char shown[QUOTE_TEXT_MAX];

	return err_set(err, ERR_LIMIT, "%s is larger than %zu bytes",
		       quote_string(path, shown), max);
}

/* Wraps what fd_*() said about the file at `path`. */
static int about(const char *path, struct err *err)
{
	char shown[QUOTE_TEXT_MAX];

	return err_wrap(err, "%s", quote_string(path, shown));
}

static int read_to_end(int fd, const char *path, size_t max, struct buf *bytes,
		       struct err *err)
{
	size_t n;

	do {
		size_t before = bytes->len;

		if (fd_read(fd, buf_extend(bytes, READ_STEP), READ_STEP, &n, err) < 0)
			return about(path, err);
		bytes->len = before + n;
		bytes->data[bytes->len] = 0;
		if (bytes->len > max)
			return too_large(path, max, err);
	} while (n > 0);
	return 0;
}

int file_read(const char *path, size_t max, struct buf *ret_bytes, struct err *err)
{
	CLEANUP(fd_closep) int fd = -1;
	CLEANUP(buf_release) struct buf bytes = {0};

	buf_init(&bytes, max < BUF_MAX_DEFAULT / 2 ? 0 : max + 2 * READ_STEP);
	if (open_for_read(path, &fd, err) < 0)
		return -1;
	if (read_to_end(fd, path, max, &bytes, err) < 0)
		return -1;
	*ret_bytes = bytes;
	buf_init(&bytes, 0);
	return 0;
}

/* Straight into locked memory: a buf would leave copies in the heap when it grows. */
int file_read_secret(const char *path, size_t max, struct secret *ret_bytes,
		     struct err *err)
{
	CLEANUP(fd_closep) int fd = -1;
	CLEANUP(secret_release) struct secret bytes = {0};
	uint8_t one_more;
	size_t n, rest;

	if (open_for_read(path, &fd, err) < 0)
		return -1;
	secret_init(&bytes, max);
	if (fd_read(fd, bytes.data, max, &n, err) < 0 ||
	    fd_read(fd, &one_more, 1, &rest, err) < 0)
		return about(path, err);
	secret_wipe(&one_more, sizeof(one_more));
	if (rest > 0)
		return too_large(path, max, err);
	secret_truncate(&bytes, n);
	*ret_bytes = bytes;
	bytes = (struct secret){0};
	return 0;
}

static int write_and_sync(int fd, const char *path, struct slice bytes, struct err *err)
{
	if (fd_write_all(fd, bytes.data, bytes.len, err) < 0 || fd_sync(fd, err) < 0)
		return about(path, err);
	return 0;
}

static int cannot_create(const char *path, int error_number, struct err *err)
{
	char shown[QUOTE_TEXT_MAX];

	return err_set_errno(err, error_number, "cannot create %s",
			     quote_string(path, shown));
}

int file_create_unnamed(const struct file_target *target, struct slice bytes,
			bool *ret_unsupported, struct err *err)
{
	CLEANUP(fd_closep) int fd = -1;
	char self[TEMP_NAME_MAX];

	fd = openat(target->dir_fd, ".", O_TMPFILE | O_WRONLY | O_CLOEXEC, target->mode);
	if (fd < 0 && (errno == EOPNOTSUPP || errno == EISDIR || errno == EINVAL ||
		       errno == ENOENT)) {
		*ret_unsupported = true;
		return 0;
	}
	if (fd < 0)
		return cannot_create(target->path, errno, err);
	if (write_and_sync(fd, target->path, bytes, err) < 0)
		return -1;
	(void)snprintf(self, sizeof(self), "/proc/self/fd/%d", fd);
	if (linkat(AT_FDCWD, self, target->dir_fd, target->name, AT_SYMLINK_FOLLOW) < 0) {
		if (errno == EEXIST || errno == ENOSPC || errno == EDQUOT)
			return cannot_create(target->path, errno, err);
		*ret_unsupported = true; /* no /proc, or no hard links */
		return 0;
	}
	*ret_unsupported = false;
	return 0;
}

static int open_temp(const struct file_target *target, char name[static TEMP_NAME_MAX],
		     int *ret_fd, struct err *err)
{
	for (unsigned i = 0; i < TEMP_TRIES; i++) {
		int fd;

		(void)snprintf(name, TEMP_NAME_MAX, FILE_TEMP_PREFIX "%ld-%u",
			       (long)getpid(), i);
		fd = openat(target->dir_fd, name,
			    O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW,
			    target->mode);
		if (fd >= 0) {
			/* for file_remove_leftovers(); its age alone protects it too */
			(void)flock(fd, LOCK_EX | LOCK_NB);
			*ret_fd = fd;
			return 0;
		}
		if (errno != EEXIST && errno != EINTR)
			return cannot_create(target->path, errno, err);
	}
	return cannot_create(target->path, EEXIST, err);
}

/* Gives `temp` its final name, which must be free. */
static int link_in_place(const struct file_target *target, const char *temp)
{
	if (linkat(target->dir_fd, temp, target->dir_fd, target->name, 0) == 0) {
		(void)unlinkat(target->dir_fd, temp,
			       0); /* at worst a second name stays */
		return 0;
	}
	if (errno != EPERM && errno != EOPNOTSUPP && errno != ENOSYS && errno != EMLINK)
		return -1;
	return renameat2(target->dir_fd, temp, target->dir_fd, target->name,
			 RENAME_NOREPLACE);
}

int file_write_named(const struct file_target *target, struct slice bytes, bool replace,
		     struct err *err)
{
	CLEANUP(fd_closep) int fd = -1;
	char temp[TEMP_NAME_MAX];
	int failed;

	if (open_temp(target, temp, &fd, err) < 0)
		return -1;
	failed = write_and_sync(fd, target->path, bytes, err);
	fd_closep(&fd); /* some network file systems rename no open file */
	if (failed == 0) {
		failed = replace ? renameat(target->dir_fd, temp, target->dir_fd,
					    target->name)
				 : link_in_place(target, temp);
		if (failed < 0)
			(void)cannot_create(target->path, errno, err); /* -1 below */
	}
	if (failed < 0)
		(void)unlinkat(target->dir_fd, temp, 0); /* the first error counts */
	return failed < 0 ? -1 : 0;
}

int file_write_at(const struct file_target *target, struct slice bytes,
		  enum file_write_mode how, struct err *err)
{
	bool unsupported = false;

	if (how == FILE_REPLACE)
		return file_write_named(target, bytes, true, err);
	if (file_create_unnamed(target, bytes, &unsupported, err) < 0)
		return -1;
	if (unsupported)
		return file_write_named(target, bytes, false, err);
	return 0;
}

int file_write(const char *path, struct slice bytes, mode_t mode,
	       enum file_write_mode how, struct err *err)
{
	CLEANUP(mem_freep) char *parent = path_dirname(path);
	CLEANUP(fd_closep) int dir_fd = -1;
	struct file_target target = {
		.name = path_basename(path), .path = path, .mode = mode};

	dir_fd = open(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir_fd < 0)
		return cannot_create(path, errno, err);
	target.dir_fd = dir_fd;
	if (file_write_at(&target, bytes, how, err) < 0)
		return -1;
	if (fd_sync(dir_fd, err) < 0)
		return about(parent, err);
	return 0;
}

static bool is_leftover(int dir_fd, const char *name, int64_t now_nsec)
{
	CLEANUP(fd_closep) int fd = -1;
	struct stat st, named;

	if (strncmp(name, FILE_TEMP_PREFIX, strlen(FILE_TEMP_PREFIX)) != 0)
		return false;
	fd = openat(dir_fd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) ||
	    now_nsec / NSEC_PER_SEC - st.st_mtim.tv_sec <= FILE_LEFTOVER_SEC)
		return false;
	/* Shared, since that needs no right to write. Whoever removed it in between may have
	 * made room for a new one of the same name. */
	return flock(fd, LOCK_SH | LOCK_NB) == 0 &&
	       fstatat(dir_fd, name, &named, AT_SYMLINK_NOFOLLOW) == 0 &&
	       named.st_dev == st.st_dev && named.st_ino == st.st_ino;
}

void file_remove_leftovers(int dir_fd, int64_t now_nsec)
{
	CLEANUP(name_list_release) struct name_list names;
	struct err ignored = {0}; /* they take space; a later run tries again */

	name_list_init(&names);
	if (name_list_read(&names, dir_fd, &ignored) < 0)
		return;
	for (size_t i = 0; i < name_list_count(&names); i++) {
		if (is_leftover(dir_fd, name_list_at(&names, i), now_nsec))
			(void)unlinkat(dir_fd, name_list_at(&names, i), 0);
	}
}

int directory_sync(const char *path, struct err *err)
{
	CLEANUP(fd_closep) int fd = -1;
	char shown[QUOTE_TEXT_MAX];

	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return err_set_errno(err, errno, "cannot open directory %s",
				     quote_string(path, shown));
	if (fd_sync(fd, err) < 0)
		return about(path, err);
	return 0;
}

int directory_sync_parent(const char *path, struct err *err)
{
	CLEANUP(mem_freep) char *parent = path_dirname(path);

	return directory_sync(parent, err);
}

/* One level of mkdir -p. Any failure is forgiven where a directory stands already: on a
 * read-only parent mkdir() may fail with something other than EEXIST. */
static int create_one(const char *path, mode_t mode, struct err *err)
{
	char shown[QUOTE_TEXT_MAX];
	struct stat st;
	int failure;

	if (mkdir(path, mode) == 0)
		return directory_sync_parent(path, err);
	failure = errno;
	if (stat(path, &st) == 0 && S_ISDIR(st.st_mode))
		return 0;
	if (failure == EEXIST)
		return err_set(err, ERR_EXISTS, "%s exists and is not a directory",
			       quote_string(path, shown));
	return err_set_errno(err, failure, "cannot create directory %s",
			     quote_string(path, shown));
}

int directory_create(const char *path, mode_t mode, struct err *err)
{
	CLEANUP(mem_freep) char *copy = mem_strdup(path);
	size_t len = strlen(copy);

	while (len > 1 && copy[len - 1] == '/')
		copy[--len] = '\0';
	for (size_t i = 1; i < len; i++) {
		if (copy[i] != '/' || copy[i - 1] == '/')
			continue;
		copy[i] = '\0';
		if (create_one(copy, mode, err) < 0)
			return -1;
		copy[i] = '/';
	}
	return create_one(copy, mode, err);
}
