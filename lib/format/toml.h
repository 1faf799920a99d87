/* SPDX-License-Identifier: Apache-2.0 */
/* TOML 1.0 for what people write: every value and key knows its line and column. */
#ifndef FORMAT_TOML_H
#define FORMAT_TOML_H

#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"
#include "format/value.h"

/* Parts of one dotted key, and values nested in one another; VALUE_DEPTH_MAX bounds both
 * together. */
enum { TOML_DEPTH_MAX = 32 };

/*
 * The root is a table. A mistake is ERR_USAGE "FILE:LINE:COL: message", with the line and a
 * caret below the column as hint, on lines of their own; ERR_LIMIT when longer than `max`
 * bytes. NULs in strings and keys are refused. Keys are in the order in which they
 * appear first.
 */
MUST_CHECK int toml_parse(struct slice text, const char *file_name, size_t max,
			  struct value **ret_value, struct err *err);

#endif
