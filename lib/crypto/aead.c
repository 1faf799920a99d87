/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two cipher contexts per key, one per direction, each with its schedule done once; a
 * message then costs only a new nonce. OpenSSL counts in int, so long inputs go in pieces.
 */
#include "crypto/ossl.h"

#include "crypto/aead.h"

#include <assert.h>

#include "base/mem.h"

enum { STEP_MAX = 1 << 30 };

struct aead {
	EVP_CIPHER *cipher;
	EVP_CIPHER_CTX *seal;
	EVP_CIPHER_CTX *open;
};

struct aead *aead_new(const struct secret *key)
{
	struct aead *aead = mem_zalloc(sizeof(*aead));

	assert(key->len == AEAD_KEY_LEN);
	aead->cipher = EVP_CIPHER_fetch(NULL, "AES-256-GCM", NULL);
	aead->seal = EVP_CIPHER_CTX_new();
	aead->open = EVP_CIPHER_CTX_new();
	ossl_must(aead->cipher != NULL && aead->seal != NULL && aead->open != NULL);
	ossl_must(EVP_EncryptInit_ex2(aead->seal, aead->cipher, key->data, NULL, NULL) ==
		  1);
	ossl_must(EVP_DecryptInit_ex2(aead->open, aead->cipher, key->data, NULL, NULL) ==
		  1);
	return aead;
}

void aead_free(struct aead *aead)
{
	if (aead == NULL)
		return;
	EVP_CIPHER_CTX_free(aead->seal); /* cleanses the schedule */
	EVP_CIPHER_CTX_free(aead->open);
	EVP_CIPHER_free(aead->cipher);
	mem_free(aead);
}

void aead_freep(struct aead **aead)
{
	aead_free(*aead);
}

/* out NULL feeds additional data. GCM gives out what it is given, byte for byte. */
static void update(EVP_CIPHER_CTX *ctx, struct slice in, uint8_t *out)
{
	size_t done = 0;

	while (done < in.len) {
		size_t left = in.len - done;
		int step = left < STEP_MAX ? (int)left : STEP_MAX;
		int len = 0;

		ossl_must(EVP_CipherUpdate(ctx, out == NULL ? NULL : out + done, &len,
					   in.data + done, step) == 1);
		assert(len == step);
		done += (size_t)step;
	}
}

void aead_seal(struct aead *aead, const uint8_t nonce[static AEAD_NONCE_LEN],
	       struct slice aad, struct slice plain, uint8_t *out)
{
	uint8_t *tag = out + plain.len;
	int len = 0;

	ossl_must(EVP_EncryptInit_ex2(aead->seal, NULL, NULL, nonce, NULL) == 1);
	update(aead->seal, aad, NULL);
	update(aead->seal, plain, out);
	ossl_must(EVP_EncryptFinal_ex(aead->seal, tag, &len) == 1);
	assert(len == 0);
	ossl_must(EVP_CIPHER_CTX_ctrl(aead->seal, EVP_CTRL_AEAD_GET_TAG, AEAD_TAG_LEN,
				      tag) == 1);
}

bool aead_open(struct aead *aead, const uint8_t nonce[static AEAD_NONCE_LEN],
	       struct slice aad, struct slice sealed, uint8_t *out)
{
	uint8_t tag[AEAD_TAG_LEN];
	struct slice text;
	int len = 0;

	if (sealed.len < AEAD_TAG_LEN)
		return false;
	text = slice_of(sealed.data, sealed.len - AEAD_TAG_LEN);
	memcpy(tag, sealed.data + text.len, sizeof(tag));
	ossl_must(EVP_DecryptInit_ex2(aead->open, NULL, NULL, nonce, NULL) == 1);
	update(aead->open, aad, NULL);
	update(aead->open, text, out);
	ossl_must(EVP_CIPHER_CTX_ctrl(aead->open, EVP_CTRL_AEAD_SET_TAG, AEAD_TAG_LEN,
				      tag) == 1);
	if (EVP_DecryptFinal_ex(aead->open, tag, &len) == 1)
		return true;
	/* Nobody shall use bytes that the tag does not vouch for. */
	if (text.len > 0)
		secret_wipe(out, text.len);
	ERR_clear_error();
	return false;
}

void aead_nonce(uint32_t type, uint64_t counter, uint8_t nonce[static AEAD_NONCE_LEN])
{
	for (unsigned i = 0; i < 4; i++)
		nonce[i] = (uint8_t)(type >> (8 * i));
	for (unsigned i = 0; i < 8; i++)
		nonce[4 + i] = (uint8_t)(counter >> (8 * i));
}
