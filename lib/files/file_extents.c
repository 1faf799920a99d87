/* SPDX-License-Identifier: Apache-2.0 */
#include "files/file_extents.h"

#include <errno.h>
#include <unistd.h>

#include "base/mem.h"

enum { BLOCK_LEN = 512 }; /* the unit of st_blocks, whatever the file system's is */

static int compare_u64(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

static uint64_t hole_before(const struct extent *extent)
{
	return extent[0].offset - (extent[-1].offset + extent[-1].len);
}

/* The length of the n-th smallest hole, n >= 1, and how many of just that length go. */
static uint64_t nth_hole(const struct vec *extents, size_t n, size_t *ret_equal)
{
	const struct extent *all = extents->data;
	size_t n_holes = extents->n - 1;
	CLEANUP(mem_freep) uint64_t *holes = mem_calloc(n_holes, sizeof(*holes));
	uint64_t limit;

	for (size_t i = 0; i < n_holes; i++)
		holes[i] = hole_before(&all[i + 1]);
	qsort(holes, n_holes, sizeof(*holes), compare_u64);
	limit = holes[n - 1];
	*ret_equal = 0;
	while (*ret_equal < n && holes[n - 1 - *ret_equal] == limit)
		(*ret_equal)++;
	return limit;
}

void file_extents_join(struct vec *extents, size_t max)
{
	struct extent *all = extents->data;
	size_t kept = 0, equal;
	uint64_t limit;

	if (extents->n <= max)
		return;
	limit = nth_hole(extents, extents->n - max, &equal);
	for (size_t i = 1; i < extents->n; i++) {
		uint64_t hole = all[i].offset - (all[kept].offset + all[kept].len);
		bool joins = hole < limit || (hole == limit && equal > 0);

		if (joins && hole == limit)
			equal--;
		if (joins)
			all[kept].len = all[i].offset + all[i].len - all[kept].offset;
		else
			all[++kept] = all[i];
	}
	extents->n = kept + 1;
}

/* True with the next run of data at or after `at`, or none: *ret_len = 0. False when the file
 * system does not tell, or tells what cannot be because the file changes. */
static bool next_extent(int fd, uint64_t at, uint64_t size, struct extent *ret_extent)
{
	off_t data = lseek(fd, (off_t)at, SEEK_DATA);
	off_t hole;

	*ret_extent = (struct extent){.offset = size};
	if (data < 0)
		return errno == ENXIO;
	if ((uint64_t)data >= size)
		return true;
	hole = lseek(fd, data, SEEK_HOLE);
	if ((uint64_t)data < at || hole <= data)
		return false;
	ret_extent->offset = (uint64_t)data;
	ret_extent->len =
		((uint64_t)hole < size ? (uint64_t)hole : size) - (uint64_t)data;
	return true;
}

void file_extents_find(int fd, const struct stat *st, struct entry *entry)
{
	uint64_t size = entry->size;
	struct extent extent = {0};

	/* Most files have no holes: one comparison instead of two system calls. */
	if ((uint64_t)st->st_blocks * BLOCK_LEN >= size || size > INT64_MAX)
		return;
	entry->is_sparse = true;
	do {
		if (!next_extent(fd, extent.offset + extent.len, size, &extent)) {
			entry->is_sparse = false;
			break;
		}
		if (extent.len > 0)
			entry_add_extent(entry, extent.offset, extent.len);
		if (entry->extents.n >= 2 * (size_t)ENTRY_EXTENTS_MAX)
			file_extents_join(&entry->extents, ENTRY_EXTENTS_MAX);
	} while (extent.len > 0 && extent.offset + extent.len < size);
	file_extents_join(&entry->extents, ENTRY_EXTENTS_MAX);
	if (!entry->is_sparse || entry_content_len(entry) == size) {
		vec_clear(&entry->extents);
		entry->is_sparse = false;
	}
}

void file_extents_cut(struct entry *entry, uint64_t content_len)
{
	struct extent *extent = entry->extents.data;
	size_t kept = 0;

	if (!entry->is_sparse) {
		entry->size = content_len;
		return;
	}
	entry->size = 0;
	for (; kept < entry->extents.n && content_len > 0; kept++, extent++) {
		if (extent->len > content_len)
			extent->len = content_len;
		content_len -= extent->len;
		entry->size = extent->offset + extent->len;
	}
	entry->extents.n = kept;
}
