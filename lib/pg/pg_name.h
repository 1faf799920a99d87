/* SPDX-License-Identifier: Apache-2.0 */
/* PostgreSQL names in three spellings: SQL identifiers, pg_dump patterns, file names. Pure.
 * Names are bytes in the database's encoding, without NUL. */
#ifndef PG_PG_NAME_H
#define PG_PG_NAME_H

#include "base/buf.h"
#include "base/vec.h"

#define PG_FILE_SUFFIX ".copy"

/* "na""me", always quoted; also what pg_dump's patterns match literally. */
void pg_name_quote(struct buf *sql, const char *name);
/* "schema"."table" */
void pg_name_quote_pair(struct buf *sql, const char *schema, const char *table);

/*
 * A component of a tree: control characters, '/', '%' and bytes that are no UTF-8 become %XX,
 * as do the dots of "." and "..". ERR_UNSUPPORTED when it (and the suffix of a table) would
 * exceed 255 bytes; PostgreSQL's 63 bytes never do.
 */
MUST_CHECK int pg_name_encode(const char *name, struct buf *text, struct err *err);
/* The inverse; anything that pg_name_encode() does not write is ERR_CORRUPT. */
MUST_CHECK int pg_name_decode(struct slice text, struct buf *name, struct err *err);

/* Reads "a", "b""c" (names joined by `separator`), as pg_name_quote() writes them; ERR_CORRUPT
 * otherwise, so that no other SQL comes in by a list. Adds to `names`. */
MUST_CHECK int pg_name_list_parse(const char *text, const char *separator,
				  struct strings *names, struct err *err);

#endif
