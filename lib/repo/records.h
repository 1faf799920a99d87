/* SPDX-License-Identifier: Apache-2.0 */
/* Records of all signers (records/), as loaded and verified. */
#ifndef REPO_RECORDS_H
#define REPO_RECORDS_H

#include "base/cancel.h"
#include "repo/record_format.h"
#include "repo/repo.h"

struct records {
	struct vec expired;    /* of struct record_target, sorted by id */
	struct strings alarms; /* signatures, signers, chains: one text each */
	uint64_t n;	       /* records that verified */
};

/* A record that does not verify becomes an alarm; the rest still counts (0). */
MUST_CHECK int records_load(const struct repo *repo, const struct cancel *cancel,
			    struct records *ret_records, struct err *err);
void records_release(struct records *records);

bool records_expired(const struct records *records, const char *stream, uint64_t seq,
		     const uint8_t id[static HASH_LEN]);

/* For owners: signs an expire record of these headers (vec of struct record_target) that
 * follows the owner's last one. */
MUST_CHECK int record_expire(const struct repo *repo, const struct owner_key *owner,
			     const struct vec *targets, const struct clock *clock,
			     struct err *err);

#endif
