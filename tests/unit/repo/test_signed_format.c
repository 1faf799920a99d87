/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "repo/signed_format.h"
#include "support/repo_sample.h"

struct fixture {
	struct repo_sample sample;
	struct buf object; /* a header frame of stream "db/orders", seq 5 */
};

static const struct frame_expect expect_header = {
	.kind = FRAME_SNAPSHOT, .stream = "db/orders", .seq = 5, .role = KEY_WRITER};

static void encode(struct fixture *fixture, const struct sign_private *key)
{
	struct signed_frame frame = {
		.kind = FRAME_SNAPSHOT,
		.seq = 5,
		.stream = slice_of_string("db/orders"),
		.certificate = buf_slice(&fixture->sample.writer.certificate),
		.body = slice_of_string("the body"),
	};

	buf_clear(&fixture->object);
	signed_frame_encode(&frame, &fixture->sample.identity, key, &fixture->object);
}

static int setup(void **state)
{
	struct fixture *fixture = mem_zalloc(sizeof(*fixture));

	repo_sample_init(&fixture->sample, 1);
	buf_init(&fixture->object, 0);
	encode(fixture, fixture->sample.writer.sign);
	*state = fixture;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *fixture = *state;

	repo_sample_release(&fixture->sample);
	buf_release(&fixture->object);
	mem_free(fixture);
	return 0;
}

static int open_it(const struct fixture *fixture, const struct frame_expect *expect,
		   struct err *err)
{
	struct signed_frame frame;

	return signed_frame_open(buf_slice(&fixture->object), &fixture->sample.identity,
				 expect, &frame, err);
}

static void test_signed_frame_open__yields_the_body(void **state)
{
	struct fixture *fixture = *state;
	struct signed_frame frame;
	struct err err = {0};

	assert_int_equal(signed_frame_open(buf_slice(&fixture->object),
					   &fixture->sample.identity, &expect_header,
					   &frame, &err),
			 0);
	assert_true(slice_equal(frame.body, slice_of_string("the body")));
	assert_true(slice_equal(frame.stream, slice_of_string("db/orders")));
	assert_int_equal(frame.seq, 5);
	assert_int_equal(fixture->object.len,
			 FRAME_OVERHEAD + strlen("db/orders") + strlen("the body") +
				 fixture->sample.writer.certificate.len);
}

static void test_signed_frame_open__notices_every_flipped_bit(void **state)
{
	struct fixture *fixture = *state;

	for (size_t i = 0; i < fixture->object.len * 8; i++) {
		struct err err = {0};

		fixture->object.data[i / 8] ^= (uint8_t)(1 << (i % 8));
		if (open_it(fixture, &expect_header, &err) == 0)
			fail_msg("bit %zu", i);
		assert_true(err.code == ERR_ALARM || err.code == ERR_CORRUPT ||
			    err.code == ERR_UNSUPPORTED);
		fixture->object.data[i / 8] ^= (uint8_t)(1 << (i % 8));
	}
}

static void test_signed_frame_open__refuses_truncation_and_trailing_bytes(void **state)
{
	struct fixture *fixture = *state;
	size_t len = fixture->object.len;
	struct err err = {0};

	for (fixture->object.len = 0; fixture->object.len < len; fixture->object.len++)
		assert_int_equal(open_it(fixture, &expect_header, &err), -1);
	buf_append_byte(&fixture->object, 0);
	assert_int_equal(open_it(fixture, &expect_header, &err), -1);
	assert_int_equal(err.code, ERR_CORRUPT);
}

static void test_signed_frame_open__refuses_another_place(void **state)
{
	struct fixture *fixture = *state;
	struct frame_expect expect = expect_header;
	struct err err = {0};

	expect.stream = "db/users";
	assert_int_equal(open_it(fixture, &expect, &err), -1);
	assert_int_equal(err.code, ERR_ALARM);
	assert_string_equal(err.msg, "it belongs to stream db/orders");
	expect = expect_header;
	expect.seq = 6;
	assert_int_equal(open_it(fixture, &expect, &err), -1);
	assert_string_equal(err.msg, "its seq is 5, expected 6");
	expect = expect_header;
	expect.kind = FRAME_INDEX;
	assert_int_equal(open_it(fixture, &expect, &err), -1);
	assert_string_equal(err.msg, "its kind is snapshot, expected index");
	expect = expect_header;
	expect.role = KEY_PRUNER;
	assert_int_equal(open_it(fixture, &expect, &err), -1);
	assert_non_null(strstr(err.msg, "certifies a writer, expected a pruner"));
}

static void test_signed_frame_open__refuses_another_repository(void **state)
{
	struct fixture *fixture = *state;
	struct err err = {0};

	fixture->sample.identity.id[0] ^= 1;
	assert_int_equal(open_it(fixture, &expect_header, &err), -1);
	assert_int_equal(err.code, ERR_ALARM);
}

static void test_signed_frame_open__refuses_a_signer_without_its_certificate(void **state)
{
	struct fixture *fixture = *state;
	CLEANUP(sign_private_freep)
	struct sign_private *thief = sign_private_generate(&fixture->sample.rng);
	struct err err = {0};

	encode(fixture, thief);
	assert_int_equal(open_it(fixture, &expect_header, &err), -1);
	assert_int_equal(err.code, ERR_ALARM);
	assert_string_equal(err.msg, "its signer is not whom its certificate names");
}

static void test_signed_frame_open__refuses_a_forged_certificate(void **state)
{
	struct fixture *fixture = *state;
	CLEANUP(sign_private_freep)
	struct sign_private *thief = sign_private_generate(&fixture->sample.rng);
	struct sign_private *owner = fixture->sample.owner;
	struct err err = {0};

	buf_clear(&fixture->sample.writer.certificate);
	fixture->sample.owner = thief;
	sample_certify(&fixture->sample, 3, KEY_WRITER, sign_private_public(thief),
		       &fixture->sample.writer.certificate);
	fixture->sample.owner = owner;
	encode(fixture, thief);
	assert_int_equal(open_it(fixture, &expect_header, &err), -1);
	assert_int_equal(err.code, ERR_ALARM);
	assert_string_equal(
		err.msg, "certificate: it is not signed by the owner of the repository");
}

static void test_signed_frame_open__owner_only_refuses_a_writer(void **state)
{
	struct fixture *fixture = *state;
	struct frame_expect expect = expect_header;
	struct err err = {0};

	expect.owner_only = true;
	assert_int_equal(open_it(fixture, &expect, &err), -1);
	assert_int_equal(err.code, ERR_ALARM);
	encode(fixture, fixture->sample.owner); /* the owner, but with a certificate */
	assert_int_equal(open_it(fixture, &expect, &err), -1);
	assert_int_equal(err.code, ERR_ALARM);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(test_signed_frame_open__yields_the_body),
		CASE(test_signed_frame_open__notices_every_flipped_bit),
		CASE(test_signed_frame_open__refuses_truncation_and_trailing_bytes),
		CASE(test_signed_frame_open__refuses_another_place),
		CASE(test_signed_frame_open__refuses_another_repository),
		CASE(test_signed_frame_open__refuses_a_signer_without_its_certificate),
		CASE(test_signed_frame_open__refuses_a_forged_certificate),
		CASE(test_signed_frame_open__owner_only_refuses_a_writer),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
