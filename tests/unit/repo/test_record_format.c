/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/mem.h"
#include "repo/record_format.h"

/* Offset of the type: version, prev, time. */
enum { TYPE_AT = 2 + HASH_LEN + 8 };

static int setup(void **state)
{
	CLEANUP(record_release) struct record record = {0};
	struct buf *body = mem_zalloc(sizeof(*body));
	struct record_target target = {.stream = mem_strdup("db/orders"), .seq = 9};

	target.id[0] = 7;
	record_init(&record, RECORD_EXPIRE);
	record.prev[0] = 1;
	record.time_nsec = 42;
	vec_push(&record.expired, &target);
	buf_init(body, 0);
	record_encode(&record, body);
	*state = body;
	return 0;
}

static int teardown(void **state)
{
	buf_release(*state);
	mem_free(*state);
	return 0;
}

static int decode(struct slice body, struct err *err)
{
	CLEANUP(record_release) struct record record = {0};

	return record_decode(body, &record, err);
}

static void test_record_decode__yields_what_was_encoded(void **state)
{
	CLEANUP(record_release) struct record record = {0};
	struct err err = {0};

	assert_int_equal(record_decode(buf_slice(*state), &record, &err), 0);
	assert_int_equal(record.type, RECORD_EXPIRE);
	assert_int_equal(record.prev[0], 1);
	assert_int_equal(record.time_nsec, 42);
	assert_int_equal(record.expired.n, 1);
	const struct record_target *target = vec_at(&record.expired, 0);
	assert_string_equal(target->stream, "db/orders");
	assert_int_equal(target->seq, 9);
	assert_int_equal(target->id[0], 7);
}

static void test_record_decode__refuses_any_other_length(void **state)
{
	struct buf *body = *state;
	struct err err = {0};

	for (size_t len = 0; len < body->len; len++)
		assert_int_equal(decode(slice_of(body->data, len), &err), -1);
	buf_append_byte(body, 0);
	assert_int_equal(decode(buf_slice(body), &err), -1);
	assert_int_equal(err.code, ERR_CORRUPT);
}

static void test_record_decode__skips_payloads_without_a_meaning(void **state)
{
	struct buf *body = *state;
	struct err err = {0};
	CLEANUP(record_release) struct record record = {0};

	body->data[TYPE_AT] = RECORD_REPACK;
	assert_int_equal(record_decode(buf_slice(body), &record, &err), 0);
	assert_int_equal(record.type, RECORD_REPACK);
	assert_int_equal(record.expired.n, 0);
}

static void test_record_decode__refuses_unknown_types(void **state)
{
	struct buf *body = *state;
	struct err err = {0};

	body->data[TYPE_AT] = 7;
	assert_int_equal(decode(buf_slice(body), &err), -1);
	assert_string_equal(err.msg, "record: type 7 is made by a newer Quipu");
	body->data[TYPE_AT] = 0;
	assert_int_equal(decode(buf_slice(body), &err), -1);
}

static void test_record_decode__refuses_a_newer_version(void **state)
{
	struct buf *body = *state;
	struct err err = {0};

	body->data[0] = 9;
	assert_int_equal(decode(buf_slice(body), &err), -1);
	assert_int_equal(err.code, ERR_UNSUPPORTED);
}

static void test_record_decode__refuses_a_huge_count(void **state)
{
	struct buf *body = *state;
	struct err err = {0};

	memset(body->data + TYPE_AT + 1 + 4, 0xff, 4);
	assert_int_equal(decode(buf_slice(body), &err), -1);
	assert_int_equal(err.code, ERR_CORRUPT);
	assert_non_null(strstr(err.msg, "expire record: "));
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(test_record_decode__yields_what_was_encoded),
		CASE(test_record_decode__refuses_any_other_length),
		CASE(test_record_decode__skips_payloads_without_a_meaning),
		CASE(test_record_decode__refuses_unknown_types),
		CASE(test_record_decode__refuses_a_newer_version),
		CASE(test_record_decode__refuses_a_huge_count),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
