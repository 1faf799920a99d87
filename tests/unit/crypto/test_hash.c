/* SPDX-License-Identifier: Apache-2.0 */
#include "hex.h"

#include "base/mem.h"
#include "crypto/hash.h"

/* FIPS 180-4 examples. */
#define SHA256_EMPTY "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define SHA256_ABC   "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
#define SHA256_448   "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
#define SHA256_A_MILLION                                                                 \
	"cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"
#define TEXT_448 "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"

static void assert_sha256(const char *text, const char *hex)
{
	uint8_t digest[HASH_LEN];

	hash_sha256(slice_of_string(text), digest);
	assert_hex(digest, sizeof(digest), hex);
}

static void test_hash_sha256__fips_180_examples(void **state)
{
	(void)state;
	assert_sha256("abc", SHA256_ABC);
	assert_sha256(TEXT_448, SHA256_448);
}

static void test_hash_sha256__empty_message_without_data(void **state)
{
	uint8_t digest[HASH_LEN];

	(void)state;
	hash_sha256(slice_of(NULL, 0), digest);
	assert_hex(digest, sizeof(digest), SHA256_EMPTY);
}

static void test_hash_update__pieces_equal_the_whole(void **state)
{
	CLEANUP(hash_freep) struct hash *hash = hash_new();
	uint8_t digest[HASH_LEN];

	(void)state;
	for (size_t i = 0; i < strlen(TEXT_448); i += 7)
		hash_update(hash, slice_of(TEXT_448 + i, 7));
	hash_update(hash, slice_of(NULL, 0));
	hash_final(hash, digest);
	assert_hex(digest, sizeof(digest), SHA256_448);
}

static void test_hash_update__million_bytes(void **state)
{
	CLEANUP(hash_freep) struct hash *hash = hash_new();
	uint8_t digest[HASH_LEN];
	uint8_t text[1000];

	(void)state;
	memset(text, 'a', sizeof(text));
	for (unsigned i = 0; i < 1000; i++)
		hash_update(hash, slice_of(text, sizeof(text)));
	hash_final(hash, digest);
	assert_hex(digest, sizeof(digest), SHA256_A_MILLION);
}

static void test_hash_final__is_ready_for_a_new_message(void **state)
{
	CLEANUP(hash_freep) struct hash *hash = hash_new();
	uint8_t digest[HASH_LEN];

	(void)state;
	hash_update(hash, slice_of_string("something else"));
	hash_final(hash, digest);
	hash_update(hash, slice_of_string("abc"));
	hash_final(hash, digest);
	assert_hex(digest, sizeof(digest), SHA256_ABC);
	hash_final(hash, digest);
	assert_hex(digest, sizeof(digest), SHA256_EMPTY);
}

static void assert_hmac(const char *key_hex, struct slice message, const char *hex)
{
	struct secret key = hex_secret(key_hex);
	CLEANUP(hmac_freep) struct hmac *hmac = hmac_new(&key);
	uint8_t mac[HASH_LEN];

	hmac_begin(hmac);
	hmac_update(hmac, message);
	hmac_final(hmac, mac);
	secret_release(&key);
	assert_hex(mac, sizeof(mac), hex);
}

static void test_hmac__rfc_4231_case_1(void **state)
{
	(void)state;
	assert_hmac("0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b",
		    slice_of_string("Hi There"),
		    "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
}

static void test_hmac__rfc_4231_case_2(void **state)
{
	(void)state;
	assert_hmac("4a656665", slice_of_string("what do ya want for nothing?"),
		    "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
}

static void test_hmac__rfc_4231_case_3(void **state)
{
	uint8_t message[50];

	(void)state;
	memset(message, 0xdd, sizeof(message));
	assert_hmac("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
		    slice_of(message, sizeof(message)),
		    "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe");
}

static void test_hmac__rfc_4231_case_6_key_longer_than_a_block(void **state)
{
	char key[2 * 131 + 1];

	(void)state;
	memset(key, 'a', sizeof(key) - 1);
	key[sizeof(key) - 1] = '\0';
	assert_hmac(
		key,
		slice_of_string("Test Using Larger Than Block-Size Key - Hash Key First"),
		"60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

static void test_hmac__empty_key_and_message(void **state)
{
	(void)state;
	assert_hmac("", slice_of(NULL, 0),
		    "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad");
}

static void test_hmac_begin__one_key_many_messages(void **state)
{
	struct secret key = hex_secret("4a656665");
	CLEANUP(hmac_freep) struct hmac *hmac = hmac_new(&key);
	uint8_t mac[HASH_LEN];

	(void)state;
	hmac_begin(hmac);
	hmac_update(hmac, slice_of_string("another message, left unfinished"));
	for (unsigned round = 0; round < 3; round++) {
		hmac_begin(hmac);
		hmac_update(hmac, slice_of_string("what do ya want "));
		hmac_update(hmac, slice_of_string("for nothing?"));
		hmac_final(hmac, mac);
		assert_hex(mac, sizeof(mac),
			   "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3"
			   "843");
	}
	secret_release(&key);
}

static void test_hash_free__accepts_null(void **state)
{
	struct hash *hash = NULL;
	struct hmac *hmac = NULL;

	(void)state;
	hash_freep(&hash);
	hmac_freep(&hmac);
	assert_null(hash);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hash_sha256__fips_180_examples),
		cmocka_unit_test(test_hash_sha256__empty_message_without_data),
		cmocka_unit_test(test_hash_update__pieces_equal_the_whole),
		cmocka_unit_test(test_hash_update__million_bytes),
		cmocka_unit_test(test_hash_final__is_ready_for_a_new_message),
		cmocka_unit_test(test_hmac__rfc_4231_case_1),
		cmocka_unit_test(test_hmac__rfc_4231_case_2),
		cmocka_unit_test(test_hmac__rfc_4231_case_3),
		cmocka_unit_test(test_hmac__rfc_4231_case_6_key_longer_than_a_block),
		cmocka_unit_test(test_hmac__empty_key_and_message),
		cmocka_unit_test(test_hmac_begin__one_key_many_messages),
		cmocka_unit_test(test_hash_free__accepts_null),
	};

	return cmocka_run_group_tests_name("crypto/hash", tests, NULL, NULL);
}
