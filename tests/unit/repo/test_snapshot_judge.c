/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "support/snapshot_fixture.h"

/* A header of `key` on top of `prev`. */
static struct snapshot_committed put_on(struct repo_fixture *f,
					const struct writer_key *key, uint64_t seq,
					const struct snapshot_committed *prev)
{
	CLEANUP(snapshot_header_release) struct snapshot_header header = {0};
	struct snapshot_committed committed = {.seq = seq};

	snapshot_header_init(&header);
	header.stream = mem_strdup("db");
	header.seq = seq;
	if (prev != NULL)
		vec_push(&header.prev, prev->id);
	fixture_put_header(f, key, &header);
	memcpy(committed.id, header.id, 32);
	return committed;
}

static void test_snapshot_stream_check__alarms_on_a_deleted_header(void **state)
{
	struct repo_fixture *f = *state;
	CLEANUP(snapshot_list_release) struct snapshot_list list = {0};

	fixture_commit(f, "db");
	struct snapshot_committed second = fixture_commit(f, "db");
	fixture_commit(f, "db");
	fixture_delete_header(f, "db", &second);
	fixture_list(f, NULL, &list);
	assert_int_equal(list.headers.n, 2);
	assert_int_equal(strings_count(&list.alarms), 2);
	assert_non_null(strstr(strings_at(&list.alarms, 0),
			       "no later one names it, though the newest is 3"));
	assert_non_null(strstr(strings_at(&list.alarms, 1), "is not there"));
}

/* Appended after the owner removed the writer. */
static void test_snapshot_stream_check__drops_a_revoked_writers_later_ones(void **state)
{
	struct repo_fixture *f = *state;
	CLEANUP(snapshot_list_release) struct snapshot_list list = {0};
	struct writer_key key;

	fixture_writer(f, "second", NULL, &key);
	struct snapshot_committed first = put_on(f, &key, 1, NULL);
	struct snapshot_committed second = put_on(f, &key, 2, &first);
	fixture_revoke(f, 1, "db", &second);
	put_on(f, &key, 3, &second);
	fixture_list(f, NULL, &list);
	assert_int_equal(list.headers.n, 2);
	assert_int_equal(strings_count(&list.alarms), 1);
	assert_non_null(strstr(strings_at(&list.alarms, 0),
			       "): its writer's certificate is revoked"));
	/* a writer in good standing goes on from the last accepted one */
	struct snapshot_committed third = fixture_commit(f, "db");
	assert_int_equal(third.seq, 3);
	fixture_writer_release(&key);
}

/* A stolen key that rewrites the past: same number, other content. */
static void test_snapshot_stream_check__drops_a_revoked_writers_other_past(void **state)
{
	struct repo_fixture *f = *state;
	CLEANUP(snapshot_list_release) struct snapshot_list list = {0};
	struct writer_key key;

	fixture_writer(f, "second", NULL, &key);
	struct snapshot_committed first = put_on(f, &key, 1, NULL);
	fixture_revoke(f, 1, "db", &first);
	f->now += 5;
	put_on(f, &key, 1, NULL);
	fixture_list(f, NULL, &list);
	assert_int_equal(list.headers.n, 1);
	const struct snapshot_header *kept = vec_at(&list.headers, 0);
	assert_memory_equal(kept->id, first.id, 32);
	assert_int_equal(strings_count(&list.alarms), 1);
	fixture_writer_release(&key);
}

/* Committed before the other writer knew of the revocation: one alarm, no second one. */
static void test_snapshot_stream_check__keeps_what_rests_on_a_dropped_one(void **state)
{
	struct repo_fixture *f = *state;
	CLEANUP(snapshot_list_release) struct snapshot_list list = {0};
	struct writer_key key;

	fixture_writer(f, "second", NULL, &key);
	struct snapshot_committed first = put_on(f, &key, 1, NULL);
	struct snapshot_committed late = put_on(f, &key, 2, &first);
	put_on(f, f->writer->writer, 3, &late);
	fixture_revoke(f, 1, "db", &first);
	fixture_list(f, NULL, &list);
	assert_int_equal(list.headers.n, 2);
	assert_int_equal(((struct snapshot_header *)vec_at(&list.headers, 1))->seq, 3);
	assert_int_equal(strings_count(&list.alarms), 1);
	assert_non_null(strstr(strings_at(&list.alarms, 0),
			       "its writer's certificate is revoked"));
	fixture_writer_release(&key);
}

static void test_snapshot_stream_check__alarms_on_a_shortened_key_log(void **state)
{
	struct repo_fixture *f = *state;
	CLEANUP(snapshot_list_release) struct snapshot_list list = {0};
	CLEANUP(snapshot_header_release) struct snapshot_header header = {0};

	snapshot_header_init(&header);
	header.stream = mem_strdup("db");
	header.seq = 1;
	header.keylog_seq = 9;
	fixture_put_header(f, f->writer->writer, &header);
	fixture_list(f, NULL, &list);
	assert_int_equal(list.headers.n, 1);
	assert_int_equal(strings_count(&list.alarms), 1);
	assert_non_null(strstr(strings_at(&list.alarms, 0),
			       "): the key log lacks record 9, which its writer knew"));
}

static void test_snapshot_stream_check__reports_a_time_that_goes_back(void **state)
{
	struct repo_fixture *f = *state;
	CLEANUP(snapshot_list_release) struct snapshot_list list = {0};

	fixture_commit(f, "db");
	f->now -= INT64_C(3600000000000);
	fixture_commit(f, "db");
	fixture_list(f, NULL, &list);
	assert_int_equal(list.headers.n, 2);
	assert_int_equal(strings_count(&list.alarms), 0);
	assert_int_equal(strings_count(&list.reports), 1);
	assert_non_null(strstr(strings_at(&list.reports, 0),
			       "): its time is before its predecessor's"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		snapshot_test(test_snapshot_stream_check__alarms_on_a_deleted_header),
		snapshot_test(
			test_snapshot_stream_check__drops_a_revoked_writers_later_ones),
		snapshot_test(
			test_snapshot_stream_check__drops_a_revoked_writers_other_past),
		snapshot_test(
			test_snapshot_stream_check__keeps_what_rests_on_a_dropped_one),
		snapshot_test(test_snapshot_stream_check__alarms_on_a_shortened_key_log),
		snapshot_test(test_snapshot_stream_check__reports_a_time_that_goes_back),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
