/* SPDX-License-Identifier: Apache-2.0 */
/*
 * file := page 0 (clear): "QPPF" version u16 zero u16 salt[32] zeroes; then sealed pages
 *
 * A cipher object serves one thread at a time, and making one costs as much as a page, so a
 * file keeps those that are not in use. The cache is one table for all files: a page has one
 * slot it can be in, a newer one replaces what is there. Ids are random, so no policy would
 * do better for big indexes, and a small index fits as a whole.
 */
#include "repo/page_file.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <sys/stat.h>

#include "base/cursor.h"
#include "base/fd.h"
#include "base/mem.h"
#include "base/pool.h"
#include "crypto/aead.h"
#include "crypto/kdf.h"

enum {
	VERSION = 1,
	NONCE_TYPE = 1,
	BATCH = 16,	 /* pages that are written together */
	CIPHERS_MAX = 8, /* that wait for their next use */
};

static const uint8_t magic[4] = {'Q', 'P', 'P', 'F'};

struct cache_slot {
	uint64_t file; /* 0: empty */
	uint64_t page;
	uint8_t text[PAGE_TEXT_LEN];
};

struct page_cache {
	struct mutex *mutex;
	uint64_t n_files;
	size_t n_slots;
	struct cache_slot *slots;
};

struct page_file {
	int fd;
	bool finished;
	uint8_t salt[PAGE_SALT_LEN];
	struct secret key;
	uint64_t n_pages;
	struct page_cache *cache;
	uint64_t number; /* in the cache */
	struct buf batch;
	struct mutex *mutex; /* of the ciphers */
	size_t n_ciphers;
	struct aead *ciphers[CIPHERS_MAX];
};

struct page_cache *page_cache_new(size_t n_pages)
{
	struct page_cache *cache = mem_zalloc(sizeof(*cache));

	assert(n_pages > 0);
	cache->mutex = mutex_new();
	cache->n_slots = n_pages;
	cache->slots = mem_calloc(n_pages, sizeof(*cache->slots));
	return cache;
}

void page_cache_free(struct page_cache *cache)
{
	if (cache == NULL)
		return;
	mutex_free(cache->mutex);
	secret_wipe(cache->slots, cache->n_slots * sizeof(*cache->slots));
	mem_free(cache->slots);
	mem_free(cache);
}

size_t page_cache_memory(const struct page_cache *cache)
{
	return sizeof(*cache) + cache->n_slots * sizeof(*cache->slots);
}

static uint64_t cache_register(struct page_cache *cache)
{
	LOCKED(cache->mutex);
	return ++cache->n_files;
}

/* Neighbouring pages get neighbouring slots; files begin at places that look random. */
static struct cache_slot *cache_slot_of(struct page_cache *cache, uint64_t file,
					uint64_t page)
{
	return &cache->slots[(file * UINT64_C(0x9e3779b97f4a7c15) + page) %
			     cache->n_slots];
}

static bool cache_get(struct page_cache *cache, uint64_t file, uint64_t page,
		      uint8_t *out)
{
	LOCKED(cache->mutex);
	const struct cache_slot *slot = cache_slot_of(cache, file, page);

	if (slot->file != file || slot->page != page)
		return false;
	memcpy(out, slot->text, PAGE_TEXT_LEN);
	return true;
}

static void cache_put(struct page_cache *cache, uint64_t file, uint64_t page,
		      const uint8_t *text)
{
	LOCKED(cache->mutex);
	struct cache_slot *slot = cache_slot_of(cache, file, page);

	slot->file = file;
	slot->page = page;
	memcpy(slot->text, text, PAGE_TEXT_LEN);
}

static struct aead *cipher_take(struct page_file *file)
{
	LOCKED(file->mutex);
	if (file->n_ciphers == 0)
		return aead_new(&file->key);
	return file->ciphers[--file->n_ciphers];
}

static void cipher_give(struct page_file *file, struct aead *cipher)
{
	LOCKED(file->mutex);
	if (file->n_ciphers == CIPHERS_MAX)
		aead_free(cipher);
	else
		file->ciphers[file->n_ciphers++] = cipher;
}

static struct page_file *file_new(int fd, const struct secret *key,
				  const uint8_t salt[static PAGE_SALT_LEN],
				  struct page_cache *cache)
{
	struct page_file *file = mem_zalloc(sizeof(*file));

	file->fd = fd;
	memcpy(file->salt, salt, PAGE_SALT_LEN);
	kdf_hkdf(secret_slice(key), slice_of(salt, PAGE_SALT_LEN),
		 slice_of_string("quipu/v1/page-file"), AEAD_KEY_LEN, &file->key);
	file->cache = cache;
	if (cache != NULL)
		file->number = cache_register(cache);
	file->mutex = mutex_new();
	buf_init(&file->batch, (size_t)BATCH * PAGE_LEN);
	return file;
}

void page_file_free(struct page_file *file)
{
	if (file == NULL)
		return;
	fd_closep(&file->fd);
	for (size_t i = 0; i < file->n_ciphers; i++)
		aead_free(file->ciphers[i]);
	mutex_free(file->mutex);
	secret_release(&file->key);
	buf_release(&file->batch);
	mem_free(file);
}

void page_file_freep(struct page_file **file)
{
	page_file_free(*file);
}

static void put_head(const struct page_file *file, struct buf *out)
{
	buf_append(out, magic, sizeof(magic));
	buf_put_u16(out, VERSION);
	buf_put_u16(out, 0);
	buf_append(out, file->salt, sizeof(file->salt));
	while (out->len < PAGE_LEN)
		buf_append_byte(out, 0);
}

int page_file_create(int fd, const struct secret *key, struct rng *rng,
		     struct page_cache *cache, struct page_file **ret_file,
		     struct err *err)
{
	CLEANUP(page_file_freep) struct page_file *file = NULL;
	CLEANUP(buf_release) struct buf head = {0};
	uint8_t salt[PAGE_SALT_LEN];

	rng_fill(rng, salt, sizeof(salt));
	file = file_new(fd, key, salt, cache);
	buf_init(&head, 0);
	put_head(file, &head);
	if (fd_pwrite_all(file->fd, 0, head.data, head.len, err) < 0)
		return -1;
	*ret_file = STEAL(file);
	return 0;
}

static int write_batch(struct page_file *file, struct err *err)
{
	uint64_t first = file->n_pages - file->batch.len / PAGE_LEN;

	if (fd_pwrite_all(file->fd, (first + 1) * PAGE_LEN, file->batch.data,
			  file->batch.len, err) < 0)
		return -1;
	buf_clear(&file->batch);
	return 0;
}

int page_file_append(struct page_file *file, const uint8_t text[static PAGE_TEXT_LEN],
		     struct err *err)
{
	uint8_t nonce[AEAD_NONCE_LEN];
	struct aead *cipher = NULL;

	assert(!file->finished);
	if (file->batch.len == (size_t)BATCH * PAGE_LEN && write_batch(file, err) < 0)
		return -1;
	cipher = cipher_take(file);
	aead_nonce(NONCE_TYPE, file->n_pages, nonce);
	aead_seal(cipher, nonce, slice_of(NULL, 0), slice_of(text, PAGE_TEXT_LEN),
		  buf_extend(&file->batch, PAGE_LEN));
	cipher_give(file, cipher);
	file->n_pages++;
	return 0;
}

int page_file_finish(struct page_file *file, struct err *err)
{
	assert(!file->finished);
	if (write_batch(file, err) < 0)
		return -1;
	buf_release(&file->batch);
	file->finished = true;
	return 0;
}

int page_file_sync(const struct page_file *file, struct err *err)
{
	return fd_sync(file->fd, err);
}

static int check_head(const struct page_file *file, uint64_t n_pages, struct err *err)
{
	uint8_t head[4 + 2 + 2 + PAGE_SALT_LEN];
	uint8_t salt[PAGE_SALT_LEN];
	struct stat st;
	struct cursor c;

	if (fd_pread_exact(file->fd, 0, head, sizeof(head), err) < 0)
		return -1;
	cursor_init(&c, slice_of(head, sizeof(head)));
	cursor_expect(&c, magic, sizeof(magic), "page-file magic");
	if (cursor_u16(&c) != VERSION || cursor_u16(&c) != 0)
		cursor_fail(&c, "another version");
	cursor_copy(&c, salt, sizeof(salt));
	if (!c.bad && memcmp(salt, file->salt, sizeof(salt)) != 0)
		cursor_fail(&c, "it is another file");
	if (cursor_end(&c, "page file", err) < 0)
		return -1;
	if (fstat(file->fd, &st) < 0)
		return err_set_errno(err, errno, "page file");
	if (n_pages >= UINT64_MAX / PAGE_LEN - 1 ||
	    (uint64_t)st.st_size != (n_pages + 1) * PAGE_LEN)
		return err_set(err, ERR_CORRUPT,
			       "page file: %jd bytes, expected %" PRIu64 " pages",
			       (intmax_t)st.st_size, n_pages);
	return 0;
}

int page_file_open(int fd, const struct secret *key,
		   const struct page_file_identity *identity, struct page_cache *cache,
		   struct page_file **ret_file, struct err *err)
{
	CLEANUP(page_file_freep)
	struct page_file *file = file_new(fd, key, identity->salt, cache);

	if (check_head(file, identity->n_pages, err) < 0)
		return -1;
	file->n_pages = identity->n_pages;
	file->finished = true;
	*ret_file = STEAL(file);
	return 0;
}

const uint8_t *page_file_salt(const struct page_file *file)
{
	return file->salt;
}

static bool open_pages(struct page_file *file, uint64_t first, size_t n, uint8_t *pages,
		       uint64_t *ret_bad)
{
	struct aead *cipher = cipher_take(file);
	bool good = true;

	for (size_t i = 0; i < n && good; i++) {
		uint8_t *page = pages + i * PAGE_LEN;
		uint8_t nonce[AEAD_NONCE_LEN];

		aead_nonce(NONCE_TYPE, first + i, nonce);
		good = aead_open(cipher, nonce, slice_of(NULL, 0),
				 slice_of(page, PAGE_LEN), page);
		*ret_bad = first + i;
	}
	cipher_give(file, cipher);
	return good;
}

int page_file_scan(struct page_file *file, uint64_t first, size_t n, uint8_t *out,
		   struct err *err)
{
	uint64_t bad = 0;

	assert(file->finished);
	if (first > file->n_pages || n > file->n_pages - first)
		return err_set(err, ERR_BUG, "page %" PRIu64 " of %" PRIu64, first + n,
			       file->n_pages);
	if (fd_pread_exact(file->fd, (first + 1) * PAGE_LEN, out, n * PAGE_LEN, err) < 0)
		return err_wrap(err, "page %" PRIu64, first);
	if (!open_pages(file, first, n, out, &bad))
		return err_set(err, ERR_CORRUPT, "page %" PRIu64 " does not decrypt",
			       bad);
	return 0;
}

int page_file_read(struct page_file *file, uint64_t page,
		   uint8_t ret_text[static PAGE_TEXT_LEN], struct err *err)
{
	uint8_t sealed[PAGE_LEN];

	if (file->cache != NULL && cache_get(file->cache, file->number, page, ret_text))
		return 0;
	if (page_file_scan(file, page, 1, sealed, err) < 0)
		return -1;
	memcpy(ret_text, sealed, PAGE_TEXT_LEN);
	if (file->cache != NULL)
		cache_put(file->cache, file->number, page, ret_text);
	return 0;
}
