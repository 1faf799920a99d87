/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "repo/repo_format.h"
#include "support/repo_fixture.h"

static int setup(void **state)
{
	struct repo_fixture *f = mem_zalloc(sizeof(*f));
	struct err err = {0};

	*state = f;
	return repo_fixture_init(f, 21, &err);
}

static int teardown(void **state)
{
	int failed = repo_fixture_release(*state);

	mem_free(*state);
	return failed;
}

static int delete_one(void *arg, const char *key, const struct store_info *info,
		      struct err *err)
{
	(void)info;
	return store_delete(arg, key, "", err);
}

static void test_repo_open__tells_that_there_is_none(void **state)
{
	struct repo_fixture *f = *state;
	struct err err = {0};
	bool exists = true;

	assert_int_equal(store_delete(f->store, REPO_DOCUMENT_KEY, "", &err), 0);
	assert_int_equal(repo_exists(f->store, &exists, &err), 0);
	assert_false(exists);
	assert_int_equal(repo_fixture_reopen(f, &err), -1);
	assert_int_equal(err.code, ERR_NO_REPO);
	assert_string_equal(err.msg, "no repository at memory:");
	assert_string_equal(err.hint, "quipu-backup init creates one");
}

static void test_repo_open__alarms_when_the_key_log_is_gone(void **state)
{
	struct repo_fixture *f = *state;
	struct err err = {0};

	assert_int_equal(
		store_list(f->store, "keys/log/", delete_one, f->store, NULL, &err), 0);
	assert_int_equal(repo_fixture_reopen(f, &err), 0); /* restoring goes on */
	assert_int_equal(keylog_check_whole(f->repo->keylog, &err), -1);
	assert_int_equal(err.code, ERR_ALARM);
	assert_string_equal(err.msg, "key log: it names no epoch");
}

static void test_repo_open__refuses_anothers_key(void **state)
{
	struct repo_fixture *f = *state;
	struct repo_fixture other = {0};
	struct repo *repo = NULL;
	struct err err = {0};

	assert_int_equal(repo_fixture_init(&other, 22, &err), 0);
	assert_int_equal(repo_open(f->store, &other.writer->identity, &repo, &err), -1);
	assert_int_equal(err.code, ERR_KEY);
	assert_string_equal(err.msg,
			    "repository memory:: the key belongs to another repository");
	assert_int_equal(repo_fixture_release(&other), 0);
}

static void test_repo_open__refuses_a_huge_document(void **state)
{
	struct repo_fixture *f = *state;
	struct store_put_options replace = {.mode = STORE_PUT_REPLACE};
	CLEANUP(buf_release) struct buf huge = {0};
	struct err err = {0};

	buf_init(&huge, 0);
	memset(buf_extend(&huge, REPO_DOCUMENT_MAX + 1), ' ', REPO_DOCUMENT_MAX + 1);
	assert_int_equal(
		store_put(f->store, REPO_DOCUMENT_KEY, buf_slice(&huge), &replace, &err),
		0);
	assert_int_equal(repo_fixture_reopen(f, &err), -1);
	assert_int_equal(err.code, ERR_CORRUPT);
}

static void test_repo_exists__is_true_for_one(void **state)
{
	struct repo_fixture *f = *state;
	struct err err = {0};
	bool exists = false;

	assert_int_equal(repo_exists(f->store, &exists, &err), 0);
	assert_true(exists);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(test_repo_open__tells_that_there_is_none),
		CASE(test_repo_open__alarms_when_the_key_log_is_gone),
		CASE(test_repo_open__refuses_anothers_key),
		CASE(test_repo_open__refuses_a_huge_document),
		CASE(test_repo_exists__is_true_for_one),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
