/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "repo/key_admin.h"
#include "repo/wrap_format.h"
#include "support/audit_fixture.h"

/* The key of the recovery key's wrap of an epoch. */
static void recovery_wrap(struct repo_fixture *f, size_t epoch, char key[WRAP_KEY_LEN])
{
	const struct epoch *of = keylog_epoch_at(f->repo->keylog, epoch);

	wrap_key(of->number, &of->public_key, keylog_recipient(f->repo->keylog, 0)->id,
		 key);
}

static void rotate(struct repo_fixture *f)
{
	struct key_admin admin = {.repo = f->repo,
				  .owner = f->recovery->owner,
				  .rng = &f->rng,
				  .clock = &f->clock};
	uint32_t number;
	struct err err = {0};

	assert_int_equal(key_rotate(&admin, &number, &err), 0);
}

static void test_audit_epochs__misses_a_wrap(void **state)
{
	struct repo_fixture *f = *state;
	struct audit_options options = audit_options_of(f);
	CLEANUP(audit_result_release) struct audit_result result = {0};
	char key[WRAP_KEY_LEN];

	rotate(f);
	recovery_wrap(f, 1, key);
	fake_delete(f, key);
	audit_it(f, &options, &result);
	assert_int_equal(result.n_of[AUDIT_ALARM], 1);
	assert_true(audit_found(&result, AUDIT_ALARM,
				": the wrap of epoch 2 for recovery is not there"));
}

static void test_audit_epochs__refuses_what_is_no_wrap(void **state)
{
	struct repo_fixture *f = *state;
	struct audit_options options = audit_options_of(f);
	CLEANUP(audit_result_release) struct audit_result result = {0};
	CLEANUP(buf_release) struct buf other = {0};
	char first[WRAP_KEY_LEN];
	char second[WRAP_KEY_LEN];
	struct err err = {0};

	rotate(f);
	recovery_wrap(f, 0, first);
	recovery_wrap(f, 1, second);
	buf_init(&other, 0);
	assert_int_equal(store_get(f->store, second, WRAP_LEN, &other, &err), 0);
	fake_put(f, first, buf_slice(&other), STORE_PUT_REPLACE);
	fake_put(f, second, slice_of_string("junk"), STORE_PUT_REPLACE);
	audit_it(f, &options, &result);
	assert_int_equal(result.n_of[AUDIT_CORRUPT], 2);
	assert_true(audit_found(&result, AUDIT_CORRUPT, ": it is no wrap"));
	assert_true(audit_found(&result, AUDIT_CORRUPT,
				": it is of another epoch or recipient"));
}

/* A writer that repeats an epoch of its own making. */
static void test_audit_epochs__alarms_on_a_planted_epoch_in_a_header(void **state)
{
	struct repo_fixture *f = *state;
	struct audit_options options = audit_options_of(f);
	CLEANUP(audit_result_release) struct audit_result result = {0};
	CLEANUP(snapshot_header_release) struct snapshot_header header = {0};
	struct header_epoch epoch = {0};

	snapshot_header_init(&header);
	header.stream = mem_strdup("db");
	header.seq = 1;
	buf_init(&epoch.record, 0);
	buf_append_string(&epoch.record, "an epoch of mine");
	vec_init(&epoch.wraps, sizeof(struct buf));
	vec_push(&header.epochs, &epoch);
	fixture_put_header(f, f->writer->writer, &header);
	audit_it(f, &options, &result);
	assert_true(audit_found(&result, AUDIT_ALARM,
				"it carries an epoch that the key log does not have"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		snapshot_test(test_audit_epochs__misses_a_wrap),
		snapshot_test(test_audit_epochs__refuses_what_is_no_wrap),
		snapshot_test(test_audit_epochs__alarms_on_a_planted_epoch_in_a_header),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
