/* SPDX-License-Identifier: Apache-2.0 */
#ifndef REPO_KEYLOG_INTERNAL_H
#define REPO_KEYLOG_INTERNAL_H

#include "repo/keylog.h"
#include "repo/signed_object.h"

/* A record that verified, as far as the graph is concerned. */
struct keylog_entry {
	uint64_t seq;
	uint8_t id[HASH_LEN];
	struct vec prev;
};

struct keylog {
	struct repo_identity identity;
	struct vec entries;	 /* of struct keylog_entry, by seq, then id */
	struct vec epochs;	 /* of struct epoch, in the order of applying */
	struct vec certificates; /* of struct certificate */
	struct vec recipients;	 /* of struct recipient */
	struct strings strays;
	struct strings unread; /* records that were there and could not be read */
	struct err first_unread;
};

/* The frame of a record, initialised here. */
void keylog_record_sign(const struct keylog_record *record, const struct owner_key *owner,
			uint64_t seq, struct buf *ret_frame);

#define KEYLOG_PREFIX "keys/log/"

/* Applies a record to the state; takes what it needs out of `record`. Records come in the
 * order (seq, id). */
void keylog_apply(struct keylog *keylog, struct keylog_record *record, uint64_t seq,
		  const uint8_t id[static HASH_LEN], struct slice frame);
void keylog_state_release(struct keylog *keylog);

#endif
