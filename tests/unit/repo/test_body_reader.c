/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "support/body_sample.h"

static int read_body(struct body_sample *sample, struct snapshot_body *body,
		     struct err *err)
{
	CLEANUP(epoch_keys_freep)
	struct epoch_keys *epochs =
		epoch_keys_new(&sample->repo, sample->reader, &sample->header);

	return body_read(&sample->repo, sample->reader, epochs, &sample->header, body,
			 err);
}

static void assert_fails(struct body_sample *sample, enum err_code code, const char *why)
{
	CLEANUP(mem_freep) char *expected = mem_printf("%s: %s", sample->key, why);
	struct snapshot_body body;
	struct err err = {0};

	assert_int_equal(read_body(sample, &body, &err), -1);
	assert_string_equal(err.msg, expected);
	assert_int_equal(err.code, code);
}

static void replace_object(struct body_sample *sample)
{
	struct store_put_options options = {.mode = STORE_PUT_REPLACE};
	struct err err = {0};

	assert_int_equal(store_put(sample->repo.store, sample->key,
				   buf_slice(&sample->object), &options, &err),
			 0);
}

static void test_body_read__gives_what_was_sealed(void **state)
{
	CLEANUP(snapshot_body_release) struct snapshot_body body = {0};
	struct err err = {0};

	assert_int_equal(read_body(*state, &body, &err), 0);
	assert_string_equal(body.host, "somewhere");
}

static void test_body_read__tells_that_it_is_missing(void **state)
{
	struct body_sample *sample = *state;
	struct err err = {0};

	assert_int_equal(store_delete(sample->repo.store, sample->key, NULL, &err), 0);
	assert_fails(sample, ERR_CORRUPT, "it is missing");
}

static void test_body_read__tells_that_the_snapshot_is_expired(void **state)
{
	struct body_sample *sample = *state;
	struct err err = {0};

	assert_int_equal(store_delete(sample->repo.store, sample->key, NULL, &err), 0);
	sample->header.expired = true;
	assert_fails(sample, ERR_NOT_FOUND, "the snapshot is expired");
}

static void test_body_read__refuses_a_changed_byte(void **state)
{
	struct body_sample *sample = *state;

	sample->object.data[200] ^= 1;
	replace_object(sample);
	assert_fails(sample, ERR_CORRUPT, "its content is not what its name says");
}

static void test_body_read__refuses_another_length(void **state)
{
	struct body_sample *sample = *state;
	CLEANUP(mem_freep)
	char *expected = mem_printf("%zu bytes, the snapshot header says %zu",
				    sample->object.len + 1, sample->object.len);

	buf_append_byte(&sample->object, 0);
	replace_object(sample);
	assert_fails(sample, ERR_CORRUPT, expected);
}

static void test_body_read__refuses_a_pack_of_data(void **state)
{
	struct body_sample *sample = *state;

	body_sample_seal(sample, BLOB_DATA, slice_of_string("data"), 1);
	body_sample_name(sample);
	assert_fails(sample, ERR_CORRUPT, "it holds something else than one body");
}

static void test_body_read__refuses_two_bodies(void **state)
{
	struct body_sample *sample = *state;

	body_sample_seal(sample, BLOB_BODY, slice_of_string("body"), 2);
	body_sample_name(sample);
	assert_fails(sample, ERR_CORRUPT, "it holds something else than one body");
}

static void test_body_read__refuses_what_is_no_body(void **state)
{
	struct body_sample *sample = *state;
	CLEANUP(snapshot_body_release) struct snapshot_body body = {0};
	struct err err = {0};

	body_sample_seal(sample, BLOB_BODY, slice_of_string("\1\0junk"), 1);
	body_sample_name(sample);
	assert_int_equal(read_body(sample, &body, &err), -1);
	assert_int_equal(err.code, ERR_CORRUPT);
	assert_memory_equal(err.msg, "bodies/", 7);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		body_sample_test(test_body_read__gives_what_was_sealed),
		body_sample_test(test_body_read__tells_that_it_is_missing),
		body_sample_test(test_body_read__tells_that_the_snapshot_is_expired),
		body_sample_test(test_body_read__refuses_a_changed_byte),
		body_sample_test(test_body_read__refuses_another_length),
		body_sample_test(test_body_read__refuses_a_pack_of_data),
		body_sample_test(test_body_read__refuses_two_bodies),
		body_sample_test(test_body_read__refuses_what_is_no_body),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
