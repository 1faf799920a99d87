/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of index_run.h share. */
#ifndef REPO_INDEX_RUN_INTERNAL_H
#define REPO_INDEX_RUN_INTERNAL_H

#include <stdatomic.h>

#include "base/vec.h"
#include "repo/index_run.h"

enum { PREFIXES_PER_PAGE = PAGE_TEXT_LEN / 8 };

struct index_run {
	atomic_uint references;
	struct run_shape shape;
	size_t per_page;
	uint64_t id;
	uint64_t n_records;
	uint64_t n_pages; /* with records; those with prefixes follow */
	struct page_file *file;
	struct vec prefixes; /* of uint64_t, one a page */
};

/* The first eight bytes as a number that sorts like them. */
uint64_t run_prefix(const uint8_t *bytes);
/* Records on page `page`. */
size_t run_page_records(const struct index_run *run, uint64_t page);

#endif
