/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/mem.h"
#include "crypto/hash.h"
#include "repo/snapshot_format.h"

struct fixture {
	struct snapshot_header header;
	struct buf body;
};

static int setup(void **state)
{
	struct fixture *f = mem_zalloc(sizeof(*f));
	struct snapshot_header *header = &f->header;
	uint8_t prev[HASH_LEN] = {1};
	struct header_epoch epoch = {0};
	struct buf wrap;

	snapshot_header_init(header);
	vec_push(&header->prev, prev);
	prev[0] = 2;
	vec_push(&header->prev, prev);
	header->start_nsec = -5;
	header->time_nsec = INT64_C(1764028800000000000);
	header->domain = mem_strdup("db");
	header->keylog_seq = 3;
	header->keylog_head[31] = 3;
	header->body_hash[0] = 4;
	header->body_size = 5;
	header->packlist_root[0] = 6;
	header->n_packs = 7;
	header->files = 8;
	header->bytes = UINT64_MAX;
	header->new_bytes = 9;
	header->stored_bytes = 10;
	header->warnings = 11;
	header->keep_until_nsec = 12;
	header->locked_until_nsec = 13;
	buf_init(&epoch.record, 0);
	buf_append_string(&epoch.record, "a record");
	vec_init(&epoch.wraps, sizeof(struct buf));
	buf_init(&wrap, 0);
	buf_append_string(&wrap, "a wrap");
	vec_push(&epoch.wraps, &wrap);
	vec_push(&header->epochs, &epoch);
	buf_init(&f->body, 0);
	snapshot_header_encode(header, &f->body);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	snapshot_header_release(&f->header);
	buf_release(&f->body);
	mem_free(f);
	return 0;
}

static int decode(struct slice body, struct err *err)
{
	CLEANUP(snapshot_header_release) struct snapshot_header header = {0};

	snapshot_header_init(&header);
	return snapshot_header_decode(body, &header, err);
}

static void test_snapshot_header_decode__yields_what_was_encoded(void **state)
{
	struct fixture *f = *state;
	CLEANUP(snapshot_header_release) struct snapshot_header header = {0};
	CLEANUP(buf_release) struct buf again = {0};
	struct err err = {0};

	snapshot_header_init(&header);
	assert_int_equal(snapshot_header_decode(buf_slice(&f->body), &header, &err), 0);
	assert_int_equal(header.prev.n, 2);
	assert_true(header.start_nsec == -5);
	assert_string_equal(header.domain, "db");
	assert_true(header.bytes == UINT64_MAX);
	assert_int_equal(header.warnings, 11);
	const struct header_epoch *epoch = vec_at(&header.epochs, 0);
	assert_string_equal(buf_string(&epoch->record), "a record");
	assert_string_equal(buf_string(vec_at(&epoch->wraps, 0)), "a wrap");
	buf_init(&again, 0);
	snapshot_header_encode(&header, &again);
	assert_true(slice_equal(buf_slice(&again), buf_slice(&f->body)));
}

static void test_snapshot_header_decode__refuses_any_other_length(void **state)
{
	struct fixture *f = *state;
	struct err err = {0};

	for (size_t len = 0; len < f->body.len; len++)
		assert_int_equal(decode(slice_of(f->body.data, len), &err), -1);
	buf_append_byte(&f->body, 0);
	assert_int_equal(decode(buf_slice(&f->body), &err), -1);
	assert_int_equal(err.code, ERR_CORRUPT);
	assert_non_null(strstr(err.msg, "header: "));
}

static void test_snapshot_header_decode__refuses_a_newer_version(void **state)
{
	struct fixture *f = *state;
	struct err err = {0};

	f->body.data[0] = 2;
	assert_int_equal(decode(buf_slice(&f->body), &err), -1);
	assert_int_equal(err.code, ERR_UNSUPPORTED);
	assert_string_equal(err.msg, "header: version 2 is made by a newer Quipu");
}

/* The domain becomes part of object keys. */
static void test_snapshot_header_decode__refuses_a_domain_that_is_no_segment(void **state)
{
	struct fixture *f = *state;
	static const char *const domains[] = {"", "..", "a/b", "a b"};

	for (size_t i = 0; i < ARRAY_SIZE(domains); i++) {
		struct err err = {0};

		mem_free(f->header.domain);
		f->header.domain = mem_strdup(domains[i]);
		buf_clear(&f->body);
		snapshot_header_encode(&f->header, &f->body);
		assert_int_equal(decode(buf_slice(&f->body), &err), -1);
		assert_string_equal(err.msg,
				    "header: the domain is no segment of a stream name");
	}
}

static void test_snapshot_header_decode__bounds_its_counts(void **state)
{
	struct fixture *f = *state;
	struct err err = {0};

	f->body.data[2] = 65; /* predecessors */
	assert_int_equal(decode(buf_slice(&f->body), &err), -1);
	assert_string_equal(err.msg, "header: 65 predecessors, at most 64");
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(test_snapshot_header_decode__yields_what_was_encoded),
		CASE(test_snapshot_header_decode__refuses_any_other_length),
		CASE(test_snapshot_header_decode__refuses_a_newer_version),
		CASE(test_snapshot_header_decode__refuses_a_domain_that_is_no_segment),
		CASE(test_snapshot_header_decode__bounds_its_counts),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
