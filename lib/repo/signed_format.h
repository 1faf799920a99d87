/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The frame that all signed objects share, and the message that signatures cover
 * (docs/format/signed.md). Nothing in a body is parsed before its signature has been checked;
 * signed_frame_open() is the only way to a body.
 */
#ifndef REPO_SIGNED_FORMAT_H
#define REPO_SIGNED_FORMAT_H

#include "base/buf.h"
#include "crypto/sign.h"
#include "repo/keys.h"

enum {
	FRAME_BODY_MAX = 32 * 1024 * 1024,
	CERTIFICATE_LEN_MAX = 16 * 1024,
	STREAM_NAME_MAX = 200,
	/* magic, version, kind, seq, signer, three lengths, signature */
	FRAME_OVERHEAD = 4 + 2 + 2 + 8 + 32 + 2 + 4 + 4 + 64,
};

enum frame_kind {
	FRAME_KEY_LOG = 1,
	FRAME_SNAPSHOT = 2,
	FRAME_INDEX = 3,
	FRAME_RECORD = 4,
};

/* What a signature covers. */
struct signed_message {
	const char *label; /* without "quipu/v1/" */
	const uint8_t *repo_id;
	struct slice stream;
	uint64_t seq;
	struct slice certificate;
	const uint8_t *body_hash; /* SHA-256 of the body */
};
void signed_message_sign(const struct sign_private *key,
			 const struct signed_message *message,
			 uint8_t ret_signature[static SIGN_LEN]);
MUST_CHECK bool signed_message_verify(const struct sign_public *signer,
				      const struct signed_message *message,
				      const uint8_t signature[static SIGN_LEN]);

struct signed_frame {
	enum frame_kind kind;
	uint64_t seq;
	struct sign_public signer;
	struct slice stream;	  /* all slices point into the object */
	struct slice certificate; /* empty: the owner signed */
	struct slice body;
};

/* Appends a whole frame to `out`, signed by `key`; frame->signer is ignored. */
void signed_frame_encode(const struct signed_frame *frame,
			 const struct repo_identity *identity,
			 const struct sign_private *key, struct buf *out);

/* What a frame must be to be accepted. */
struct frame_expect {
	enum frame_kind kind;
	const char *stream; /* NULL: any */
	bool any_seq;
	uint64_t seq;
	bool owner_only; /* a certificate is refused */
	bool any_role;	 /* else a certificate must have this role: */
	enum key_role role;
};

/*
 * Checks form, certificate, signature, kind, stream and seq, in this order. ERR_CORRUPT: not a
 * frame; ERR_UNSUPPORTED: a newer version; ERR_ALARM: a signature or certificate that does
 * not hold, or a frame that belongs elsewhere. Whether the certificate is revoked or covers
 * the stream is for the caller, who has the key log.
 */
MUST_CHECK int signed_frame_open(struct slice object,
				 const struct repo_identity *identity,
				 const struct frame_expect *expect,
				 struct signed_frame *ret_frame, struct err *err);

/* A certificate (an owner-signed key-log frame with a certificate record): its signer's public
 * key, once the owner's signature and the role are checked. */
MUST_CHECK int signed_certificate_open(struct slice certificate,
				       const struct repo_identity *identity,
				       enum key_role role, struct sign_public *ret_signer,
				       struct err *err);

#endif
