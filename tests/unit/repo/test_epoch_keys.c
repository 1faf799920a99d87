/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "support/body_sample.h"

static int open_pack(struct body_sample *sample, struct err *err)
{
	CLEANUP(epoch_keys_freep)
	struct epoch_keys *keys =
		epoch_keys_new(&sample->repo, sample->reader, &sample->header);
	CLEANUP(pack_opener_freep) struct pack_opener *opener = NULL;

	/* twice: the second time the key is there already */
	if (epoch_keys_open_pack(keys, slice_of(sample->object.data, PACK_HEADER_LEN),
				 &opener, err) < 0)
		return -1;
	pack_opener_free(STEAL(opener));
	return epoch_keys_open_pack(keys, slice_of(sample->object.data, PACK_HEADER_LEN),
				    &opener, err);
}

static void put_wrap(struct body_sample *sample)
{
	struct dh_public epoch = dh_private_public(sample->ks.sample.epoch);
	struct dh_public recipient = dh_private_public(sample->reader->recipient);
	struct store_put_options options = {.mode = STORE_PUT_NEW};
	CLEANUP(buf_release) struct buf wrap = {0};
	char key[WRAP_KEY_LEN];
	uint8_t id[32];
	struct err err = {0};

	body_sample_wrap(sample, &wrap);
	recipient_id(&recipient, id);
	wrap_key(1, &epoch, id, key);
	assert_int_equal(
		store_put(sample->repo.store, key, buf_slice(&wrap), &options, &err), 0);
}

static void test_open_pack__uses_the_wrap_that_the_header_repeats(void **state)
{
	struct err err = {0};

	assert_int_equal(open_pack(*state, &err), 0);
}

static void test_open_pack__needs_no_key_log_when_the_header_has_it(void **state)
{
	struct body_sample *sample = *state;
	CLEANUP(keylog_freep) struct keylog *empty = NULL;
	CLEANUP(store_freep)
	struct store *store = store_memory_new(&sample->ks.clock);
	struct err err = {0};

	assert_int_equal(keylog_load(store, &sample->repo.identity, &empty, &err), 0);
	sample->repo.keylog = empty;
	assert_int_equal(open_pack(sample, &err), 0);
}

static void test_open_pack__uses_the_stored_wrap(void **state)
{
	struct body_sample *sample = *state;
	struct err err = {0};

	body_sample_forget_epochs(sample);
	put_wrap(sample);
	assert_int_equal(open_pack(sample, &err), 0);
}

static void test_open_pack__refuses_who_is_no_recipient(void **state)
{
	struct body_sample *sample = *state;
	struct dh_private *recipient = sample->reader->recipient;
	CLEANUP(dh_private_freep)
	struct dh_private *other = dh_private_generate(&sample->ks.sample.rng);
	struct err err = {0};
	int failed;

	sample->reader->recipient = other;
	failed = open_pack(sample, &err);
	sample->reader->recipient = recipient;
	assert_int_equal(failed, -1);
	assert_int_equal(err.code, ERR_KEY);
	assert_string_equal(err.msg, "epoch 1: this key is not among its recipients");
}

static void test_open_pack__refuses_an_epoch_that_nobody_signed(void **state)
{
	struct body_sample *sample = *state;
	struct err err = {0};

	sample->object.data[12] = 9; /* the epoch's number */
	assert_int_equal(open_pack(sample, &err), -1);
	assert_int_equal(err.code, ERR_CORRUPT);
	assert_string_equal(
		err.msg, "epoch 9 is neither in the snapshot header nor in the key log");
}

static void test_open_pack__refuses_a_forged_epoch_record(void **state)
{
	struct body_sample *sample = *state;
	struct header_epoch *epoch = vec_at(&sample->header.epochs, 0);
	CLEANUP(keylog_freep) struct keylog *empty = NULL;
	CLEANUP(store_freep)
	struct store *store = store_memory_new(&sample->ks.clock);
	struct err err = {0};

	assert_int_equal(keylog_load(store, &sample->repo.identity, &empty, &err), 0);
	sample->repo.keylog = empty;
	epoch->record.data[epoch->record.len - 1] ^= 1; /* the signature */
	assert_int_equal(open_pack(sample, &err), -1);
	assert_int_equal(err.code, ERR_ALARM);
	assert_memory_equal(err.msg, "epoch record in the snapshot header: ", 37);
}

static void test_open_pack__refuses_a_changed_pack_header(void **state)
{
	struct body_sample *sample = *state;
	struct err err = {0};

	sample->object.data[100] ^= 1; /* the wrapped key */
	assert_int_equal(open_pack(sample, &err), -1);
	assert_int_equal(err.code, ERR_CORRUPT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		body_sample_test(test_open_pack__uses_the_wrap_that_the_header_repeats),
		body_sample_test(test_open_pack__needs_no_key_log_when_the_header_has_it),
		body_sample_test(test_open_pack__uses_the_stored_wrap),
		body_sample_test(test_open_pack__refuses_who_is_no_recipient),
		body_sample_test(test_open_pack__refuses_an_epoch_that_nobody_signed),
		body_sample_test(test_open_pack__refuses_a_forged_epoch_record),
		body_sample_test(test_open_pack__refuses_a_changed_pack_header),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
