/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Opening names from untrusted trees. The attacker may own the names (an archive) and may
 * change the tree while we work (a restore into a shared directory), so a check before an
 * open() is worth nothing: the open itself must refuse.
 *
 * openat2() with RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS does it in
 * one call. Seccomp profiles of container engines answer it with EPERM or ENOSYS, and a path
 * longer than PATH_MAX is ENAMETOOLONG; then every component is opened by itself, relative
 * to the one before, with O_NOFOLLOW. Both know no ".." (path_relative_valid()), so neither
 * can leave. An EPERM or EINVAL that is about the file itself comes back from the walk as
 * well, so trying again costs only time.
 *
 * A symbolic link in the way is ELOOP from openat2() and ENOTDIR from a walk's O_DIRECTORY
 * open; the walk looks again only to give the better text.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/path_internal.h"
#include "base/quote.h"

enum { DIRECTORY_FLAGS = O_PATH | O_DIRECTORY };

static int open_component(int dir_fd, const char *name, int flags, mode_t mode)
{
	int fd;

	do {
		fd = openat(dir_fd, name, flags | O_NOFOLLOW | O_CLOEXEC, mode);
	} while (fd < 0 && errno == EINTR);
	return fd;
}

int path_openat2(int dir_fd, const char *relative, int flags, mode_t mode)
{
	bool creates = (flags & O_CREAT) != 0 || (flags & O_TMPFILE) == O_TMPFILE;
	struct open_how how = {
		.flags = (uint64_t)(unsigned)(flags | O_NOFOLLOW | O_CLOEXEC),
		.mode = creates ? mode : 0, /* else EINVAL */
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS,
	};
	long fd;

	do {
		fd = syscall(SYS_openat2, dir_fd, relative, &how, sizeof(how));
	} while (fd < 0 && errno == EINTR);
	return (int)fd;
}

/* Keeps errno, but ELOOP where a directory was wanted and a symbolic link stands. */
static void explain_not_directory(int dir_fd, const char *name)
{
	struct stat st;
	int failure = errno;

	if (failure == ENOTDIR && fstatat(dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	    S_ISLNK(st.st_mode))
		failure = ELOOP;
	errno = failure;
}

/* Copies the component at the start of *path and moves *path behind it and its '/'. */
static void next_component(const char **path, char name[static NAME_MAX + 1])
{
	size_t len = strcspn(*path, "/");

	memcpy(name, *path, len); /* <= NAME_MAX: the path is valid */
	name[len] = '\0';
	*path += len;
	if (**path == '/')
		(*path)++;
}

int path_walk(int dir_fd, const char *relative, int flags, mode_t mode)
{
	CLEANUP(fd_closep) int owned = -1;
	char name[NAME_MAX + 1];
	int at = dir_fd;

	for (;;) {
		bool last;
		int fd;

		next_component(&relative, name);
		last = *relative == '\0';
		fd = open_component(at, name, last ? flags : DIRECTORY_FLAGS, mode);
		if (fd < 0)
			explain_not_directory(at, name);
		if (fd < 0 || last)
			return fd;
		if (owned >= 0)
			(void)close(owned); /* O_PATH: nothing to lose */
		owned = at = fd;
	}
}

static int refuse(const char *relative, int error_number, struct err *err)
{
	char shown[QUOTE_TEXT_MAX];

	quote_string(relative, shown);
	if (error_number == ELOOP)
		return err_set(err, ERR_DENIED, "%s: a symbolic link is in the way",
			       shown);
	if (error_number == EXDEV)
		return err_set(err, ERR_DENIED, "%s: leads out of its directory", shown);
	return err_set_errno(err, error_number, "%s", shown);
}

static int check_relative(const char *relative, struct err *err)
{
	char shown[QUOTE_TEXT_MAX];

	if (path_relative_valid(slice_of_string(relative)))
		return 0;
	return err_set(err, ERR_CORRUPT,
		       "%s: expected a relative path without \".\", \"..\" and \"//\"",
		       quote_string(relative, shown));
}

static bool walk_may_help(int error_number)
{
	return error_number == ENOSYS || error_number == EPERM ||
	       error_number == EINVAL || error_number == EAGAIN ||
	       error_number == E2BIG || error_number == ENAMETOOLONG;
}

int path_open_beneath(int dir_fd, const char *relative, int flags, mode_t mode,
		      int *ret_fd, struct err *err)
{
	int fd;

	if (check_relative(relative, err) < 0)
		return -1;
	if (*relative == '\0') {
		fd = open_component(dir_fd, ".", flags, mode);
	} else {
		fd = path_openat2(dir_fd, relative, flags, mode);
		if (fd < 0 && walk_may_help(errno))
			fd = path_walk(dir_fd, relative, flags, mode);
	}
	if (fd < 0)
		return refuse(relative, errno, err);
	*ret_fd = fd;
	return 0;
}

int path_open_parent_beneath(int dir_fd, const char *relative, int *ret_fd,
			     const char **ret_name, struct err *err)
{
	const char *name = path_basename(relative);
	CLEANUP(mem_freep) char *parent = NULL;

	if (check_relative(relative, err) < 0)
		return -1;
	if (*relative == '\0')
		return err_set(err, ERR_CORRUPT,
			       "a path is empty where an entry's name is expected");
	parent = name == relative ? mem_strdup("")
				  : mem_strndup(relative, (size_t)(name - relative) - 1);
	if (path_open_beneath(dir_fd, parent, DIRECTORY_FLAGS, 0, ret_fd, err) < 0)
		return -1;
	*ret_name = name;
	return 0;
}

/* Opens directory `name` in `dir_fd`, made if it is missing; -1 with errno. */
static int enter_or_make(int dir_fd, const char *name, mode_t mode)
{
	int fd = open_component(dir_fd, name, DIRECTORY_FLAGS, 0);

	if (fd >= 0 || errno != ENOENT) {
		if (fd < 0)
			explain_not_directory(dir_fd, name);
		return fd;
	}
	if (mkdirat(dir_fd, name, mode) < 0 && errno != EEXIST)
		return -1;
	fd = open_component(dir_fd, name, DIRECTORY_FLAGS, 0);
	if (fd < 0)
		explain_not_directory(dir_fd, name);
	return fd;
}

int path_mkdir_beneath(int dir_fd, const char *relative, mode_t mode, struct err *err)
{
	CLEANUP(fd_closep) int owned = -1;
	const char *rest = relative;
	char name[NAME_MAX + 1];

	if (check_relative(relative, err) < 0)
		return -1;
	while (*rest != '\0') {
		int fd;

		next_component(&rest, name);
		fd = enter_or_make(owned >= 0 ? owned : dir_fd, name, mode);
		if (fd < 0)
			return refuse(relative, errno, err);
		fd_closep(&owned);
		owned = fd;
	}
	return 0;
}
