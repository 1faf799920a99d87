/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "repo/pack_keys.h"

struct parts {
	struct rng rng;
	struct repo_identity identity;
	struct dh_private *epoch, *ephemeral;
	struct secret pack_key, blob_key;
	struct pack_header header;
};

static int setup(void **state)
{
	static struct parts parts;
	struct dh_public ephemeral;
	struct dh_public epoch;
	struct err err = {0};

	parts = (struct parts){.rng = rng_seeded(9)};
	parts.epoch = dh_private_generate(&parts.rng);
	parts.ephemeral = dh_private_generate(&parts.rng);
	ephemeral = dh_private_public(parts.ephemeral);
	epoch = dh_private_public(parts.epoch);
	secret_init(&parts.pack_key, AEAD_KEY_LEN);
	rng_fill(&parts.rng, parts.pack_key.data, AEAD_KEY_LEN);
	parts.header.epoch = 4;
	memcpy(parts.header.ephemeral, ephemeral.bytes, DH_LEN);
	pack_keys_derive(&parts.pack_key, &parts.header, &parts.blob_key,
			 parts.header.commitment);
	*state = &parts;
	return pack_keys_wrap(&parts.pack_key, &parts.identity, parts.ephemeral, &epoch,
			      &parts.header, &err);
}

static int teardown(void **state)
{
	struct parts *parts = *state;

	dh_private_free(parts->epoch);
	dh_private_free(parts->ephemeral);
	secret_release(&parts->pack_key);
	secret_release(&parts->blob_key);
	return 0;
}

static int unwrap(struct parts *parts, struct err *err)
{
	CLEANUP(secret_release) struct secret key = {0};

	if (pack_keys_unwrap(&parts->header, &parts->identity, parts->epoch, &key, err) <
	    0)
		return -1;
	assert_true(secret_equal(&key, &parts->blob_key));
	return 0;
}

static void test_pack_keys_unwrap__gives_the_key_that_was_wrapped(void **state)
{
	struct err err = {0};

	assert_int_equal(unwrap(*state, &err), 0);
}

static void test_pack_keys_unwrap__compares_the_commitment(void **state)
{
	struct parts *parts = *state;
	struct dh_public epoch = dh_private_public(parts->epoch);
	struct err err = {0};

	/* a header that commits to another key, and is bound to its wrap */
	parts->header.commitment[0] ^= 1;
	assert_int_equal(pack_keys_wrap(&parts->pack_key, &parts->identity,
					parts->ephemeral, &epoch, &parts->header, &err),
			 0);
	assert_int_equal(unwrap(parts, &err), -1);
	assert_int_equal(err.code, ERR_CORRUPT);
	assert_string_equal(err.msg, "pack header: the key commitment does not fit");
}

static void test_pack_keys_unwrap__binds_repository_epoch_and_uuid(void **state)
{
	struct parts *parts = *state;
	struct err err = {0};

	parts->identity.id[0] ^= 1;
	assert_int_equal(unwrap(parts, &err), -1);
	parts->identity.id[0] ^= 1;
	parts->header.epoch++;
	assert_int_equal(unwrap(parts, &err), -1);
	parts->header.epoch--;
	parts->header.uuid[3] ^= 1;
	assert_int_equal(unwrap(parts, &err), -1);
	assert_int_equal(err.code, ERR_CORRUPT);
}

static void test_pack_keys_unwrap__refuses_a_low_order_point(void **state)
{
	struct parts *parts = *state;
	struct err err = {0};

	memset(parts->header.ephemeral, 0, DH_LEN);
	assert_int_equal(unwrap(parts, &err), -1);
	assert_int_equal(err.code, ERR_CORRUPT);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(test_pack_keys_unwrap__gives_the_key_that_was_wrapped),
		CASE(test_pack_keys_unwrap__compares_the_commitment),
		CASE(test_pack_keys_unwrap__binds_repository_epoch_and_uuid),
		CASE(test_pack_keys_unwrap__refuses_a_low_order_point),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
