/* SPDX-License-Identifier: Apache-2.0 */
/*
 * record := version u16, prev[32], time i64, type u8, lp32 payload
 * expire := n u32, (lp16 stream, seq u64, id[32]) * n
 */
#include "repo/record_format.h"

#include <assert.h>
#include <string.h>

#include "base/cursor.h"
#include "base/mem.h"
#include "repo/signed_format.h"

enum { RECORD_VERSION = 1 };

void record_init(struct record *record, enum record_type type)
{
	*record = (struct record){.type = type};
	vec_init(&record->expired, sizeof(struct record_target));
}

void record_release(struct record *record)
{
	for (size_t i = 0; i < record->expired.n; i++)
		mem_free(((struct record_target *)vec_at(&record->expired, i))->stream);
	vec_release(&record->expired);
	*record = (struct record){0};
}

static void encode_expired(const struct record *record, struct buf *out)
{
	buf_put_u32(out, (uint32_t)record->expired.n);
	for (size_t i = 0; i < record->expired.n; i++) {
		const struct record_target *target = vec_at(&record->expired, i);

		buf_put_bytes16(out, slice_of_string(target->stream));
		buf_put_u64(out, target->seq);
		buf_append(out, target->id, HASH_LEN);
	}
}

static int decode_expired(struct slice payload, struct record *record, struct err *err)
{
	struct cursor c;

	cursor_init(&c, payload);
	uint32_t n = cursor_count(&c, EXPIRED_MAX, 2 + 8 + HASH_LEN);
	for (uint32_t i = 0; i < n && !c.bad; i++) {
		struct slice stream = cursor_bytes16(&c, STREAM_NAME_MAX);
		struct record_target target = {
			.stream = mem_strndup(stream.len > 0 ? (const char *)stream.data
							     : "",
					      stream.len),
			.seq = cursor_u64(&c)};

		cursor_copy(&c, target.id, HASH_LEN);
		vec_push(&record->expired, &target);
		if (strlen(target.stream) != stream.len)
			cursor_fail(&c, "a stream name holds a NUL");
	}
	return cursor_end(&c, "expire record", err);
}

void record_encode(const struct record *record, struct buf *out)
{
	CLEANUP(buf_release) struct buf payload = {0};

	assert(record->type == RECORD_EXPIRE);
	buf_init(&payload, 0);
	encode_expired(record, &payload);
	buf_put_u16(out, RECORD_VERSION);
	buf_append(out, record->prev, HASH_LEN);
	buf_put_i64(out, record->time_nsec);
	buf_put_u8(out, (uint8_t)record->type);
	buf_put_bytes32(out, buf_slice(&payload));
}

int record_decode(struct slice body, struct record *ret_record, struct err *err)
{
	CLEANUP(record_release) struct record record = {0};
	struct cursor c;

	record_init(&record, (enum record_type)0);
	cursor_init(&c, body);
	uint16_t version = cursor_u16(&c);
	if (!c.bad && version != RECORD_VERSION)
		return err_set(err, ERR_UNSUPPORTED,
			       "record: version %u is made by a newer Quipu", version);
	cursor_copy(&c, record.prev, HASH_LEN);
	record.time_nsec = cursor_i64(&c);
	uint8_t type = cursor_u8(&c);
	if (type < RECORD_EXPIRE || type > RECORD_COPY)
		cursor_fail(&c, "type %u is made by a newer Quipu", type);
	record.type = (enum record_type)type;
	struct slice payload = cursor_bytes32(&c, FRAME_BODY_MAX);
	if (cursor_end(&c, "record", err) < 0)
		return -1;
	if (record.type == RECORD_EXPIRE && decode_expired(payload, &record, err) < 0)
		return -1;
	*ret_record = record;
	record = (struct record){0};
	return 0;
}
