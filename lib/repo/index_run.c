/* SPDX-License-Identifier: Apache-2.0 */
/*
 * file := pages of records, then pages of prefixes (u64, 510 a page)
 *
 * A page holds as many whole records as fit; which ones follows from their numbers, so pages
 * need no head. The prefixes stand in the file as well, so that opening a run of half a
 * gigabyte reads one megabyte. Keys are spread evenly (hashes), so two pages rarely begin
 * with the same eight bytes, and a look-up reads the one page before the first prefix that
 * is greater; where prefixes are equal it reads on.
 */
#include "repo/index_run.h"

#include <assert.h>
#include <inttypes.h>

#include "base/mem.h"
#include "repo/index_run_internal.h"

struct run_writer {
	struct index_run *run; /* in the making */
	size_t n_on_page;
	uint8_t page[PAGE_TEXT_LEN];
	uint8_t last[RUN_RECORD_MAX];
};

uint64_t run_prefix(const uint8_t *bytes)
{
	uint64_t prefix = 0;

	for (unsigned i = 0; i < 8; i++)
		prefix = prefix << 8 | bytes[i];
	return prefix;
}

size_t run_page_records(const struct index_run *run, uint64_t page)
{
	uint64_t left = run->n_records - page * run->per_page;

	return left < run->per_page ? (size_t)left : run->per_page;
}

static struct index_run *run_new(struct run_shape shape, uint64_t id)
{
	struct index_run *run = mem_zalloc(sizeof(*run));

	assert(shape.record_len >= 8 && shape.record_len <= RUN_RECORD_MAX);
	assert(shape.key_len >= 1 && shape.key_len <= shape.record_len);
	run->references = 1;
	run->shape = shape;
	run->per_page = PAGE_TEXT_LEN / shape.record_len;
	run->id = id;
	vec_init(&run->prefixes, sizeof(uint64_t));
	return run;
}

struct index_run *index_run_ref(struct index_run *run)
{
	run->references++;
	return run;
}

void index_run_unref(struct index_run *run)
{
	if (run == NULL || --run->references > 0)
		return;
	page_file_free(run->file);
	vec_release(&run->prefixes);
	mem_free(run);
}

void index_run_unrefp(struct index_run **run)
{
	index_run_unref(*run);
}

int run_writer_new(int fd, uint64_t id, const struct run_cipher *cipher,
		   struct run_shape shape, struct run_writer **ret_writer,
		   struct err *err)
{
	CLEANUP(run_writer_freep)
	struct run_writer *writer = mem_zalloc(sizeof(*writer));

	writer->run = run_new(shape, id);
	if (page_file_create(fd, cipher->key, cipher->rng, cipher->cache,
			     &writer->run->file, err) < 0)
		return -1;
	*ret_writer = STEAL(writer);
	return 0;
}

void run_writer_free(struct run_writer *writer)
{
	if (writer == NULL)
		return;
	index_run_unref(writer->run);
	mem_free(writer);
}

void run_writer_freep(struct run_writer **writer)
{
	run_writer_free(*writer);
}

/* The rest of a page that is not full is zero. */
static int write_page(struct run_writer *writer, struct err *err)
{
	uint64_t prefix = run_prefix(writer->page);
	size_t used = writer->n_on_page * writer->run->shape.record_len;

	memset(writer->page + used, 0, PAGE_TEXT_LEN - used);
	if (page_file_append(writer->run->file, writer->page, err) < 0)
		return -1;
	vec_push(&writer->run->prefixes, &prefix);
	writer->run->n_pages++;
	writer->n_on_page = 0;
	return 0;
}

int run_writer_add(struct run_writer *writer, const uint8_t *record, struct err *err)
{
	struct index_run *run = writer->run;
	size_t len = run->shape.record_len;

	assert(run->n_records == 0 || memcmp(writer->last, record, len) <= 0);
	if (writer->n_on_page == run->per_page && write_page(writer, err) < 0)
		return -1;
	memcpy(writer->page + writer->n_on_page * len, record, len);
	memcpy(writer->last, record, len);
	writer->n_on_page++;
	run->n_records++;
	return 0;
}

static int write_prefixes(struct index_run *run, struct err *err)
{
	for (size_t i = 0; i < run->prefixes.n; i += PREFIXES_PER_PAGE) {
		size_t n = run->prefixes.n - i;
		uint8_t page[PAGE_TEXT_LEN] = {0};

		n = n < PREFIXES_PER_PAGE ? n : PREFIXES_PER_PAGE;
		memcpy(page, vec_at(&run->prefixes, i), n * sizeof(uint64_t));
		if (page_file_append(run->file, page, err) < 0)
			return -1;
	}
	return 0;
}

int run_writer_finish(struct run_writer *writer, struct index_run **ret_run,
		      struct err *err)
{
	if (writer->n_on_page > 0 && write_page(writer, err) < 0)
		return -1;
	if (write_prefixes(writer->run, err) < 0 ||
	    page_file_finish(writer->run->file, err) < 0)
		return -1;
	*ret_run = STEAL(writer->run);
	return 0;
}

static int read_prefixes(struct index_run *run, struct err *err)
{
	for (uint64_t i = 0; i < run->n_pages; i += PREFIXES_PER_PAGE) {
		uint8_t page[PAGE_LEN];

		if (page_file_scan(run->file, run->n_pages + i / PREFIXES_PER_PAGE, 1,
				   page, err) < 0)
			return -1;
		for (uint64_t k = 0; k < PREFIXES_PER_PAGE && i + k < run->n_pages; k++)
			vec_push(&run->prefixes, page + k * sizeof(uint64_t));
	}
	return 0;
}

/* Every page once, past the cache: one that went bad on the disk costs a new index when it is
 * found here, and the whole run when it is found in the middle of it. */
static int verify_pages(struct index_run *run, struct err *err)
{
	enum { BATCH = 64 };
	CLEANUP(mem_freep) uint8_t *pages = mem_alloc((size_t)BATCH * PAGE_LEN);

	for (uint64_t first = 0; first < run->n_pages; first += BATCH) {
		uint64_t left = run->n_pages - first;

		if (page_file_scan(run->file, first, left < BATCH ? (size_t)left : BATCH,
				   pages, err) < 0)
			return -1;
	}
	return 0;
}

int index_run_open(int fd, const struct run_identity *identity,
		   const struct run_cipher *cipher, struct run_shape shape,
		   struct index_run **ret_run, struct err *err)
{
	CLEANUP(index_run_unrefp) struct index_run *run = run_new(shape, identity->id);
	struct page_file_identity pages;

	run->n_records = identity->n_records;
	run->n_pages =
		run->n_records / run->per_page + (run->n_records % run->per_page != 0);
	memcpy(pages.salt, identity->salt, sizeof(pages.salt));
	pages.n_pages =
		run->n_pages + (run->n_pages + PREFIXES_PER_PAGE - 1) / PREFIXES_PER_PAGE;
	if (page_file_open(fd, cipher->key, &pages, cipher->cache, &run->file, err) < 0)
		return -1;
	if (verify_pages(run, err) < 0 || read_prefixes(run, err) < 0)
		return -1;
	*ret_run = STEAL(run);
	return 0;
}

struct run_identity index_run_identity(const struct index_run *run)
{
	struct run_identity identity = {.id = run->id, .n_records = run->n_records};

	memcpy(identity.salt, page_file_salt(run->file), PAGE_SALT_LEN);
	return identity;
}

uint64_t index_run_n_records(const struct index_run *run)
{
	return run->n_records;
}

size_t index_run_memory(const struct index_run *run)
{
	return sizeof(*run) + run->prefixes.capacity * sizeof(uint64_t);
}

int index_run_sync(const struct index_run *run, struct err *err)
{
	return page_file_sync(run->file, err);
}

/* How many pages begin below `prefix`. */
static size_t pages_below(const struct index_run *run, uint64_t prefix)
{
	const uint64_t *prefixes = run->prefixes.data;
	size_t low = 0, high = run->prefixes.n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (prefixes[middle] < prefix)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* The first record on the page whose key is not below `key`. */
static size_t lower_bound(const struct index_run *run, const uint8_t *page, size_t n,
			  const uint8_t *key)
{
	size_t low = 0, high = n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (memcmp(page + middle * run->shape.record_len, key,
			   run->shape.key_len) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* The lowest and highest prefix that a record with this key can have. */
static void key_range(const struct index_run *run, const uint8_t *key, uint64_t *ret_low,
		      uint64_t *ret_high)
{
	size_t len = run->shape.key_len < 8 ? run->shape.key_len : 8;
	uint8_t bytes[8];

	memset(bytes, 0, sizeof(bytes));
	memcpy(bytes, key, len);
	*ret_low = run_prefix(bytes);
	memset(bytes, 0xff, sizeof(bytes));
	memcpy(bytes, key, len);
	*ret_high = run_prefix(bytes);
}

int index_run_find(struct index_run *run, const uint8_t *key, uint8_t *out, size_t max,
		   size_t *ret_n, struct err *err)
{
	const uint64_t *prefixes = run->prefixes.data;
	size_t len = run->shape.record_len;
	uint64_t low, high;
	size_t found = 0;

	key_range(run, key, &low, &high);
	size_t first = pages_below(run, low);
	first = first > 0 ? first - 1 : 0;
	for (size_t page = first; page < run->n_pages; page++) {
		uint8_t text[PAGE_TEXT_LEN];
		size_t n = run_page_records(run, page);

		if (prefixes[page] > high)
			break;
		if (page_file_read(run->file, page, text, err) < 0)
			return -1;
		size_t i = lower_bound(run, text, n, key);
		for (; i < n && found < max; i++) {
			if (memcmp(text + i * len, key, run->shape.key_len) != 0)
				break;
			memcpy(out + found++ * len, text + i * len, len);
		}
		if (i < n)
			break;
	}
	*ret_n = found;
	return 0;
}
