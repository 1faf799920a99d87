/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "support/snapshot_fixture.h"
#include "support/store_cut.h"

static int check(struct repo_fixture *f, const char *stream, struct err *err)
{
	return snapshot_commit_check(f->repo, f->writer->writer, stream, err);
}

static void test_snapshot_commit_check__takes_new_and_known_streams(void **state)
{
	struct repo_fixture *f = *state;
	struct err err = {0};

	assert_int_equal(check(f, "db/orders", &err), 0);
	fixture_commit(f, "db/orders");
	assert_int_equal(check(f, "db/orders", &err), 0);
	assert_int_equal(check(f, "db/order", &err), 0);
	assert_int_equal(check(f, "db/orders2", &err), 0);
}

static void test_snapshot_commit_check__refuses_prefixes_both_ways(void **state)
{
	struct repo_fixture *f = *state;
	struct err err = {0};

	fixture_commit(f, "db/orders");
	assert_int_equal(check(f, "db", &err), -1);
	assert_int_equal(err.code, ERR_USAGE);
	assert_string_equal(err.msg, "stream db: stream db/orders exists already");
	assert_int_equal(check(f, "db/orders/eu", &err), -1);
	assert_string_equal(err.msg,
			    "stream db/orders/eu: stream db/orders exists already");
}

static void test_snapshot_commit_check__refuses_a_bad_name(void **state)
{
	struct repo_fixture *f = *state;
	struct err err = {0};

	assert_int_equal(check(f, "db orders", &err), -1);
	assert_int_equal(err.code, ERR_USAGE);
}

static void test_snapshot_commit_check__asks_the_certificate(void **state)
{
	struct repo_fixture *f = *state;
	struct writer_key key;
	struct err err = {0};

	fixture_writer(f, "web", "hosts/*", &key);
	assert_int_equal(snapshot_commit_check(f->repo, &key, "hosts/web1", &err), 0);
	assert_int_equal(snapshot_commit_check(f->repo, &key, "db", &err), -1);
	assert_int_equal(err.code, ERR_KEY);
	assert_string_equal(err.msg, "the writer web may not write to stream db");
	fixture_writer_release(&key);
}

static void test_snapshot_commit_check__refuses_a_revoked_writer(void **state)
{
	struct repo_fixture *f = *state;
	struct err err = {0};

	fixture_revoke(f, 0, NULL, NULL);
	assert_int_equal(check(f, "db", &err), -1);
	assert_int_equal(err.code, ERR_KEY);
	assert_string_equal(err.msg, "the certificate of writer writer is revoked");
}

/* The header was made when the log had four records; the bucket shows three. */
static void test_snapshot_commit_check__notices_a_shortened_key_log(void **state)
{
	struct repo_fixture *f = *state;
	struct snapshot_header header;
	struct err err = {0};

	snapshot_header_init(&header);
	header.stream = mem_strdup("db/users");
	header.seq = 1;
	header.keylog_seq = 4;
	header.keylog_head[0] = 1;
	fixture_put_header(f, f->writer->writer, &header);
	snapshot_header_release(&header);
	assert_int_equal(check(f, "mail", &err), 0); /* another domain */
	assert_int_equal(check(f, "db/orders", &err), -1);
	assert_int_equal(err.code, ERR_ALARM);
	assert_non_null(strstr(err.msg, "key log: record 4, which header db/users 1 ("));
}

static void put_junk(struct repo_fixture *f, const char *stream, uint64_t seq)
{
	struct store_put_options new = {.mode = STORE_PUT_NEW};
	uint8_t id[32] = {1};
	CLEANUP(mem_freep) char *key = fixture_header_key(stream, seq, id);
	struct err err = {0};

	assert_int_equal(store_put(f->store, key, slice_of_string("junk"), &new, &err),
			 0);
}

/* An object that is no header must not stop backups; listings report it. */
static void test_snapshot_commit_check__ignores_what_does_not_verify(void **state)
{
	struct repo_fixture *f = *state;
	struct err err = {0};

	put_junk(f, "db/users", 9);
	put_junk(f, "db", 1);
	put_junk(f, "db/orders/eu", 1);
	assert_int_equal(check(f, "db/orders", &err), 0);
	fixture_commit(f, "db/orders/us");
	assert_int_equal(check(f, "db/orders", &err), -1);
	assert_string_equal(err.msg,
			    "stream db/orders: stream db/orders/us exists already");
}

/* Junk above the header that knows more of the log does not hide it. */
static void test_snapshot_commit_check__looks_below_junk(void **state)
{
	struct repo_fixture *f = *state;
	struct snapshot_header header;
	struct err err = {0};

	snapshot_header_init(&header);
	header.stream = mem_strdup("db/users");
	header.seq = 3;
	header.keylog_seq = 4;
	header.keylog_head[0] = 1;
	fixture_put_header(f, f->writer->writer, &header);
	for (uint64_t seq = 5; seq < 50; seq++)
		put_junk(f, "db/users", seq);
	struct snapshot_header odd = {.stream = header.stream, .seq = 50};
	fixture_put_body(f, f->writer->writer, &odd, slice_of_string("signed, but odd"));
	snapshot_header_release(&header);
	assert_int_equal(check(f, "db/orders", &err), -1);
	assert_int_equal(err.code, ERR_ALARM);
	assert_non_null(strstr(err.msg, "key log: record 4, which header db/users 3 ("));
}

static void test_snapshot_commit_check__fails_with_its_store_at_every_call(void **state)
{
	struct repo_fixture *f = *state;

	fixture_commit(f, "db/orders");
	fixture_commit(f, "db/users");
	for (unsigned n = 0;; n++) {
		CLEANUP(store_freep) struct store *cut = store_cut_new(f->store, n);
		struct repo repo = *f->repo;
		struct err err = {0};

		repo.store = cut;
		if (snapshot_commit_check(&repo, f->writer->writer, "db/new", &err) ==
		    0) {
			assert_int_equal(n, 3); /* the listing, two newest headers */
			break;
		}
		assert_int_equal(err.code, ERR_IO);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		snapshot_test(test_snapshot_commit_check__takes_new_and_known_streams),
		snapshot_test(test_snapshot_commit_check__refuses_prefixes_both_ways),
		snapshot_test(test_snapshot_commit_check__refuses_a_bad_name),
		snapshot_test(test_snapshot_commit_check__asks_the_certificate),
		snapshot_test(test_snapshot_commit_check__refuses_a_revoked_writer),
		snapshot_test(test_snapshot_commit_check__notices_a_shortened_key_log),
		snapshot_test(test_snapshot_commit_check__ignores_what_does_not_verify),
		snapshot_test(test_snapshot_commit_check__looks_below_junk),
		snapshot_test(
			test_snapshot_commit_check__fails_with_its_store_at_every_call),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
