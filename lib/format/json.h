/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON, RFC 8259: reading of documents that programs wrote, and a deterministic writer.
 *
 * Reading is strict: duplicate keys, invalid UTF-8, NULs in strings, integers beyond 64 bits
 * and nesting beyond VALUE_DEPTH_MAX are refused. The parser tells the position of syntax
 * errors, but nodes have none: errors about them name the path.
 */
#ifndef FORMAT_JSON_H
#define FORMAT_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "format/value.h"

/* ERR_CORRUPT "FILE:LINE:COL: message", never with text of the input; ERR_LIMIT when longer
 * than `max` bytes. The tree takes up to about 100 times the text's length. */
MUST_CHECK int json_parse(struct slice text, const char *file_name, size_t max,
			  struct value **ret_value, struct err *err);

/*
 * Writing. Calls follow the document; a call out of place is asserted against, so a document
 * that was ended is well-formed. The writer keeps no text: for a large array the caller may
 * empty `to` between two calls and write on. Text is compact, or with JSON_PRETTY indented
 * by two spaces.
 *
 * Strings: `"`, `\` and control characters are escaped, everything else stands as it is.
 * Bytes that are no valid UTF-8 become U+FFFD, one for each byte; where exact bytes matter
 * (file names) json_put_name() adds them. Keys are the caller's to keep unique.
 */
enum json_style { JSON_COMPACT, JSON_PRETTY };

struct json_writer {
	struct buf *to; /* borrowed */
	enum json_style style;
	unsigned depth;
	uint64_t objects;  /* bit n: level n is an object */
	uint64_t nonempty; /* bit n: level n has members */
	bool after_key;
	bool done; /* one whole value was written */
};

void json_writer_init(struct json_writer *w, struct buf *to, enum json_style style);
void json_begin_object(struct json_writer *w); /* at most VALUE_DEPTH_MAX levels */
void json_end_object(struct json_writer *w);
void json_begin_array(struct json_writer *w);
void json_end_array(struct json_writer *w);
void json_write_key(struct json_writer *w, const char *key);
void json_write_null(struct json_writer *w);
void json_write_bool(struct json_writer *w, bool v);
void json_write_int(struct json_writer *w, int64_t v);
void json_write_uint(struct json_writer *w, uint64_t v);
void json_write_double(struct json_writer *w,
		       double v); /* shortest exact text; null if not finite */
void json_write_string(struct json_writer *w, const char *string); /* NULL writes null */
void json_write_text(struct json_writer *w, struct slice bytes);
void json_write_hex(struct json_writer *w,
		    struct slice bytes); /* as lower-case hex digits */
/* A value that is JSON text already, such as a source's facts; trusted, written as it is. */
void json_write_raw(struct json_writer *w, struct slice json);
void json_write_value(struct json_writer *w, const struct value *value);

/* Key and value in one call. */
void json_put_bool(struct json_writer *w, const char *key, bool v);
void json_put_int(struct json_writer *w, const char *key, int64_t v);
void json_put_uint(struct json_writer *w, const char *key, uint64_t v);
void json_put_double(struct json_writer *w, const char *key, double v);
void json_put_string(struct json_writer *w, const char *key, const char *string);
void json_put_text(struct json_writer *w, const char *key, struct slice bytes);
void json_put_hex(struct json_writer *w, const char *key, struct slice bytes);
/* A name in any bytes: when they are no valid UTF-8, KEY_hex has them too. */
void json_put_name(struct json_writer *w, const char *key, struct slice bytes);

/* True when one whole value was written and every level is closed. */
bool json_writer_is_done(const struct json_writer *w);

#endif
