/* SPDX-License-Identifier: Apache-2.0 */
/* Where a sparse file has data. */
#ifndef FILES_FILE_EXTENTS_H
#define FILES_FILE_EXTENTS_H

#include <sys/stat.h>

#include "flow/entry.h"

/* Makes entry->is_sparse and entry->extents tell where the open file of entry->size bytes has
 * data; a file without holes, or on a file system that does not tell, is not sparse. Moves
 * the read position. */
void file_extents_find(int fd, const struct stat *st, struct entry *entry);

/* Joins neighbours across the smallest holes until at most `max` extents are left. */
void file_extents_join(struct vec *extents, size_t max);

/* Cuts entry->size and the extents behind a file that ended after `content_len` bytes of
 * content. */
void file_extents_cut(struct entry *entry, uint64_t content_len);

#endif
