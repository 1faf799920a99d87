/* SPDX-License-Identifier: Apache-2.0 */
/* An epoch's private key, sealed to one recipient (docs/format/keys.md). A wrap carries no
 * signature: what it yields must fit the public key that the owner signed. */
#ifndef REPO_WRAP_FORMAT_H
#define REPO_WRAP_FORMAT_H

#include "crypto/dh.h"
#include "repo/keys.h"

enum { WRAP_LEN = 156, WRAP_KEY_LEN = 128 };

/* H(public key): how a recipient is called in records, wraps and names. */
void recipient_id(const struct dh_public *public_key, uint8_t ret_id[static 32]);

/* "keys/wraps/000001-0123456789abcdef/<recipient>" */
void wrap_key(uint32_t epoch, const struct dh_public *epoch_key,
	      const uint8_t recipient[static 32], char out[static WRAP_KEY_LEN]);

/* The epoch that a wrap is of. */
struct wrap_epoch {
	const struct repo_identity *identity;
	uint32_t number;
	struct dh_public public_key;
};

/* Appends WRAP_LEN bytes. `epoch_key` is the epoch's private half. ERR_CORRUPT when the
 * recipient's key is no usable point. */
MUST_CHECK int wrap_seal(const struct wrap_epoch *epoch,
			 const struct dh_private *epoch_key,
			 const struct dh_public *recipient, struct rng *rng,
			 struct buf *out, struct err *err);

/* What stands in clear, without opening: whose wrap of what. */
struct wrap_label {
	uint32_t epoch;
	struct dh_public epoch_key;
	uint8_t recipient[32];
};
MUST_CHECK int wrap_label_decode(struct slice wrap, struct wrap_label *ret_label,
				 struct err *err);

/* Opens a wrap of this epoch for this recipient. ERR_CORRUPT when it is of another epoch or
 * recipient, does not open, or holds a key that is not the epoch's. */
MUST_CHECK int wrap_open(struct slice wrap, const struct wrap_epoch *epoch,
			 const struct dh_private *recipient,
			 struct dh_private **ret_private, struct err *err);

#endif
