/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The sum that proves a table: of each COPY row (its text with the line end) the first 16
 * bytes of SHA-256, as a little-endian number, added up modulo 2^128. Equal multisets of rows
 * have equal sums in any order, and sums of parts add up to the sum of the whole.
 */
#ifndef PG_PG_SUM_H
#define PG_PG_SUM_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "crypto/hash.h"

enum { PG_SUM_TEXT_MAX = 33 };

struct pg_sum {
	uint64_t rows, bytes;
	uint64_t low, high;
};

void pg_sum_row(struct pg_sum *sum, struct hash *hash, struct slice row);
void pg_sum_add(struct pg_sum *to, const struct pg_sum *from);
bool pg_sum_equal(const struct pg_sum *a, const struct pg_sum *b); /* rows and sum */

/* 32 hex digits, most significant first, and back; ERR_CORRUPT. */
const char *pg_sum_format(const struct pg_sum *sum, char out[static PG_SUM_TEXT_MAX]);
MUST_CHECK int pg_sum_parse(const char *text, struct pg_sum *sum, struct err *err);

#endif
