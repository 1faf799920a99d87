/* SPDX-License-Identifier: Apache-2.0 */
#include "hex.h"

#include "base/rng.h"
#include "crypto/prf.h"

/* NIST SP 800-38A, F.2.5 CBC-AES256.Encrypt; its IV is folded into the first block, since
 * the PRF starts from zero. Value: first 8 bytes of the last ciphertext block b2eb05e2c39be9fc. */
#define KEY "603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4"
#define IV  "000102030405060708090a0b0c0d0e0f"
#define WINDOW                                                                           \
	"6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51"               \
	"30c81c46a35ce411e5fbc1191a0a52eff69f2445df4f9b17ad2b417be66c3710"
#define VALUE UINT64_C(0xfce99bc3e205ebb2)

static struct prf *prf_of(const char *key_hex)
{
	struct secret key = hex_secret(key_hex);
	struct prf *prf = prf_new(&key);

	secret_release(&key);
	return prf;
}

static struct hex_bytes nist_window(void)
{
	struct hex_bytes window = hex_bytes(WINDOW);
	struct hex_bytes iv = hex_bytes(IV);

	for (size_t i = 0; i < iv.len; i++)
		window.data[i] ^= iv.data[i];
	return window;
}

static void test_prf_windows__nist_sp_800_38a_vector(void **state)
{
	CLEANUP(prf_freep) struct prf *prf = prf_of(KEY);
	struct hex_bytes window = nist_window();
	const uint8_t *data = window.data;
	uint64_t value;

	(void)state;
	prf_windows(prf, &data, 1, &value);
	assert_true(value == VALUE);
}

static void test_prf_windows__depends_on_each_bit_of_the_window(void **state)
{
	CLEANUP(prf_freep) struct prf *prf = prf_of(KEY);
	struct hex_bytes window = nist_window();
	const uint8_t *data = window.data;
	uint64_t value;

	(void)state;
	for (size_t bit = 0; bit < 8 * (size_t)PRF_WINDOW_LEN; bit++) {
		window.data[bit / 8] ^= (uint8_t)(1U << bit % 8);
		prf_windows(prf, &data, 1, &value);
		assert_true(value != VALUE);
		window.data[bit / 8] ^= (uint8_t)(1U << bit % 8);
	}
}

static void test_prf_windows__depends_on_the_key(void **state)
{
	CLEANUP(prf_freep)
	struct prf *prf = prf_of(
		"603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff5");
	struct hex_bytes window = nist_window();
	const uint8_t *data = window.data;
	uint64_t value;

	(void)state;
	prf_windows(prf, &data, 1, &value);
	assert_true(value != VALUE);
}

static void test_prf_windows__batches_of_all_sizes_equal_single_ones(void **state)
{
	CLEANUP(prf_freep) struct prf *prf = prf_of(KEY);
	struct rng rng = rng_seeded(3);
	uint8_t bytes[PRF_WINDOW_LEN + PRF_BATCH_MAX];
	const uint8_t *windows[PRF_BATCH_MAX];
	uint64_t single[PRF_BATCH_MAX];

	(void)state;
	rng_fill(&rng, bytes, sizeof(bytes));
	for (unsigned i = 0; i < PRF_BATCH_MAX; i++) {
		windows[i] = bytes + i; /* overlapping and unaligned, as in a scan */
		prf_windows(prf, &windows[i], 1, &single[i]);
	}
	for (unsigned n = 1; n <= PRF_BATCH_MAX; n++) {
		uint64_t values[PRF_BATCH_MAX];

		prf_windows(prf, windows, n, values);
		assert_memory_equal(values, single, n * sizeof(values[0]));
	}
}

static void test_prf_free__accepts_null(void **state)
{
	struct prf *prf = NULL;

	(void)state;
	prf_freep(&prf);
	assert_null(prf);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_prf_windows__nist_sp_800_38a_vector),
		cmocka_unit_test(test_prf_windows__depends_on_each_bit_of_the_window),
		cmocka_unit_test(test_prf_windows__depends_on_the_key),
		cmocka_unit_test(
			test_prf_windows__batches_of_all_sizes_equal_single_ones),
		cmocka_unit_test(test_prf_free__accepts_null),
	};

	return cmocka_run_group_tests_name("crypto/prf", tests, NULL, NULL);
}
