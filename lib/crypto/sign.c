/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/ossl.h"

#include "crypto/sign.h"

#include <assert.h>

#include "base/mem.h"

struct sign_private {
	struct secret seed;
	EVP_PKEY *pkey;
	struct sign_public public;
};

struct sign_private *sign_private_new(struct slice seed)
{
	struct sign_private *key = mem_zalloc(sizeof(*key));
	size_t len = sizeof(key->public.bytes);

	assert(seed.len == SIGN_PRIVATE_LEN);
	secret_set(&key->seed, seed.data, seed.len);
	key->pkey = EVP_PKEY_new_raw_private_key_ex(NULL, "ED25519", NULL, key->seed.data,
						    key->seed.len);
	ossl_must(key->pkey != NULL);
	ossl_must(EVP_PKEY_get_raw_public_key(key->pkey, key->public.bytes, &len) == 1);
	assert(len == SIGN_PUBLIC_LEN);
	return key;
}

struct sign_private *sign_private_generate(struct rng *rng)
{
	struct sign_private *key;
	struct secret seed;

	secret_init(&seed, SIGN_PRIVATE_LEN);
	rng_fill(rng, seed.data, seed.len);
	key = sign_private_new(secret_slice(&seed));
	secret_release(&seed);
	return key;
}

void sign_private_free(struct sign_private *key)
{
	if (key == NULL)
		return;
	EVP_PKEY_free(key->pkey); /* cleanses its copy */
	secret_release(&key->seed);
	mem_free(key);
}

void sign_private_freep(struct sign_private **key)
{
	sign_private_free(*key);
}

const struct secret *sign_private_seed(const struct sign_private *key)
{
	return &key->seed;
}

struct sign_public sign_private_public(const struct sign_private *key)
{
	return key->public;
}

void sign_message(const struct sign_private *key, struct slice message,
		  uint8_t out[static SIGN_LEN])
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	size_t len = SIGN_LEN;

	ossl_must(ctx != NULL);
	ossl_must(EVP_DigestSignInit_ex(ctx, NULL, NULL, NULL, NULL, key->pkey, NULL) ==
		  1);
	ossl_must(EVP_DigestSign(ctx, out, &len, message.len > 0 ? message.data : out,
				 message.len) == 1);
	assert(len == SIGN_LEN);
	EVP_MD_CTX_free(ctx);
}

static bool verify(EVP_MD_CTX *ctx, EVP_PKEY *pkey, struct slice message,
		   const uint8_t *signature)
{
	if (pkey == NULL)
		return false;
	if (EVP_DigestVerifyInit_ex(ctx, NULL, NULL, NULL, NULL, pkey, NULL) != 1)
		return false;
	return EVP_DigestVerify(ctx, signature, SIGN_LEN,
				message.len > 0 ? message.data : signature,
				message.len) == 1;
}

bool sign_verify(const struct sign_public *key, struct slice message,
		 const uint8_t signature[static SIGN_LEN])
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	EVP_PKEY *pkey = EVP_PKEY_new_raw_public_key_ex(NULL, "ED25519", NULL, key->bytes,
							sizeof(key->bytes));
	bool good;

	ossl_must(ctx != NULL);
	good = verify(ctx, pkey, message, signature);
	EVP_PKEY_free(pkey);
	EVP_MD_CTX_free(ctx);
	if (!good)
		ERR_clear_error();
	return good;
}
