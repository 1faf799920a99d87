/* SPDX-License-Identifier: Apache-2.0 */
/*
 *   record = pack u32be  offset u32be  file u32be  type u8  number u32  stored u32  raw u32
 *            id[32]  file offset u64  skip u32  len u32
 *
 * The three big-endian numbers come first, so that memcmp() brings pieces of one blob together,
 * and those of one file among them. The highest bit of the type byte is `is_only`.
 */
#include "repo/restore_chunk.h"

#include <assert.h>
#include <string.h>

#include "base/cursor.h"

enum { ONLY_BIT = 0x80 };

static uint8_t *put_be32(uint8_t *to, uint32_t v)
{
	for (int shift = 24; shift >= 0; shift -= 8)
		*to++ = (uint8_t)(v >> shift);
	return to;
}

static uint8_t *put_le(uint8_t *to, uint64_t v, unsigned n_bytes)
{
	for (unsigned i = 0; i < n_bytes; i++)
		*to++ = (uint8_t)(v >> (8 * i));
	return to;
}

void restore_chunk_encode(const struct restore_chunk *chunk,
			  uint8_t record[static RESTORE_CHUNK_LEN])
{
	const struct blob_place *place = &chunk->place;
	uint8_t *to = record;

	to = put_be32(to, place->pack);
	to = put_be32(to, place->offset);
	to = put_be32(to, chunk->file);
	*to++ = (uint8_t)((unsigned)place->type | (chunk->is_only ? ONLY_BIT : 0));
	to = put_le(to, place->number, 4);
	to = put_le(to, place->stored, 4);
	to = put_le(to, place->raw, 4);
	memcpy(to, chunk->id.bytes, BLOB_ID_LEN);
	to = put_le(to + BLOB_ID_LEN, chunk->file_offset, 8);
	to = put_le(to, chunk->skip, 4);
	to = put_le(to, chunk->len, 4);
	assert(to == record + RESTORE_CHUNK_LEN);
}

static uint32_t read_be32(struct cursor *c)
{
	uint32_t v = 0;

	for (int i = 0; i < 4; i++)
		v = v << 8 | cursor_u8(c);
	return v;
}

void restore_chunk_decode(const uint8_t record[static RESTORE_CHUNK_LEN],
			  struct restore_chunk *ret_chunk)
{
	struct restore_chunk chunk = {0};
	struct cursor c;
	uint8_t type;

	cursor_init(&c, slice_of(record, RESTORE_CHUNK_LEN));
	chunk.place.pack = read_be32(&c);
	chunk.place.offset = read_be32(&c);
	chunk.file = read_be32(&c);
	type = cursor_u8(&c);
	chunk.place.type = type & (ONLY_BIT - 1);
	chunk.is_only = (type & ONLY_BIT) != 0;
	chunk.place.number = cursor_u32(&c);
	chunk.place.stored = cursor_u32(&c);
	chunk.place.raw = cursor_u32(&c);
	cursor_copy(&c, chunk.id.bytes, BLOB_ID_LEN);
	chunk.file_offset = cursor_u64(&c);
	chunk.skip = cursor_u32(&c);
	chunk.len = cursor_u32(&c);
	assert(!c.bad && cursor_left(&c) == 0);
	*ret_chunk = chunk;
}

void span_init(struct span *span, uint64_t len_max)
{
	*span = (struct span){.len_max = len_max};
	vec_init(&span->chunks, sizeof(struct restore_chunk));
}

void span_release(struct span *span)
{
	vec_release(&span->chunks);
}

void span_clear(struct span *span)
{
	span->len = 0;
	span->raw_max = 0;
	vec_clear(&span->chunks);
}

/* Does the piece go on where the span is, close enough behind it? */
static bool continues(const struct span *span, const struct restore_chunk *chunk)
{
	const struct blob_place *place = &chunk->place;
	uint64_t end = span->offset + span->len;
	uint64_t new_end = (uint64_t)place->offset + place->stored;

	if (place->pack != span->pack || place->offset < span->offset ||
	    span->chunks.n == SPAN_CHUNKS_MAX)
		return false;
	if (new_end <= end)
		return true;
	return (place->offset <= end || place->offset - end <= SPAN_GAP_MAX) &&
	       new_end - span->offset <= span->len_max;
}

bool span_take(struct span *span, const struct restore_chunk *chunk)
{
	const struct blob_place *place = &chunk->place;
	uint64_t new_end = (uint64_t)place->offset + place->stored;

	if (span->chunks.n == 0) {
		span->pack = place->pack;
		span->offset = place->offset;
		span->len = place->stored;
	} else if (!continues(span, chunk)) {
		return false;
	}
	if (new_end > span->offset + span->len)
		span->len = new_end - span->offset;
	if (place->raw > span->raw_max)
		span->raw_max = place->raw;
	vec_push(&span->chunks, chunk);
	return true;
}
