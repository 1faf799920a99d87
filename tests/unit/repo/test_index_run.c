/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mem.h"
#include "repo/index_run.h"

enum { RECORD_LEN = 52, KEY_LEN = 32 };

struct fixture {
	struct secret key;
	struct rng rng;
	struct run_cipher cipher;
	struct run_shape shape;
	struct index_run *run;
	char path[64];
};

static int setup(void **state)
{
	struct fixture *f = mem_zalloc(sizeof(*f));

	f->rng = rng_seeded(3);
	secret_init(&f->key, 32);
	f->cipher = (struct run_cipher){&f->key, &f->rng, page_cache_new(8)};
	f->shape = (struct run_shape){RECORD_LEN, KEY_LEN};
	(void)snprintf(f->path, sizeof(f->path), "/tmp/quipu-run-XXXXXX");
	int fd = mkstemp(f->path);
	fd_closep(&fd);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	index_run_unref(f->run);
	page_cache_free(f->cipher.cache);
	secret_release(&f->key);
	(void)unlink(f->path);
	mem_free(f);
	return 0;
}

/* Keys grow with i; each has `copies` records, which differ in their last byte. */
static void make_record(uint64_t i, uint64_t copies, uint8_t record[static RECORD_LEN])
{
	uint64_t key = i / copies * UINT64_C(0x0000123456789abd);

	memset(record, 0, RECORD_LEN);
	for (unsigned b = 0; b < 8; b++)
		record[b] = (uint8_t)(key >> (56 - 8 * b));
	record[RECORD_LEN - 1] = (uint8_t)(i % copies);
}

static void write_run(struct fixture *f, uint64_t n, uint64_t copies)
{
	CLEANUP(run_writer_freep) struct run_writer *writer = NULL;
	struct err err = {0};
	int fd = open(f->path, O_RDWR | O_TRUNC | O_CLOEXEC);

	assert_int_equal(run_writer_new(fd, 7, &f->cipher, f->shape, &writer, &err), 0);
	for (uint64_t i = 0; i < n; i++) {
		uint8_t record[RECORD_LEN];

		make_record(i, copies, record);
		assert_int_equal(run_writer_add(writer, record, &err), 0);
	}
	assert_int_equal(run_writer_finish(writer, &f->run, &err), 0);
}

static int reopen(struct fixture *f, uint64_t more, struct err *err)
{
	struct run_identity identity = index_run_identity(f->run);

	index_run_unref(f->run);
	f->run = NULL;
	identity.n_records += more;
	return index_run_open(open(f->path, O_RDONLY | O_CLOEXEC), &identity, &f->cipher,
			      f->shape, &f->run, err);
}

static void expect_found(struct fixture *f, uint64_t i, uint64_t copies, size_t max)
{
	uint8_t *out = mem_alloc(max * RECORD_LEN);
	uint8_t expected[RECORD_LEN];
	struct err err = {0};
	size_t n = 0;

	make_record(i * copies, copies, expected);
	assert_int_equal(index_run_find(f->run, expected, out, max, &n, &err), 0);
	assert_int_equal(n, copies < max ? copies : max);
	for (size_t k = 0; k < n; k++) {
		make_record(i * copies + k, copies, expected);
		assert_memory_equal(out + k * RECORD_LEN, expected, RECORD_LEN);
	}
	mem_free(out);
}

static void expect_absent(struct fixture *f, const uint8_t *key)
{
	uint8_t out[RECORD_LEN];
	struct err err = {0};
	size_t n = 9;

	assert_int_equal(index_run_find(f->run, key, out, 1, &n, &err), 0);
	assert_int_equal(n, 0);
}

static void test_index_run_find__every_record(void **state)
{
	struct fixture *f = *state;

	write_run(f, 50000, 1); /* two pages of prefixes */
	assert_int_equal(index_run_n_records(f->run), 50000);
	for (uint64_t i = 0; i < 50000; i++)
		expect_found(f, i, 1, 1);
}

static void test_index_run_find__keys_that_are_not_there(void **state)
{
	struct fixture *f = *state;
	uint8_t key[RECORD_LEN];

	write_run(f, 1000, 1);
	for (uint64_t i = 0; i < 1000; i++) {
		make_record(i, 1, key);
		key[KEY_LEN - 1] = 1; /* just above */
		expect_absent(f, key);
	}
	memset(key, 0xff, sizeof(key));
	expect_absent(f, key);
}

static void test_index_run_find__below_the_first(void **state)
{
	struct fixture *f = *state;
	CLEANUP(run_writer_freep) struct run_writer *writer = NULL;
	uint8_t record[RECORD_LEN];
	struct err err = {0};
	int fd = open(f->path, O_RDWR | O_TRUNC | O_CLOEXEC);

	assert_int_equal(run_writer_new(fd, 7, &f->cipher, f->shape, &writer, &err), 0);
	memset(record, 5, sizeof(record));
	assert_int_equal(run_writer_add(writer, record, &err), 0);
	assert_int_equal(run_writer_finish(writer, &f->run, &err), 0);
	memset(record, 4, sizeof(record));
	expect_absent(f, record);
}

static void test_index_run_find__copies_across_pages(void **state)
{
	struct fixture *f = *state;

	write_run(f, 20000, 200); /* each key fills more than two pages */
	for (uint64_t i = 0; i < 100; i++)
		expect_found(f, i, 200, 300);
	expect_found(f, 50, 200, 3);
}

static void test_index_run_find__keys_shorter_than_a_prefix(void **state)
{
	struct fixture *f = *state;

	f->shape.key_len = 4; /* the key's high half: small here, so shared by many */
	write_run(f, 3000, 1);
	for (uint64_t i = 0; i < 3000; i += 7) {
		uint8_t key[RECORD_LEN], out[RECORD_LEN];
		struct err err = {0};
		size_t n = 0;

		make_record(i, 1, key);
		assert_int_equal(index_run_find(f->run, key, out, 1, &n, &err), 0);
		assert_int_equal(n, 1);
		assert_memory_equal(out, key, 4);
	}
}

static void test_index_run_find__in_an_empty_run(void **state)
{
	struct fixture *f = *state;
	uint8_t key[RECORD_LEN] = {0};
	struct err err = {0};

	write_run(f, 0, 1);
	expect_absent(f, key);
	assert_int_equal(reopen(f, 0, &err), 0);
	expect_absent(f, key);
}

static void test_index_run_open__finds_the_same(void **state)
{
	struct fixture *f = *state;
	struct err err = {0};

	write_run(f, 50000, 2);
	assert_int_equal(reopen(f, 0, &err), 0);
	assert_int_equal(index_run_identity(f->run).id, 7);
	for (uint64_t i = 0; i < 25000; i += 11)
		expect_found(f, i, 2, 4);
}

static void test_index_run_open__refuses_another_number_of_records(void **state)
{
	struct fixture *f = *state;
	struct err err = {0};

	write_run(f, 1000, 1);
	assert_int_equal(reopen(f, 1000, &err), -1);
	assert_int_equal(err.code, ERR_CORRUPT);
	assert_non_null(strstr(err.msg, "page file: "));
}

static void test_index_run_find__reports_a_damaged_page(void **state)
{
	struct fixture *f = *state;
	uint8_t key[RECORD_LEN], out[RECORD_LEN];
	struct err err = {0};
	size_t n = 0;
	int fd = -1;

	write_run(f, 1000, 1);
	fd = open(f->path, O_WRONLY | O_CLOEXEC);
	assert_int_equal(pwrite(fd, "xxxx", 4, PAGE_LEN + 100), 4);
	fd_closep(&fd);
	make_record(1, 1, key);
	assert_int_equal(index_run_find(f->run, key, out, 1, &n, &err), -1);
	assert_int_equal(err.code, ERR_CORRUPT);
	assert_string_equal(err.msg, "page 0 does not decrypt");
}

static void test_run_scan_next__all_in_order(void **state)
{
	struct fixture *f = *state;
	const uint8_t *record = NULL;
	struct err err = {0};

	write_run(f, 10001, 3);
	struct run_scan *scan = run_scan_new(f->run);
	for (uint64_t i = 0; i < 10001; i++) {
		uint8_t expected[RECORD_LEN];

		make_record(i, 3, expected);
		assert_int_equal(run_scan_next(scan, &record, &err), 0);
		assert_non_null(record);
		assert_memory_equal(record, expected, RECORD_LEN);
	}
	assert_int_equal(run_scan_next(scan, &record, &err), 0);
	assert_null(record);
	assert_int_equal(run_scan_next(scan, &record, &err), 0);
	assert_null(record);
	run_scan_free(scan);
}

static void test_index_run_memory__eight_bytes_a_page(void **state)
{
	struct fixture *f = *state;

	write_run(f, 50000, 1);
	assert_true(index_run_memory(f->run) < 50000 / 78 * 8 * 2);
}

#define index_run_test(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		index_run_test(test_index_run_find__every_record),
		index_run_test(test_index_run_find__keys_that_are_not_there),
		index_run_test(test_index_run_find__below_the_first),
		index_run_test(test_index_run_find__copies_across_pages),
		index_run_test(test_index_run_find__keys_shorter_than_a_prefix),
		index_run_test(test_index_run_find__in_an_empty_run),
		index_run_test(test_index_run_open__finds_the_same),
		index_run_test(test_index_run_open__refuses_another_number_of_records),
		index_run_test(test_index_run_find__reports_a_damaged_page),
		index_run_test(test_run_scan_next__all_in_order),
		index_run_test(test_index_run_memory__eight_bytes_a_page),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
