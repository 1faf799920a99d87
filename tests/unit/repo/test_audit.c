/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <signal.h>

#include "repo/records.h"
#include "support/audit_fixture.h"
#include "support/store_cut.h"

static void expire(struct repo_fixture *f, const char *stream,
		   const struct snapshot_committed *committed)
{
	CLEANUP(vec_release) struct vec targets = {0};
	CLEANUP(mem_freep) char *name = mem_strdup(stream);
	struct record_target target = {.stream = name, .seq = committed->seq};
	struct err err = {0};

	memcpy(target.id, committed->id, 32);
	vec_init(&targets, sizeof(target));
	vec_push(&targets, &target);
	assert_int_equal(
		record_expire(f->repo, f->recovery->owner, &targets, &f->clock, &err), 0);
}

static void test_audit_run__is_clean_for_a_whole_repository(void **state)
{
	struct repo_fixture *f = *state;
	struct audit_options options = audit_options_of(f);
	CLEANUP(audit_result_release) struct audit_result result = {0};

	fake_snapshot(f, "db/orders", 3);
	fake_snapshot(f, "db/orders", 2);
	fake_snapshot(f, "hosts/web", 0);
	options.read_data = true;
	audit_it(f, &options, &result);
	assert_true(audit_is_clean(&result));
	assert_int_equal(result.n_streams, 2);
	assert_int_equal(result.n_snapshots, 3);
	assert_int_equal(result.n_packs, 5);
	assert_int_equal(result.n_bodies, 3);
	assert_int_equal(result.bytes, 5 * FAKE_PACK_LEN + 3 * FAKE_BODY_LEN);
	assert_int_equal(result.bytes_read, result.bytes);
	assert_true(result.first_look);
	assert_true(audit_found(&result, AUDIT_REPORT, "first look: "));
	assert_false(result.state_advanced);
}

static void test_audit_run__takes_an_empty_repository(void **state)
{
	struct repo_fixture *f = *state;
	struct audit_options options = audit_options_of(f);
	CLEANUP(audit_result_release) struct audit_result result = {0};

	audit_it(f, &options, &result);
	assert_true(audit_is_clean(&result));
	assert_int_equal(result.n_snapshots, 0);
}

static void test_audit_run__hands_on_the_alarms_of_chains(void **state)
{
	struct repo_fixture *f = *state;
	struct audit_options options = audit_options_of(f);
	CLEANUP(audit_result_release) struct audit_result result = {0};

	fake_snapshot(f, "db", 1);
	struct fake_snapshot second = fake_snapshot(f, "db", 1);
	fake_snapshot(f, "db", 1);
	fixture_delete_header(f, "db", &second.committed);
	audit_it(f, &options, &result);
	assert_false(audit_is_clean(&result));
	assert_int_equal(result.n_of[AUDIT_ALARM], 2);
	assert_true(audit_found(&result, AUDIT_ALARM, "is not there"));
}

/* A header stays for ever; its body may go once a record says so. */
static void test_audit_run__asks_for_header_and_record_of_an_expired_one(void **state)
{
	struct repo_fixture *f = *state;
	struct audit_options options = audit_options_of(f);
	CLEANUP(audit_result_release) struct audit_result result = {0};
	struct fake_snapshot first = fake_snapshot(f, "db", 1);

	fake_snapshot(f, "db", 1);
	expire(f, "db", &first.committed);
	fake_delete(f, first.body);
	fake_delete(f, first.page);
	fake_delete(f, first.pack);
	audit_it(f, &options, &result);
	assert_true(audit_is_clean(&result));
	assert_int_equal(result.n_expired, 1);
	assert_int_equal(result.n_records, 1);
	assert_int_equal(result.n_packs, 1);
}

static void test_audit_run__misses_the_header_of_an_expired_one(void **state)
{
	struct repo_fixture *f = *state;
	struct audit_options options = audit_options_of(f);
	CLEANUP(audit_result_release) struct audit_result result = {0};
	struct fake_snapshot only = fake_snapshot(f, "db", 1);

	expire(f, "db", &only.committed);
	fixture_delete_header(f, "db", &only.committed);
	audit_it(f, &options, &result);
	assert_true(audit_found(
		&result, AUDIT_ALARM,
		"header db 1: an expire record names it, but it is not there"));
}

static void test_audit_run__tells_a_key_log_that_does_not_verify(void **state)
{
	struct repo_fixture *f = *state;
	struct audit_options options = audit_options_of(f);
	CLEANUP(audit_result_release) struct audit_result result = {0};
	uint8_t id[32];
	struct err err = {0};

	assert_int_equal(signed_object_put(f->store, "keys/log/", 4,
					   slice_of_string("junk"), id, &err),
			 0);
	audit_it(f, &options, &result);
	assert_true(
		audit_found(&result, AUDIT_ALARM, "expected frame magic at offset 0"));
}

static void test_audit_run__refuses_the_key_of_another_repository(void **state)
{
	struct repo_fixture *f = *state;
	struct audit_options options = audit_options_of(f);
	struct repo_fixture other = {0};
	struct audit_result result;
	struct err err = {0};

	assert_int_equal(repo_fixture_init(&other, 55, &err), 0);
	options.key = other.audit->audit;
	assert_int_equal(audit_run(&options, &result, &err), -1);
	assert_int_equal(err.code, ERR_KEY);
	assert_int_equal(repo_fixture_release(&other), 0);
}

static void test_audit_run__stops_when_asked(void **state)
{
	struct repo_fixture *f = *state;
	struct audit_options options = audit_options_of(f);
	struct audit_result result;
	struct cancel cancel;
	struct err err = {0};

	fake_snapshot(f, "db", 1);
	cancel_init(&cancel);
	cancel_set(&cancel, SIGTERM);
	options.cancel = &cancel;
	assert_int_equal(audit_run(&options, &result, &err), -1);
	assert_int_equal(err.code, ERR_INTERRUPTED);
}

/* A store that fails is no finding: the verify says that it could not look. */
static void test_audit_run__fails_with_its_store_at_every_call(void **state)
{
	struct repo_fixture *f = *state;
	struct fake_snapshot first = fake_snapshot(f, "db", 2);

	fake_snapshot(f, "db", 1);
	expire(f, "db", &first.committed);
	for (unsigned n = 0;; n++) {
		CLEANUP(store_freep) struct store *cut = store_cut_new(f->store, n);
		CLEANUP(audit_result_release) struct audit_result result = {0};
		struct audit_options options = audit_options_of(f);
		struct err err = {0};

		options.store = cut;
		options.read_data = true;
		if (audit_run(&options, &result, &err) == 0) {
			assert_true(audit_is_clean(&result));
			assert_true(n > 10);
			break;
		}
		assert_int_equal(err.code, ERR_IO);
		assert_int_equal(result.findings.n, 0);
	}
}

static void test_audit_kind_name__is_a_word(void **state)
{
	(void)state;
	assert_string_equal(audit_kind_name(AUDIT_ALARM), "alarm");
	assert_string_equal(audit_kind_name(AUDIT_CORRUPT), "corrupt");
	assert_string_equal(audit_kind_name(AUDIT_MISSING), "missing");
	assert_string_equal(audit_kind_name(AUDIT_REPORT), "report");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		snapshot_test(test_audit_run__is_clean_for_a_whole_repository),
		snapshot_test(test_audit_run__takes_an_empty_repository),
		snapshot_test(test_audit_run__hands_on_the_alarms_of_chains),
		snapshot_test(
			test_audit_run__asks_for_header_and_record_of_an_expired_one),
		snapshot_test(test_audit_run__misses_the_header_of_an_expired_one),
		snapshot_test(test_audit_run__tells_a_key_log_that_does_not_verify),
		snapshot_test(test_audit_run__refuses_the_key_of_another_repository),
		snapshot_test(test_audit_run__stops_when_asked),
		snapshot_test(test_audit_run__fails_with_its_store_at_every_call),
		cmocka_unit_test(test_audit_kind_name__is_a_word),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
