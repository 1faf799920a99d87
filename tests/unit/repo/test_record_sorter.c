/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <dirent.h>
#include <stdlib.h>

#include "base/rng.h"
#include "repo/record_sorter.h"
#include "support/tempdir.h"

enum { RECORD_LEN = 12 };

static void record_of(uint64_t key, uint8_t out[static RECORD_LEN])
{
	for (unsigned i = 0; i < 8; i++)
		out[i] = (uint8_t)(key >> (56 - 8 * i));
	memset(out + 8, (int)(key % 251), RECORD_LEN - 8);
}

/* n records with keys that are all different, in an order without one. */
static void add_shuffled(struct record_sorter *sorter, uint64_t n)
{
	struct err err = {0};
	uint8_t record[RECORD_LEN];

	for (uint64_t i = 0; i < n; i++) {
		record_of(i * 7919 % n, record);
		assert_int_equal(record_sorter_add(sorter, record, &err), 0);
	}
	assert_int_equal(record_sorter_count(sorter), n);
}

static void assert_sorted(struct record_sorter *sorter, uint64_t n)
{
	struct err err = {0};
	uint8_t expected[RECORD_LEN];
	const uint8_t *record;

	assert_int_equal(record_sorter_rewind(sorter, &err), 0);
	for (uint64_t i = 0; i < n; i++) {
		record_of(i, expected);
		assert_int_equal(record_sorter_next(sorter, &record, &err), 0);
		assert_non_null(record);
		assert_memory_equal(record, expected, RECORD_LEN);
	}
	assert_int_equal(record_sorter_next(sorter, &record, &err), 0);
	assert_null(record);
}

static void test_next__sorts_in_memory_without_a_directory(void **state)
{
	(void)state;
	CLEANUP(record_sorter_freep)
	struct record_sorter *sorter =
		record_sorter_new("/nonexistent", RECORD_LEN, RECORD_SORTER_MEMORY_MIN);

	add_shuffled(sorter, 5000);
	assert_sorted(sorter, 5000);
}

static void test_next__ends_at_once_without_records(void **state)
{
	(void)state;
	CLEANUP(record_sorter_freep)
	struct record_sorter *sorter =
		record_sorter_new("/nonexistent", RECORD_LEN, RECORD_SORTER_MEMORY_MIN);

	assert_sorted(sorter, 0);
}

static void test_next__merges_runs_from_the_disk(void **state)
{
	CLEANUP(record_sorter_freep)
	struct record_sorter *sorter =
		record_sorter_new(*state, RECORD_LEN, RECORD_SORTER_MEMORY_MIN);

	add_shuffled(sorter, 50001); /* ten runs, the last one short */
	assert_sorted(sorter, 50001);
}

static void test_next__merges_more_runs_than_are_kept(void **state)
{
	CLEANUP(record_sorter_freep)
	struct record_sorter *sorter =
		record_sorter_new(*state, RECORD_LEN, RECORD_SORTER_MEMORY_MIN);

	add_shuffled(sorter, 1000003); /* 184 runs */
	assert_sorted(sorter, 1000003);
}

static void test_next__keeps_equal_records(void **state)
{
	CLEANUP(record_sorter_freep)
	struct record_sorter *sorter =
		record_sorter_new(*state, RECORD_LEN, RECORD_SORTER_MEMORY_MIN);
	struct err err = {0};
	uint8_t record[RECORD_LEN];
	const uint8_t *read;

	record_of(9, record);
	for (int i = 0; i < 20000; i++)
		assert_int_equal(record_sorter_add(sorter, record, &err), 0);
	assert_int_equal(record_sorter_rewind(sorter, &err), 0);
	for (int i = 0; i < 20000; i++) {
		assert_int_equal(record_sorter_next(sorter, &read, &err), 0);
		assert_memory_equal(read, record, RECORD_LEN);
	}
	assert_int_equal(record_sorter_next(sorter, &read, &err), 0);
	assert_null(read);
}

static void test_rewind__starts_anew(void **state)
{
	static const uint64_t counts[] = {100, 50000};

	for (size_t i = 0; i < ARRAY_SIZE(counts); i++) {
		CLEANUP(record_sorter_freep)
		struct record_sorter *sorter =
			record_sorter_new(*state, RECORD_LEN, RECORD_SORTER_MEMORY_MIN);

		add_shuffled(sorter, counts[i]);
		assert_sorted(sorter, counts[i]);
		assert_sorted(sorter, counts[i]);
	}
}

static void test_clear__begins_anew(void **state)
{
	static const uint64_t counts[] = {50000, 100, 60000};
	CLEANUP(record_sorter_freep)
	struct record_sorter *sorter =
		record_sorter_new(*state, RECORD_LEN, RECORD_SORTER_MEMORY_MIN);
	struct err err = {0};

	for (size_t i = 0; i < ARRAY_SIZE(counts); i++) {
		add_shuffled(sorter, counts[i]);
		assert_sorted(sorter, counts[i]);
		assert_int_equal(record_sorter_clear(sorter, &err), 0);
		assert_int_equal(record_sorter_count(sorter), 0);
	}
}

static void test_add__leaves_no_name_behind(void **state)
{
	CLEANUP(record_sorter_freep)
	struct record_sorter *sorter =
		record_sorter_new(*state, RECORD_LEN, RECORD_SORTER_MEMORY_MIN);
	size_t n = 0;

	add_shuffled(sorter, 50000);
	DIR *directory = opendir(*state);
	assert_non_null(directory);
	while (readdir(directory) != NULL)
		n++;
	(void)closedir(directory);
	assert_int_equal(n, 2); /* "." and ".." */
}

static void test_add__tells_where_no_file_can_be_made(void **state)
{
	CLEANUP(record_sorter_freep)
	struct record_sorter *sorter =
		record_sorter_new("/nonexistent", RECORD_LEN, RECORD_SORTER_MEMORY_MIN);
	struct err err = {0};
	uint8_t record[RECORD_LEN] = {0};
	int failed = 0;

	(void)state;
	for (int i = 0; i < 6000 && failed == 0; i++)
		failed = record_sorter_add(sorter, record, &err);
	assert_int_equal(failed, -1);
	assert_int_equal(err.code, ERR_NOT_FOUND);
	assert_string_equal(err.msg, "cannot make a scratch file in /nonexistent: "
				     "No such file or directory");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_next__sorts_in_memory_without_a_directory),
		cmocka_unit_test(test_next__ends_at_once_without_records),
		tempdir_test(test_next__merges_runs_from_the_disk),
		tempdir_test(test_next__merges_more_runs_than_are_kept),
		tempdir_test(test_next__keeps_equal_records),
		tempdir_test(test_rewind__starts_anew),
		tempdir_test(test_clear__begins_anew),
		tempdir_test(test_add__leaves_no_name_behind),
		cmocka_unit_test(test_add__tells_where_no_file_can_be_made),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
