/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Path texts, and opening names from untrusted trees below a directory: never through a
 * symbolic link, `..`, an absolute name or a mount magic link. Uses openat2(RESOLVE_BENEATH |
 * RESOLVE_NO_SYMLINKS), or where a sandbox or kernel refuses it (ENOSYS, EPERM) a walk of
 * O_NOFOLLOW opens, one component at a time.
 */
#ifndef BASE_PATH_H
#define BASE_PATH_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/buf.h"

/* One '/' between the two, also when `name` starts with one; an empty part adds nothing. The
 * caller frees. */
char *path_join(const char *directory, const char *name);
/* What is before the last '/' ("." without one, "/" for the root's entries) and after it
 * ("" when the path ends with '/'; points into path). The caller frees the first. */
char *path_dirname(const char *path);
const char *path_basename(const char *path);
char *path_absolute(const char *path, struct err *err); /* lexical: cwd in front, no "//",
	"." or ".." left ("/.." = "/"); NULL on failure. Symbolic links are not resolved. */

/* One component of a tree: 1..255 bytes, no '/', no NUL, not "." or "..". */
bool path_component_valid(struct slice name);

/* Relative path of valid components joined by '/'; "" names the directory itself. */
bool path_relative_valid(struct slice path);

/* Opens `relative` beneath directory `dir_fd`. O_NOFOLLOW and O_CLOEXEC are added; O_CREAT
 * is allowed; with O_PATH a last component that is a symbolic link opens as itself. On
 * failure *err names the relative path: ERR_CORRUPT when path_relative_valid() is false,
 * ERR_DENIED when a symbolic link is in the way, else by errno. */
MUST_CHECK int path_open_beneath(int dir_fd, const char *relative, int flags, mode_t mode,
				 int *ret_fd, struct err *err);

/* Opens the directory that holds `relative` (O_PATH | O_DIRECTORY) and tells the last
 * component, for *at() calls; *ret_name points into `relative`. */
MUST_CHECK int path_open_parent_beneath(int dir_fd, const char *relative, int *ret_fd,
					const char **ret_name, struct err *err);

/* Creates missing directories of `relative` beneath dir_fd with `mode`. */
MUST_CHECK int path_mkdir_beneath(int dir_fd, const char *relative, mode_t mode,
				  struct err *err);

#endif
