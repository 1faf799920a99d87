/* SPDX-License-Identifier: Apache-2.0 */
/* File descriptors and whole files. Everything opens with O_CLOEXEC and retries EINTR. */
#ifndef BASE_FD_H
#define BASE_FD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/buf.h"
#include "base/secret.h"

void fd_closep(int *fd); /* CLEANUP(fd_closep); -1 is fine */

/* Takes the numbers 0 to 2 that the process was started without, so that no file opened later
 * gets them and with them what is meant for a terminal. Reading from such a stdin and writing
 * to such a stdout fail with EBADF; what goes to such a stderr is gone. Before all else. */
MUST_CHECK int fd_take_standard(struct err *err);

/* Reads until `len` bytes or the end; *ret_len tells how many. */
MUST_CHECK int fd_read(int fd, void *to, size_t len, size_t *ret_len, struct err *err);
/* Exactly len bytes or ERR_CORRUPT "ends after N of M bytes". */
MUST_CHECK int fd_pread_exact(int fd, uint64_t offset, void *to, size_t len,
			      struct err *err);
/* Reads until `len` bytes or the end, at an offset. */
MUST_CHECK int fd_pread(int fd, uint64_t offset, void *to, size_t len, size_t *ret_len,
			struct err *err);
MUST_CHECK int fd_write_all(int fd, const void *data, size_t len, struct err *err);
MUST_CHECK int fd_pwrite_all(int fd, uint64_t offset, const void *data, size_t len,
			     struct err *err);
MUST_CHECK int fd_sync(int fd, struct err *err);

/* Whole files; `max` bounds what is read (ERR_LIMIT). Errors name the path. *ret_bytes is
 * made here and must hold nothing before; the caller releases it. Pipes work as well. */
MUST_CHECK int file_read(const char *path, size_t max, struct buf *ret_bytes,
			 struct err *err);
MUST_CHECK int file_read_secret(const char *path, size_t max, struct secret *ret_bytes,
				struct err *err);

/* Names of unfinished files start so; a killed program may leave one behind where the file
 * system has no O_TMPFILE. */
#define FILE_TEMP_PREFIX ".quipu-tmp-"

enum file_write_mode {
	FILE_CREATE,  /* ERR_EXISTS when the name is taken */
	FILE_REPLACE, /* atomically, by rename */
};
/* Writes beside the target, fsyncs file and directory, then links or renames: afterwards
 * the path holds all of it or what it held before. The umask cuts `mode`. */
MUST_CHECK int file_write(const char *path, struct slice bytes, mode_t mode,
			  enum file_write_mode how, struct err *err);

/* One file to be written: `name` in directory `dir_fd`; `path` is for messages. */
struct file_target {
	int dir_fd;
	const char *name;
	const char *path;
	mode_t mode;
};
/* As file_write(), but the fsync of the directory is the caller's. */
MUST_CHECK int file_write_at(const struct file_target *target, struct slice bytes,
			     enum file_write_mode how, struct err *err);

enum { FILE_LEFTOVER_SEC = 24 * 60 * 60 };
/* Removes unfinished files from a directory that nobody has written to for FILE_LEFTOVER_SEC
 * before `now_nsec`, the file system's own time, and nobody holds. What cannot be removed
 * stays. */
void file_remove_leftovers(int dir_fd, int64_t now_nsec);

/* fsync of the directory that holds `path` / of directory `path`. */
MUST_CHECK int directory_sync_parent(const char *path, struct err *err);
MUST_CHECK int directory_sync(const char *path, struct err *err);
/* mkdir -p, synced; existing directories are fine. */
MUST_CHECK int directory_create(const char *path, mode_t mode, struct err *err);

#endif
