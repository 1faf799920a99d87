/* SPDX-License-Identifier: Apache-2.0 */
/* The two ways of path_open_beneath(), apart so that tests run both on any kernel. */
#ifndef BASE_PATH_INTERNAL_H
#define BASE_PATH_INTERNAL_H

#include <sys/types.h>

/* `relative` is valid and not empty. Both return an open file, or -1 with errno. */
int path_openat2(int dir_fd, const char *relative, int flags, mode_t mode);
int path_walk(int dir_fd, const char *relative, int flags, mode_t mode);

#endif
