/* SPDX-License-Identifier: Apache-2.0 */
/*
 * frame     := "QPSG" version u16 kind u16 seq u64 signer[32] lp16 stream lp32 certificate
 *              lp32 body signature[64]
 * message   := lp32("quipu/v1/" label) lp32(R) lp32(stream) seq u64 lp32(H(certificate))
 *              lp32(H(body))
 * A certificate is itself a frame of kind 1 by the owner, without a certificate, so opening
 * one never goes deeper than one level.
 */
#include "repo/signed_format.h"

#include <assert.h>
#include <string.h>

#include "base/cursor.h"
#include "base/quote.h"
#include "crypto/hash.h"
#include "repo/keylog_format.h"

static const uint8_t frame_magic[4] = {'Q', 'P', 'S', 'G'};

enum { FRAME_VERSION = 1, MESSAGE_MAX = 1024 };

static const char *label_of(enum frame_kind kind)
{
	switch (kind) {
	case FRAME_KEY_LOG:
		return "key-log";
	case FRAME_SNAPSHOT:
		return "snapshot";
	case FRAME_INDEX:
		return "index";
	case FRAME_RECORD:
		return "record";
	}
	return "unknown";
}

static void encode_message(const struct signed_message *message, struct buf *out)
{
	uint8_t certificate_hash[HASH_LEN];

	hash_sha256(message->certificate, certificate_hash);
	buf_put_u32(out, (uint32_t)(strlen("quipu/v1/") + strlen(message->label)));
	buf_append_string(out, "quipu/v1/");
	buf_append_string(out, message->label);
	buf_put_bytes32(out, slice_of(message->repo_id, REPO_ID_LEN));
	buf_put_bytes32(out, message->stream);
	buf_put_u64(out, message->seq);
	buf_put_bytes32(out, slice_of(certificate_hash, HASH_LEN));
	buf_put_bytes32(out, slice_of(message->body_hash, HASH_LEN));
}

void signed_message_sign(const struct sign_private *key,
			 const struct signed_message *message,
			 uint8_t ret_signature[static SIGN_LEN])
{
	CLEANUP(buf_release) struct buf bytes = {0};

	buf_init(&bytes, MESSAGE_MAX);
	encode_message(message, &bytes);
	sign_message(key, buf_slice(&bytes), ret_signature);
}

bool signed_message_verify(const struct sign_public *signer,
			   const struct signed_message *message,
			   const uint8_t signature[static SIGN_LEN])
{
	CLEANUP(buf_release) struct buf bytes = {0};

	buf_init(&bytes, MESSAGE_MAX);
	encode_message(message, &bytes);
	return sign_verify(signer, buf_slice(&bytes), signature);
}

void signed_frame_encode(const struct signed_frame *frame,
			 const struct repo_identity *identity,
			 const struct sign_private *key, struct buf *out)
{
	struct sign_public signer = sign_private_public(key);
	uint8_t body_hash[HASH_LEN];
	struct signed_message message = {
		.label = label_of(frame->kind),
		.repo_id = identity->id,
		.stream = frame->stream,
		.seq = frame->seq,
		.certificate = frame->certificate,
		.body_hash = body_hash,
	};

	assert(frame->stream.len <= STREAM_NAME_MAX);
	assert(frame->certificate.len <= CERTIFICATE_LEN_MAX);
	assert(frame->body.len <= FRAME_BODY_MAX);
	hash_sha256(frame->body, body_hash);
	buf_append(out, frame_magic, sizeof(frame_magic));
	buf_put_u16(out, FRAME_VERSION);
	buf_put_u16(out, (uint16_t)frame->kind);
	buf_put_u64(out, frame->seq);
	buf_append(out, signer.bytes, SIGN_PUBLIC_LEN);
	buf_put_bytes16(out, frame->stream);
	buf_put_bytes32(out, frame->certificate);
	buf_put_bytes32(out, frame->body);
	signed_message_sign(key, &message, buf_extend(out, SIGN_LEN));
}

/* The form alone; nothing in it is to be believed yet. */
static int decode(struct slice object, struct signed_frame *ret_frame,
		  uint8_t ret_signature[static SIGN_LEN], struct err *err)
{
	struct signed_frame frame = {0};
	struct cursor c;

	cursor_init(&c, object);
	cursor_expect(&c, frame_magic, sizeof(frame_magic), "frame magic");
	uint16_t version = cursor_u16(&c);
	if (!c.bad && version != FRAME_VERSION)
		return err_set(err, ERR_UNSUPPORTED,
			       "signed frame: version %u is made by a newer Quipu",
			       version);
	frame.kind = (enum frame_kind)cursor_u16(&c);
	frame.seq = cursor_u64(&c);
	cursor_copy(&c, frame.signer.bytes, SIGN_PUBLIC_LEN);
	frame.stream = cursor_bytes16(&c, STREAM_NAME_MAX);
	frame.certificate = cursor_bytes32(&c, CERTIFICATE_LEN_MAX);
	frame.body = cursor_bytes32(&c, FRAME_BODY_MAX);
	cursor_copy(&c, ret_signature, SIGN_LEN);
	if (cursor_end(&c, "signed frame", err) < 0)
		return -1;
	*ret_frame = frame;
	return 0;
}

static int verify(const struct signed_frame *frame, const struct repo_identity *identity,
		  const uint8_t signature[static SIGN_LEN], struct err *err)
{
	uint8_t body_hash[HASH_LEN];
	struct signed_message message = {
		.label = label_of(frame->kind),
		.repo_id = identity->id,
		.stream = frame->stream,
		.seq = frame->seq,
		.certificate = frame->certificate,
		.body_hash = body_hash,
	};

	hash_sha256(frame->body, body_hash);
	if (!signed_message_verify(&frame->signer, &message, signature))
		return err_set(err, ERR_ALARM, "the signature does not fit");
	return 0;
}

static int check_owner(const struct signed_frame *frame,
		       const struct repo_identity *identity, struct err *err)
{
	if (frame->certificate.len == 0 &&
	    memcmp(frame->signer.bytes, identity->owner.bytes, SIGN_PUBLIC_LEN) == 0)
		return 0;
	return err_set(err, ERR_ALARM, "it is not signed by the owner of the repository");
}

/* A frame of kind 1 that the owner signed, its body in *ret_body. */
static int open_owner_frame(struct slice object, const struct repo_identity *identity,
			    struct slice *ret_body, struct err *err)
{
	struct signed_frame frame;
	uint8_t signature[SIGN_LEN];

	if (decode(object, &frame, signature, err) < 0 ||
	    check_owner(&frame, identity, err) < 0 ||
	    verify(&frame, identity, signature, err) < 0)
		return -1;
	if (frame.kind != FRAME_KEY_LOG)
		return err_set(err, ERR_ALARM, "it is no key-log record");
	*ret_body = frame.body;
	return 0;
}

static int open_certificate(struct slice certificate,
			    const struct repo_identity *identity, bool any_role,
			    enum key_role role, struct sign_public *ret_signer,
			    struct err *err)
{
	struct slice body;
	CLEANUP(keylog_record_release) struct keylog_record record = {0};

	if (open_owner_frame(certificate, identity, &body, err) < 0 ||
	    keylog_record_decode(body, &record, err) < 0)
		return -1;
	if (record.type != KEYLOG_CERTIFICATE)
		return err_set(err, ERR_ALARM, "its key-log record is no certificate");
	if (!any_role && record.certificate.role != role)
		return err_set(err, ERR_ALARM, "it certifies a %s, expected a %s",
			       key_role_name(record.certificate.role),
			       key_role_name(role));
	*ret_signer = record.certificate.public_key;
	return 0;
}

int signed_certificate_open(struct slice certificate,
			    const struct repo_identity *identity, enum key_role role,
			    struct sign_public *ret_signer, struct err *err)
{
	if (open_certificate(certificate, identity, false, role, ret_signer, err) < 0)
		return err_wrap(err, "certificate");
	return 0;
}

/* Who may sign this: the owner, or the holder of the certificate. */
static int check_signer(const struct signed_frame *frame,
			const struct repo_identity *identity,
			const struct frame_expect *expect, struct err *err)
{
	struct sign_public certified;

	if (frame->certificate.len == 0 || expect->owner_only) {
		if (!expect->owner_only && !expect->any_role)
			return err_set(err, ERR_ALARM, "it carries no certificate");
		return check_owner(frame, identity, err);
	}
	if (open_certificate(frame->certificate, identity, expect->any_role, expect->role,
			     &certified, err) < 0)
		return err_wrap(err, "certificate");
	if (memcmp(certified.bytes, frame->signer.bytes, SIGN_PUBLIC_LEN) != 0)
		return err_set(err, ERR_ALARM,
			       "its signer is not whom its certificate names");
	return 0;
}

static int check_place(const struct signed_frame *frame,
		       const struct frame_expect *expect, struct err *err)
{
	char shown[QUOTE_TEXT_MAX];

	if (frame->kind != expect->kind)
		return err_set(err, ERR_ALARM, "its kind is %s, expected %s",
			       label_of(frame->kind), label_of(expect->kind));
	if (expect->stream != NULL &&
	    !slice_equal(frame->stream, slice_of_string(expect->stream)))
		return err_set(err, ERR_ALARM, "it belongs to stream %s",
			       quote_text(frame->stream, shown));
	if (!expect->any_seq && frame->seq != expect->seq)
		return err_set(err, ERR_ALARM, "its seq is %ju, expected %ju",
			       (uintmax_t)frame->seq, (uintmax_t)expect->seq);
	return 0;
}

int signed_frame_open(struct slice object, const struct repo_identity *identity,
		      const struct frame_expect *expect, struct signed_frame *ret_frame,
		      struct err *err)
{
	struct signed_frame frame;
	uint8_t signature[SIGN_LEN];

	if (decode(object, &frame, signature, err) < 0 ||
	    check_signer(&frame, identity, expect, err) < 0 ||
	    verify(&frame, identity, signature, err) < 0 ||
	    check_place(&frame, expect, err) < 0)
		return -1;
	*ret_frame = frame;
	return 0;
}
