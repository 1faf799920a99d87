/* SPDX-License-Identifier: Apache-2.0 */
/* The nodes themselves, for value*.c; and building by parsers: positions, and tables whose
 * keys the parser found unique. */
#ifndef FORMAT_VALUE_INTERNAL_H
#define FORMAT_VALUE_INTERNAL_H

#include "base/vec.h"
#include "format/value.h"

struct member {
	char *key; /* NULL in an array */
	struct value_span key_span;
	struct value *value;
};

struct value_origin {
	char *file_name;
	enum err_code blame;
};

struct value {
	enum value_type type;
	struct value_span span;
	struct value *parent;
	size_t place; /* number among the parent's members */
	union {
		bool boolean;
		int64_t integer;
		double real;
		struct {
			char *data;
			size_t len;
		} text;
		struct {
			struct vec members; /* of struct member */
			size_t *order;	    /* of the first n_ordered members, by key */
			size_t n_ordered;
		} children;
	} as;
	struct value_origin *origin; /* of a root; may be NULL */
};

struct member *value_member(const struct value *value, size_t i);
const struct value_origin *value_origin(const struct value *value); /* or NULL */

/* Names the document that `root` is, and the code of errors about it. */
void value_set_origin(struct value *root, const char *file_name, enum err_code blame);
void value_set_span(struct value *value, struct value_span span);
struct value *value_new_datetime(const char *text);

/* Appends without looking for the key: value_get() finds nothing before value_index(). */
struct value *value_append(struct value *table, const char *key,
			   struct value_span key_span, struct value *child_take);
void value_index(struct value *table);

#endif
