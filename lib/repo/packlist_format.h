/* SPDX-License-Identifier: Apache-2.0 */
/* One page of a pack list as bytes (docs/format/index.md): packs, or hashes of pages. */
#ifndef REPO_PACKLIST_FORMAT_H
#define REPO_PACKLIST_FORMAT_H

#include "base/buf.h"
#include "base/vec.h"

enum {
	PACKLIST_PAGE_ENTRIES_MAX = 1024,
	PACKLIST_LEVEL_MAX = 8,
	PACKLIST_ENTRY_LEN = 32 + 8 + 32,
	PACKLIST_PAGE_LEN_MAX = 12 + PACKLIST_PAGE_ENTRIES_MAX * PACKLIST_ENTRY_LEN,
};

/* A pack that a snapshot uses. */
struct packlist_entry {
	uint8_t name[32];
	uint64_t size;
	uint8_t header_hash[32];
};

struct packlist_child {
	uint8_t hash[32]; /* of a page of the level below */
};

struct packlist_page {
	uint8_t level;
	struct vec entries;  /* level 0: of struct packlist_entry */
	struct vec children; /* level > 0: of struct packlist_child */
};

void packlist_page_init(struct packlist_page *page, uint8_t level);
void packlist_page_release(struct packlist_page *page);
size_t packlist_page_count(const struct packlist_page *page);

/* Appends the page; at most PACKLIST_PAGE_ENTRIES_MAX items, asserted. */
void packlist_page_encode(const struct packlist_page *page, struct buf *out);

/* Replaces the content of *ret_page, which was initialised; its memory is used again. It is
 * undefined after a failure. ERR_CORRUPT, or ERR_UNSUPPORTED for a newer version. */
MUST_CHECK int packlist_page_decode(struct slice bytes, struct packlist_page *ret_page,
				    struct err *err);

#endif
