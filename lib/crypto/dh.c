/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/ossl.h"

#include "crypto/dh.h"

#include <assert.h>

#include "base/mem.h"

struct dh_private {
	struct secret bytes;
	EVP_PKEY *pkey;
	struct dh_public public;
};

struct dh_private *dh_private_new(struct slice bytes)
{
	struct dh_private *key = mem_zalloc(sizeof(*key));
	size_t len = sizeof(key->public.bytes);

	assert(bytes.len == DH_LEN);
	secret_set(&key->bytes, bytes.data, bytes.len);
	key->pkey = EVP_PKEY_new_raw_private_key_ex(NULL, "X25519", NULL, key->bytes.data,
						    key->bytes.len);
	ossl_must(key->pkey != NULL);
	ossl_must(EVP_PKEY_get_raw_public_key(key->pkey, key->public.bytes, &len) == 1);
	assert(len == DH_LEN);
	return key;
}

struct dh_private *dh_private_generate(struct rng *rng)
{
	struct dh_private *key;
	struct secret bytes;

	secret_init(&bytes, DH_LEN);
	rng_fill(rng, bytes.data, bytes.len);
	key = dh_private_new(secret_slice(&bytes));
	secret_release(&bytes);
	return key;
}

void dh_private_free(struct dh_private *key)
{
	if (key == NULL)
		return;
	EVP_PKEY_free(key->pkey); /* cleanses its copy */
	secret_release(&key->bytes);
	mem_free(key);
}

void dh_private_freep(struct dh_private **key)
{
	dh_private_free(*key);
}

const struct secret *dh_private_bytes(const struct dh_private *key)
{
	return &key->bytes;
}

struct dh_public dh_private_public(const struct dh_private *key)
{
	return key->public;
}

/* False when the result is all-zero: OpenSSL refuses such a peer, and we look again, since
 * the format demands it of every implementation. */
static bool derive(EVP_PKEY_CTX *ctx, EVP_PKEY *peer, struct secret *shared)
{
	size_t len = shared->len;
	uint8_t any = 0;

	/* Without validation of the peer: each 32-byte string is a valid X25519 key. */
	ossl_must(EVP_PKEY_derive_init(ctx) == 1);
	ossl_must(EVP_PKEY_derive_set_peer_ex(ctx, peer, 0) == 1);
	if (EVP_PKEY_derive(ctx, shared->data, &len) != 1) {
		ERR_clear_error();
		return false;
	}
	assert(len == DH_LEN);
	for (size_t i = 0; i < len; i++)
		any |= shared->data[i];
	return any != 0;
}

int dh_agree(const struct dh_private *key, const struct dh_public *peer,
	     struct secret *ret_shared, struct err *err)
{
	EVP_PKEY *pkey = EVP_PKEY_new_raw_public_key_ex(NULL, "X25519", NULL, peer->bytes,
							sizeof(peer->bytes));
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, key->pkey, NULL);
	struct secret shared;
	bool good;

	ossl_must(pkey != NULL && ctx != NULL);
	secret_init(&shared, DH_LEN);
	good = derive(ctx, pkey, &shared);
	EVP_PKEY_CTX_free(ctx);
	EVP_PKEY_free(pkey);
	if (!good) {
		secret_release(&shared);
		return err_set(err, ERR_CORRUPT,
			       "x25519: the public key is a point of low order, expected "
			       "one that gives a shared secret");
	}
	*ret_shared = shared;
	return 0;
}
