/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "repo/wrap_format.h"
#include "support/repo_fixture.h"
#include "support/store_cut.h"

static int setup(void **state)
{
	struct repo_fixture *f = mem_zalloc(sizeof(*f));

	*state = f;
	return repo_fixture_begin(f, 12);
}

static int teardown(void **state)
{
	int failed = repo_fixture_release(*state);

	mem_free(*state);
	return failed;
}

static int init(struct repo_fixture *f, struct store *store, bool *ret_resumed,
		struct err *err)
{
	struct repo_init_options options = repo_fixture_options(f, &f->passphrase);

	return repo_init(store, &options, ret_resumed, err);
}

static char *key_path(const struct repo_fixture *f, const char *name)
{
	return path_join(f->directory, name);
}

static bool has_file(const struct repo_fixture *f, const char *name)
{
	CLEANUP(mem_freep) char *path = key_path(f, name);

	return access(path, F_OK) == 0;
}

static void remove_file(const struct repo_fixture *f, const char *name)
{
	CLEANUP(mem_freep) char *path = key_path(f, name);

	assert_int_equal(unlink(path), 0);
}

/* Everything that a whole repository gives its keys. */
static void check_whole(struct repo_fixture *f)
{
	struct err err = {0};
	CLEANUP(dh_private_freep) struct dh_private *epoch = NULL;

	assert_int_equal(repo_fixture_open(f, &err), 0);
	assert_int_equal(keylog_seq(f->repo->keylog), 3);
	assert_int_equal(keylog_check_floor(f->repo->keylog, f->writer->writer, &err), 0);
	assert_int_equal(epoch_open(keylog_newest_epoch(f->repo->keylog),
				    key_reader(f->recovery), f->store, NULL, &epoch,
				    &err),
			 0);
	assert_int_equal(f->repo->params.pack_size, 1024 * 1024);
	assert_int_equal(f->repo->params.created_nsec, f->now);
}

static int count_one(void *arg, const char *key, const struct store_info *info,
		     struct err *err)
{
	size_t *n = arg;

	(void)key;
	(void)info;
	(void)err;
	(*n)++;
	return 0;
}

static size_t count_objects(struct repo_fixture *f)
{
	size_t n = 0;
	struct err err = {0};

	assert_int_equal(store_list(f->store, "", count_one, &n, NULL, &err), 0);
	return n;
}

static void test_repo_init__makes_keys_and_repository(void **state)
{
	struct repo_fixture *f = *state;
	bool resumed = true;
	struct err err = {0};

	assert_int_equal(init(f, f->store, &resumed, &err), 0);
	assert_false(resumed);
	check_whole(f);
	assert_int_equal(count_objects(f), 5); /* 3 records, a wrap, quipu.json */
	const struct certificate *certificate = keylog_certificate(f->repo->keylog, 0);
	assert_string_equal(certificate->name, "writer");
	assert_string_equal(keylog_recipient(f->repo->keylog, 0)->name, "recovery");
}

static void test_repo_init__keeps_secrets_from_others(void **state)
{
	struct repo_fixture *f = *state;
	static const char *const names[] = {"writer.key", "recovery.key"};
	bool resumed;
	struct err err = {0};

	assert_int_equal(init(f, f->store, &resumed, &err), 0);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		CLEANUP(mem_freep) char *path = key_path(f, names[i]);
		struct stat st;

		assert_int_equal(stat(path, &st), 0);
		assert_int_equal(st.st_mode & 0777, 0600);
	}
}

/* Cut off before each call to the store, then run again. */
static void test_repo_init__goes_on_after_a_kill_at_every_call(void **state)
{
	struct repo_fixture *f = *state;

	for (unsigned n = 0;; n++) {
		CLEANUP(store_freep) struct store *cut = store_cut_new(f->store, n);
		bool resumed = false;
		struct err err = {0};

		if (init(f, cut, &resumed, &err) == 0) {
			assert_true(n >= 7);
			break;
		}
		assert_string_equal(strstr(err.msg, "the store is cut"),
				    "the store is cut off");
		if (count_objects(f) > 0)
			assert_true(has_file(f, "recovery.key") &&
				    has_file(f, "writer.key") &&
				    has_file(f, "audit.pub"));
		bool had_keys = has_file(f, "recovery.key");
		err_clear(&err);
		assert_int_equal(init(f, f->store, &resumed, &err), 0);
		assert_true(resumed == had_keys);
		check_whole(f);
		assert_int_equal(count_objects(f), 5);
		assert_int_equal(repo_fixture_release(f), 0);
		assert_int_equal(repo_fixture_begin(f, n), 0);
	}
}

/* Killed between two key files: the store is still empty. */
static void test_repo_init__goes_on_after_a_kill_between_key_files(void **state)
{
	struct repo_fixture *f = *state;
	static const char *const cut[] = {"audit.pub", "writer.key"};

	for (size_t i = 0; i < ARRAY_SIZE(cut); i++) {
		CLEANUP(store_freep) struct store *dead = store_cut_new(f->store, 3);
		bool resumed = false;
		struct err err = {0};

		assert_int_equal(init(f, dead, &resumed, &err), -1);
		for (size_t k = 0; k <= i; k++)
			remove_file(f, cut[k]);
		f->now += 1000; /* a later time: the records keep theirs, or get it */
		assert_int_equal(init(f, f->store, &resumed, &err), 0);
		assert_true(resumed);
		assert_int_equal(repo_fixture_open(f, &err), 0);
		assert_int_equal(repo_fixture_release(f), 0);
		assert_int_equal(repo_fixture_begin(f, i), 0);
	}
}

/* Another URL by mistake, or a disk that is not mounted: no second repository for the keys. */
static void test_repo_init__makes_no_second_repository_of_the_same_keys(void **state)
{
	struct repo_fixture *f = *state;
	CLEANUP(store_freep) struct store *other = store_memory_new(&f->clock);
	CLEANUP(store_freep) struct store *dead = store_cut_new(f->store, 3);
	bool resumed;
	struct err err = {0};

	assert_int_equal(init(f, dead, &resumed, &err), -1); /* keys, and no repository */
	assert_true(has_file(f, "init.unfinished"));
	assert_int_equal(init(f, f->store, &resumed, &err), 0);
	assert_true(resumed);
	assert_false(has_file(f, "init.unfinished"));
	assert_int_equal(init(f, other, &resumed, &err), -1);
	assert_int_equal(err.code, ERR_EXISTS);
	assert_non_null(strstr(err.msg, "belong to a repository that exists"));
	/* where its key log lies, a lost quipu.json is made again */
	assert_int_equal(store_delete(f->store, "quipu.json", "", &err), 0);
	assert_int_equal(init(f, f->store, &resumed, &err), 0);
	assert_true(resumed);
}

static void test_repo_init__never_overwrites_a_key_file(void **state)
{
	struct repo_fixture *f = *state;
	CLEANUP(mem_freep) char *path = key_path(f, "writer.key");
	bool resumed;
	struct err err = {0};
	CLEANUP(buf_release) struct buf text = {0};

	assert_int_equal(
		file_write(path, slice_of_string("mine"), 0600, FILE_CREATE, &err), 0);
	assert_int_equal(init(f, f->store, &resumed, &err), -1);
	assert_int_equal(err.code, ERR_EXISTS);
	assert_non_null(strstr(
		err.msg, "writer.key exists, but there is no recovery.key beside it"));
	assert_non_null(strstr(err.hint, "never overwritten"));
	assert_false(has_file(f, "recovery.key"));
	assert_int_equal(file_read(path, 100, &text, &err), 0);
	assert_string_equal(buf_string(&text), "mine");
	assert_int_equal(count_objects(f), 0);
}

static void test_repo_init__refuses_a_repository_that_exists(void **state)
{
	struct repo_fixture *f = *state;
	bool resumed;
	struct err err = {0};

	assert_int_equal(init(f, f->store, &resumed, &err), 0);
	assert_int_equal(init(f, f->store, &resumed, &err), -1);
	assert_int_equal(err.code, ERR_EXISTS);
	assert_string_equal(err.msg, "a repository exists already at memory:");
}

static void test_repo_init__refuses_another_owners_unfinished_one(void **state)
{
	struct repo_fixture *f = *state;
	CLEANUP(store_freep) struct store *cut = store_cut_new(f->store, 4);
	struct repo_fixture other = {0};
	bool resumed;
	struct err err = {0};

	assert_int_equal(init(f, cut, &resumed, &err), -1);
	assert_int_equal(repo_fixture_begin(&other, 77), 0);
	assert_int_equal(init(&other, f->store, &resumed, &err), -1);
	assert_int_equal(err.code, ERR_EXISTS);
	assert_string_equal(err.msg, "memory: holds the key log of another repository");
	assert_false(has_file(&other, "recovery.key"));
	assert_int_equal(repo_fixture_release(&other), 0);
}

static void test_repo_init__refuses_a_wrong_passphrase_when_it_goes_on(void **state)
{
	struct repo_fixture *f = *state;
	CLEANUP(store_freep) struct store *cut = store_cut_new(f->store, 5);
	CLEANUP(secret_release) struct secret wrong = {0};
	bool resumed;
	struct err err = {0};

	assert_int_equal(init(f, cut, &resumed, &err), -1);
	secret_set(&wrong, "wrong", 5);
	struct repo_init_options options = repo_fixture_options(f, &wrong);
	assert_int_equal(repo_init(f->store, &options, &resumed, &err), -1);
	assert_int_equal(err.code, ERR_KEY);
	assert_non_null(strstr(err.msg, "wrong passphrase for the recovery key"));
}

static void test_repo_init__refuses_an_empty_passphrase(void **state)
{
	struct repo_fixture *f = *state;
	struct secret none = {0};
	struct repo_init_options options = repo_fixture_options(f, &none);
	bool resumed;
	struct err err = {0};

	assert_int_equal(repo_init(f->store, &options, &resumed, &err), -1);
	assert_int_equal(err.code, ERR_USAGE);
	assert_string_equal(err.msg, "the passphrase of recovery.key is empty");
	assert_false(has_file(f, "recovery.key"));
}

static void test_repo_init__refuses_a_pack_size_out_of_range(void **state)
{
	struct repo_fixture *f = *state;
	struct repo_init_options options = repo_fixture_options(f, &f->passphrase);
	bool resumed;
	struct err err = {0};

	options.params.pack_size = 1000;
	assert_int_equal(repo_init(f->store, &options, &resumed, &err), -1);
	assert_int_equal(err.code, ERR_LIMIT);
	assert_string_equal(err.msg, "pack size 1000: expected 1048576 to 134217728 "
				     "bytes");
}

/* A wrap that lies there already but does not open is not taken for ours. */
static void test_repo_init__refuses_a_false_wrap(void **state)
{
	struct repo_fixture *f = *state;
	CLEANUP(store_freep) struct store *cut = store_cut_new(f->store, 6);
	struct store_put_options new = {.mode = STORE_PUT_NEW};
	char key[WRAP_KEY_LEN];
	bool resumed;
	struct err err = {0};

	assert_int_equal(init(f, cut, &resumed, &err), -1);
	CLEANUP(keylog_freep) struct keylog *keylog = NULL;
	assert_int_equal(repo_fixture_key(f, "audit.pub", NULL, &f->audit, &err), 0);
	assert_int_equal(keylog_load(f->store, &f->audit->identity, &keylog, &err), 0);
	assert_non_null(keylog_newest_epoch(keylog));
	wrap_key(1, &keylog_newest_epoch(keylog)->public_key,
		 keylog_recipient(keylog, 0)->id, key);
	assert_int_equal(store_put(f->store, key, slice_of_string("junk"), &new, &err),
			 0);
	assert_int_equal(init(f, f->store, &resumed, &err), -1);
	assert_int_equal(err.code, ERR_CORRUPT);
	assert_non_null(strstr(err.msg, key));
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(test_repo_init__makes_keys_and_repository),
		CASE(test_repo_init__keeps_secrets_from_others),
		CASE(test_repo_init__goes_on_after_a_kill_at_every_call),
		CASE(test_repo_init__goes_on_after_a_kill_between_key_files),
		CASE(test_repo_init__makes_no_second_repository_of_the_same_keys),
		CASE(test_repo_init__never_overwrites_a_key_file),
		CASE(test_repo_init__refuses_a_repository_that_exists),
		CASE(test_repo_init__refuses_another_owners_unfinished_one),
		CASE(test_repo_init__refuses_a_wrong_passphrase_when_it_goes_on),
		CASE(test_repo_init__refuses_an_empty_passphrase),
		CASE(test_repo_init__refuses_a_pack_size_out_of_range),
		CASE(test_repo_init__refuses_a_false_wrap),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
