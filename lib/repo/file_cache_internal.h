/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Records of a file cache, one after the other:
 *   1 directory: lp16 name      2 end of the directory
 *   3 file: lp16 name  size u64  inode u64  mtime i64  ctime i64  lp32 content  n u32
 *     (blob id[32]) * n         content as in an entry (tree_format.h)
 */
#ifndef REPO_FILE_CACHE_INTERNAL_H
#define REPO_FILE_CACHE_INTERNAL_H

#include "repo/content.h"
#include "repo/file_cache.h"

enum cache_record { RECORD_DIRECTORY = 1, RECORD_END = 2, RECORD_FILE = 3 };

enum { CACHED_CONTENT_LEN_MAX = 5 + CONTENT_INLINE_MAX * 36 };

/* DIRECTORY/files-<32 hex digits>, or the name of an unfinished one. The caller frees. */
char *file_cache_path(const char *directory, const struct file_cache_owner *owner,
		      bool is_unfinished);

/* file_cache_open() of an open file, which is taken over. */
struct file_cache *file_cache_open_fd(int fd, const struct file_cache_owner *owner,
				      const struct log *log,
				      uint8_t ret_snapshot_id[static 32]);

#endif
