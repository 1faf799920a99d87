/* SPDX-License-Identifier: Apache-2.0 */
#include "hex.h"

#include "crypto/sign.h"

/* RFC 8032, section 7.1, test 3. */
#define SEED	"c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7"
#define PUBLIC	"fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025"
#define MESSAGE "af82"
#define SIGNATURE                                                                        \
	"6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac"               \
	"18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a"

static struct sign_private *private_of(const char *seed_hex)
{
	struct hex_bytes seed = hex_bytes(seed_hex);

	return sign_private_new(hex_slice(&seed));
}

static struct sign_public public_of(const char *hex)
{
	struct hex_bytes bytes = hex_bytes(hex);
	struct sign_public public;

	assert_int_equal(bytes.len, sizeof(public.bytes));
	memcpy(public.bytes, bytes.data, sizeof(public.bytes));
	return public;
}

static void assert_vector(const char *seed_hex, const char *public_hex,
			  const char *message_hex, const char *signature_hex)
{
	CLEANUP(sign_private_freep) struct sign_private *key = private_of(seed_hex);
	struct sign_public public = sign_private_public(key);
	struct hex_bytes message = hex_bytes(message_hex);
	uint8_t signature[SIGN_LEN];

	assert_hex(public.bytes, sizeof(public.bytes), public_hex);
	sign_message(key, hex_slice(&message), signature);
	assert_hex(signature, sizeof(signature), signature_hex);
	assert_true(sign_verify(&public, hex_slice(&message), signature));
}

static void test_sign_message__rfc_8032_test_1_empty_message(void **state)
{
	(void)state;
	assert_vector("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
		      "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
		      "",
		      "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155"
		      "5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b");
}

static void test_sign_message__rfc_8032_test_2(void **state)
{
	(void)state;
	assert_vector("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
		      "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
		      "72",
		      "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
		      "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00");
}

static void test_sign_message__rfc_8032_test_3(void **state)
{
	(void)state;
	assert_vector(SEED, PUBLIC, MESSAGE, SIGNATURE);
}

static bool verify(const char *public_hex, const char *message_hex,
		   const uint8_t signature[static SIGN_LEN])
{
	struct sign_public public = public_of(public_hex);
	struct hex_bytes message = hex_bytes(message_hex);

	return sign_verify(&public, hex_slice(&message), signature);
}

static void test_sign_verify__refuses_each_flipped_bit_of_the_signature(void **state)
{
	struct hex_bytes signature = hex_bytes(SIGNATURE);

	(void)state;
	assert_true(verify(PUBLIC, MESSAGE, signature.data));
	for (size_t bit = 0; bit < 8 * (size_t)SIGN_LEN; bit++) {
		signature.data[bit / 8] ^= (uint8_t)(1U << bit % 8);
		assert_false(verify(PUBLIC, MESSAGE, signature.data));
		signature.data[bit / 8] ^= (uint8_t)(1U << bit % 8);
	}
}

static void test_sign_verify__refuses_another_message(void **state)
{
	struct hex_bytes signature = hex_bytes(SIGNATURE);

	(void)state;
	assert_false(verify(PUBLIC, "af83", signature.data));
	assert_false(verify(PUBLIC, "af", signature.data));
	assert_false(verify(PUBLIC, "af8200", signature.data));
	assert_false(verify(PUBLIC, "", signature.data));
}

static void test_sign_verify__refuses_another_key(void **state)
{
	struct hex_bytes signature = hex_bytes(SIGNATURE);

	(void)state;
	assert_false(
		verify("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
		       MESSAGE, signature.data));
}

static void test_sign_verify__refuses_a_key_that_is_no_point(void **state)
{
	struct hex_bytes signature = hex_bytes(SIGNATURE);

	(void)state;
	assert_false(
		verify("0200000000000000000000000000000000000000000000000000000000000000",
		       MESSAGE, signature.data));
	assert_false(
		verify("ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
		       MESSAGE, signature.data));
}

/* S + L signs the same message in a lax verifier: a second signature for one object. */
static void test_sign_verify__refuses_a_malleated_signature(void **state)
{
	struct hex_bytes order = hex_bytes(
		"edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010");
	struct hex_bytes signature = hex_bytes(SIGNATURE);
	unsigned carry = 0;

	(void)state;
	for (size_t i = 0; i < 32; i++) {
		carry += (unsigned)signature.data[32 + i] + order.data[i];
		signature.data[32 + i] = (uint8_t)carry;
		carry >>= 8;
	}
	assert_int_equal(carry, 0);
	assert_false(verify(PUBLIC, MESSAGE, signature.data));
}

static void test_sign_private_generate__is_what_the_rng_gives(void **state)
{
	struct rng rng = rng_seeded(5);
	struct rng same = rng_seeded(5);
	CLEANUP(sign_private_freep)
	struct sign_private *key = sign_private_generate(&rng);
	uint8_t expected[SIGN_PRIVATE_LEN];

	(void)state;
	rng_fill(&same, expected, sizeof(expected));
	assert_int_equal(sign_private_seed(key)->len, SIGN_PRIVATE_LEN);
	assert_memory_equal(sign_private_seed(key)->data, expected, sizeof(expected));
}

static void test_sign_private_free__accepts_null(void **state)
{
	struct sign_private *key = NULL;

	(void)state;
	sign_private_freep(&key);
	assert_null(key);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sign_message__rfc_8032_test_1_empty_message),
		cmocka_unit_test(test_sign_message__rfc_8032_test_2),
		cmocka_unit_test(test_sign_message__rfc_8032_test_3),
		cmocka_unit_test(
			test_sign_verify__refuses_each_flipped_bit_of_the_signature),
		cmocka_unit_test(test_sign_verify__refuses_another_message),
		cmocka_unit_test(test_sign_verify__refuses_another_key),
		cmocka_unit_test(test_sign_verify__refuses_a_key_that_is_no_point),
		cmocka_unit_test(test_sign_verify__refuses_a_malleated_signature),
		cmocka_unit_test(test_sign_private_generate__is_what_the_rng_gives),
		cmocka_unit_test(test_sign_private_free__accepts_null),
	};

	return cmocka_run_group_tests_name("crypto/sign", tests, NULL, NULL);
}
