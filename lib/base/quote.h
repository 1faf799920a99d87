/* SPDX-License-Identifier: Apache-2.0 */
/* Makes foreign bytes (paths, names, server texts) safe to show on a terminal or in a log. */
#ifndef BASE_QUOTE_H
#define BASE_QUOTE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

enum { QUOTE_TEXT_MAX = 300 };

/* Printable UTF-8 stays; control characters, bidi controls, invalid bytes, backslash and the
 * quote become \n \t \xNN \\ \"; always between double quotes when anything was changed or
 * the text is empty or has a space, else bare. Cut in the middle with "..." when longer
 * than `out`. Returns out. */
const char *quote_text(struct slice bytes, char out[static QUOTE_TEXT_MAX]);

/* quote_text() of a C string. */
const char *quote_string(const char *string, char out[static QUOTE_TEXT_MAX]);

/* quote_string() of a path in a tree ("a/b", "" is its root) with the slash in front that users
 * give it. */
const char *quote_rooted(const char *path, char out[static QUOTE_TEXT_MAX]);

/* For whole sentences from elsewhere: appends them as quote_text() shows them, but with spaces,
 * backslashes and quotes as they are, without quotes around and of any length. */
void quote_sentence(const char *sentence, struct buf *to);

/* True when the bytes are valid UTF-8 (no surrogates, no overlong forms, <= U+10FFFF). */
bool utf8_valid(struct slice bytes);

/* Length in bytes of the valid UTF-8 sequence at the start; 0 when there is none. */
size_t utf8_sequence(struct slice bytes);

#endif
