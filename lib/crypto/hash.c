/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Each object fetches its algorithm once and keeps it, since a fetch walks OpenSSL's
 * provider tables under a lock and costs more than hashing a short message. There is no
 * process-wide cache: lib/ has no mutable globals.
 */
#include "crypto/ossl.h"

#include "crypto/hash.h"

#include <assert.h>

#include "base/mem.h"

void hash_sha256(struct slice bytes, uint8_t out[static HASH_LEN])
{
	size_t len = HASH_LEN;

	ossl_must(EVP_Q_digest(NULL, "SHA256", NULL, bytes.len > 0 ? bytes.data : out,
			       bytes.len, out, &len) == 1);
	assert(len == HASH_LEN);
}

struct hash {
	EVP_MD *md;
	EVP_MD_CTX *ctx;
};

struct hash *hash_new(void)
{
	struct hash *hash = mem_zalloc(sizeof(*hash));

	hash->md = EVP_MD_fetch(NULL, "SHA256", NULL);
	hash->ctx = EVP_MD_CTX_new();
	ossl_must(hash->md != NULL && hash->ctx != NULL);
	ossl_must(EVP_DigestInit_ex2(hash->ctx, hash->md, NULL) == 1);
	return hash;
}

void hash_free(struct hash *hash)
{
	if (hash == NULL)
		return;
	EVP_MD_CTX_free(hash->ctx);
	EVP_MD_free(hash->md);
	mem_free(hash);
}

void hash_freep(struct hash **hash)
{
	hash_free(*hash);
}

void hash_update(struct hash *hash, struct slice bytes)
{
	if (bytes.len > 0)
		ossl_must(EVP_DigestUpdate(hash->ctx, bytes.data, bytes.len) == 1);
}

void hash_final(struct hash *hash, uint8_t out[static HASH_LEN])
{
	unsigned len = 0;

	ossl_must(EVP_DigestFinal_ex(hash->ctx, out, &len) == 1);
	assert(len == HASH_LEN);
	ossl_must(EVP_DigestInit_ex2(hash->ctx, NULL, NULL) == 1);
}

struct hmac {
	EVP_MAC *mac;
	EVP_MAC_CTX *ctx;
};

struct hmac *hmac_new(const struct secret *key)
{
	static const uint8_t empty_key[1];
	char digest[] = "SHA256";
	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
		OSSL_PARAM_construct_end(),
	};
	struct hmac *hmac = mem_zalloc(sizeof(*hmac));

	hmac->mac = EVP_MAC_fetch(NULL, "HMAC", NULL);
	ossl_must(hmac->mac != NULL);
	hmac->ctx = EVP_MAC_CTX_new(hmac->mac);
	ossl_must(hmac->ctx != NULL);
	/* A NULL key would mean "the one from before". */
	ossl_must(EVP_MAC_init(hmac->ctx, key->len > 0 ? key->data : empty_key, key->len,
			       params) == 1);
	return hmac;
}

void hmac_free(struct hmac *hmac)
{
	if (hmac == NULL)
		return;
	EVP_MAC_CTX_free(hmac->ctx); /* cleanses the key pads */
	EVP_MAC_free(hmac->mac);
	mem_free(hmac);
}

void hmac_freep(struct hmac **hmac)
{
	hmac_free(*hmac);
}

void hmac_begin(struct hmac *hmac)
{
	ossl_must(EVP_MAC_init(hmac->ctx, NULL, 0, NULL) == 1);
}

void hmac_update(struct hmac *hmac, struct slice bytes)
{
	if (bytes.len > 0)
		ossl_must(EVP_MAC_update(hmac->ctx, bytes.data, bytes.len) == 1);
}

void hmac_final(struct hmac *hmac, uint8_t out[static HASH_LEN])
{
	size_t len = 0;

	ossl_must(EVP_MAC_final(hmac->ctx, out, &len, HASH_LEN) == 1);
	assert(len == HASH_LEN);
}
