/* SPDX-License-Identifier: Apache-2.0 */
/* What toml_read.cc has done in C. */
#ifndef FORMAT_TOML_INTERNAL_H
#define FORMAT_TOML_INTERNAL_H

#include "format/toml.h"

struct toml_position {
	unsigned line, column; /* from 1; columns count characters */
};

struct toml_position toml_position_at(struct slice text, size_t offset);

/* Sets ERR_USAGE "FILE:LINE:COL: message", control characters replaced, and the hint that
 * shows the line. Returns -1. */
int toml_error(struct slice text, const char *file_name, struct toml_position at,
	       const char *message, struct err *err);

/* Refuses what toml++ would not, or not well: more than `max` bytes (ERR_LIMIT), invalid
 * UTF-8, control characters, anything but ASCII outside of strings and comments, keys of
 * more than TOML_DEPTH_MAX parts. */
MUST_CHECK int toml_check(struct slice text, const char *file_name, size_t max,
			  struct err *err);

#endif
