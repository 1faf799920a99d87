/* SPDX-License-Identifier: Apache-2.0 */
/*
 * record := n_prev u16, prev[32] * n_prev, time i64, type u8, payload
 * payload of
 *   epoch        number u32, public key[32], n u16, recipient id[32] * n
 *   certificate  role u8, public key[32], lp16 name, lp16 shared domain, n u16, lp16 pattern * n
 *   recipient    public key[32], lp16 name
 *   removal      recipient id[32]
 *   revocation   certificate id[32], n u32, (lp16 stream, seq u64, id[32]) * n
 */
#include "repo/keylog_format.h"

#include <string.h>

#include "base/cursor.h"
#include "base/mem.h"
#include "crypto/hash.h"

void keylog_record_init(struct keylog_record *record, enum keylog_type type)
{
	*record = (struct keylog_record){.type = type};
	vec_init(&record->prev, HASH_LEN);
	vec_init(&record->epoch.recipients, HASH_LEN);
	strings_init(&record->certificate.streams);
	vec_init(&record->revocation.accepted, sizeof(struct accepted));
}

void keylog_record_release(struct keylog_record *record)
{
	vec_release(&record->prev);
	vec_release(&record->epoch.recipients);
	mem_free(record->certificate.name);
	mem_free(record->certificate.shared_domain);
	strings_release(&record->certificate.streams);
	mem_free(record->recipient.name);
	for (size_t i = 0; i < record->revocation.accepted.n; i++)
		mem_free(((struct accepted *)vec_at(&record->revocation.accepted, i))
				 ->stream);
	vec_release(&record->revocation.accepted);
	*record = (struct keylog_record){0};
}

static void put_hashes16(struct buf *out, const struct vec *hashes)
{
	buf_put_u16(out, (uint16_t)hashes->n);
	for (size_t i = 0; i < hashes->n; i++)
		buf_append(out, vec_at(hashes, i), HASH_LEN);
}

static void read_hashes16(struct cursor *c, uint16_t max, struct vec *hashes)
{
	uint16_t n = cursor_u16(c);

	if (n > max)
		cursor_fail(c, "%u hashes, at most %u", n, max);
	for (uint16_t i = 0; i < n && !c->bad; i++) {
		uint8_t hash[HASH_LEN];

		cursor_copy(c, hash, sizeof(hash));
		vec_push(hashes, hash);
	}
}

/* A text without NUL. */
static char *read_text(struct cursor *c)
{
	struct slice bytes = cursor_bytes16(c, KEYLOG_TEXT_MAX);

	if (bytes.len > 0 && memchr(bytes.data, '\0', bytes.len) != NULL)
		cursor_fail(c, "a text holds a NUL");
	return mem_strndup(bytes.len > 0 ? (const char *)bytes.data : "", bytes.len);
}

static void encode_certificate(const struct keylog_record *record, struct buf *out)
{
	const struct strings *streams = &record->certificate.streams;

	buf_put_u8(out, (uint8_t)record->certificate.role);
	buf_append(out, record->certificate.public_key.bytes, SIGN_PUBLIC_LEN);
	buf_put_bytes16(out, slice_of_string(record->certificate.name));
	buf_put_bytes16(out, slice_of_string(record->certificate.shared_domain));
	buf_put_u16(out, (uint16_t)strings_count(streams));
	for (size_t i = 0; i < strings_count(streams); i++)
		buf_put_bytes16(out, slice_of_string(strings_at(streams, i)));
}

static void read_certificate(struct cursor *c, struct keylog_record *record)
{
	uint8_t role = cursor_u8(c);

	if (role < KEY_WRITER || role > KEY_KEEPER)
		cursor_fail(c, "role %u cannot be certified", role);
	record->certificate.role = (enum key_role)role;
	cursor_copy(c, record->certificate.public_key.bytes, SIGN_PUBLIC_LEN);
	record->certificate.name = read_text(c);
	record->certificate.shared_domain = read_text(c);
	uint16_t n = cursor_u16(c);
	if (n > CERTIFICATE_PATTERNS_MAX)
		cursor_fail(c, "%u stream patterns, at most %d", n,
			    CERTIFICATE_PATTERNS_MAX);
	for (uint16_t i = 0; i < n && !c->bad; i++) {
		CLEANUP(mem_freep) char *pattern = read_text(c);

		strings_add(&record->certificate.streams, pattern);
	}
}

static void encode_revocation(const struct keylog_record *record, struct buf *out)
{
	const struct vec *accepted = &record->revocation.accepted;

	buf_append(out, record->revocation.certificate, HASH_LEN);
	buf_put_u32(out, (uint32_t)accepted->n);
	for (size_t i = 0; i < accepted->n; i++) {
		const struct accepted *last = vec_at(accepted, i);

		buf_put_bytes16(out, slice_of_string(last->stream));
		buf_put_u64(out, last->seq);
		buf_append(out, last->id, HASH_LEN);
	}
}

static void read_revocation(struct cursor *c, struct keylog_record *record)
{
	cursor_copy(c, record->revocation.certificate, HASH_LEN);
	uint32_t n = cursor_count(c, REVOCATION_STREAMS_MAX, 2 + 8 + HASH_LEN);
	for (uint32_t i = 0; i < n && !c->bad; i++) {
		struct accepted last = {.stream = read_text(c)};

		last.seq = cursor_u64(c);
		cursor_copy(c, last.id, HASH_LEN);
		vec_push(&record->revocation.accepted, &last);
	}
}

void keylog_record_encode(const struct keylog_record *record, struct buf *out)
{
	put_hashes16(out, &record->prev);
	buf_put_i64(out, record->time_nsec);
	buf_put_u8(out, (uint8_t)record->type);
	switch (record->type) {
	case KEYLOG_EPOCH:
		buf_put_u32(out, record->epoch.number);
		buf_append(out, record->epoch.public_key.bytes, DH_LEN);
		put_hashes16(out, &record->epoch.recipients);
		break;
	case KEYLOG_CERTIFICATE:
		encode_certificate(record, out);
		break;
	case KEYLOG_RECIPIENT:
		buf_append(out, record->recipient.public_key.bytes, DH_LEN);
		buf_put_bytes16(out, slice_of_string(record->recipient.name));
		break;
	case KEYLOG_REMOVAL:
		buf_append(out, record->removal.recipient, HASH_LEN);
		break;
	case KEYLOG_REVOCATION:
		encode_revocation(record, out);
		break;
	}
}

static void read_payload(struct cursor *c, struct keylog_record *record)
{
	switch (record->type) {
	case KEYLOG_EPOCH:
		record->epoch.number = cursor_u32(c);
		cursor_copy(c, record->epoch.public_key.bytes, DH_LEN);
		read_hashes16(c, RECIPIENTS_MAX, &record->epoch.recipients);
		break;
	case KEYLOG_CERTIFICATE:
		read_certificate(c, record);
		break;
	case KEYLOG_RECIPIENT:
		cursor_copy(c, record->recipient.public_key.bytes, DH_LEN);
		record->recipient.name = read_text(c);
		break;
	case KEYLOG_REMOVAL:
		cursor_copy(c, record->removal.recipient, HASH_LEN);
		break;
	case KEYLOG_REVOCATION:
		read_revocation(c, record);
		break;
	default:
		cursor_fail(c, "record type %u is made by a newer Quipu",
			    (unsigned)record->type);
		break;
	}
}

int keylog_record_decode(struct slice body, struct keylog_record *ret_record,
			 struct err *err)
{
	struct keylog_record record;
	struct cursor c;

	keylog_record_init(&record, (enum keylog_type)0);
	cursor_init(&c, body);
	read_hashes16(&c, PREV_MAX, &record.prev);
	record.time_nsec = cursor_i64(&c);
	record.type = (enum keylog_type)cursor_u8(&c);
	read_payload(&c, &record);
	if (cursor_end(&c, "key-log record", err) < 0) {
		keylog_record_release(&record);
		return -1;
	}
	*ret_record = record;
	return 0;
}
