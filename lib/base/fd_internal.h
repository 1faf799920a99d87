/* SPDX-License-Identifier: Apache-2.0 */
/* The two ways of FILE_CREATE, apart so that tests run both on any file system. */
#ifndef BASE_FD_INTERNAL_H
#define BASE_FD_INTERNAL_H

#include "base/fd.h"

/* By O_TMPFILE and linkat(). *ret_unsupported is set, and 0 returned, where the file system
 * or a missing /proc does not allow it; nothing is left behind then. */
MUST_CHECK int file_create_unnamed(const struct file_target *target, struct slice bytes,
				   bool *ret_unsupported, struct err *err);

/* By a named temporary file that is linked (replace false) or renamed (true) in place. */
MUST_CHECK int file_write_named(const struct file_target *target, struct slice bytes,
				bool replace, struct err *err);

#endif
