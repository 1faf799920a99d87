/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "support/audit_fixture.h"

/* Changes the last byte of an object; its size stays. */
static void flip(struct repo_fixture *f, const char *key)
{
	CLEANUP(buf_release) struct buf bytes = {0};
	struct err err = {0};

	buf_init(&bytes, 0);
	assert_int_equal(store_get(f->store, key, 1 << 20, &bytes, &err), 0);
	bytes.data[bytes.len - 1] ^= 1;
	fake_put(f, key, buf_slice(&bytes), STORE_PUT_REPLACE);
}

static void test_audit_objects__misses_a_pack(void **state)
{
	struct repo_fixture *f = *state;
	struct audit_options options = audit_options_of(f);
	CLEANUP(audit_result_release) struct audit_result result = {0};
	struct fake_snapshot fake = fake_snapshot(f, "db", 2);

	fake_delete(f, fake.pack);
	audit_it(f, &options, &result);
	assert_int_equal(result.n_of[AUDIT_MISSING], 1);
	assert_int_equal(result.n_of[AUDIT_ALARM], 0);
	assert_true(audit_found(&result, AUDIT_MISSING, fake.pack));
	assert_true(audit_found(&result, AUDIT_MISSING, "header db 1 ("));
}

static void test_audit_objects__alarms_for_a_body_without_a_record(void **state)
{
	struct repo_fixture *f = *state;
	struct audit_options options = audit_options_of(f);
	CLEANUP(audit_result_release) struct audit_result result = {0};
	struct fake_snapshot fake = fake_snapshot(f, "db", 1);

	fake_delete(f, fake.body);
	audit_it(f, &options, &result);
	assert_int_equal(result.n_of[AUDIT_ALARM], 1);
	assert_true(audit_found(&result, AUDIT_ALARM,
				"is not there, and no record says that it expired"));
}

static void test_audit_objects__sees_a_cut_object_without_reading_it(void **state)
{
	struct repo_fixture *f = *state;
	struct audit_options options = audit_options_of(f);
	CLEANUP(audit_result_release) struct audit_result result = {0};
	struct fake_snapshot fake = fake_snapshot(f, "db", 1);

	fake_put(f, fake.pack, slice_of_string("short"), STORE_PUT_REPLACE);
	fake_put(f, fake.body, slice_of_string(""), STORE_PUT_REPLACE);
	audit_it(f, &options, &result);
	assert_int_equal(result.n_of[AUDIT_CORRUPT], 2);
	assert_true(audit_found(&result, AUDIT_CORRUPT, ": 5 bytes, expected 3000"));
	assert_true(audit_found(&result, AUDIT_CORRUPT, ": 0 bytes, expected 400"));
	assert_int_equal(result.bytes_read, 0);
}

static void test_audit_objects__sees_a_flipped_bit_when_it_reads(void **state)
{
	struct repo_fixture *f = *state;
	struct audit_options options = audit_options_of(f);
	CLEANUP(audit_result_release) struct audit_result quick = {0};
	CLEANUP(audit_result_release) struct audit_result thorough = {0};
	struct fake_snapshot fake = fake_snapshot(f, "db", 1);

	flip(f, fake.pack);
	flip(f, fake.body);
	audit_it(f, &options, &quick);
	assert_true(audit_is_clean(&quick));
	options.read_data = true;
	audit_it(f, &options, &thorough);
	assert_int_equal(thorough.n_of[AUDIT_CORRUPT], 2);
	assert_true(audit_found(&thorough, AUDIT_CORRUPT, fake.pack));
	assert_true(audit_found(&thorough, AUDIT_CORRUPT, fake.body));
}

/* What no snapshot needs is nobody's loss: unfinished runs leave such objects. */
static void test_audit_objects__ignores_what_nothing_needs(void **state)
{
	struct repo_fixture *f = *state;
	struct audit_options options = audit_options_of(f);
	CLEANUP(audit_result_release) struct audit_result result = {0};
	struct packlist_entry entry;
	char key[PACK_KEY_LEN];

	fake_snapshot(f, "db", 1);
	fake_pack(f, &entry, key);
	flip(f, key);
	fake_put(f, "packs/README", slice_of_string("x"), STORE_PUT_NEW);
	fake_put(f, "bodies/README", slice_of_string("x"), STORE_PUT_NEW);
	options.read_data = true;
	audit_it(f, &options, &result);
	assert_true(audit_is_clean(&result));
	assert_int_equal(result.n_packs, 1);
}

/* The list gives another header hash than the pack has. */
static void test_audit_objects__compares_pack_headers(void **state)
{
	struct repo_fixture *f = *state;
	static const uint32_t epochs[] = {1};
	struct audit_options options = audit_options_of(f);
	CLEANUP(audit_result_release) struct audit_result result = {0};
	CLEANUP(packlist_page_release) struct packlist_page page = {0};
	CLEANUP(buf_release) struct buf bytes = {0};
	struct snapshot_commit commit = {.stream = "db",
					 .domain = "db",
					 .n_packs = 1,
					 .epochs = epochs,
					 .n_epochs = 1};
	struct fake_snapshot fake = {0};
	struct packlist_entry entry;

	packlist_page_init(&page, 0);
	fake_pack(f, &entry, fake.pack);
	entry.header_hash[0] ^= 1;
	vec_push(&page.entries, &entry);
	buf_init(&bytes, 0);
	packlist_page_encode(&page, &bytes);
	fake_hashed(f, "packlists/", buf_slice(&bytes), commit.packlist_root, fake.page);
	fake_body(f, &commit, &fake);
	fake_commit(f, &commit, &fake);
	options.read_data = true;
	audit_it(f, &options, &result);
	assert_true(audit_found(&result, AUDIT_CORRUPT,
				"its header is not the one in the pack list"));
	/* an honest list beside it does not agree */
	CLEANUP(audit_result_release) struct audit_result both = {0};
	vec_clear(&page.entries);
	entry.header_hash[0] ^= 1;
	vec_push(&page.entries, &entry);
	buf_clear(&bytes);
	packlist_page_encode(&page, &bytes);
	fake_hashed(f, "packlists/", buf_slice(&bytes), commit.packlist_root, fake.page);
	fake_body(f, &commit, &fake);
	fake_commit(f, &commit, &fake);
	audit_it(f, &options, &both);
	assert_true(audit_found(&both, AUDIT_CORRUPT,
				": two pack lists describe it differently"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		snapshot_test(test_audit_objects__misses_a_pack),
		snapshot_test(test_audit_objects__alarms_for_a_body_without_a_record),
		snapshot_test(test_audit_objects__sees_a_cut_object_without_reading_it),
		snapshot_test(test_audit_objects__sees_a_flipped_bit_when_it_reads),
		snapshot_test(test_audit_objects__ignores_what_nothing_needs),
		snapshot_test(test_audit_objects__compares_pack_headers),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
