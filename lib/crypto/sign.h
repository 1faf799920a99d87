/* SPDX-License-Identifier: Apache-2.0 */
/* Ed25519 signatures (RFC 8032). Distinct types for the two halves. */
#ifndef CRYPTO_SIGN_H
#define CRYPTO_SIGN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/rng.h"
#include "base/secret.h"

enum { SIGN_PUBLIC_LEN = 32, SIGN_PRIVATE_LEN = 32, SIGN_LEN = 64 };

struct sign_public {
	uint8_t bytes[SIGN_PUBLIC_LEN];
};

struct sign_private; /* opaque; holds the seed in a secret */

struct sign_private *sign_private_generate(struct rng *rng);
/* From the 32-byte seed. */
struct sign_private *sign_private_new(struct slice seed);
void sign_private_free(struct sign_private *key);
void sign_private_freep(struct sign_private **key);
const struct secret *sign_private_seed(const struct sign_private *key);
struct sign_public sign_private_public(const struct sign_private *key);

void sign_message(const struct sign_private *key, struct slice message,
		  uint8_t out[static SIGN_LEN]);
MUST_CHECK bool sign_verify(const struct sign_public *key, struct slice message,
			    const uint8_t signature[static SIGN_LEN]);

#endif
