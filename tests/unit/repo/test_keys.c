/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "support/repo_sample.h"

static void test_dedup_keys_derive__gives_a_key_a_purpose_and_repository(void **state)
{
	CLEANUP(secret_release) struct secret d = {0};
	struct repo_identity identity = {.id = {1}};
	struct dedup_keys a;
	struct dedup_keys b;

	(void)state;
	secret_init(&d, 32);
	dedup_keys_derive(&d, &identity, &a);
	identity.id[0] = 2;
	dedup_keys_derive(&d, &identity, &b);
	assert_int_equal(a.blob_id.len, 32);
	assert_false(secret_equal(&a.blob_id, &b.blob_id));
	assert_false(secret_equal(&a.blob_id, &a.chunker));
	assert_false(secret_equal(&a.chunker, &a.index));
	assert_false(secret_equal(&a.index, &a.cache));
	assert_false(secret_equal(&a.cache, &a.tree));
	dedup_keys_release(&a);
	dedup_keys_release(&b);
}

static void test_key_role_name__is_a_word(void **state)
{
	(void)state;
	assert_string_equal(key_role_name(KEY_WRITER), "writer");
	assert_string_equal(key_role_name(KEY_AUDIT), "audit");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			test_dedup_keys_derive__gives_a_key_a_purpose_and_repository),
		cmocka_unit_test(test_key_role_name__is_a_word),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
