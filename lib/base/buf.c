/* SPDX-License-Identifier: Apache-2.0 */
#include "base/buf.h"

#include <assert.h>
#include <string.h>

#include "base/mem.h"

struct slice slice_of(const void *data, size_t len)
{
	return (struct slice){.data = data, .len = len};
}

struct slice slice_of_string(const char *string)
{
	return slice_of(string, strlen(string));
}

bool slice_equal(struct slice a, struct slice b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

int slice_compare(struct slice a, struct slice b)
{
	size_t len = a.len < b.len ? a.len : b.len;
	int order = len == 0 ? 0 : memcmp(a.data, b.data, len);

	if (order != 0)
		return order;
	return (a.len > b.len) - (a.len < b.len);
}

void buf_init(struct buf *buf, size_t max)
{
	*buf = (struct buf){.max = max == 0 ? BUF_MAX_DEFAULT : max};
}

void buf_release(struct buf *buf)
{
	mem_free(buf->data);
	*buf = (struct buf){.max = buf->max};
}

void buf_clear(struct buf *buf)
{
	buf->len = 0;
	if (buf->data != NULL)
		buf->data[0] = 0;
}

void buf_wipe(struct buf *buf)
{
	if (buf->data != NULL)
		explicit_bzero(buf->data, buf->capacity);
	buf->len = 0;
}

/* A zeroed struct buf works as well: no limit of its own means the default one. */
static size_t limit_of(const struct buf *buf)
{
	return buf->max == 0 ? BUF_MAX_DEFAULT : buf->max;
}

size_t buf_room(const struct buf *buf)
{
	return limit_of(buf) - buf->len;
}

enum { FIRST_CAPACITY = 64 };

void buf_reserve(struct buf *buf, size_t more)
{
	if (more > buf_room(buf))
		abort();

	size_t needed = buf->len + more + 1;
	if (needed <= buf->capacity)
		return;

	size_t capacity = buf->capacity + buf->capacity / 2;
	if (capacity < FIRST_CAPACITY)
		capacity = FIRST_CAPACITY;
	if (capacity > limit_of(buf))
		capacity = limit_of(buf);
	if (capacity < needed)
		capacity = needed;
	buf->data = mem_realloc(buf->data, capacity, 1);
	buf->capacity = capacity;
	buf->data[buf->len] = 0;
}

uint8_t *buf_extend(struct buf *buf, size_t more)
{
	buf_reserve(buf, more);
	uint8_t *added = buf->data + buf->len;
	buf->len += more;
	buf->data[buf->len] = 0;
	return added;
}

void buf_append(struct buf *buf, const void *data, size_t len)
{
	uint8_t *to = buf_extend(buf, len);

	if (len > 0)
		memcpy(to, data, len);
}

void buf_append_slice(struct buf *buf, struct slice bytes)
{
	buf_append(buf, bytes.data, bytes.len);
}

void buf_append_string(struct buf *buf, const char *string)
{
	buf_append(buf, string, strlen(string));
}

void buf_append_byte(struct buf *buf, uint8_t byte)
{
	*buf_extend(buf, 1) = byte;
}

void buf_printf(struct buf *buf, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	buf_vprintf(buf, format, ap);
	va_end(ap);
}

void buf_vprintf(struct buf *buf, const char *format, va_list ap)
{
	va_list again;

	va_copy(again, ap);
	buf_reserve(buf, 0);
	size_t size = buf->capacity - buf->len;
	int len = vsnprintf((char *)buf->data + buf->len, size, format, ap);
	if (len < 0)
		abort();
	if ((size_t)len >= size || (size_t)len > buf_room(buf)) {
		buf->data[buf->len] = 0;
		buf_reserve(buf, (size_t)len);
		(void)vsnprintf((char *)buf->data + buf->len, (size_t)len + 1, format,
				again);
	}
	va_end(again);
	buf->len += (size_t)len;
}

int buf_append_checked(struct buf *buf, const void *data, size_t len, const char *what,
		       struct err *err)
{
	if (len > buf_room(buf))
		return err_set(err, ERR_LIMIT, "%s: longer than %zu bytes", what,
			       limit_of(buf));
	buf_append(buf, data, len);
	return 0;
}

struct slice buf_slice(const struct buf *buf)
{
	return slice_of(buf->data, buf->len);
}

const char *buf_string(const struct buf *buf)
{
	return buf->data == NULL ? "" : (const char *)buf->data;
}

char *buf_steal_string(struct buf *buf)
{
	buf_reserve(buf, 0);
	char *string = (char *)buf->data;
	*buf = (struct buf){.max = buf->max};
	return string;
}

/* The low `len` bytes of v, little-endian. */
static void put_number(struct buf *buf, uint64_t v, size_t len)
{
	uint8_t *to = buf_extend(buf, len);

	for (size_t i = 0; i < len; i++)
		to[i] = (uint8_t)(v >> (8 * i));
}

void buf_put_u8(struct buf *buf, uint8_t v)
{
	put_number(buf, v, 1);
}

void buf_put_u16(struct buf *buf, uint16_t v)
{
	put_number(buf, v, 2);
}

void buf_put_u32(struct buf *buf, uint32_t v)
{
	put_number(buf, v, 4);
}

void buf_put_u64(struct buf *buf, uint64_t v)
{
	put_number(buf, v, 8);
}

void buf_put_i64(struct buf *buf, int64_t v)
{
	put_number(buf, (uint64_t)v, 8);
}

void buf_put_bytes16(struct buf *buf, struct slice bytes)
{
	assert(bytes.len <= UINT16_MAX);
	buf_put_u16(buf, (uint16_t)bytes.len);
	buf_append_slice(buf, bytes);
}

void buf_put_bytes32(struct buf *buf, struct slice bytes)
{
	assert(bytes.len <= UINT32_MAX);
	buf_put_u32(buf, (uint32_t)bytes.len);
	buf_append_slice(buf, bytes);
}
