/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "repo/key_epoch.h"
#include "support/snapshot_fixture.h"
#include "support/store_cut.h"

static struct key_admin admin_of(struct repo_fixture *f)
{
	return (struct key_admin){.repo = f->repo,
				  .owner = f->recovery->owner,
				  .rng = &f->rng,
				  .clock = &f->clock,
				  .scrypt = {.log2_n = 10, .r = 1, .p = 1}};
}

/* Adds reader anna and opens its key. */
static struct key *add_anna(struct repo_fixture *f)
{
	struct key_admin admin = admin_of(f);
	CLEANUP(mem_freep) char *path = path_join(f->directory, "anna.key");
	struct key *anna = NULL;
	struct err err = {0};

	assert_int_equal(key_add_reader(&admin, "anna", path, &f->passphrase, &err), 0);
	assert_int_equal(repo_fixture_key(f, "anna.key", &f->passphrase, &anna, &err), 0);
	return anna;
}

static int open_newest(struct repo_fixture *f, const struct reader_key *key,
		       struct err *err)
{
	CLEANUP(dh_private_freep) struct dh_private *epoch = NULL;

	return epoch_open(keylog_newest_epoch(f->repo->keylog), key, f->store, NULL,
			  &epoch, err);
}

static void test_key_rotate__serves_all_recipients(void **state)
{
	struct repo_fixture *f = *state;
	struct key_admin admin = admin_of(f);
	CLEANUP(key_freep) struct key *anna = add_anna(f);
	uint32_t number = 0;
	struct err err = {0};

	assert_int_equal(key_rotate(&admin, &number, &err), 0);
	assert_int_equal(number, 2);
	assert_int_equal(repo_fixture_reopen(f, &err), 0);
	assert_int_equal(keylog_newest_epoch(f->repo->keylog)->number, 2);
	assert_int_equal(keylog_newest_epoch(f->repo->keylog)->recipients.n, 2);
	assert_int_equal(open_newest(f, anna->reader, &err), 0);
	assert_int_equal(open_newest(f, key_reader(f->recovery), &err), 0);
}

/* Until the record is there, nobody seals to the new epoch; wraps are there before it. */
static void test_key_rotate__puts_wraps_before_the_record(void **state)
{
	struct repo_fixture *f = *state;
	struct store *inner = f->repo->store;

	for (unsigned n = 0;; n++) {
		CLEANUP(store_freep) struct store *cut = store_cut_new(inner, n);
		uint32_t number;
		struct err err = {0};

		f->repo->store = cut;
		struct key_admin admin = admin_of(f);
		int result = key_rotate(&admin, &number, &err);
		f->repo->store = inner;
		assert_int_equal(repo_fixture_reopen(f, &err), 0);
		assert_int_equal(open_newest(f, key_reader(f->recovery), &err), 0);
		if (result == 0) {
			assert_int_equal(n, 2); /* one wrap, one record */
			break;
		}
		assert_int_equal(keylog_newest_epoch(f->repo->keylog)->number, 1);
	}
}

static void test_key_remove__shuts_a_reader_out_of_what_follows(void **state)
{
	struct repo_fixture *f = *state;
	struct key_admin admin = admin_of(f);
	CLEANUP(key_freep) struct key *anna = add_anna(f);
	CLEANUP(dh_private_freep) struct dh_private *old = NULL;
	enum key_role role = 0;
	struct err err = {0};

	assert_int_equal(key_remove(&admin, "anna", &role, &err), 0);
	assert_int_equal(role, KEY_READER);
	assert_int_equal(repo_fixture_reopen(f, &err), 0);
	assert_true(keylog_recipient(f->repo->keylog, 1)->removed);
	assert_int_equal(keylog_newest_epoch(f->repo->keylog)->number, 2);
	assert_int_equal(open_newest(f, anna->reader, &err), -1);
	assert_int_equal(err.code, ERR_KEY);
	assert_int_equal(open_newest(f, key_reader(f->recovery), &err), 0);
	/* what was written before stays readable for it */
	assert_int_equal(epoch_open(keylog_epoch(f->repo->keylog, 1, 0), anna->reader,
				    f->store, NULL, &old, &err),
			 0);
}

static void test_key_remove__keeps_what_a_writer_wrote(void **state)
{
	struct repo_fixture *f = *state;
	struct key_admin admin = admin_of(f);
	CLEANUP(snapshot_list_release) struct snapshot_list list = {0};
	struct writer_key web;
	struct snapshot_committed committed;
	enum key_role role = 0;
	struct err err = {0};

	fixture_writer(f, "web", NULL, &web);
	fixture_commit(f, "mail");
	assert_int_equal(fixture_commit_as(f, &web, "db", &committed, &err), 0);
	struct snapshot_committed head = fixture_commit(f, "db");
	assert_int_equal(key_remove(&admin, "web", &role, &err), 0);
	assert_int_equal(role, KEY_WRITER);
	assert_int_equal(repo_fixture_reopen(f, &err), 0);
	const struct certificate *certificate = keylog_certificate(f->repo->keylog, 1);
	assert_true(certificate->revoked);
	assert_int_equal(certificate->last_accepted.n, 1); /* db, not mail */
	const struct accepted *accepted = vec_at(&certificate->last_accepted, 0);
	assert_string_equal(accepted->stream, "db");
	assert_int_equal(accepted->seq, 2);
	assert_memory_equal(accepted->id, head.id, 32);
	fixture_list(f, NULL, &list);
	assert_int_equal(list.headers.n, 3);
	assert_int_equal(strings_count(&list.alarms), 0);
	/* and nothing more */
	assert_int_equal(fixture_commit_as(f, &web, "db", &committed, &err), -1);
	assert_int_equal(err.code, ERR_KEY);
	assert_string_equal(err.msg, "the certificate of writer web is revoked");
	fixture_writer_release(&web);
}

static void test_key_remove__never_takes_the_recovery_key(void **state)
{
	struct repo_fixture *f = *state;
	struct key_admin admin = admin_of(f);
	enum key_role role;
	struct err err = {0};

	assert_int_equal(key_remove(&admin, "recovery", &role, &err), -1);
	assert_int_equal(err.code, ERR_USAGE);
	assert_string_equal(err.msg, "the recovery key cannot be removed");
}

static void test_key_remove__suggests_a_name(void **state)
{
	struct repo_fixture *f = *state;
	struct key_admin admin = admin_of(f);
	enum key_role role;
	struct err err = {0};

	assert_int_equal(key_remove(&admin, "writr", &role, &err), -1);
	assert_int_equal(err.code, ERR_NOT_FOUND);
	assert_string_equal(err.msg, "there is no key called writr");
	assert_string_equal(err.hint, "did you mean writer?");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		snapshot_test(test_key_rotate__serves_all_recipients),
		snapshot_test(test_key_rotate__puts_wraps_before_the_record),
		snapshot_test(test_key_remove__shuts_a_reader_out_of_what_follows),
		snapshot_test(test_key_remove__keeps_what_a_writer_wrote),
		snapshot_test(test_key_remove__never_takes_the_recovery_key),
		snapshot_test(test_key_remove__suggests_a_name),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
