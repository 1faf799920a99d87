/* SPDX-License-Identifier: Apache-2.0 */
/* Records of the key log: bodies of owner-signed frames (docs/format/keys.md). */
#ifndef REPO_KEYLOG_FORMAT_H
#define REPO_KEYLOG_FORMAT_H

#include "base/vec.h"
#include "crypto/dh.h"
#include "repo/keys.h"

enum {
	PREV_MAX = 64,
	RECIPIENTS_MAX = 256,
	CERTIFICATE_PATTERNS_MAX = 256,
	REVOCATION_STREAMS_MAX = 65536,
	KEYLOG_TEXT_MAX = 200, /* names, domains, patterns */
};

enum keylog_type {
	KEYLOG_EPOCH = 1,
	KEYLOG_CERTIFICATE = 2,
	KEYLOG_RECIPIENT = 3,
	KEYLOG_REMOVAL = 4,
	KEYLOG_REVOCATION = 5,
};

/* The last header of a stream that a revocation leaves valid. */
struct accepted {
	char *stream;
	uint64_t seq;
	uint8_t id[32];
};

/* Owns all that its type has. */
struct keylog_record {
	struct vec prev; /* of uint8_t[32] */
	int64_t time_nsec;
	enum keylog_type type;
	struct {
		uint32_t number;
		struct dh_public public_key;
		struct vec recipients; /* of uint8_t[32] */
	} epoch;
	struct {
		enum key_role role;
		struct sign_public public_key;
		char *name;
		char *shared_domain;	/* "" = none */
		struct strings streams; /* patterns; none = all */
	} certificate;
	struct {
		struct dh_public public_key;
		char *name;
	} recipient;
	struct {
		uint8_t recipient[32];
	} removal;
	struct {
		uint8_t certificate[32];
		struct vec accepted; /* of struct accepted */
	} revocation;
};

/* Empty lists, ready to be filled. */
void keylog_record_init(struct keylog_record *record, enum keylog_type type);
void keylog_record_release(struct keylog_record *record); /* a zeroed one is fine */
void keylog_record_encode(const struct keylog_record *record, struct buf *out);
MUST_CHECK int keylog_record_decode(struct slice body, struct keylog_record *ret_record,
				    struct err *err);

#endif
