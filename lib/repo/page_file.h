/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A file of encrypted pages on the local disk: appended page by page, then only read, in any
 * order and from several threads. Each file has a key of its own, made from the cache key and
 * a random salt, and the page's number is its nonce: no page is ever sealed twice, so a file
 * cannot be extended once it is finished. Whoever opens a file knows its salt and length from
 * a place that he trusts; a page that was altered, cut off or moved then does not decrypt.
 */
#ifndef REPO_PAGE_FILE_H
#define REPO_PAGE_FILE_H

#include "base/buf.h"
#include "base/rng.h"
#include "base/secret.h"

enum {
	PAGE_LEN = 4096,	       /* on disk */
	PAGE_TEXT_LEN = PAGE_LEN - 16, /* what one holds */
	PAGE_SALT_LEN = 32,
};

/* Pages that were read lately, of any number of files. Thread-safe; outlives its files. */
struct page_cache;
struct page_cache *page_cache_new(size_t n_pages); /* at least 1 */
void page_cache_free(struct page_cache *cache);
size_t page_cache_memory(const struct page_cache *cache);

struct page_file;

/* Begins a new file in `fd`, which is empty, open for reading and writing, and taken over also
 * on failure. `cache` may be NULL. */
MUST_CHECK int page_file_create(int fd, const struct secret *key, struct rng *rng,
				struct page_cache *cache, struct page_file **ret_file,
				struct err *err);
/* Appends a page; one thread, and nobody reads yet. */
MUST_CHECK int page_file_append(struct page_file *file,
				const uint8_t text[static PAGE_TEXT_LEN],
				struct err *err);
/* Writes what is left in memory. From here on the file is read. */
MUST_CHECK int page_file_finish(struct page_file *file, struct err *err);
/* Its pages survive a power cut. */
MUST_CHECK int page_file_sync(const struct page_file *file, struct err *err);

/* Opens a finished file; `fd` is taken over also on failure. ERR_CORRUPT when it is another
 * file than the one with this salt, or not of this length. */
struct page_file_identity {
	uint8_t salt[PAGE_SALT_LEN];
	uint64_t n_pages;
};
MUST_CHECK int page_file_open(int fd, const struct secret *key,
			      const struct page_file_identity *identity,
			      struct page_cache *cache, struct page_file **ret_file,
			      struct err *err);
void page_file_free(struct page_file *file);
void page_file_freep(struct page_file **file);

const uint8_t *page_file_salt(const struct page_file *file);

/* One page, through the cache. ERR_CORRUPT "page 5 does not decrypt". Thread-safe. */
MUST_CHECK int page_file_read(struct page_file *file, uint64_t page,
			      uint8_t ret_text[static PAGE_TEXT_LEN], struct err *err);

/* n pages in a row, past the cache: page i's text begins at out[i * PAGE_LEN]; `out` has room
 * for n * PAGE_LEN bytes. Thread-safe. */
MUST_CHECK int page_file_scan(struct page_file *file, uint64_t first, size_t n,
			      uint8_t *out, struct err *err);

#endif
