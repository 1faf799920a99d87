/* SPDX-License-Identifier: Apache-2.0 */
/* X25519 key agreement (RFC 7748). */
#ifndef CRYPTO_DH_H
#define CRYPTO_DH_H

#include <stdint.h>

#include "base/err.h"
#include "base/rng.h"
#include "base/secret.h"

enum { DH_LEN = 32 };

struct dh_public {
	uint8_t bytes[DH_LEN];
};

struct dh_private; /* opaque */

struct dh_private *dh_private_generate(struct rng *rng);
struct dh_private *dh_private_new(struct slice bytes); /* 32 bytes, asserted */
void dh_private_free(struct dh_private *key);
void dh_private_freep(struct dh_private **key);
const struct secret *dh_private_bytes(const struct dh_private *key);
struct dh_public dh_private_public(const struct dh_private *key);

/* The shared secret; an all-zero one (a low-order point) is refused with ERR_CORRUPT. */
MUST_CHECK int dh_agree(const struct dh_private *key, const struct dh_public *peer,
			struct secret *ret_shared, struct err *err);

#endif
