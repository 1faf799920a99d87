/* SPDX-License-Identifier: Apache-2.0 */
/*
 * AES-256-GCM (NIST SP 800-38D), 96-bit nonce, 128-bit tag. The caller guarantees that no
 * (key, nonce) pair is used twice for encryption; keys here are fresh per pack or page file.
 */
#ifndef CRYPTO_AEAD_H
#define CRYPTO_AEAD_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/secret.h"

enum { AEAD_KEY_LEN = 32, AEAD_NONCE_LEN = 12, AEAD_TAG_LEN = 16 };

/* A key with its schedule; one object per thread. */
struct aead;
struct aead *aead_new(const struct secret *key); /* key->len == AEAD_KEY_LEN asserted */
void aead_free(struct aead *aead);
void aead_freep(struct aead **aead);

/* Writes plain.len + AEAD_TAG_LEN bytes (ciphertext, tag) to out; out may be plain.data. */
void aead_seal(struct aead *aead, const uint8_t nonce[static AEAD_NONCE_LEN],
	       struct slice aad, struct slice plain, uint8_t *out);

/* Writes sealed.len - AEAD_TAG_LEN bytes to out. False, with out zeroed, when the tag does
 * not fit or sealed is shorter than a tag. */
MUST_CHECK bool aead_open(struct aead *aead, const uint8_t nonce[static AEAD_NONCE_LEN],
			  struct slice aad, struct slice sealed, uint8_t *out);

/* nonce = u32le type || u64le counter, the format of packs (docs/format/pack.md). */
void aead_nonce(uint32_t type, uint64_t counter, uint8_t nonce[static AEAD_NONCE_LEN]);

#endif
