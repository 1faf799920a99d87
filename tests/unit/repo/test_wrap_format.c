/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/mem.h"
#include "repo/wrap_format.h"

struct fixture {
	struct rng rng;
	struct repo_identity identity;
	struct dh_private *epoch_key;
	struct wrap_epoch epoch; /* number 7 */
	struct dh_private *recipient;
	struct dh_public recipient_public;
	struct buf wrap;
};

static int setup(void **state)
{
	struct fixture *f = mem_zalloc(sizeof(*f));
	struct err err = {0};

	f->rng = rng_seeded(3);
	rng_fill(&f->rng, f->identity.id, REPO_ID_LEN);
	f->epoch_key = dh_private_generate(&f->rng);
	f->recipient = dh_private_generate(&f->rng);
	f->epoch = (struct wrap_epoch){.identity = &f->identity,
				       .number = 7,
				       .public_key = dh_private_public(f->epoch_key)};
	f->recipient_public = dh_private_public(f->recipient);
	buf_init(&f->wrap, 0);
	if (wrap_seal(&f->epoch, f->epoch_key, &f->recipient_public, &f->rng, &f->wrap,
		      &err) < 0)
		return -1;
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	dh_private_free(f->epoch_key);
	dh_private_free(f->recipient);
	buf_release(&f->wrap);
	mem_free(f);
	return 0;
}

static int open_it(const struct fixture *f, struct err *err)
{
	CLEANUP(dh_private_freep) struct dh_private *found = NULL;

	return wrap_open(buf_slice(&f->wrap), &f->epoch, f->recipient, &found, err);
}

static void test_wrap_open__yields_the_epochs_key(void **state)
{
	const struct fixture *f = *state;
	CLEANUP(dh_private_freep) struct dh_private *found = NULL;
	struct err err = {0};

	assert_int_equal(f->wrap.len, WRAP_LEN);
	assert_int_equal(
		wrap_open(buf_slice(&f->wrap), &f->epoch, f->recipient, &found, &err), 0);
	assert_true(
		secret_equal(dh_private_bytes(found), dh_private_bytes(f->epoch_key)));
}

static void test_wrap_open__notices_every_flipped_bit(void **state)
{
	struct fixture *f = *state;

	for (size_t i = 0; i < f->wrap.len * 8; i++) {
		struct err err = {0};

		f->wrap.data[i / 8] ^= (uint8_t)(1 << (i % 8));
		if (open_it(f, &err) == 0)
			fail_msg("bit %zu", i);
		f->wrap.data[i / 8] ^= (uint8_t)(1 << (i % 8));
	}
}

static void test_wrap_open__refuses_another_recipient(void **state)
{
	struct fixture *f = *state;
	struct err err = {0};

	dh_private_free(f->recipient);
	f->recipient = dh_private_generate(&f->rng);
	assert_int_equal(open_it(f, &err), -1);
	assert_int_equal(err.code, ERR_CORRUPT);
	assert_string_equal(err.msg, "wrap: it is another recipient's");
}

static void test_wrap_open__refuses_another_repository(void **state)
{
	struct fixture *f = *state;
	struct err err = {0};

	f->identity.id[3] ^= 1;
	assert_int_equal(open_it(f, &err), -1);
	assert_string_equal(err.msg, "wrap: it does not open");
}

static void test_wrap_open__refuses_a_planted_key(void **state)
{
	struct fixture *f = *state;
	CLEANUP(dh_private_freep)
	struct dh_private *planted = dh_private_generate(&f->rng);
	struct wrap_epoch forged = f->epoch;
	struct err err = {0};

	forged.public_key = dh_private_public(planted);

	buf_clear(&f->wrap);
	assert_int_equal(wrap_seal(&forged, planted, &f->recipient_public, &f->rng,
				   &f->wrap, &err),
			 0);
	assert_int_equal(open_it(f, &err), -1);
	assert_int_equal(err.code, ERR_CORRUPT);
	assert_string_equal(err.msg,
			    "wrap: it names another key than the owner's for epoch 7");
}

static void test_wrap_seal__refuses_a_low_order_recipient(void **state)
{
	struct fixture *f = *state;
	struct dh_public zero = {{0}};
	struct err err = {0};

	buf_clear(&f->wrap);
	assert_int_equal(
		wrap_seal(&f->epoch, f->epoch_key, &zero, &f->rng, &f->wrap, &err), -1);
	assert_int_equal(err.code, ERR_CORRUPT);
	assert_int_equal(f->wrap.len, 0);
}

static void test_wrap_label_decode__tells_whose_it_is(void **state)
{
	const struct fixture *f = *state;
	struct wrap_label label;
	uint8_t id[32];
	struct err err = {0};

	recipient_id(&f->recipient_public, id);
	assert_int_equal(wrap_label_decode(buf_slice(&f->wrap), &label, &err), 0);
	assert_int_equal(label.epoch, 7);
	assert_memory_equal(label.recipient, id, 32);
	assert_memory_equal(label.epoch_key.bytes, f->epoch.public_key.bytes, DH_LEN);
}

static void test_wrap_label_decode__refuses_a_newer_version(void **state)
{
	struct fixture *f = *state;
	struct wrap_label label;
	struct err err = {0};

	f->wrap.data[4] = 2;
	assert_int_equal(wrap_label_decode(buf_slice(&f->wrap), &label, &err), -1);
	assert_int_equal(err.code, ERR_UNSUPPORTED);
	assert_string_equal(err.msg, "wrap: version 2 is made by a newer Quipu");
}

static void test_wrap_key__names_epoch_and_recipient(void **state)
{
	const struct fixture *f = *state;
	char key[WRAP_KEY_LEN];
	uint8_t id[32];

	recipient_id(&f->recipient_public, id);
	wrap_key(7, &f->epoch.public_key, id, key);
	assert_int_equal(strncmp(key, "keys/wraps/000007-", 18), 0);
	assert_int_equal(strlen(key), 11 + 6 + 1 + 16 + 1 + 64);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(test_wrap_open__yields_the_epochs_key),
		CASE(test_wrap_open__notices_every_flipped_bit),
		CASE(test_wrap_open__refuses_another_recipient),
		CASE(test_wrap_open__refuses_another_repository),
		CASE(test_wrap_open__refuses_a_planted_key),
		CASE(test_wrap_seal__refuses_a_low_order_recipient),
		CASE(test_wrap_label_decode__tells_whose_it_is),
		CASE(test_wrap_label_decode__refuses_a_newer_version),
		CASE(test_wrap_key__names_epoch_and_recipient),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
