/* SPDX-License-Identifier: Apache-2.0 */
/* HKDF-SHA256 (RFC 5869) and scrypt (RFC 7914). */
#ifndef CRYPTO_KDF_H
#define CRYPTO_KDF_H

#include <stdint.h>

#include "base/err.h"
#include "base/secret.h"

/* Asserted: 0 < out_len <= 255 * 32; info is a label and a few fields, not input of any size. */
enum { KDF_INFO_MAX = 1024 };
void kdf_hkdf(struct slice secret, struct slice salt, struct slice info, size_t out_len,
	      struct secret *ret_key);

struct scrypt_params {
	uint8_t log2_n; /* 10..20 */
	uint8_t r;	/* 1..32 */
	uint8_t p;	/* 1..16 */
};

/* 128 * r * N bytes of memory; above KDF_SCRYPT_MEMORY_MAX: ERR_LIMIT. */
enum { KDF_SCRYPT_MEMORY_MAX = 256 * 1024 * 1024 };
MUST_CHECK int kdf_scrypt(const struct secret *passphrase, struct slice salt,
			  struct scrypt_params params, size_t out_len,
			  struct secret *ret_key, struct err *err);

#endif
