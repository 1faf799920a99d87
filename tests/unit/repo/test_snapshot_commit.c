/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "repo/wrap_format.h"
#include "support/snapshot_fixture.h"
#include "support/store_cut.h"

static void test_snapshot_commit__makes_a_whole_header(void **state)
{
	struct repo_fixture *f = *state;
	struct snapshot_committed committed = fixture_commit(f, "db/orders");
	CLEANUP(snapshot_list_release) struct snapshot_list list = {0};

	fixture_list(f, NULL, &list);
	assert_int_equal(strings_count(&list.alarms), 0);
	assert_int_equal(list.headers.n, 1);
	const struct snapshot_header *header = vec_at(&list.headers, 0);
	assert_memory_equal(header->id, committed.id, 32);
	assert_int_equal(header->seq, 1);
	assert_string_equal(header->stream, "db/orders");
	assert_string_equal(header->domain, "db");
	assert_int_equal(header->prev.n, 0);
	assert_int_equal(header->files, 3);
	assert_int_equal(header->body_size, 99);
	assert_true(header->time_nsec == f->now);
	assert_true(header->start_nsec == f->now - 1);
	assert_true(header->stored_nsec == f->now);
	assert_int_equal(header->keylog_seq, 3);
	assert_int_equal(header->warnings, 1);
	assert_false(header->expired);
}

/* Without keys/ whoever was a recipient still restores. */
static void test_snapshot_commit__repeats_epochs_and_wraps(void **state)
{
	struct repo_fixture *f = *state;
	CLEANUP(snapshot_list_release) struct snapshot_list list = {0};
	CLEANUP(store_freep) struct store *empty = store_memory_new(&f->clock);
	CLEANUP(dh_private_freep) struct dh_private *epoch = NULL;
	struct err err = {0};

	fixture_commit(f, "db/orders");
	fixture_list(f, NULL, &list);
	const struct snapshot_header *header = vec_at(&list.headers, 0);
	assert_int_equal(header->epochs.n, 1);
	const struct header_epoch *repeated = vec_at(&header->epochs, 0);
	const struct epoch *newest = keylog_newest_epoch(f->repo->keylog);
	assert_true(
		slice_equal(buf_slice(&repeated->record), buf_slice(&newest->record)));
	assert_int_equal(repeated->wraps.n, 1);
	assert_int_equal(epoch_open(newest, key_reader(f->recovery), empty,
				    &repeated->wraps, &epoch, &err),
			 0);
}

static void test_snapshot_commit__follows_its_predecessor(void **state)
{
	struct repo_fixture *f = *state;
	struct snapshot_committed first = fixture_commit(f, "db/orders");
	struct snapshot_committed second = fixture_commit(f, "db/orders");
	struct snapshot_committed other = fixture_commit(f, "db/users");
	CLEANUP(snapshot_list_release) struct snapshot_list list = {0};

	assert_int_equal(second.seq, 2);
	assert_int_equal(other.seq, 1);
	fixture_list(f, "db/orders", &list);
	assert_int_equal(list.headers.n, 2);
	const struct snapshot_header *header = vec_at(&list.headers, 1);
	assert_int_equal(header->prev.n, 1);
	assert_memory_equal(vec_at(&header->prev, 0), first.id, 32);
}

/* Two writers at once: both stay, and the next one joins them. */
static void test_snapshot_commit__joins_racing_writers(void **state)
{
	struct repo_fixture *f = *state;
	struct snapshot_header racing;
	struct snapshot_committed first = fixture_commit(f, "db/orders");
	struct snapshot_committed second = fixture_commit(f, "db/orders");

	snapshot_header_init(&racing);
	racing.stream = mem_strdup("db/orders");
	racing.seq = 2;
	vec_push(&racing.prev, first.id);
	fixture_put_header(f, f->writer->writer, &racing);

	CLEANUP(snapshot_list_release) struct snapshot_list list = {0};
	fixture_list(f, "db/orders", &list);
	assert_int_equal(list.headers.n, 3);
	assert_int_equal(strings_count(&list.alarms), 0);
	assert_int_equal(strings_count(&list.reports), 1);
	assert_string_equal(strings_at(&list.reports, 0),
			    "stream db/orders: 2 concurrent heads; the next backup joins "
			    "them");

	struct snapshot_committed third = fixture_commit(f, "db/orders");
	assert_int_equal(third.seq, 3);
	CLEANUP(snapshot_list_release) struct snapshot_list joined = {0};
	fixture_list(f, "db/orders", &joined);
	const struct snapshot_header *last = vec_last(&joined.headers);
	assert_int_equal(last->prev.n, 2);
	assert_int_equal(strings_count(&joined.reports), 0);
	assert_int_equal(strings_count(&joined.alarms), 0);
	snapshot_header_release(&racing);
	assert_int_equal(second.seq, 2);
}

static void test_snapshot_commit__alarms_when_wraps_are_gone(void **state)
{
	struct repo_fixture *f = *state;
	const struct epoch *epoch = keylog_newest_epoch(f->repo->keylog);
	struct snapshot_committed committed;
	char key[WRAP_KEY_LEN];
	struct err err = {0};

	wrap_key(1, &epoch->public_key, keylog_recipient(f->repo->keylog, 0)->id, key);
	assert_int_equal(store_delete(f->store, key, "", &err), 0);
	assert_int_equal(fixture_commit_as(f, f->writer->writer, "db", &committed, &err),
			 -1);
	assert_int_equal(err.code, ERR_ALARM);
	assert_non_null(strstr(err.msg, ": there is no wrap of epoch 1"));
}

/* Junk beside the wraps is neither repeated nor in the way. */
static void test_snapshot_commit__leaves_junk_wraps_where_they_are(void **state)
{
	struct repo_fixture *f = *state;
	const struct epoch *epoch = keylog_newest_epoch(f->repo->keylog);
	struct store_put_options new = {.mode = STORE_PUT_NEW};
	CLEANUP(snapshot_list_release) struct snapshot_list list = {0};
	uint8_t stranger[32] = {9};
	uint8_t junk[WRAP_LEN] = {0};
	char key[WRAP_KEY_LEN];
	struct err err = {0};

	wrap_key(1, &epoch->public_key, stranger, key);
	assert_int_equal(
		store_put(f->store, key, slice_of(junk, sizeof(junk)), &new, &err), 0);
	fixture_commit(f, "db");
	fixture_list(f, NULL, &list);
	const struct snapshot_header *header = vec_at(&list.headers, 0);
	const struct header_epoch *repeated = vec_at(&header->epochs, 0);
	assert_int_equal(repeated->wraps.n, 1);
}

static void test_snapshot_commit__refuses_an_unknown_epoch(void **state)
{
	struct repo_fixture *f = *state;
	static const uint32_t epochs[] = {5};
	struct snapshot_commit commit = {
		.stream = "db", .domain = "db", .epochs = epochs, .n_epochs = 1};
	struct snapshot_committed committed;
	struct err err = {0};

	assert_int_equal(snapshot_commit(f->repo, f->writer->writer, &commit, &f->clock,
					 &committed, &err),
			 -1);
	assert_int_equal(err.code, ERR_ALARM);
	assert_string_equal(err.msg, "key log: it lacks epoch 5");
}

/* Cut off at any call, no header is there; the last call is the put. */
static void test_snapshot_commit__is_all_or_nothing(void **state)
{
	struct repo_fixture *f = *state;
	struct store *inner = f->store;

	for (unsigned n = 0;; n++) {
		CLEANUP(store_freep) struct store *cut = store_cut_new(inner, n);
		struct repo cut_repo = *f->repo;
		struct repo *whole = f->repo;
		struct snapshot_committed committed;
		CLEANUP(snapshot_list_release) struct snapshot_list list = {0};
		struct err err = {0};

		cut_repo.store = cut;
		f->repo = &cut_repo;
		int result =
			fixture_commit_as(f, f->writer->writer, "db", &committed, &err);
		f->repo = whole;
		fixture_list(f, NULL, &list);
		if (result == 0) {
			assert_true(n > 5);
			assert_int_equal(list.headers.n, 1);
			break;
		}
		assert_int_equal(err.code, ERR_IO);
		assert_int_equal(list.headers.n, 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		snapshot_test(test_snapshot_commit__makes_a_whole_header),
		snapshot_test(test_snapshot_commit__repeats_epochs_and_wraps),
		snapshot_test(test_snapshot_commit__follows_its_predecessor),
		snapshot_test(test_snapshot_commit__joins_racing_writers),
		snapshot_test(test_snapshot_commit__alarms_when_wraps_are_gone),
		snapshot_test(test_snapshot_commit__leaves_junk_wraps_where_they_are),
		snapshot_test(test_snapshot_commit__refuses_an_unknown_epoch),
		snapshot_test(test_snapshot_commit__is_all_or_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
