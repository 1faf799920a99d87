/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The only way to read binary input: a position in a slice that cannot leave it. The first
 * failed read makes the cursor `bad` and all later ones fail too, so a decoder may read a run
 * of fields and check once at the end; values read after a failure are 0 / empty.
 */
#ifndef BASE_CURSOR_H
#define BASE_CURSOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

struct cursor {
	struct slice all;
	size_t pos;
	bool bad;
	char why[96]; /* set by the first failure: "needs 8 bytes at offset 12, 3 left" */
};

void cursor_init(struct cursor *c, struct slice bytes);
size_t cursor_left(const struct cursor *c);
uint8_t cursor_u8(struct cursor *c);
uint16_t cursor_u16(struct cursor *c); /* little-endian, as all of these */
uint32_t cursor_u32(struct cursor *c);
uint64_t cursor_u64(struct cursor *c);
int64_t cursor_i64(struct cursor *c);
struct slice cursor_bytes(struct cursor *c, size_t len);  /* borrowed from the input */
void cursor_copy(struct cursor *c, void *to, size_t len); /* zeroes `to` on failure */
struct slice cursor_bytes16(struct cursor *c,
			    size_t max); /* u16 length; length > max fails */
struct slice cursor_bytes32(struct cursor *c,
			    size_t max); /* u32 length; length > max fails */
uint32_t cursor_count(struct cursor *c, uint32_t max,
		      size_t elem_len); /* u32 count; fails
				when > max or when count * elem_len bytes are not left */
void cursor_expect(struct cursor *c, const void *bytes, size_t len, const char *what);
void cursor_fail(struct cursor *c, const char *format, ...) PRINTF_LIKE(2, 3);

/* 0 when nothing failed and all bytes were read; else ERR_CORRUPT "what: why". */
MUST_CHECK int cursor_end(struct cursor *c, const char *what, struct err *err);
/* The same without the demand that all bytes were read. */
MUST_CHECK int cursor_ok(const struct cursor *c, const char *what, struct err *err);

#endif
