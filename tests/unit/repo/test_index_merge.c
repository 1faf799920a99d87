/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <unistd.h>

#include "repo/index_merge.h"
#include "repo/run_space.h"

enum { RUNS_MAX = 9 };

static const struct run_shape shape = {16, 8};

struct fixture {
	struct secret key;
	struct rng rng;
	struct run_space space;
	int dir_fd;
	struct index_run *runs[RUNS_MAX];
};

static struct fixture fixture_new(void)
{
	struct fixture f = {.rng = rng_seeded(4)};
	struct err err = {0};

	secret_init(&f.key, 32);
	assert_int_equal(run_space_open_temporary(&f.dir_fd, &err), 0);
	return f;
}

static void fixture_release(struct fixture *f)
{
	for (size_t i = 0; i < RUNS_MAX; i++)
		index_run_unref(f->runs[i]);
	run_space_release(&f->space);
	secret_release(&f->key);
	(void)close(f->dir_fd);
}

/* Run i of k holds the numbers n with n % k == i, each once, big-endian. */
static void make_runs(struct fixture *f, size_t k, uint32_t n)
{
	const struct run_cipher cipher = {&f->key, &f->rng, NULL};
	struct err err = {0};

	run_space_init(&f->space, f->dir_fd, false, &cipher);
	for (size_t i = 0; i < k; i++) {
		CLEANUP(run_writer_freep) struct run_writer *writer = NULL;
		uint64_t id = 0;

		assert_int_equal(run_space_create(&f->space, shape, &writer, &id, &err),
				 0);
		for (uint32_t v = (uint32_t)i; v < n; v += (uint32_t)k) {
			uint8_t record[16] = {(uint8_t)(v >> 24), (uint8_t)(v >> 16),
					      (uint8_t)(v >> 8), (uint8_t)v};

			assert_int_equal(run_writer_add(writer, record, &err), 0);
		}
		assert_int_equal(run_writer_finish(writer, &f->runs[i], &err), 0);
	}
}

static void expect_merged(struct fixture *f, size_t k, uint32_t n, uint32_t copies)
{
	CLEANUP(index_merge_freep)
	struct index_merge *merge = index_merge_new(f->runs, k, shape);
	const uint8_t *record = NULL;
	struct err err = {0};

	for (uint32_t i = 0; i < n * copies; i++) {
		uint32_t v = i / copies;

		assert_int_equal(index_merge_next(merge, &record, &err), 0);
		assert_non_null(record);
		assert_int_equal(record[0] << 24 | record[1] << 16 | record[2] << 8 |
					 record[3],
				 v);
	}
	assert_int_equal(index_merge_next(merge, &record, &err), 0);
	assert_null(record);
}

static void test_index_merge_next__one_order_of_many_runs(void **state)
{
	struct fixture f = fixture_new();

	(void)state;
	make_runs(&f, 7, 20000);
	expect_merged(&f, 7, 20000, 1);
	fixture_release(&f);
}

static void test_index_merge_next__one_run(void **state)
{
	struct fixture f = fixture_new();

	(void)state;
	make_runs(&f, 1, 1000);
	expect_merged(&f, 1, 1000, 1);
	fixture_release(&f);
}

static void test_index_merge_next__runs_of_very_different_lengths(void **state)
{
	struct fixture f = fixture_new();

	(void)state;
	make_runs(&f, 9, 5); /* four of them empty */
	expect_merged(&f, 9, 5, 1);
	fixture_release(&f);
}

static void test_index_merge_next__equal_records_stay(void **state)
{
	struct fixture f = fixture_new();

	(void)state;
	make_runs(&f, 1, 500);
	f.runs[1] = index_run_ref(f.runs[0]);
	f.runs[2] = index_run_ref(f.runs[0]);
	expect_merged(&f, 3, 500, 3);
	fixture_release(&f);
}

static void test_index_merge_next__no_run_at_all(void **state)
{
	struct fixture f = fixture_new();

	(void)state;
	expect_merged(&f, 0, 0, 1);
	fixture_release(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_index_merge_next__one_order_of_many_runs),
		cmocka_unit_test(test_index_merge_next__one_run),
		cmocka_unit_test(test_index_merge_next__runs_of_very_different_lengths),
		cmocka_unit_test(test_index_merge_next__equal_records_stay),
		cmocka_unit_test(test_index_merge_next__no_run_at_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
