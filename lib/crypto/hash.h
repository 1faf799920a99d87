/* SPDX-License-Identifier: Apache-2.0 */
/* SHA-256 (FIPS 180-4) and HMAC-SHA256 (RFC 2104), over OpenSSL. */
#ifndef CRYPTO_HASH_H
#define CRYPTO_HASH_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/secret.h"

enum { HASH_LEN = 32, HASH_HEX_LEN = 64 };

/* One-shot. */
void hash_sha256(struct slice bytes, uint8_t out[static HASH_LEN]);

/* Running hash. */
struct hash;
struct hash *hash_new(void);
void hash_free(struct hash *hash);
void hash_freep(struct hash **hash);
void hash_update(struct hash *hash, struct slice bytes);
void hash_final(struct hash *hash,
		uint8_t out[static HASH_LEN]); /* ready for a new message */

/* HMAC under one key, many messages: the key schedule is done once. One object per thread. */
struct hmac;
struct hmac *hmac_new(const struct secret *key);
void hmac_free(struct hmac *hmac); /* wipes */
void hmac_freep(struct hmac **hmac);
void hmac_begin(struct hmac *hmac);
void hmac_update(struct hmac *hmac, struct slice bytes);
void hmac_final(struct hmac *hmac, uint8_t out[static HASH_LEN]);

#endif
