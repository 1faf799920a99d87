/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/fd.h"
#include "repo/keylog_memory.h"
#include "support/keylog_sample.h"
#include "support/tempdir.h"

struct fixture {
	struct keylog_sample ks;
	char *directory; /* does not exist yet */
	void *tempdir;
};

static int setup(void **state)
{
	struct fixture *f = mem_zalloc(sizeof(*f));
	struct err err = {0};

	*state = f;
	if (tempdir_setup(&f->tempdir) < 0)
		return -1;
	f->directory = path_join(f->tempdir, "cache/repo");
	return keylog_sample_init(&f->ks, 4, &err);
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	keylog_sample_release(&f->ks);
	mem_free(f->directory);
	if (tempdir_teardown(&f->tempdir) != 0)
		return -1;
	mem_free(f);
	return 0;
}

static int check(struct fixture *f, struct err *err)
{
	return keylog_memory_check(f->ks.keylog, f->directory, err);
}

static void test_keylog_memory_check__lets_the_log_grow(void **state)
{
	struct fixture *f = *state;
	struct err err = {0};

	assert_int_equal(check(f, &err), 0);
	assert_int_equal(check(f, &err), 0);
	assert_int_equal(keylog_sample_recipient(&f->ks, f->ks.owner.reader.recipient,
						 "more", &err),
			 0);
	assert_int_equal(check(f, &err), 0);
}

/* The bucket shows an older, valid log than an earlier run has seen. */
static void test_keylog_memory_check__notices_a_shortened_log(void **state)
{
	struct fixture *f = *state;
	CLEANUP(keylog_freep) struct keylog *before = NULL;
	struct err err = {0};

	assert_int_equal(keylog_load(f->ks.store, &f->ks.sample.identity, &before, &err),
			 0);
	assert_int_equal(keylog_sample_recipient(&f->ks, f->ks.owner.reader.recipient,
						 "more", &err),
			 0);
	assert_int_equal(check(f, &err), 0);
	assert_int_equal(keylog_memory_check(before, f->directory, &err), -1);
	assert_int_equal(err.code, ERR_ALARM);
	assert_string_equal(err.msg,
			    "key log: record 4, seen by an earlier run, is missing");
	/* and does not forget because of it */
	assert_int_equal(keylog_memory_check(before, f->directory, &err), -1);
}

static void test_keylog_memory_check__makes_a_damaged_one_anew(void **state)
{
	struct fixture *f = *state;
	CLEANUP(mem_freep) char *path = path_join(f->directory, "key-log");
	CLEANUP(buf_release) struct buf bytes = {0};
	struct err err = {0};

	assert_int_equal(check(f, &err), 0);
	assert_int_equal(
		file_write(path, slice_of_string("junk"), 0600, FILE_REPLACE, &err), 0);
	assert_int_equal(check(f, &err), 0);
	assert_int_equal(file_read(path, 100, &bytes, &err), 0);
	assert_int_equal(bytes.len, 80);
	/* any flipped bit: a bad disk is no alarm */
	for (size_t i = 0; i < 80; i++) {
		struct err why = {0};

		bytes.data[i] ^= 1;
		assert_int_equal(
			file_write(path, buf_slice(&bytes), 0600, FILE_REPLACE, &err), 0);
		if (check(f, &why) < 0)
			fail_msg("byte %zu: %s", i, why.msg);
		bytes.data[i] ^= 1;
	}
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(test_keylog_memory_check__lets_the_log_grow),
		CASE(test_keylog_memory_check__notices_a_shortened_log),
		CASE(test_keylog_memory_check__makes_a_damaged_one_anew),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
