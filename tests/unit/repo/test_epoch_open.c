/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "support/keylog_sample.h"

struct fixture {
	struct keylog_sample ks;
	char key[WRAP_KEY_LEN]; /* of the reader's wrap of epoch 1 */
	struct buf wrap;
	struct vec wraps; /* the same as a header has it */
};

static int seal(struct fixture *f, const struct dh_private *epoch_key, struct buf *out,
		struct err *err)
{
	struct dh_public recipient = dh_private_public(f->ks.owner.reader.recipient);
	struct wrap_epoch epoch = {.identity = &f->ks.sample.identity,
				   .number = 1,
				   .public_key = dh_private_public(epoch_key)};

	buf_init(out, 0);
	return wrap_seal(&epoch, epoch_key, &recipient, &f->ks.sample.rng, out, err);
}

static int setup(void **state)
{
	struct fixture *f = mem_zalloc(sizeof(*f));
	struct dh_public epoch_public;
	struct dh_public recipient;
	uint8_t id[32];
	struct err err = {0};

	*state = f;
	if (keylog_sample_init(&f->ks, 8, &err) < 0 ||
	    seal(f, f->ks.sample.epoch, &f->wrap, &err) < 0)
		return -1;
	epoch_public = dh_private_public(f->ks.sample.epoch);
	recipient = dh_private_public(f->ks.owner.reader.recipient);
	recipient_id(&recipient, id);
	wrap_key(1, &epoch_public, id, f->key);
	vec_init(&f->wraps, sizeof(struct buf));
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	keylog_sample_release(&f->ks);
	buf_release(&f->wrap);
	vec_release(&f->wraps);
	mem_free(f);
	return 0;
}

static void put_wrap(struct fixture *f, struct slice wrap)
{
	struct store_put_options options = {.mode = STORE_PUT_REPLACE};
	struct err err = {0};

	assert_int_equal(store_put(f->ks.store, f->key, wrap, &options, &err), 0);
}

/* Opens epoch 1 and compares the key. */
static int open_epoch(struct fixture *f, struct err *err)
{
	CLEANUP(dh_private_freep) struct dh_private *found = NULL;

	if (epoch_open(keylog_newest_epoch(f->ks.keylog), &f->ks.owner.reader,
		       f->ks.store, &f->wraps, &found, err) < 0)
		return -1;
	assert_true(secret_equal(dh_private_bytes(found),
				 dh_private_bytes(f->ks.sample.epoch)));
	return 0;
}

static void test_epoch_open__finds_the_stored_wrap(void **state)
{
	struct fixture *f = *state;
	struct err err = {0};

	put_wrap(f, buf_slice(&f->wrap));
	assert_int_equal(open_epoch(f, &err), 0);
}

static void test_epoch_open__does_with_a_headers_wrap(void **state)
{
	struct fixture *f = *state;
	struct err err = {0};

	vec_push(&f->wraps, &f->wrap);
	assert_int_equal(open_epoch(f, &err), 0);
}

static void test_epoch_open__goes_on_past_a_false_wrap(void **state)
{
	struct fixture *f = *state;
	CLEANUP(buf_release) struct buf bad = {0};
	struct err err = {0};

	buf_init(&bad, 0);
	buf_append_slice(&bad, buf_slice(&f->wrap));
	bad.data[WRAP_LEN - 1] ^= 1;
	vec_push(&f->wraps, &bad);
	put_wrap(f, buf_slice(&f->wrap));
	assert_int_equal(open_epoch(f, &err), 0);
}

static void test_epoch_open__refuses_a_planted_key(void **state)
{
	struct fixture *f = *state;
	CLEANUP(dh_private_freep)
	struct dh_private *planted = dh_private_generate(&f->ks.sample.rng);
	CLEANUP(buf_release) struct buf wrap = {0};
	struct err err = {0};

	assert_int_equal(seal(f, planted, &wrap, &err), 0);
	put_wrap(f, buf_slice(&wrap));
	vec_push(&f->wraps, &wrap);
	assert_int_equal(open_epoch(f, &err), -1);
	assert_int_equal(err.code, ERR_CORRUPT);
	assert_non_null(strstr(err.msg, "it names another key than the owner's"));
}

static void test_epoch_open__tells_that_the_key_is_no_recipient(void **state)
{
	struct fixture *f = *state;
	struct err err = {0};

	assert_int_equal(open_epoch(f, &err), -1);
	assert_int_equal(err.code, ERR_KEY);
	assert_string_equal(err.msg, "epoch 1: this key is not among its recipients");
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(test_epoch_open__finds_the_stored_wrap),
		CASE(test_epoch_open__does_with_a_headers_wrap),
		CASE(test_epoch_open__goes_on_past_a_false_wrap),
		CASE(test_epoch_open__refuses_a_planted_key),
		CASE(test_epoch_open__tells_that_the_key_is_no_recipient),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
