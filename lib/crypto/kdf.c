/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/ossl.h"

#include "crypto/kdf.h"

#include <assert.h>
#include <inttypes.h>

enum {
	HKDF_OUT_MAX = 255 * 32,
	LOG2_N_MIN = 10,
	LOG2_N_MAX = 20,
	R_MAX = 32,
	P_MAX = 16,
};

/* OpenSSL's parameters are not const, though these ones are only read. */
static OSSL_PARAM octets(const char *name, struct slice bytes)
{
	void *data;

	memcpy(&data, &bytes.data, sizeof(data));
	return OSSL_PARAM_construct_octet_string(name, data, bytes.len);
}

void kdf_hkdf(struct slice secret, struct slice salt, struct slice info, size_t out_len,
	      struct secret *ret_key)
{
	static const uint8_t nothing[1];
	char digest[] = "SHA256";
	OSSL_PARAM params[5];
	size_t n = 0;
	EVP_KDF *kdf = EVP_KDF_fetch(NULL, "HKDF", NULL);
	EVP_KDF_CTX *ctx;

	assert(out_len > 0 && out_len <= HKDF_OUT_MAX);
	assert(info.len <= KDF_INFO_MAX); /* OpenSSL 3.0 refuses more than 2,048 */
	ossl_must(kdf != NULL);
	ctx = EVP_KDF_CTX_new(kdf);
	ossl_must(ctx != NULL);
	params[n++] = OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, digest, 0);
	params[n++] = octets(OSSL_KDF_PARAM_KEY,
			     secret.len > 0 ? secret : slice_of(nothing, 0));
	/* An absent salt is a string of zeroes (RFC 5869, 2.2): the same as an empty one. */
	if (salt.len > 0)
		params[n++] = octets(OSSL_KDF_PARAM_SALT, salt);
	if (info.len > 0)
		params[n++] = octets(OSSL_KDF_PARAM_INFO, info);
	params[n] = OSSL_PARAM_construct_end();
	secret_init(ret_key, out_len);
	ossl_must(EVP_KDF_derive(ctx, ret_key->data, out_len, params) == 1);
	EVP_KDF_CTX_free(ctx);
	EVP_KDF_free(kdf);
}

/* Parameters come from key files, so they are foreign input. */
static int check_params(struct scrypt_params params, struct err *err)
{
	uint64_t memory;

	if (params.log2_n < LOG2_N_MIN || params.log2_n > LOG2_N_MAX)
		return err_set(err, ERR_LIMIT,
			       "scrypt: log2 of N is %u, expected %d to %d",
			       params.log2_n, LOG2_N_MIN, LOG2_N_MAX);
	if (params.r < 1 || params.r > R_MAX)
		return err_set(err, ERR_LIMIT, "scrypt: r is %u, expected 1 to %d",
			       params.r, R_MAX);
	if (params.p < 1 || params.p > P_MAX)
		return err_set(err, ERR_LIMIT, "scrypt: p is %u, expected 1 to %d",
			       params.p, P_MAX);
	memory = (UINT64_C(128) * params.r) << params.log2_n;
	if (memory > KDF_SCRYPT_MEMORY_MAX)
		return err_set(err, ERR_LIMIT,
			       "scrypt: needs %" PRIu64
			       " bytes of memory, at most %d are allowed",
			       memory, KDF_SCRYPT_MEMORY_MAX);
	return 0;
}

int kdf_scrypt(const struct secret *passphrase, struct slice salt,
	       struct scrypt_params params, size_t out_len, struct secret *ret_key,
	       struct err *err)
{
	/* OpenSSL also counts p blocks and a little scratch. */
	const uint64_t memory_max = KDF_SCRYPT_MEMORY_MAX + 1024 * 1024;
	const char *text = passphrase->len > 0 ? (const char *)passphrase->data : "";
	struct secret key;

	if (check_params(params, err) < 0)
		return -1;
	secret_init(&key, out_len);
	if (EVP_PBE_scrypt(text, passphrase->len, salt.data, salt.len,
			   UINT64_C(1) << params.log2_n, params.r, params.p, memory_max,
			   key.data, key.len) != 1) {
		ERR_clear_error();
		secret_release(&key);
		return err_set(
			err, ERR_FAILED,
			"scrypt: no memory, or not offered by the system's libcrypto");
	}
	*ret_key = key;
	return 0;
}
