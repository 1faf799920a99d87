/* SPDX-License-Identifier: Apache-2.0 */
/* Is a directory fit to become a repository? Asked before anything is made, and put back as it
 * was when nothing comes of it. */
#ifndef JOB_INIT_PLACE_H
#define JOB_INIT_PLACE_H

#include "base/err.h"

struct init_place {
	char *directory; /* NULL: of no file:// URL */
	char *existing;	 /* it, or the directory above it that is there */
};

/*
 * Of a file:// URL; others are not looked at. The directory may be absent, empty (but for the
 * lost+found of a file system), hold what an init that was cut off left, or a whole
 * repository, which is for the caller to refuse. ERR_EXISTS with what is in the way
 * otherwise. ERR_USAGE when `key_directory` is in it: whoever copies or steals the repository
 * would have its keys.
 */
MUST_CHECK int init_place_check(const char *url, const char *key_directory,
				struct init_place *ret_place, struct err *err);

/* After an init that failed: removes what was not there before, as far as nothing is in it. */
void init_place_undo(const struct init_place *place);
void init_place_release(struct init_place *place);

#endif
