/* SPDX-License-Identifier: Apache-2.0 */
#include "hex.h"

#include "crypto/kdf.h"

#define SCRYPT_N_16384                                                                   \
	"7023bdcb3afd7348461c06cd81fd38ebfda8fbba904f8e3ea9b543f6545da1f2"               \
	"d5432955613f0fcf62d49705242a9af9e61e85dc0d651e40dfcf017b45575887"

static void assert_hkdf(const char *secret, const char *salt, const char *info,
			const char *okm)
{
	struct hex_bytes secret_bytes = hex_bytes(secret);
	struct hex_bytes salt_bytes = hex_bytes(salt);
	struct hex_bytes info_bytes = hex_bytes(info);
	struct secret key;

	kdf_hkdf(hex_slice(&secret_bytes), hex_slice(&salt_bytes), hex_slice(&info_bytes),
		 strlen(okm) / 2, &key);
	assert_hex(key.data, key.len, okm);
	secret_release(&key);
}

static void test_kdf_hkdf__rfc_5869_case_1(void **state)
{
	(void)state;
	assert_hkdf("0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b",
		    "000102030405060708090a0b0c", "f0f1f2f3f4f5f6f7f8f9",
		    "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf"
		    "34007208d5b887185865");
}

static void test_kdf_hkdf__rfc_5869_case_2_long_inputs(void **state)
{
	(void)state;
	assert_hkdf("000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
		    "202122232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f"
		    "404142434445464748494a4b4c4d4e4f",
		    "606162636465666768696a6b6c6d6e6f707172737475767778797a7b7c7d7e7f"
		    "808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f"
		    "a0a1a2a3a4a5a6a7a8a9aaabacadaeaf",
		    "b0b1b2b3b4b5b6b7b8b9babbbcbdbebfc0c1c2c3c4c5c6c7c8c9cacbcccdcecf"
		    "d0d1d2d3d4d5d6d7d8d9dadbdcdddedfe0e1e2e3e4e5e6e7e8e9eaebecedeeef"
		    "f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff",
		    "b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c"
		    "59045a99cac7827271cb41c65e590e09da3275600c2f09b8367793a9aca3db71"
		    "cc30c58179ec3e87c14c01d5c1f3434f1d87");
}

static void test_kdf_hkdf__rfc_5869_case_3_no_salt_no_info(void **state)
{
	(void)state;
	assert_hkdf("0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b", "", "",
		    "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d"
		    "9d201395faa4b61a96c8");
}

static int scrypt(const char *passphrase, const char *salt, struct scrypt_params params,
		  struct secret *ret_key, struct err *err)
{
	struct secret secret;
	int result;

	secret_set(&secret, passphrase, strlen(passphrase));
	result = kdf_scrypt(&secret, slice_of_string(salt), params, 64, ret_key, err);
	secret_release(&secret);
	return result;
}

static void test_kdf_scrypt__rfc_7914_n_1024(void **state)
{
	struct scrypt_params params = {.log2_n = 10, .r = 8, .p = 16};
	struct secret key;
	struct err err;

	(void)state;
	assert_int_equal(scrypt("password", "NaCl", params, &key, &err), 0);
	assert_hex(key.data, key.len,
		   "fdbabe1c9d3472007856e7190d01e9fe7c6ad7cbc8237830e77376634b373162"
		   "2eaf30d92e22a3886ff109279d9830dac727afb94a83ee6d8360cbdfa2cc0640");
	secret_release(&key);
}

static void test_kdf_scrypt__rfc_7914_n_16384(void **state)
{
	struct scrypt_params params = {.log2_n = 14, .r = 8, .p = 1};
	struct secret key;
	struct err err;

	(void)state;
	assert_int_equal(scrypt("pleaseletmein", "SodiumChloride", params, &key, &err),
			 0);
	assert_hex(key.data, key.len, SCRYPT_N_16384);
	secret_release(&key);
}

static void test_kdf_scrypt__empty_passphrase_and_salt_work(void **state)
{
	struct scrypt_params params = {.log2_n = 10, .r = 1, .p = 1};
	struct secret key;
	struct err err;

	(void)state;
	assert_int_equal(scrypt("", "", params, &key, &err), 0);
	assert_hex(key.data, key.len,
		   "b34ab7cd1ce0c308146ab970fa75517bcf20f95c7ed7a34efc0d5f096469b2e1"
		   "b41bf3dec2408b6a46ee4257754d56ca12a430c66d51a544248fc0690845e1e6");
	secret_release(&key);
}

static void assert_refused(struct scrypt_params params, const char *message)
{
	struct secret key = {.len = 7};
	struct err err = {0};

	assert_int_equal(scrypt("password", "NaCl", params, &key, &err), -1);
	assert_int_equal(err.code, ERR_LIMIT);
	assert_string_equal(err.msg, message);
	assert_int_equal(key.len, 7); /* untouched */
}

static void test_kdf_scrypt__refuses_foreign_cost(void **state)
{
	(void)state;
	assert_refused((struct scrypt_params){.log2_n = 9, .r = 8, .p = 1},
		       "scrypt: log2 of N is 9, expected 10 to 20");
	assert_refused((struct scrypt_params){.log2_n = 21, .r = 8, .p = 1},
		       "scrypt: log2 of N is 21, expected 10 to 20");
	assert_refused((struct scrypt_params){.log2_n = 15, .r = 0, .p = 1},
		       "scrypt: r is 0, expected 1 to 32");
	assert_refused((struct scrypt_params){.log2_n = 15, .r = 33, .p = 1},
		       "scrypt: r is 33, expected 1 to 32");
	assert_refused((struct scrypt_params){.log2_n = 15, .r = 8, .p = 0},
		       "scrypt: p is 0, expected 1 to 16");
	assert_refused((struct scrypt_params){.log2_n = 15, .r = 8, .p = 17},
		       "scrypt: p is 17, expected 1 to 16");
}

static void test_kdf_scrypt__refuses_too_much_memory(void **state)
{
	(void)state;
	assert_refused((struct scrypt_params){.log2_n = 20, .r = 8, .p = 1},
		       "scrypt: needs 1073741824 bytes of memory, at most 268435456 are "
		       "allowed");
}

static void test_kdf_scrypt__takes_the_largest_memory_allowed(void **state)
{
	struct scrypt_params params = {.log2_n = 16, .r = 32, .p = 1};
	struct secret key;
	struct err err;

	(void)state;
	assert_int_equal(scrypt("password", "NaCl", params, &key, &err), 0);
	assert_int_equal(key.len, 64);
	secret_release(&key);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_kdf_hkdf__rfc_5869_case_1),
		cmocka_unit_test(test_kdf_hkdf__rfc_5869_case_2_long_inputs),
		cmocka_unit_test(test_kdf_hkdf__rfc_5869_case_3_no_salt_no_info),
		cmocka_unit_test(test_kdf_scrypt__rfc_7914_n_1024),
		cmocka_unit_test(test_kdf_scrypt__rfc_7914_n_16384),
		cmocka_unit_test(test_kdf_scrypt__empty_passphrase_and_salt_work),
		cmocka_unit_test(test_kdf_scrypt__refuses_foreign_cost),
		cmocka_unit_test(test_kdf_scrypt__refuses_too_much_memory),
		cmocka_unit_test(test_kdf_scrypt__takes_the_largest_memory_allowed),
	};

	return cmocka_run_group_tests_name("crypto/kdf", tests, NULL, NULL);
}
