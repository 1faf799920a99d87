/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <signal.h>

#include "repo/records.h"
#include "support/snapshot_fixture.h"

static void get(struct repo_fixture *f, const char *stream,
		const struct snapshot_committed *committed, struct buf *ret_bytes)
{
	CLEANUP(mem_freep)
	char *key = fixture_header_key(stream, committed->seq, committed->id);
	struct err err = {0};

	buf_init(ret_bytes, 0);
	assert_int_equal(store_get(f->store, key, 1 << 20, ret_bytes, &err), 0);
}

static void put(struct repo_fixture *f, const char *stream, uint64_t seq,
		struct slice bytes)
{
	CLEANUP(mem_freep) char *prefix = mem_printf("snapshots/%s/", stream);
	uint8_t id[32];
	struct err err = {0};

	assert_int_equal(signed_object_put(f->store, prefix, seq, bytes, id, &err), 0);
}

static void test_snapshot_list_load__sorts_by_stream_and_seq(void **state)
{
	struct repo_fixture *f = *state;
	CLEANUP(snapshot_list_release) struct snapshot_list list = {0};
	static const char *const expected[] = {"a", "b", "b", "c/d"};

	fixture_commit(f, "b");
	fixture_commit(f, "c/d");
	fixture_commit(f, "b");
	fixture_commit(f, "a");
	fixture_list(f, NULL, &list);
	assert_int_equal(list.headers.n, ARRAY_SIZE(expected));
	for (size_t i = 0; i < ARRAY_SIZE(expected); i++)
		assert_string_equal(
			((struct snapshot_header *)vec_at(&list.headers, i))->stream,
			expected[i]);
	assert_int_equal(((struct snapshot_header *)vec_at(&list.headers, 2))->seq, 2);
}

/* The whole header of one stream under another's name, and under another number. */
static void test_snapshot_list_load__refuses_a_replay(void **state)
{
	struct repo_fixture *f = *state;
	struct snapshot_committed committed = fixture_commit(f, "db/orders");
	CLEANUP(snapshot_list_release) struct snapshot_list list = {0};
	CLEANUP(buf_release) struct buf bytes = {0};

	get(f, "db/orders", &committed, &bytes);
	put(f, "db/users", 1, buf_slice(&bytes));
	put(f, "db/orders", 2, buf_slice(&bytes));
	fixture_list(f, NULL, &list);
	assert_int_equal(list.headers.n, 1);
	assert_int_equal(strings_count(&list.alarms), 2);
	assert_non_null(strstr(strings_at(&list.alarms, 0), "its seq is 1, expected 2"));
	assert_non_null(
		strstr(strings_at(&list.alarms, 1), "it belongs to stream db/orders"));
}

static void test_snapshot_list_load__refuses_another_repositorys_header(void **state)
{
	struct repo_fixture *f = *state;
	struct repo_fixture other = {0};
	CLEANUP(snapshot_list_release) struct snapshot_list list = {0};
	CLEANUP(buf_release) struct buf bytes = {0};
	struct err err = {0};

	assert_int_equal(repo_fixture_init(&other, 42, &err), 0);
	struct snapshot_committed committed = fixture_commit(&other, "db");
	get(&other, "db", &committed, &bytes);
	put(f, "db", 1, buf_slice(&bytes));
	fixture_list(f, NULL, &list);
	assert_int_equal(list.headers.n, 0);
	assert_int_equal(strings_count(&list.alarms), 1);
	assert_non_null(strstr(strings_at(&list.alarms, 0),
			       "it is not signed by the owner of the repository"));
	assert_int_equal(repo_fixture_release(&other), 0);
}

/* A writer that may write elsewhere only. */
static void test_snapshot_list_load__refuses_a_stream_beyond_the_certificate(void **state)
{
	struct repo_fixture *f = *state;
	CLEANUP(snapshot_list_release) struct snapshot_list list = {0};
	struct snapshot_header header;
	struct writer_key key;

	fixture_writer(f, "web", "hosts/*", &key);
	snapshot_header_init(&header);
	header.stream = mem_strdup("db");
	header.seq = 1;
	fixture_put_header(f, &key, &header);
	fixture_list(f, NULL, &list);
	assert_int_equal(list.headers.n, 0);
	assert_int_equal(strings_count(&list.alarms), 1);
	assert_non_null(strstr(strings_at(&list.alarms, 0),
			       "the writer web may not write to stream db"));
	snapshot_header_release(&header);
	fixture_writer_release(&key);
}

/* Signed by a writer, but not to be understood: of a newer Quipu, or cut off. */
static void test_snapshot_header_open__leaves_nothing_of_what_it_refuses(void **state)
{
	static const struct {
		struct slice body;
		enum err_code code;
	} bad[] = {
		{{(const uint8_t *)"\x7f\x7f", 2}, ERR_UNSUPPORTED},
		{{(const uint8_t *)"\x01\x00\x00", 3}, ERR_CORRUPT},
	};
	struct repo_fixture *f = *state;
	const struct writer_key *writer = f->writer->writer;

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		CLEANUP(snapshot_header_release) struct snapshot_header header = {0};
		struct snapshot_place place = {.stream = "db", .seq = i + 1};
		struct snapshot_header put_one = {.stream = place.stream, .seq = i + 1};
		struct err err = {0};

		fixture_put_body(f, writer, &put_one, bad[i].body);
		memcpy(place.id, put_one.id, HASH_LEN);
		CLEANUP(mem_freep)
		char *key = fixture_header_key("db", place.seq, place.id);
		snapshot_header_init(&header);
		assert_int_equal(
			snapshot_header_open(f->repo, key, &place, &header, &err), -1);
		assert_int_equal(err.code, bad[i].code);
		assert_null(header.stream);
		assert_int_equal(header.certificate.len, 0);
	}
}

static void test_snapshot_list_load__goes_on_past_damage(void **state)
{
	struct repo_fixture *f = *state;
	struct snapshot_committed first = fixture_commit(f, "db");
	struct store_put_options replace = {.mode = STORE_PUT_REPLACE};
	CLEANUP(snapshot_list_release) struct snapshot_list list = {0};
	CLEANUP(mem_freep) char *key = fixture_header_key("db", 1, first.id);
	struct err err = {0};

	fixture_commit(f, "db");
	assert_int_equal(store_put(f->store, key, slice_of_string("x"), &replace, &err),
			 0);
	fixture_list(f, "db", &list);
	assert_int_equal(list.headers.n, 1);
	assert_int_equal(strings_count(&list.alarms), 2);
	assert_non_null(strstr(strings_at(&list.alarms, 0),
			       "its content is not what its name says"));
	assert_non_null(strstr(strings_at(&list.alarms, 1), "is not there"));
}

static void test_snapshot_list_load__counts_foreign_objects(void **state)
{
	struct repo_fixture *f = *state;
	struct store_put_options new = {.mode = STORE_PUT_NEW};
	CLEANUP(snapshot_list_release) struct snapshot_list list = {0};
	static const char *const names[] = {"snapshots/README", "snapshots/db/notes.txt"};
	struct err err = {0};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		assert_int_equal(
			store_put(f->store, names[i], slice_of_string("x"), &new, &err),
			0);
	fixture_list(f, NULL, &list);
	assert_int_equal(list.foreign, 2);
	assert_int_equal(strings_count(&list.alarms), 0);
}

static void test_snapshot_list_load__marks_expired_ones(void **state)
{
	struct repo_fixture *f = *state;
	struct snapshot_committed first = fixture_commit(f, "db");
	CLEANUP(snapshot_list_release) struct snapshot_list list = {0};
	CLEANUP(vec_release) struct vec targets = {0};
	struct record_target target = {.stream = (char[]){"db"}, .seq = 1};
	struct err err = {0};

	fixture_commit(f, "db");
	memcpy(target.id, first.id, 32);
	vec_init(&targets, sizeof(target));
	vec_push(&targets, &target);
	assert_int_equal(
		record_expire(f->repo, f->recovery->owner, &targets, &f->clock, &err), 0);
	fixture_list(f, NULL, &list);
	assert_true(((struct snapshot_header *)vec_at(&list.headers, 0))->expired);
	assert_false(((struct snapshot_header *)vec_at(&list.headers, 1))->expired);
	assert_int_equal(strings_count(&list.alarms), 0);
}

static void test_snapshot_list_load__stops_when_asked(void **state)
{
	struct repo_fixture *f = *state;
	struct snapshot_list list;
	struct cancel cancel;
	struct err err = {0};

	fixture_commit(f, "db");
	cancel_init(&cancel);
	cancel_set(&cancel, SIGINT);
	assert_int_equal(snapshot_list_load(f->repo, NULL, &cancel, &list, &err), -1);
	assert_int_equal(err.code, ERR_INTERRUPTED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		snapshot_test(test_snapshot_list_load__sorts_by_stream_and_seq),
		snapshot_test(test_snapshot_list_load__refuses_a_replay),
		snapshot_test(
			test_snapshot_list_load__refuses_another_repositorys_header),
		snapshot_test(
			test_snapshot_list_load__refuses_a_stream_beyond_the_certificate),
		snapshot_test(
			test_snapshot_header_open__leaves_nothing_of_what_it_refuses),
		snapshot_test(test_snapshot_list_load__goes_on_past_damage),
		snapshot_test(test_snapshot_list_load__counts_foreign_objects),
		snapshot_test(test_snapshot_list_load__marks_expired_ones),
		snapshot_test(test_snapshot_list_load__stops_when_asked),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
