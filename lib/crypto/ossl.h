/* SPDX-License-Identifier: Apache-2.0 */
/*
 * OpenSSL's headers, for this folder only, and what to do when it refuses a call that cannot
 * fail. Included first, even before a file's own header: OpenSSL names parameters like calls
 * that base/banned.h poisons.
 */
#ifndef CRYPTO_OSSL_H
#define CRYPTO_OSSL_H

#include <stdbool.h>
#include <stdlib.h>

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>

/*
 * The calls guarded by this have valid arguments, so they fail only when memory is out, or
 * when the installed libcrypto lacks SHA-256, AES, Ed25519 or X25519. There is no way to go
 * on from either, as with mem_alloc().
 */
static inline void ossl_must(bool ok)
{
	if (!ok)
		abort();
}

#endif
