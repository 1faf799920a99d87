/* SPDX-License-Identifier: Apache-2.0 */
#include "hex.h"

#include "base/mem.h"
#include "crypto/aead.h"

/* Test case 16 of the GCM submission to NIST. */
#define KEY   "feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308"
#define NONCE "cafebabefacedbaddecaf888"
#define AAD   "feedfacedeadbeeffeedfacedeadbeefabaddad2"
#define PLAIN                                                                            \
	"d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"               \
	"1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39"
#define SEALED                                                                           \
	"522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa"               \
	"8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662"                       \
	"76fc6ece0f4e1768cddf8853bb2d551b"

#define ZERO_KEY   "0000000000000000000000000000000000000000000000000000000000000000"
#define ZERO_NONCE "000000000000000000000000"

static struct aead *aead_of(const char *key_hex)
{
	struct secret key = hex_secret(key_hex);
	struct aead *aead = aead_new(&key);

	secret_release(&key);
	return aead;
}

static void assert_vector(const char *key, const char *nonce, const char *aad,
			  const char *plain, const char *sealed)
{
	CLEANUP(aead_freep) struct aead *aead = aead_of(key);
	struct hex_bytes n = hex_bytes(nonce);
	struct hex_bytes a = hex_bytes(aad);
	struct hex_bytes p = hex_bytes(plain);
	uint8_t out[HEX_BYTES_MAX + AEAD_TAG_LEN];
	uint8_t opened[HEX_BYTES_MAX];

	aead_seal(aead, n.data, hex_slice(&a), hex_slice(&p), out);
	assert_hex(out, p.len + AEAD_TAG_LEN, sealed);
	assert_true(aead_open(aead, n.data, hex_slice(&a),
			      slice_of(out, p.len + AEAD_TAG_LEN), opened));
	assert_memory_equal(opened, p.data, p.len);
}

static void test_aead_seal__nist_case_13_nothing_at_all(void **state)
{
	(void)state;
	assert_vector(ZERO_KEY, ZERO_NONCE, "", "", "530f8afbc74536b9a963b4f1c4cb738b");
}

static void test_aead_seal__nist_case_14_one_block(void **state)
{
	(void)state;
	assert_vector(ZERO_KEY, ZERO_NONCE, "", "00000000000000000000000000000000",
		      "cea7403d4d606b6e074ec5d3baf39d18d0d1c8a799996bf0265b98b5d48ab919");
}

static void test_aead_seal__nist_case_16_with_additional_data(void **state)
{
	(void)state;
	assert_vector(KEY, NONCE, AAD, PLAIN, SEALED);
}

static void test_aead_seal__one_object_many_messages(void **state)
{
	CLEANUP(aead_freep) struct aead *aead = aead_of(KEY);
	struct hex_bytes aad = hex_bytes(AAD);
	struct hex_bytes plain = hex_bytes(PLAIN);
	struct hex_bytes nonce = hex_bytes(NONCE);
	const uint8_t other_nonce[AEAD_NONCE_LEN] = {1};
	uint8_t out[HEX_BYTES_MAX];
	uint8_t opened[HEX_BYTES_MAX];

	(void)state;
	aead_seal(aead, other_nonce, slice_of(NULL, 0), hex_slice(&plain), out);
	assert_false(aead_open(aead, nonce.data, hex_slice(&aad),
			       slice_of(out, plain.len + AEAD_TAG_LEN), opened));
	assert_true(aead_open(aead, other_nonce, slice_of(NULL, 0),
			      slice_of(out, plain.len + AEAD_TAG_LEN), opened));
	aead_seal(aead, nonce.data, hex_slice(&aad), hex_slice(&plain), out);
	assert_hex(out, plain.len + AEAD_TAG_LEN, SEALED);
}

static void test_aead_seal__works_in_place(void **state)
{
	CLEANUP(aead_freep) struct aead *aead = aead_of(KEY);
	struct hex_bytes aad = hex_bytes(AAD);
	struct hex_bytes plain = hex_bytes(PLAIN);
	struct hex_bytes nonce = hex_bytes(NONCE);
	struct hex_bytes text = plain;

	(void)state;
	aead_seal(aead, nonce.data, hex_slice(&aad), hex_slice(&text), text.data);
	assert_hex(text.data, text.len + AEAD_TAG_LEN, SEALED);
	assert_true(aead_open(aead, nonce.data, hex_slice(&aad),
			      slice_of(text.data, text.len + AEAD_TAG_LEN), text.data));
	assert_memory_equal(text.data, plain.data, plain.len);
}

static void assert_refused(struct hex_bytes nonce, struct hex_bytes aad,
			   struct hex_bytes sealed)
{
	CLEANUP(aead_freep) struct aead *aead = aead_of(KEY);
	static const uint8_t zeroes[HEX_BYTES_MAX];
	uint8_t out[HEX_BYTES_MAX];

	memset(out, 0x55, sizeof(out));
	assert_false(
		aead_open(aead, nonce.data, hex_slice(&aad), hex_slice(&sealed), out));
	if (sealed.len >= AEAD_TAG_LEN)
		assert_memory_equal(out, zeroes, sealed.len - AEAD_TAG_LEN);
}

static void test_aead_open__refuses_each_flipped_bit_and_zeroes_the_output(void **state)
{
	struct hex_bytes sealed = hex_bytes(SEALED);

	(void)state;
	for (size_t bit = 0; bit < 8 * sealed.len; bit++) {
		struct hex_bytes flipped = sealed;

		flipped.data[bit / 8] ^= (uint8_t)(1U << bit % 8);
		assert_refused(hex_bytes(NONCE), hex_bytes(AAD), flipped);
	}
}

static void test_aead_open__refuses_other_additional_data(void **state)
{
	struct hex_bytes aad = hex_bytes(AAD);

	(void)state;
	aad.len--;
	assert_refused(hex_bytes(NONCE), aad, hex_bytes(SEALED));
	assert_refused(hex_bytes(NONCE), hex_bytes(""), hex_bytes(SEALED));
}

static void test_aead_open__refuses_another_nonce(void **state)
{
	(void)state;
	assert_refused(hex_bytes(ZERO_NONCE), hex_bytes(AAD), hex_bytes(SEALED));
}

static void test_aead_open__refuses_what_is_too_short(void **state)
{
	struct hex_bytes sealed = hex_bytes(SEALED);

	(void)state;
	while (sealed.len > 0) {
		sealed.len--;
		assert_refused(hex_bytes(NONCE), hex_bytes(AAD), sealed);
	}
}

static void test_aead_open__does_not_write_when_shorter_than_a_tag(void **state)
{
	CLEANUP(aead_freep) struct aead *aead = aead_of(KEY);
	const uint8_t nonce[AEAD_NONCE_LEN] = {0};
	const uint8_t sealed[AEAD_TAG_LEN - 1] = {0};
	uint8_t out[1] = {0x55};

	(void)state;
	assert_false(aead_open(aead, nonce, slice_of(NULL, 0),
			       slice_of(sealed, sizeof(sealed)), out));
	assert_int_equal(out[0], 0x55);
}

static void test_aead_nonce__is_little_endian_type_then_counter(void **state)
{
	uint8_t nonce[AEAD_NONCE_LEN];

	(void)state;
	aead_nonce(0x100, 0x0102030405060708, nonce);
	assert_hex(nonce, sizeof(nonce), "000100000807060504030201");
}

static void test_aead_free__accepts_null(void **state)
{
	struct aead *aead = NULL;

	(void)state;
	aead_freep(&aead);
	assert_null(aead);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_aead_seal__nist_case_13_nothing_at_all),
		cmocka_unit_test(test_aead_seal__nist_case_14_one_block),
		cmocka_unit_test(test_aead_seal__nist_case_16_with_additional_data),
		cmocka_unit_test(test_aead_seal__one_object_many_messages),
		cmocka_unit_test(test_aead_seal__works_in_place),
		cmocka_unit_test(
			test_aead_open__refuses_each_flipped_bit_and_zeroes_the_output),
		cmocka_unit_test(test_aead_open__refuses_other_additional_data),
		cmocka_unit_test(test_aead_open__refuses_another_nonce),
		cmocka_unit_test(test_aead_open__refuses_what_is_too_short),
		cmocka_unit_test(test_aead_open__does_not_write_when_shorter_than_a_tag),
		cmocka_unit_test(test_aead_nonce__is_little_endian_type_then_counter),
		cmocka_unit_test(test_aead_free__accepts_null),
	};

	return cmocka_run_group_tests_name("crypto/aead", tests, NULL, NULL);
}
