/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <unistd.h>

#include "base/pool.h"
#include "repo/sorted_table.h"
#include "support/tempdir.h"

enum { LEN = 24, KEY = 16, MEMORY = 64 * 1024 };

struct fixture {
	struct secret key;
	struct rng rng;
	struct run_space space;
	int dir_fd;
	struct page_cache *cache;
	struct sorted_table *table;
};

static const struct run_shape shape = {LEN, KEY};

static int setup(void **state)
{
	struct fixture *f = mem_zalloc(sizeof(*f));
	struct err err = {0};

	f->rng = rng_seeded(6);
	secret_init(&f->key, 32);
	f->cache = page_cache_new(16);
	if (run_space_open_temporary(&f->dir_fd, &err) < 0)
		return -1;

	const struct run_cipher cipher = {&f->key, &f->rng, f->cache};
	run_space_init(&f->space, f->dir_fd, false, &cipher);
	f->table = sorted_table_new(&f->space, shape, MEMORY);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	sorted_table_free(f->table);
	run_space_release(&f->space);
	page_cache_free(f->cache);
	secret_release(&f->key);
	(void)close(f->dir_fd);
	mem_free(f);
	return 0;
}

/* Keys look random and are different for different i; the mark is ~mark, so that of one key
 * the newest is the least. */
static void make_record(uint64_t i, uint32_t mark, uint8_t record[static LEN])
{
	uint64_t x = (i + 1) * UINT64_C(0x9e3779b97f4a7c15);

	x ^= x >> 29;
	memset(record, 0, LEN);
	memcpy(record, &x, sizeof(x));
	memcpy(record + 8, &i, sizeof(i));
	for (unsigned b = 0; b < 4; b++)
		record[KEY + b] = (uint8_t)(~mark >> (24 - 8 * b));
}

static int add(struct fixture *f, uint64_t i, uint32_t mark)
{
	uint8_t record[LEN];
	struct err err = {0};

	make_record(i, mark, record);
	return sorted_table_add(f->table, record, &err);
}

/* True when key i is there exactly with the marks last, last - 1, … */
static bool has_marks(struct fixture *f, uint64_t i, uint32_t last, size_t n)
{
	uint8_t out[8 * LEN], expected[LEN];
	struct err err = {0};
	size_t found = 0;

	make_record(i, 0, expected);
	if (sorted_table_find(f->table, expected, out, 8, &found, &err) < 0 || found != n)
		return false;
	for (size_t k = 0; k < n; k++) {
		make_record(i, last - (uint32_t)k, expected);
		if (memcmp(out + k * LEN, expected, LEN) != 0)
			return false;
	}
	return true;
}

static void test_sorted_table_find__a_million_records(void **state)
{
	struct fixture *f = *state;

	for (uint64_t i = 0; i < 1000000; i++)
		assert_int_equal(add(f, i, 1), 0);
	assert_int_equal(sorted_table_count(f->table), 1000000);
	assert_in_range(sorted_table_n_runs(f->table), 1, 8);
	for (uint64_t i = 0; i < 1000000; i += 37)
		assert_true(has_marks(f, i, 1, 1));
	for (uint64_t i = 1000000; i < 1010000; i++)
		assert_true(has_marks(f, i, 0, 0));
}

static void test_sorted_table_add__goes_on_where_no_file_can_be_made(void **state)
{
	struct fixture *f = *state;

	for (uint64_t i = 0; i < 10000; i++)
		assert_int_equal(add(f, i, 1), 0);
	f->space.dir_fd = -1;
	for (uint64_t i = 10000; i < 30000; i++)
		assert_int_equal(add(f, i, 1), 0);
	assert_non_null(strstr(f->space.why.msg, "cannot make a file for the index: "));
	assert_int_equal(sorted_table_count(f->table), 30000);
	for (uint64_t i = 0; i < 30000; i++)
		assert_true(has_marks(f, i, 1, 1));
}

/* Against a plain list of how often each key was added. */
static void test_sorted_table_find__equals_a_plain_list(void **state)
{
	enum { KEYS = 50000, ADDS = 200000 };
	struct fixture *f = *state;
	uint32_t *last = mem_calloc(KEYS, sizeof(*last));
	uint32_t *n = mem_calloc(KEYS, sizeof(*n));
	struct rng rng = rng_seeded(17);

	for (uint32_t i = 1; i <= ADDS; i++) {
		uint64_t k = rng_below(&rng, KEYS);

		if (n[k] == 7)
			continue;
		assert_int_equal(add(f, k, ++last[k]), 0);
		n[k]++;
		k = rng_below(&rng, KEYS);
		if (i % 5 == 0)
			assert_true(has_marks(f, k, last[k], n[k]));
	}
	for (uint64_t k = 0; k < KEYS; k++)
		assert_true(has_marks(f, k, last[k], n[k]));
	mem_free(last);
	mem_free(n);
}

static void test_sorted_table_find__stops_at_max(void **state)
{
	struct fixture *f = *state;
	uint8_t out[2 * LEN], expected[LEN];
	struct err err = {0};
	size_t n = 0;

	for (uint32_t mark = 1; mark <= 5; mark++) {
		assert_int_equal(add(f, 3, mark), 0);
		assert_int_equal(sorted_table_spill(f->table, &err), 0);
	}
	make_record(3, 5, expected);
	assert_int_equal(sorted_table_find(f->table, expected, out, 2, &n, &err), 0);
	assert_int_equal(n, 2);
	assert_memory_equal(out, expected, LEN);
	make_record(3, 4, expected);
	assert_memory_equal(out + LEN, expected, LEN);
}

struct walk {
	uint64_t n;
	uint8_t last[LEN];
	uint64_t stop_after;
};

static int walk_one(void *arg, const uint8_t *record, struct err *err)
{
	struct walk *walk = arg;

	if (memcmp(walk->last, record, LEN) > 0)
		return err_set(err, ERR_FAILED, "out of order");
	memcpy(walk->last, record, LEN);
	return ++walk->n == walk->stop_after ? 42 : 0;
}

static void test_sorted_table_each__all_in_order(void **state)
{
	struct fixture *f = *state;
	struct walk walk = {0};
	struct err err = {0};

	for (uint64_t i = 0; i < 30001; i++)
		assert_int_equal(add(f, i, 1), 0);
	assert_int_equal(sorted_table_each(f->table, walk_one, &walk, &err), 0);
	assert_int_equal(walk.n, 30001);
}

static void test_sorted_table_each__ends_when_told(void **state)
{
	struct fixture *f = *state;
	struct walk walk = {.stop_after = 10};
	struct err err = {0};

	for (uint64_t i = 0; i < 100; i++)
		assert_int_equal(add(f, i, 1), 0);
	assert_int_equal(sorted_table_each(f->table, walk_one, &walk, &err), 42);
	assert_int_equal(walk.n, 10);
}

static void test_sorted_table_clear__forgets_all(void **state)
{
	struct fixture *f = *state;

	for (uint64_t i = 0; i < 10000; i++)
		assert_int_equal(add(f, i, 1), 0);
	sorted_table_clear(f->table);
	assert_int_equal(sorted_table_count(f->table), 0);
	assert_true(has_marks(f, 5, 0, 0));
	assert_int_equal(add(f, 5, 1), 0);
	assert_true(has_marks(f, 5, 1, 1));
}

static void test_sorted_table_attach_take__gives_an_old_run_back(void **state)
{
	struct fixture *f = *state;
	struct err err = {0};

	for (uint64_t i = 0; i < 100; i++)
		assert_int_equal(add(f, i, 1), 0);
	assert_int_equal(sorted_table_spill(f->table, &err), 0);
	assert_int_equal(sorted_table_n_runs(f->table), 1);

	struct sorted_table *other = sorted_table_new(&f->space, shape, MEMORY);
	sorted_table_attach_take(other, index_run_ref(sorted_table_run(f->table, 0)));
	sorted_table_free(f->table);
	f->table = other;
	assert_int_equal(sorted_table_count(f->table), 100);
	assert_true(has_marks(f, 99, 1, 1));
}

static void test_sorted_table_memory__does_not_grow_with_records(void **state)
{
	struct fixture *f = *state;

	for (uint64_t i = 0; i < 200000; i++)
		assert_int_equal(add(f, i, 1), 0);
	/* eight bytes a page of 170 records, twice for the growth of arrays */
	assert_true(sorted_table_memory(f->table) < MEMORY + 2 * 200000 / 170 * 8 + 8192);
}

/* Records below `n_added` are there and found while more come in. */
struct finding {
	struct fixture *f;
	atomic_ullong n_added;
	atomic_bool done;
	atomic_uint n_missed;
	atomic_uint n_looked;
};

static void look_up(void *task, unsigned worker)
{
	struct finding *finding = task;
	struct rng rng = rng_seeded(worker);

	while (!finding->done || finding->n_looked < 1000) {
		uint64_t n = finding->n_added;

		if (n == 0)
			continue;
		if (!has_marks(finding->f, rng_below(&rng, n), 1, 1))
			finding->n_missed++;
		finding->n_looked++;
	}
}

static void test_sorted_table_find__while_another_thread_adds(void **state)
{
	struct finding finding = {.f = *state};
	struct pool *pool = NULL;
	struct err err = {0};

	assert_int_equal(pool_new(3, 3, &pool, &err), 0);
	for (int i = 0; i < 3; i++)
		pool_submit(pool, look_up, &finding);
	for (uint64_t i = 0; i < 100000; i++) {
		assert_int_equal(add(finding.f, i, 1), 0);
		finding.n_added = i + 1;
	}
	finding.done = true;
	pool_wait(pool);
	pool_free(pool);
	assert_int_equal(finding.n_missed, 0);
	assert_true(finding.n_looked >= 1000);
}

static void test_sorted_table_add__reports_that_there_is_no_place_left(void **state)
{
	struct fixture *f = *state;
	struct err err = {0};
	uint8_t record[LEN] = {0};
	int result = 0;

	while (run_space_move(&f->space, &err))
		;
	f->space.dir_fd = -1;
	for (int i = 0; i < 10000 && result == 0; i++)
		result = sorted_table_add(f->table, record, &err);
	assert_int_equal(result, -1);
	assert_non_null(strstr(err.msg, "cannot make a file for the index: "));
}

#define table_test(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		table_test(test_sorted_table_find__a_million_records),
		table_test(test_sorted_table_add__goes_on_where_no_file_can_be_made),
		table_test(test_sorted_table_find__equals_a_plain_list),
		table_test(test_sorted_table_find__stops_at_max),
		table_test(test_sorted_table_each__all_in_order),
		table_test(test_sorted_table_each__ends_when_told),
		table_test(test_sorted_table_clear__forgets_all),
		table_test(test_sorted_table_attach_take__gives_an_old_run_back),
		table_test(test_sorted_table_memory__does_not_grow_with_records),
		table_test(test_sorted_table_find__while_another_thread_adds),
		table_test(test_sorted_table_add__reports_that_there_is_no_place_left),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
