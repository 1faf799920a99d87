/* SPDX-License-Identifier: Apache-2.0 */
#include "hex.h"

#include "crypto/dh.h"

/* RFC 7748, section 6.1. */
#define ALICE_PRIVATE "77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a"
#define ALICE_PUBLIC  "8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a"
#define BOB_PRIVATE   "5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb"
#define BOB_PUBLIC    "de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f"
#define SHARED	      "4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742"

static struct dh_private *private_of(const char *hex)
{
	struct hex_bytes bytes = hex_bytes(hex);

	return dh_private_new(hex_slice(&bytes));
}

static int agree(const char *private_hex, const char *public_hex,
		 struct secret *ret_shared, struct err *err)
{
	CLEANUP(dh_private_freep) struct dh_private *key = private_of(private_hex);
	struct hex_bytes bytes = hex_bytes(public_hex);
	struct dh_public peer;

	memcpy(peer.bytes, bytes.data, sizeof(peer.bytes));
	return dh_agree(key, &peer, ret_shared, err);
}

static void assert_agree(const char *private_hex, const char *public_hex,
			 const char *shared_hex)
{
	struct secret shared;
	struct err err;

	assert_int_equal(agree(private_hex, public_hex, &shared, &err), 0);
	assert_hex(shared.data, shared.len, shared_hex);
	secret_release(&shared);
}

static void assert_public(const char *private_hex, const char *public_hex)
{
	CLEANUP(dh_private_freep) struct dh_private *key = private_of(private_hex);
	struct dh_public public = dh_private_public(key);

	assert_hex(public.bytes, sizeof(public.bytes), public_hex);
}

static void test_dh_private_public__rfc_7748(void **state)
{
	(void)state;
	assert_public(ALICE_PRIVATE, ALICE_PUBLIC);
	assert_public(BOB_PRIVATE, BOB_PUBLIC);
}

static void test_dh_agree__rfc_7748_both_sides(void **state)
{
	(void)state;
	assert_agree(ALICE_PRIVATE, BOB_PUBLIC, SHARED);
	assert_agree(BOB_PRIVATE, ALICE_PUBLIC, SHARED);
}

static void test_dh_agree__rfc_7748_scalar_vector(void **state)
{
	(void)state;
	assert_agree("a546e36bf0527c9d3b16154b82465edd62144c0ac1fc5a18506a2244ba449ac4",
		     "e6db6867583030db3594c1a424b15f7c726624ec26b3353b10a903a6d0ab1c4c",
		     "c3da55379de9c6908e94ea4df28d084f32eccf03491c71f754b4075577a28552");
}

static void assert_low_order_refused(const char *point)
{
	struct secret shared = {.len = 7};
	struct err err = {0};

	assert_int_equal(agree(ALICE_PRIVATE, point, &shared, &err), -1);
	assert_int_equal(err.code, ERR_CORRUPT);
	assert_string_equal(err.msg, "x25519: the public key is a point of low order, "
				     "expected one that gives a shared secret");
	assert_int_equal(shared.len, 7); /* untouched */
}

static void test_dh_agree__refuses_an_all_zero_secret(void **state)
{
	(void)state;
	/* 0, 1, a point of order 8, p - 1, p and p + 1 for p = 2^255 - 19. */
	assert_low_order_refused(
		"0000000000000000000000000000000000000000000000000000000000000000");
	assert_low_order_refused(
		"0100000000000000000000000000000000000000000000000000000000000000");
	assert_low_order_refused(
		"e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800");
	assert_low_order_refused(
		"ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f");
	assert_low_order_refused(
		"edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f");
	assert_low_order_refused(
		"eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f");
}

static void test_dh_agree__works_after_a_refusal(void **state)
{
	(void)state;
	assert_low_order_refused(
		"0000000000000000000000000000000000000000000000000000000000000000");
	assert_agree(ALICE_PRIVATE, BOB_PUBLIC, SHARED);
}

static void test_dh_private_generate__is_what_the_rng_gives(void **state)
{
	struct rng rng = rng_seeded(5);
	struct rng same = rng_seeded(5);
	CLEANUP(dh_private_freep) struct dh_private *key = dh_private_generate(&rng);
	CLEANUP(dh_private_freep) struct dh_private *next = dh_private_generate(&rng);
	uint8_t expected[DH_LEN];

	(void)state;
	rng_fill(&same, expected, sizeof(expected));
	assert_int_equal(dh_private_bytes(key)->len, DH_LEN);
	assert_memory_equal(dh_private_bytes(key)->data, expected, sizeof(expected));
	assert_memory_not_equal(dh_private_bytes(next)->data, expected, sizeof(expected));
}

static void test_dh_private_free__accepts_null(void **state)
{
	struct dh_private *key = NULL;

	(void)state;
	dh_private_freep(&key);
	assert_null(key);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_dh_private_public__rfc_7748),
		cmocka_unit_test(test_dh_agree__rfc_7748_both_sides),
		cmocka_unit_test(test_dh_agree__rfc_7748_scalar_vector),
		cmocka_unit_test(test_dh_agree__refuses_an_all_zero_secret),
		cmocka_unit_test(test_dh_agree__works_after_a_refusal),
		cmocka_unit_test(test_dh_private_generate__is_what_the_rng_gives),
		cmocka_unit_test(test_dh_private_free__accepts_null),
	};

	return cmocka_run_group_tests_name("crypto/dh", tests, NULL, NULL);
}
