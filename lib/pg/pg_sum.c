/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Why 128 bits: an accidental change passes with probability 2^-128. Addition is not a
 * cryptographic set hash: somebody who can choose rows freely can make two tables of equal
 * sums. Against such a person stand the blob ids and signatures of the repository, which cover
 * every byte of the table's file; the sum answers whether the server gives back what it was
 * given.
 */
#include "pg/pg_sum.h"

#include <inttypes.h>

#include "base/cursor.h"

static void add(struct pg_sum *sum, uint64_t low, uint64_t high)
{
	sum->low += low;
	sum->high += high + (sum->low < low);
}

void pg_sum_row(struct pg_sum *sum, struct hash *hash, struct slice row)
{
	uint8_t digest[HASH_LEN];
	struct cursor c;
	uint64_t low, high;

	hash_update(hash, row);
	hash_final(hash, digest);
	cursor_init(&c, slice_of(digest, sizeof(digest)));
	low = cursor_u64(&c);
	high = cursor_u64(&c);
	add(sum, low, high);
	sum->rows++;
	sum->bytes += row.len;
}

void pg_sum_add(struct pg_sum *to, const struct pg_sum *from)
{
	add(to, from->low, from->high);
	to->rows += from->rows;
	to->bytes += from->bytes;
}

bool pg_sum_equal(const struct pg_sum *a, const struct pg_sum *b)
{
	return a->rows == b->rows && a->low == b->low && a->high == b->high;
}

const char *pg_sum_format(const struct pg_sum *sum, char out[static PG_SUM_TEXT_MAX])
{
	(void)snprintf(out, PG_SUM_TEXT_MAX, "%016" PRIx64 "%016" PRIx64, sum->high,
		       sum->low); /* fits */
	return out;
}

static bool parse_half(const char *text, uint64_t *ret_half)
{
	uint64_t half = 0;

	for (int i = 0; i < 16; i++) {
		const char *digits = "0123456789abcdef";
		const char *digit = text[i] == '\0' ? NULL : strchr(digits, text[i]);

		if (digit == NULL)
			return false;
		half = half << 4 | (uint64_t)(digit - digits);
	}
	*ret_half = half;
	return true;
}

int pg_sum_parse(const char *text, struct pg_sum *sum, struct err *err)
{
	if (strlen(text) == PG_SUM_TEXT_MAX - 1 && parse_half(text, &sum->high) &&
	    parse_half(text + 16, &sum->low))
		return 0;
	return err_set(err, ERR_CORRUPT, "sum of a table: expected 32 hex digits");
}
