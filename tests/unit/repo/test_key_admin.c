/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "repo/key_admin.h"
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

static int add_reader(struct repo_fixture *f, const char *name, struct err *err)
{
	struct key_admin admin = admin_of(f);
	CLEANUP(mem_freep) char *file = mem_printf("%s.key", name);
	CLEANUP(mem_freep) char *path = path_join(f->directory, file);

	return key_add_reader(&admin, name, path, &f->passphrase, err);
}

static int add_writer(struct repo_fixture *f, const char *name, const char *pattern,
		      struct err *err)
{
	struct key_admin admin = admin_of(f);
	CLEANUP(mem_freep) char *file = mem_printf("%s.key", name);
	CLEANUP(mem_freep) char *path = path_join(f->directory, file);
	CLEANUP(strings_release) struct strings streams = {0};

	strings_init(&streams);
	if (pattern != NULL)
		strings_add(&streams, pattern);
	return key_add_writer(&admin, name, path, &streams, "", err);
}

static void test_key_add_reader__opens_every_epoch(void **state)
{
	struct repo_fixture *f = *state;
	struct key_admin admin = admin_of(f);
	CLEANUP(key_freep) struct key *reader = NULL;
	uint32_t number;
	struct err err = {0};

	assert_int_equal(key_rotate(&admin, &number, &err), 0);
	assert_int_equal(number, 2);
	assert_int_equal(add_reader(f, "anna", &err), 0);
	assert_int_equal(repo_fixture_key(f, "anna.key", &f->passphrase, &reader, &err),
			 0);
	assert_int_equal(reader->role, KEY_READER);
	assert_string_equal(reader->reader->name, "anna");
	assert_int_equal(repo_fixture_reopen(f, &err), 0);
	assert_int_equal(keylog_n_epochs(f->repo->keylog), 2);
	for (size_t i = 0; i < 2; i++) {
		CLEANUP(dh_private_freep) struct dh_private *key = NULL;

		assert_int_equal(epoch_open(keylog_epoch_at(f->repo->keylog, i),
					    reader->reader, f->store, NULL, &key, &err),
				 0);
	}
	/* the same D: what it reads has the same ids */
	assert_true(secret_equal(&key_dedup(reader)->blob_id,
				 &key_dedup(f->writer)->blob_id));
}

static void test_key_add_writer__may_write_where_it_is_allowed(void **state)
{
	struct repo_fixture *f = *state;
	CLEANUP(key_freep) struct key *writer = NULL;
	struct snapshot_committed committed;
	struct err err = {0};

	assert_int_equal(add_writer(f, "web", "hosts/*", &err), 0);
	assert_int_equal(repo_fixture_key(f, "web.key", NULL, &writer, &err), 0);
	assert_int_equal(writer->role, KEY_WRITER);
	assert_int_equal(
		fixture_commit_as(f, writer->writer, "hosts/web", &committed, &err), 0);
	assert_int_equal(fixture_commit_as(f, writer->writer, "db", &committed, &err),
			 -1);
	assert_int_equal(err.code, ERR_KEY);
}

static void test_key_add__refuses_names_and_files_in_use(void **state)
{
	struct repo_fixture *f = *state;
	struct key_admin admin = admin_of(f);
	CLEANUP(mem_freep) char *path = path_join(f->directory, "audit.pub");
	struct err err = {0};

	assert_int_equal(add_reader(f, "anna", &err), 0);
	assert_int_equal(add_writer(f, "anna", NULL, &err), -1);
	assert_int_equal(err.code, ERR_EXISTS);
	assert_string_equal(err.msg, "there is a reader called anna already");
	assert_int_equal(add_reader(f, "recovery", &err), -1);
	assert_int_equal(err.code, ERR_USAGE);
	assert_string_equal(err.msg, "key name recovery: it is taken by recovery.key");
	assert_int_equal(key_add_reader(&admin, "bert", path, &f->passphrase, &err), -1);
	assert_int_equal(err.code, ERR_EXISTS);
	assert_int_equal(keylog_n_recipients(f->repo->keylog), 2);
}

/* But where the record may be in the log: what opens with it must not be lost. */
static void test_key_add__leaves_no_file_when_the_store_fails(void **state)
{
	struct repo_fixture *f = *state;
	struct store *inner = f->repo->store;
	CLEANUP(mem_freep) char *anna = path_join(f->directory, "anna.key");
	CLEANUP(mem_freep) char *web = path_join(f->directory, "web.key");
	CLEANUP(store_freep) struct store *dead = store_cut_new(inner, 0);
	struct err err = {0};

	for (unsigned n = 0;; n++) {
		CLEANUP(store_freep) struct store *cut = store_cut_new(inner, n);

		f->repo->store = cut;
		int result = add_reader(f, "anna", &err);
		f->repo->store = inner;
		if (result == 0) {
			assert_int_equal(n,
					 3); /* the owner's wrap, its own, the record */
			break;
		}
		assert_int_equal(err.code, ERR_IO);
		assert_int_equal(access(anna, F_OK), n == 2 ? 0 : -1);
		if (n == 2)
			assert_int_equal(unlink(anna), 0);
	}
	f->repo->store = dead;
	assert_int_equal(add_writer(f, "web", NULL, &err), -1);
	f->repo->store = inner;
	assert_non_null(strstr(err.hint, "the key log may have it"));
	assert_int_equal(unlink(web), 0);
	assert_int_equal(add_writer(f, "web", NULL, &err), 0);
}

static void test_key_add_writer__refuses_a_bad_pattern(void **state)
{
	struct repo_fixture *f = *state;
	struct err err = {0};

	assert_int_equal(add_writer(f, "web", "[a", &err), -1);
	assert_int_equal(err.code, ERR_USAGE);
	assert_int_equal(keylog_n_certificates(f->repo->keylog), 1);
}

static void test_key_passwd__changes_the_passphrase_alone(void **state)
{
	struct repo_fixture *f = *state;
	CLEANUP(mem_freep) char *path = path_join(f->directory, "recovery.key");
	CLEANUP(secret_release) struct secret other = {0};
	struct scrypt_params scrypt = {.log2_n = 10, .r = 1, .p = 1};
	CLEANUP(key_freep) struct key *key = NULL;
	struct err err = {0};

	secret_set(&other, "battery staple", 14);
	assert_int_equal(key_passwd(path, &other, &f->passphrase, scrypt, &f->rng, &err),
			 -1);
	assert_int_equal(err.code, ERR_KEY);
	assert_int_equal(key_passwd(path, &f->passphrase, &other, scrypt, &f->rng, &err),
			 0);
	assert_int_equal(repo_fixture_key(f, "recovery.key", &f->passphrase, &key, &err),
			 -1);
	assert_int_equal(err.code, ERR_KEY);
	assert_int_equal(repo_fixture_key(f, "recovery.key", &other, &key, &err), 0);
	assert_true(secret_equal(&key->owner->dedup_secret,
				 &f->recovery->owner->dedup_secret));
}

static void test_key_passwd__refuses_roles_without_one(void **state)
{
	struct repo_fixture *f = *state;
	CLEANUP(mem_freep) char *path = path_join(f->directory, "writer.key");
	struct scrypt_params scrypt = {.log2_n = 10, .r = 1, .p = 1};
	struct err err = {0};

	assert_int_equal(key_passwd(path, NULL, &f->passphrase, scrypt, &f->rng, &err),
			 -1);
	assert_int_equal(err.code, ERR_USAGE);
	assert_non_null(strstr(err.msg, "writer.key: a writer key has no passphrase"));
}

static void test_key_entries__lists_everybody(void **state)
{
	struct repo_fixture *f = *state;
	CLEANUP(vec_release) struct vec entries = {0};
	struct err err = {0};

	assert_int_equal(add_reader(f, "anna", &err), 0);
	assert_int_equal(add_writer(f, "web", "hosts/*", &err), 0);
	key_entries(f->repo->keylog, &entries);
	static const struct {
		enum key_role role;
		const char *name;
	} expected[] = {{KEY_RECOVERY, "recovery"},
			{KEY_READER, "anna"},
			{KEY_WRITER, "writer"},
			{KEY_WRITER, "web"}};
	assert_int_equal(entries.n, ARRAY_SIZE(expected));
	for (size_t i = 0; i < entries.n; i++) {
		const struct key_entry *entry = vec_at(&entries, i);

		assert_int_equal(entry->role, expected[i].role);
		assert_string_equal(entry->name, expected[i].name);
		assert_true(entry->active);
	}
	const struct key_entry *web = vec_at(&entries, 3);
	assert_string_equal(strings_at(web->streams, 0), "hosts/*");
}

static void test_key_name_check__takes_plain_names(void **state)
{
	struct err err = {0};

	(void)state;
	assert_int_equal(key_name_check("anna-2.old_x", &err), 0);
	assert_int_equal(key_name_check("", &err), -1);
	assert_int_equal(key_name_check("a b", &err), -1);
	assert_int_equal(err.code, ERR_USAGE);
	assert_string_equal(
		err.msg, "key name \"a b\": expected 1 to 64 letters, digits, . _ or -");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		snapshot_test(test_key_add_reader__opens_every_epoch),
		snapshot_test(test_key_add_writer__may_write_where_it_is_allowed),
		snapshot_test(test_key_add__refuses_names_and_files_in_use),
		snapshot_test(test_key_add__leaves_no_file_when_the_store_fails),
		snapshot_test(test_key_add_writer__refuses_a_bad_pattern),
		snapshot_test(test_key_passwd__changes_the_passphrase_alone),
		snapshot_test(test_key_passwd__refuses_roles_without_one),
		snapshot_test(test_key_entries__lists_everybody),
		cmocka_unit_test(test_key_name_check__takes_plain_names),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
