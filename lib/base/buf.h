/* SPDX-License-Identifier: Apache-2.0 */
/* Borrowed byte ranges (slice) and a growing byte buffer with a ceiling (buf). */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/* Borrowed bytes; valid as long as their owner says. */
struct slice {
	const uint8_t *data;
	size_t len;
};

struct slice slice_of(const void *data, size_t len);
struct slice slice_of_string(const char *string); /* without the NUL */
bool slice_equal(struct slice a, struct slice b);
int slice_compare(struct slice a,
		  struct slice b); /* bytewise, shorter first; <0, 0, >0 */

/*
 * Owned, growing bytes. data[len] is always a NUL that len does not count, so text can be
 * used as a C string. Growth past `max` aborts as our bug; code that appends what input
 * dictates asks buf_room() or uses the checked variants first.
 */
struct buf {
	uint8_t *data;
	size_t len;
	size_t capacity;
	size_t max;
};

enum { BUF_MAX_DEFAULT = 256 * 1024 * 1024 };

void buf_init(struct buf *buf,
	      size_t max);		/* no allocation yet; max 0 = BUF_MAX_DEFAULT */
void buf_release(struct buf *buf);	/* frees; the buf may be used again after init */
void buf_clear(struct buf *buf);	/* len = 0, keeps the memory */
void buf_wipe(struct buf *buf);		/* overwrites all of capacity, then clears */
size_t buf_room(const struct buf *buf); /* bytes until max */
void buf_reserve(struct buf *buf, size_t more);
uint8_t *buf_extend(struct buf *buf,
		    size_t more); /* len += more; returns the new bytes */
void buf_append(struct buf *buf, const void *data, size_t len);
void buf_append_slice(struct buf *buf, struct slice bytes);
void buf_append_string(struct buf *buf, const char *string);
void buf_append_byte(struct buf *buf, uint8_t byte);
void buf_printf(struct buf *buf, const char *format, ...) PRINTF_LIKE(2, 3);
void buf_vprintf(struct buf *buf, const char *format, va_list ap) PRINTF_LIKE(2, 0);
MUST_CHECK int buf_append_checked(struct buf *buf, const void *data, size_t len,
				  const char *what,
				  struct err *err); /* ERR_LIMIT past max */
struct slice buf_slice(const struct buf *buf);
const char *buf_string(const struct buf *buf); /* "" when empty */
char *buf_steal_string(struct buf *buf);       /* caller frees; buf is empty again */

/* Little-endian numbers and length-prefixed bytes, the writing half of cursor.h. */
void buf_put_u8(struct buf *buf, uint8_t v);
void buf_put_u16(struct buf *buf, uint16_t v);
void buf_put_u32(struct buf *buf, uint32_t v);
void buf_put_u64(struct buf *buf, uint64_t v);
void buf_put_i64(struct buf *buf, int64_t v);
void buf_put_bytes16(struct buf *buf, struct slice bytes); /* u16 length, bytes */
void buf_put_bytes32(struct buf *buf, struct slice bytes); /* u32 length, bytes */

#endif
