/* SPDX-License-Identifier: Apache-2.0 */
#include "base/cursor.h"

#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

static const uint8_t no_bytes[1];

void cursor_init(struct cursor *c, struct slice bytes)
{
	*c = (struct cursor){.all = bytes};
	if (bytes.len == 0)
		c->all.data = no_bytes; /* NULL + 0 is undefined */
}

size_t cursor_left(const struct cursor *c)
{
	return c->bad ? 0 : c->all.len - c->pos;
}

void cursor_fail(struct cursor *c, const char *format, ...)
{
	va_list ap;

	if (c->bad)
		return;
	c->bad = true;
	va_start(ap, format);
	(void)vsnprintf(c->why, sizeof(c->why), format, ap);
	va_end(ap);
}

/* The next len bytes, or NULL. */
static const uint8_t *take(struct cursor *c, size_t len)
{
	if (c->bad)
		return NULL;

	size_t left = cursor_left(c);
	if (len > left) {
		cursor_fail(c, "needs %zu bytes at offset %zu, %zu left", len, c->pos,
			    left);
		return NULL;
	}
	const uint8_t *bytes = c->all.data + c->pos;
	c->pos += len;
	return bytes;
}

static uint64_t take_number(struct cursor *c, size_t len)
{
	const uint8_t *bytes = take(c, len);
	uint64_t v = 0;

	if (bytes == NULL)
		return 0;
	for (size_t i = 0; i < len; i++)
		v |= (uint64_t)bytes[i] << (8 * i);
	return v;
}

uint8_t cursor_u8(struct cursor *c)
{
	return (uint8_t)take_number(c, 1);
}

uint16_t cursor_u16(struct cursor *c)
{
	return (uint16_t)take_number(c, 2);
}

uint32_t cursor_u32(struct cursor *c)
{
	return (uint32_t)take_number(c, 4);
}

uint64_t cursor_u64(struct cursor *c)
{
	return take_number(c, 8);
}

int64_t cursor_i64(struct cursor *c)
{
	return (int64_t)take_number(c, 8);
}

struct slice cursor_bytes(struct cursor *c, size_t len)
{
	const uint8_t *bytes = take(c, len);

	if (bytes == NULL)
		return slice_of(no_bytes, 0);
	return slice_of(bytes, len);
}

void cursor_copy(struct cursor *c, void *to, size_t len)
{
	const uint8_t *bytes = take(c, len);

	if (len == 0)
		return;
	if (bytes == NULL)
		memset(to, 0, len);
	else
		memcpy(to, bytes, len);
}

/* Bytes whose length was just read at offset `at`. */
static struct slice bounded_bytes(struct cursor *c, size_t at, size_t len, size_t max)
{
	if (len > max)
		cursor_fail(c, "length %zu at offset %zu exceeds %zu", len, at, max);
	return cursor_bytes(c, len);
}

struct slice cursor_bytes16(struct cursor *c, size_t max)
{
	size_t at = c->pos;
	size_t len = cursor_u16(c);

	return bounded_bytes(c, at, len, max);
}

struct slice cursor_bytes32(struct cursor *c, size_t max)
{
	size_t at = c->pos;
	size_t len = cursor_u32(c);

	return bounded_bytes(c, at, len, max);
}

uint32_t cursor_count(struct cursor *c, uint32_t max, size_t elem_len)
{
	size_t at = c->pos;
	uint32_t n = cursor_u32(c);

	if (n > max)
		cursor_fail(c, "count %" PRIu32 " at offset %zu exceeds %" PRIu32, n, at,
			    max);
	else if (elem_len > 0 && n > cursor_left(c) / elem_len)
		cursor_fail(c,
			    "count %" PRIu32 " of %zu bytes each at offset %zu, %zu left",
			    n, elem_len, at, cursor_left(c));
	return c->bad ? 0 : n;
}

void cursor_expect(struct cursor *c, const void *bytes, size_t len, const char *what)
{
	size_t at = c->pos;
	const uint8_t *found = take(c, len);

	if (found != NULL && len > 0 && memcmp(found, bytes, len) != 0)
		cursor_fail(c, "expected %s at offset %zu", what, at);
}

int cursor_end(struct cursor *c, const char *what, struct err *err)
{
	size_t left = cursor_left(c);

	if (left > 0)
		cursor_fail(c, "%zu bytes too many at offset %zu", left, c->pos);
	return cursor_ok(c, what, err);
}

int cursor_ok(const struct cursor *c, const char *what, struct err *err)
{
	if (c->bad)
		return err_set(err, ERR_CORRUPT, "%s: %s", what, c->why);
	return 0;
}
