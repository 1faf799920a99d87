/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CBC-MAC of four blocks with a zero IV, turned sideways: round j encrypts block j of all
 * windows in one ECB call, in which the blocks are independent and fill the cipher's
 * pipeline. One chain after the other would wait for 14 rounds of latency at each block.
 *
 *   x[i] = 0;  for j in 0..3:  x[i] = AES(x[i] XOR block j of window i), for all i at once
 *
 * The length is fixed, so plain CBC-MAC is a PRF here: no padding, no length block.
 */
#include "crypto/ossl.h"

#include "crypto/prf.h"

#include <assert.h>
#include <string.h>

#include "base/mem.h"

enum { PRF_KEY_LEN = 32, BLOCK_LEN = 16, N_BLOCKS = PRF_WINDOW_LEN / BLOCK_LEN };

struct prf {
	EVP_CIPHER *cipher;
	EVP_CIPHER_CTX *ctx;
	uint64_t x[PRF_BATCH_MAX][BLOCK_LEN / 8]; /* bytes in memory order, not numbers */
};

struct prf *prf_new(const struct secret *key)
{
	struct prf *prf = mem_zalloc(sizeof(*prf));

	assert(key->len == PRF_KEY_LEN);
	prf->cipher = EVP_CIPHER_fetch(NULL, "AES-256-ECB", NULL);
	prf->ctx = EVP_CIPHER_CTX_new();
	ossl_must(prf->cipher != NULL && prf->ctx != NULL);
	ossl_must(EVP_EncryptInit_ex2(prf->ctx, prf->cipher, key->data, NULL, NULL) == 1);
	ossl_must(EVP_CIPHER_CTX_set_padding(prf->ctx, 0) == 1);
	return prf;
}

void prf_free(struct prf *prf)
{
	if (prf == NULL)
		return;
	EVP_CIPHER_CTX_free(prf->ctx); /* cleanses the schedule */
	EVP_CIPHER_free(prf->cipher);
	mem_free(prf);
}

void prf_freep(struct prf **prf)
{
	prf_free(*prf);
}

static void xor_block(uint64_t x[static 2], const uint8_t *block)
{
	uint64_t words[2];

	memcpy(words, block, sizeof(words));
	x[0] ^= words[0];
	x[1] ^= words[1];
}

static uint64_t first_word(const uint64_t x[static 2])
{
	const uint8_t *bytes = (const uint8_t *)x;
	uint64_t value = 0;

	for (unsigned i = 0; i < 8; i++)
		value |= (uint64_t)bytes[i] << (8 * i);
	return value;
}

void prf_windows(struct prf *prf, const uint8_t *const windows[], unsigned n,
		 uint64_t out[static 1])
{
	int len = (int)(n * BLOCK_LEN);
	uint8_t *x = (uint8_t *)prf->x;

	assert(n > 0 && n <= PRF_BATCH_MAX);
	memset(prf->x, 0, (size_t)len);
	for (unsigned j = 0; j < N_BLOCKS; j++) {
		int got = 0;

		for (unsigned i = 0; i < n; i++)
			xor_block(prf->x[i], windows[i] + (size_t)j * BLOCK_LEN);
		ossl_must(EVP_EncryptUpdate(prf->ctx, x, &got, x, len) == 1);
		assert(got == len);
	}
	for (unsigned i = 0; i < n; i++)
		out[i] = first_word(prf->x[i]);
}
