/* SPDX-License-Identifier: Apache-2.0 */
/* Bodies of records (docs/format/signed.md). Expire is the only type with a meaning yet. */
#ifndef REPO_RECORD_FORMAT_H
#define REPO_RECORD_FORMAT_H

#include "base/vec.h"
#include "crypto/hash.h"

enum { EXPIRED_MAX = 65536 };

enum record_type {
	RECORD_EXPIRE = 1,
	RECORD_HOLD = 2,
	RECORD_LOCK = 3,
	RECORD_MARK = 4,
	RECORD_REPACK = 5,
	RECORD_COPY = 6,
};

/* A header that a record is about. */
struct record_target {
	char *stream;
	uint64_t seq;
	uint8_t id[HASH_LEN];
};

struct record {
	uint8_t prev[HASH_LEN]; /* zeroes: the signer's first */
	int64_t time_nsec;
	enum record_type type;
	struct vec expired; /* of struct record_target; RECORD_EXPIRE only */
};

void record_init(struct record *record, enum record_type type);
void record_release(struct record *record); /* a zeroed one is fine */

/* RECORD_EXPIRE only, asserted. */
void record_encode(const struct record *record, struct buf *out);
/* Payloads of types without a meaning yet are skipped; a type that is not listed above is
 * made by a newer Quipu: ERR_CORRUPT. */
MUST_CHECK int record_decode(struct slice body, struct record *ret_record,
			     struct err *err);

#endif
