/* SPDX-License-Identifier: Apache-2.0 */
/* Is a directory fit to become a repository? Asked before anything is made. */
#ifndef JOB_INIT_PLACE_H
#define JOB_INIT_PLACE_H

#include "base/err.h"

/*
 * Of a file:// URL; others are not looked at. The directory may be absent, empty (but for the
 * lost+found of a file system), hold what an init that was cut off left, or a whole
 * repository, which is for the caller to refuse. ERR_EXISTS with what is in the way
 * otherwise. ERR_USAGE when `key_directory` is in it: whoever copies or steals the repository
 * would have its keys.
 */
MUST_CHECK int init_place_check(const char *url, const char *key_directory,
				struct err *err);

#endif
