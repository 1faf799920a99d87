/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/secret.h"

static void test_secret_set__copies_and_compares(void **state)
{
	struct secret a;
	struct secret b;

	(void)state;
	secret_set(&a, "password", 8);
	secret_set(&b, "password", 8);
	assert_true(secret_equal(&a, &b));
	b.data[7] ^= 1;
	assert_false(secret_equal(&a, &b));
	secret_truncate(&b, 4);
	assert_int_equal(b.len, 4);
	assert_int_equal(b.data[4], 0);
	secret_release(&a);
	secret_release(&b);
	assert_int_equal(a.len, 0);
	assert_null(a.data);
	secret_release(NULL);
}

static void test_secret_wipe__leaves_zeroes(void **state)
{
	uint8_t bytes[16];

	(void)state;
	memset(bytes, 7, sizeof(bytes));
	secret_wipe(bytes, sizeof(bytes));
	for (size_t i = 0; i < sizeof(bytes); i++)
		assert_int_equal(bytes[i], 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_secret_set__copies_and_compares),
		cmocka_unit_test(test_secret_wipe__leaves_zeroes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
