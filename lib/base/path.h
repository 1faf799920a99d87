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

char *path_join(const char *directory, const char *name); /* caller frees */
char *path_dirname(const char *path);			  /* "." when there is no '/' */
const char *path_basename(const char *path);		  /* points into path */
char *path_absolute(const char *path, struct err *err); /* lexical: cwd in front, no "//",
	"." or ".." left ("/.." = "/"); NULL on failure. Symbolic links are not resolved. */

/* One component of a tree: 1..255 bytes, no '/', no NUL, not "." or "..". */
bool path_component_valid(struct slice name);

/* Relative path of valid components joined by '/'; "" names the directory itself. */
bool path_relative_valid(struct slice path);

/* Opens `relative` beneath directory `dir_fd`. O_NOFOLLOW and O_CLOEXEC are added; O_CREAT
 * is allowed. On failure *err names the relative path. */
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
