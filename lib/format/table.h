/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Field tables: what keys a document's table has, as data. One description drives decoding
 * into a C struct, defaults, errors, and the published JSON Schema.
 *
 *     static const struct field job_fields[] = {
 *         {.key = "name", .type = FIELD_TEXT, .offset = offsetof(struct job, name),
 *          .required = true, .min = 1, .doc = "name of the job"},
 *         {.key = "every", .type = FIELD_DURATION, .offset = offsetof(struct job, every_sec),
 *          .fallback = "24h", .doc = "how often it runs"},
 *         {0},
 *     };
 *     const struct table job_table = {job_fields, sizeof(struct job), "a backup job"};
 *
 * To add a key: a member of the struct, a row here, a line in the schema's golden file (the
 * schema is generated from the table).
 */
#ifndef FORMAT_TABLE_H
#define FORMAT_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/vec.h"
#include "format/findings.h"
#include "format/value.h"

enum field_type {
	FIELD_TEXT,	/* char *, owned; NULL when absent */
	FIELD_BOOL,	/* bool */
	FIELD_INT,	/* int64_t */
	FIELD_SIZE,	/* uint64_t bytes: "16MiB" or an integer */
	FIELD_RATE,	/* uint64_t bytes per second: "10MiB/s" or an integer */
	FIELD_DURATION, /* uint64_t seconds: "24h" */
	FIELD_LIST,	/* struct strings: an array of strings */
	FIELD_MAP,    /* struct strings "KEY=VALUE": a table of strings with free keys */
	FIELD_CHOICE, /* int: number of the word in `choices` */
	FIELD_TABLE,  /* a struct inline, by `table`; an absent one has its defaults */
	FIELD_TABLES, /* struct vec of structs, by `table`: an array of tables */
};

struct table;

struct field {
	const char *key; /* NULL ends the list */
	enum field_type type;
	size_t offset; /* of the member that it fills */
	size_t given;  /* offset of a bool that tells it was there; 0 = not told */
	bool required;
	const char *fallback; /* text of the default for scalars; NULL = 0, false, NULL */
	/* Bounds, both included; max 0 = none. Of numbers the value (so min 0 refuses what is
	 * negative), of texts the bytes, of lists, maps and arrays of tables how many. */
	int64_t min, max;
	const char *const *choices; /* ended by NULL */
	const struct table *table;
	/* Further test of a text or of each item of a list; may be NULL. Its message becomes
	 * a finding. */
	int (*check)(const char *text, struct err *err);
	const char *doc; /* one sentence, no full stop */
};

struct table {
	const struct field *fields;
	size_t struct_len;
	const char *doc;
};

/*
 * Fills `out` (struct_len bytes, overwritten) from a table value; adds every mistake to
 * `findings`: unknown keys with "did you mean", missing ones, wrong types, bounds. What is
 * wrong or absent has its default, so `out` can be looked at and must be released either
 * way. It owns its memory; `value` may go.
 */
void table_decode(const struct table *table, const struct value *value, void *out,
		  struct findings *findings);
void table_release(const struct table *table, void *out);

/* JSON Schema 2020-12, pretty, with a final newline. `id` is its URL. */
void table_schema(const struct table *table, const char *id, const char *title,
		  struct buf *text);

#endif
