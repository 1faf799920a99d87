/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "support/audit_fixture.h"

/* Commits a snapshot whose pack list is this root. */
static void commit_root(struct repo_fixture *f, const uint8_t root[static 32],
			uint64_t n_packs)
{
	static const uint32_t epochs[] = {1};
	struct fake_snapshot fake = {0};
	struct snapshot_commit commit = {.stream = "db",
					 .domain = "db",
					 .n_packs = n_packs,
					 .epochs = epochs,
					 .n_epochs = 1};

	memcpy(commit.packlist_root, root, 32);
	fake_body(f, &commit, &fake);
	fake_commit(f, &commit, &fake);
}

/* A page above `n` pages of level - 1. */
static void put_above(struct repo_fixture *f, uint8_t level, const uint8_t *children,
		      size_t n, uint8_t ret_root[static 32])
{
	CLEANUP(packlist_page_release) struct packlist_page page = {0};
	CLEANUP(buf_release) struct buf bytes = {0};
	char key[96];

	packlist_page_init(&page, level);
	for (size_t i = 0; i < n; i++)
		vec_push(&page.children, children + 32 * i);
	buf_init(&bytes, 0);
	packlist_page_encode(&page, &bytes);
	fake_hashed(f, "packlists/", buf_slice(&bytes), ret_root, key);
}

static void test_audit_packlist__counts_through_levels_and_shared_pages(void **state)
{
	struct repo_fixture *f = *state;
	struct audit_options options = audit_options_of(f);
	CLEANUP(audit_result_release) struct audit_result result = {0};
	struct fake_snapshot fake = {0};
	uint8_t pages[2][32];
	uint8_t root[32];

	fake_page(f, 3, pages[0], &fake);
	fake_page(f, 2, pages[1], &fake);
	put_above(f, 1, pages[0], 2, root);
	commit_root(f, pages[0], 3);
	commit_root(f, root, 5);
	audit_it(f, &options, &result);
	assert_true(audit_is_clean(&result));
	assert_int_equal(result.n_packs, 5);
}

static void test_audit_packlist__tells_another_count(void **state)
{
	struct repo_fixture *f = *state;
	struct audit_options options = audit_options_of(f);
	CLEANUP(audit_result_release) struct audit_result result = {0};
	struct fake_snapshot fake = {0};
	static const uint8_t none[32] = {0};
	uint8_t root[32];

	fake_page(f, 3, root, &fake);
	commit_root(f, root, 4);
	commit_root(f, none, 1);
	audit_it(f, &options, &result);
	assert_int_equal(result.n_of[AUDIT_CORRUPT], 2);
	assert_true(audit_found(&result, AUDIT_CORRUPT,
				"its pack list names 3 packs, the header says 4"));
	assert_true(audit_found(&result, AUDIT_CORRUPT,
				"its pack list names 0 packs, the header says 1"));
}

static void test_audit_packlist__misses_a_page_once(void **state)
{
	struct repo_fixture *f = *state;
	struct audit_options options = audit_options_of(f);
	CLEANUP(audit_result_release) struct audit_result result = {0};
	struct fake_snapshot fake = {0};
	uint8_t root[32];

	fake_page(f, 3, root, &fake);
	commit_root(f, root, 3);
	commit_root(f, root, 3);
	fake_delete(f, fake.page);
	audit_it(f, &options, &result);
	assert_int_equal(result.n_of[AUDIT_MISSING], 1);
	assert_int_equal(result.n_of[AUDIT_CORRUPT], 0);
	assert_true(audit_found(&result, AUDIT_MISSING,
				": the page is not there; header db 1 ("));
}

static void test_audit_packlist__refuses_changed_and_foreign_pages(void **state)
{
	struct repo_fixture *f = *state;
	struct audit_options options = audit_options_of(f);
	CLEANUP(audit_result_release) struct audit_result result = {0};
	struct fake_snapshot fake = {0};
	char key[96];
	uint8_t root[32];

	fake_page(f, 1, root, &fake);
	commit_root(f, root, 1);
	fake_put(f, fake.page, slice_of_string("x"), STORE_PUT_REPLACE);
	fake_hashed(f, "packlists/", slice_of_string("no page"), root, key);
	commit_root(f, root, 1);
	audit_it(f, &options, &result);
	assert_int_equal(result.n_of[AUDIT_CORRUPT], 2);
	assert_true(audit_found(&result, AUDIT_CORRUPT,
				": its content is not what its name says"));
	assert_true(audit_found(&result, AUDIT_CORRUPT, "pack-list page: "));
}

/* Levels that do not go down one by one; a tower of them must not be climbed either. */
static void test_audit_packlist__refuses_levels_out_of_order(void **state)
{
	struct repo_fixture *f = *state;
	struct audit_options options = audit_options_of(f);
	CLEANUP(audit_result_release) struct audit_result result = {0};
	struct fake_snapshot fake = {0};
	uint8_t hash[32];

	fake_page(f, 1, hash, &fake);
	for (int i = 0; i < 50; i++)
		put_above(f, 2, hash, 1, hash);
	commit_root(f, hash, 1);
	audit_it(f, &options, &result);
	assert_int_equal(result.n_of[AUDIT_CORRUPT], 1);
	assert_true(audit_found(&result, AUDIT_CORRUPT, ": its level is 2, expected 1"));
	assert_int_equal(result.n_packs, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		snapshot_test(
			test_audit_packlist__counts_through_levels_and_shared_pages),
		snapshot_test(test_audit_packlist__tells_another_count),
		snapshot_test(test_audit_packlist__misses_a_page_once),
		snapshot_test(test_audit_packlist__refuses_changed_and_foreign_pages),
		snapshot_test(test_audit_packlist__refuses_levels_out_of_order),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
