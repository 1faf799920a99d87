/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mem.h"
#include "base/pool.h"
#include "repo/page_file.h"

enum { N_PAGES = 100 };

struct fixture {
	struct secret key;
	struct rng rng;
	struct page_cache *cache;
	struct page_file *file;
	char path[64];
};

static void fill(uint8_t text[static PAGE_TEXT_LEN], uint64_t page)
{
	memset(text, (int)(page * 7 % 251), PAGE_TEXT_LEN);
	memcpy(text, &page, sizeof(page));
}

static void write_file(struct fixture *f)
{
	struct err err = {0};
	int fd = open(f->path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(page_file_create(fd, &f->key, &f->rng, f->cache, &f->file, &err),
			 0);
	for (uint64_t i = 0; i < N_PAGES; i++) {
		uint8_t text[PAGE_TEXT_LEN];

		fill(text, i);
		assert_int_equal(page_file_append(f->file, text, &err), 0);
	}
	assert_int_equal(page_file_finish(f->file, &err), 0);
}

static int setup(void **state)
{
	struct fixture *f = mem_zalloc(sizeof(*f));

	f->rng = rng_seeded(3);
	secret_init(&f->key, 32);
	rng_fill(&f->rng, f->key.data, f->key.len);
	f->cache = page_cache_new(16);
	(void)snprintf(f->path, sizeof(f->path), "/tmp/quipu-pages-XXXXXX");
	int fd = mkstemp(f->path);
	fd_closep(&fd);
	write_file(f);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	page_file_free(f->file);
	page_cache_free(f->cache);
	secret_release(&f->key);
	(void)unlink(f->path);
	mem_free(f);
	return 0;
}

static int reopen(struct fixture *f, uint64_t n_pages, struct err *err)
{
	struct page_file_identity identity = {.n_pages = n_pages};

	memcpy(identity.salt, page_file_salt(f->file), sizeof(identity.salt));
	page_file_free(f->file);
	f->file = NULL;
	return page_file_open(open(f->path, O_RDONLY | O_CLOEXEC), &f->key, &identity,
			      f->cache, &f->file, err);
}

static void expect_page(struct page_file *file, uint64_t page)
{
	uint8_t text[PAGE_TEXT_LEN], expected[PAGE_TEXT_LEN];
	struct err err = {0};

	fill(expected, page);
	assert_int_equal(page_file_read(file, page, text, &err), 0);
	assert_memory_equal(text, expected, sizeof(text));
}

/* Changes one byte of the file. */
static void damage(struct fixture *f, off_t offset)
{
	int fd = open(f->path, O_RDWR | O_CLOEXEC);
	uint8_t byte;

	assert_int_equal(pread(fd, &byte, 1, offset), 1);
	byte ^= 1;
	assert_int_equal(pwrite(fd, &byte, 1, offset), 1);
	fd_closep(&fd);
}

static void test_page_file_read__any_order(void **state)
{
	struct fixture *f = *state;

	for (uint64_t i = 0; i < N_PAGES; i++)
		expect_page(f->file, i * 37 % N_PAGES);
	for (uint64_t i = 0; i < N_PAGES; i++)
		expect_page(f->file, N_PAGES - 1 - i / 2); /* twice: from the cache */
}

static void test_page_file_read__after_opening_again(void **state)
{
	struct fixture *f = *state;
	struct err err = {0};

	assert_int_equal(reopen(f, N_PAGES, &err), 0);
	expect_page(f->file, 0);
	expect_page(f->file, N_PAGES - 1);
}

static void test_page_file_read__without_a_cache(void **state)
{
	struct fixture *f = *state;
	struct page_cache *cache = f->cache;
	struct err err = {0};

	f->cache = NULL;
	assert_int_equal(reopen(f, N_PAGES, &err), 0);
	f->cache = cache;
	expect_page(f->file, 5);
	expect_page(f->file, 5);
}

static void test_page_file_read__two_files_share_a_cache(void **state)
{
	struct fixture *f = *state;
	struct page_file *first = f->file;
	uint8_t text[PAGE_TEXT_LEN];
	struct err err = {0};
	int fd = open("/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

	assert_int_equal(page_file_create(fd, &f->key, &f->rng, f->cache, &f->file, &err),
			 0);
	memset(text, 9, sizeof(text));
	assert_int_equal(page_file_append(f->file, text, &err), 0);
	assert_int_equal(page_file_finish(f->file, &err), 0);
	expect_page(first, 0);
	assert_int_equal(page_file_read(f->file, 0, text, &err), 0);
	assert_int_equal(text[1], 9);
	expect_page(first, 0);
	page_file_free(first);
}

static void test_page_file_scan__pages_in_a_row(void **state)
{
	struct fixture *f = *state;
	uint8_t *pages = mem_alloc((size_t)20 * PAGE_LEN);
	uint8_t expected[PAGE_TEXT_LEN];
	struct err err = {0};

	assert_int_equal(page_file_scan(f->file, 70, 20, pages, &err), 0);
	for (size_t i = 0; i < 20; i++) {
		fill(expected, 70 + i);
		assert_memory_equal(pages + i * PAGE_LEN, expected, sizeof(expected));
	}
	mem_free(pages);
}

static void test_page_file_read__refuses_a_page_past_the_end(void **state)
{
	struct fixture *f = *state;
	uint8_t text[PAGE_TEXT_LEN];
	struct err err = {0};

	assert_int_equal(page_file_read(f->file, N_PAGES, text, &err), -1);
	assert_int_equal(err.code, ERR_BUG);
}

static void test_page_file_read__sees_a_damaged_page(void **state)
{
	struct fixture *f = *state;
	uint8_t text[PAGE_TEXT_LEN];
	struct err err = {0};

	damage(f, (5 + 1) * PAGE_LEN + 17);
	assert_int_equal(page_file_read(f->file, 5, text, &err), -1);
	assert_int_equal(err.code, ERR_CORRUPT);
	assert_string_equal(err.msg, "page 5 does not decrypt");
	expect_page(f->file, 6);
}

static void test_page_file_read__sees_pages_that_changed_places(void **state)
{
	struct fixture *f = *state;
	uint8_t page[PAGE_LEN], text[PAGE_TEXT_LEN];
	struct err err = {0};
	int fd = open(f->path, O_RDWR | O_CLOEXEC);

	assert_int_equal(pread(fd, page, sizeof(page), 3 * PAGE_LEN), PAGE_LEN);
	assert_int_equal(pwrite(fd, page, sizeof(page), 8 * PAGE_LEN), PAGE_LEN);
	fd_closep(&fd);
	assert_int_equal(page_file_read(f->file, 7, text, &err), -1);
	assert_string_equal(err.msg, "page 7 does not decrypt");
}

static void test_page_file_open__refuses_another_salt(void **state)
{
	struct fixture *f = *state;
	struct err err = {0};

	damage(f, 8 + 3);
	assert_int_equal(reopen(f, N_PAGES, &err), -1);
	assert_int_equal(err.code, ERR_CORRUPT);
	assert_string_equal(err.msg, "page file: it is another file");
}

static void test_page_file_open__refuses_another_length(void **state)
{
	struct fixture *f = *state;
	struct err err = {0};

	assert_int_equal(reopen(f, N_PAGES + 1, &err), -1);
	assert_int_equal(err.code, ERR_CORRUPT);
	assert_string_equal(err.msg, "page file: 413696 bytes, expected 101 pages");
}

static void test_page_file_open__refuses_an_empty_file(void **state)
{
	struct fixture *f = *state;
	struct err err = {0};

	assert_int_equal(truncate(f->path, 0), 0);
	assert_int_equal(reopen(f, N_PAGES, &err), -1);
	assert_int_equal(err.code, ERR_CORRUPT);
}

static void test_page_file_open__another_key_opens_no_page(void **state)
{
	struct fixture *f = *state;
	uint8_t text[PAGE_TEXT_LEN];
	struct err err = {0};

	f->key.data[0] ^= 1;
	assert_int_equal(reopen(f, N_PAGES, &err), 0);
	assert_int_equal(page_file_read(f->file, 0, text, &err), -1);
	assert_int_equal(err.code, ERR_CORRUPT);
}

static void test_page_file_create__equal_pages_look_different(void **state)
{
	struct fixture *f = *state;
	uint8_t first[PAGE_LEN], second[PAGE_LEN];
	int fd = open(f->path, O_RDONLY | O_CLOEXEC);

	assert_int_equal(pread(fd, first, sizeof(first), PAGE_LEN), PAGE_LEN);
	fd_closep(&fd);
	page_file_free(f->file);
	write_file(f); /* the same content under a new salt */
	fd = open(f->path, O_RDONLY | O_CLOEXEC);
	assert_int_equal(pread(fd, second, sizeof(second), PAGE_LEN), PAGE_LEN);
	fd_closep(&fd);
	assert_memory_not_equal(first, second, sizeof(first));
}

struct reading {
	struct page_file *file;
	atomic_int n_good;
};

static void read_all(void *task, unsigned worker)
{
	struct reading *reading = task;

	for (uint64_t i = 0; i < N_PAGES; i++) {
		uint8_t text[PAGE_TEXT_LEN], expected[PAGE_TEXT_LEN];
		uint64_t page = (i * 31 + worker * 13) % N_PAGES;
		struct err err = {0};

		fill(expected, page);
		if (page_file_read(reading->file, page, text, &err) == 0 &&
		    memcmp(text, expected, sizeof(text)) == 0)
			reading->n_good++;
	}
}

static void test_page_file_read__from_several_threads(void **state)
{
	struct fixture *f = *state;
	struct reading reading = {.file = f->file};
	struct pool *pool = NULL;
	struct err err = {0};

	assert_int_equal(pool_new(4, 16, &pool, &err), 0);
	for (int i = 0; i < 16; i++)
		pool_submit(pool, read_all, &reading);
	pool_wait(pool);
	pool_free(pool);
	assert_int_equal(reading.n_good, 16 * N_PAGES);
}

#define page_test(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		page_test(test_page_file_read__any_order),
		page_test(test_page_file_read__after_opening_again),
		page_test(test_page_file_read__without_a_cache),
		page_test(test_page_file_read__two_files_share_a_cache),
		page_test(test_page_file_scan__pages_in_a_row),
		page_test(test_page_file_read__refuses_a_page_past_the_end),
		page_test(test_page_file_read__sees_a_damaged_page),
		page_test(test_page_file_read__sees_pages_that_changed_places),
		page_test(test_page_file_open__refuses_another_salt),
		page_test(test_page_file_open__refuses_another_length),
		page_test(test_page_file_open__refuses_an_empty_file),
		page_test(test_page_file_open__another_key_opens_no_page),
		page_test(test_page_file_create__equal_pages_look_different),
		page_test(test_page_file_read__from_several_threads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
