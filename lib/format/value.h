/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A document as a tree: what a JSON or TOML parser read, or what is to be written. Each node
 * and each key knows where it stood, so that an error can say
 * "jobs.toml:7:10: job.stream: expected a string, found an integer".
 *
 * A tree is owned by its root; nodes below are borrowed and live as long as it does. Reading
 * is safe from several threads while nobody adds.
 */
#ifndef FORMAT_VALUE_H
#define FORMAT_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

enum value_type {
	VALUE_NULL,
	VALUE_BOOL,
	VALUE_INT, /* int64_t; JSON and TOML numbers beyond it are refused when parsed */
	VALUE_DOUBLE,
	VALUE_STRING,	/* UTF-8; may hold NULs only when built by value_new_text() */
	VALUE_DATETIME, /* of TOML; kept as RFC 3339 text */
	VALUE_ARRAY,
	VALUE_TABLE, /* a JSON object; keys unique, in order of appearance */
};

/* Lines and columns (in characters) count from 1; line 0 = unknown. `end_*` is the position
 * behind the last character. */
struct value_span {
	uint32_t line, column;
	uint32_t end_line, end_column;
};

enum {
	VALUE_DEPTH_MAX = 64,  /* nesting that parsers accept */
	VALUE_PLACE_MAX = 400, /* text of a place, cut with "..." */
};

struct value;
void value_free(struct value *value); /* the root; NULL is fine */
void value_freep(struct value **value);

enum value_type value_type(const struct value *value);
const char *value_type_name(enum value_type type); /* "a string", "an integer" */
struct value_span value_span(const struct value *value);
const char *value_file(const struct value *value);     /* "" when unknown */
const char *value_datetime(const struct value *value); /* NULL for other types */

/* Children of an array or table; 0 for others. */
size_t value_count(const struct value *value);
const struct value *value_at(const struct value *value, size_t i); /* i < value_count() */
const char *value_key(const struct value *table, size_t i);
struct value_span value_key_span(const struct value *table, size_t i);

/* The child, or NULL when absent or when `table` is no table. */
const struct value *value_get(const struct value *table, const char *key);

/*
 * Typed reading. A node of another type, or an absent key of the value_get_*() forms, is an
 * error "FILE:LINE:COL: path: expected a string, found an integer"; its code is ERR_USAGE
 * for TOML and ERR_CORRUPT for JSON. Strings are borrowed. Optional keys are read as
 *     const struct value *v = value_get(table, "key");
 *     if (v != NULL && value_as_text(v, &text, err) < 0) ...
 */
MUST_CHECK int value_as_bool(const struct value *value, bool *ret, struct err *err);
MUST_CHECK int value_as_int(const struct value *value, int64_t *ret, struct err *err);
MUST_CHECK int value_as_uint(const struct value *value, uint64_t *ret,
			     struct err *err); /* an integer >= 0 */
MUST_CHECK int value_as_double(const struct value *value, double *ret,
			       struct err *err); /* or an integer */
MUST_CHECK int value_as_text(const struct value *value, const char **ret,
			     struct err *err); /* a string without NULs */
MUST_CHECK int value_as_bytes(const struct value *value, struct slice *ret,
			      struct err *err); /* any string */
MUST_CHECK int value_expect(const struct value *value, enum value_type type,
			    struct err *err);

MUST_CHECK int value_get_int(const struct value *table, const char *key, int64_t *ret,
			     struct err *err);
MUST_CHECK int value_get_uint(const struct value *table, const char *key, uint64_t *ret,
			      struct err *err);
MUST_CHECK int value_get_text(const struct value *table, const char *key,
			      const char **ret, struct err *err);
MUST_CHECK int value_get_array(const struct value *table, const char *key,
			       const struct value **ret, struct err *err);
MUST_CHECK int value_get_table(const struct value *table, const char *key,
			       const struct value **ret, struct err *err);

/* The root's key below which a node lies, or its own; NULL for the root. */
const char *value_top_key(const struct value *value);

/* "FILE:LINE:COL: path" of a node, without what is unknown: the path of the root is left
 * out, and array indexes ("jobs[2].name") stand only where there is no line. */
const char *value_place(const struct value *value, char out[VALUE_PLACE_MAX]);

/* The same for the place of the i-th key of a table. */
const char *value_key_place(const struct value *table, size_t i,
			    char out[VALUE_PLACE_MAX]);

/* Sets an error at a node: "PLACE: message". Returns -1. */
int value_error(const struct value *value, struct err *err, const char *format, ...)
	PRINTF_LIKE(3, 4);

/* Building, by parsers: members of tables are value_internal.h's. A root belongs to the
 * caller; value_push() takes what it is given. */
struct value *value_new_null(void);
struct value *value_new_bool(bool v);
struct value *value_new_int(int64_t v);
struct value *value_new_double(double v);
struct value *
value_new_text(struct slice bytes); /* any bytes; see json.h for invalid UTF-8 */
struct value *value_new_array(void);
struct value *value_new_table(void);
/* Returns the child, borrowed, so that it can be filled further. */
struct value *value_push(struct value *array, struct value *child_take);

#endif
