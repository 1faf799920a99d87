/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the files of this machine's last snapshot of a stream looked like, and the ids of
 * their content, in the order of the walk: components of a path compare bytewise, a directory
 * comes with all that is below it. The next run reads it beside its own walk and writes its
 * successor at the same time; both take the same little memory whatever their size.
 *
 * A cache only saves time. Reading never fails: one that is absent, damaged, foreign or newer
 * is not used, with a debug message, from the place on where that shows. Writing never
 * fails either: a warning, and there is no new cache.
 */
#ifndef REPO_FILE_CACHE_H
#define REPO_FILE_CACHE_H

#include "base/log.h"
#include "flow/tree_sink.h"
#include "repo/file_cache_format.h"
#include "repo/tree_format.h"

/* What was stored for a file. Of content in list nodes `ids` (vec of struct blob_id) names
 * every chunk and node. */
struct cached_content {
	struct content_ref content;
	struct vec ids;
};

void cached_content_release(struct cached_content *cached);

/* --- reading --- */
struct file_cache;

/* NULL when there is none that can be used. The caller knows whether the snapshot still
 * counts. `directory` may be NULL: no caches. The owner's key is used up in here. */
struct file_cache *file_cache_open(const char *directory,
				   const struct file_cache_owner *owner,
				   const struct log *log,
				   uint8_t ret_snapshot_id[static 32]);
void file_cache_free(struct file_cache *cache); /* NULL is fine in all of these */
void file_cache_freep(struct file_cache **cache);

/* The walk goes into a directory (first the root, "") / leaves it. */
void file_cache_enter(struct file_cache *cache, const char *name);
void file_cache_leave(struct file_cache *cache);
/* The file of that name in the walk's directory, if it looks as it did: size, inode and
 * times. *ret_cached is initialised here when the result is true. Names ascend. */
bool file_cache_find(struct file_cache *cache, const char *name,
		     const struct file_identity *identity,
		     struct cached_content *ret_cached);

/* --- writing --- */
struct file_cache_writer;

/* NULL when it cannot be written, or another run of the stream is writing one. */
struct file_cache_writer *file_cache_writer_open(const char *directory,
						 const struct file_cache_owner *owner,
						 struct rng *rng, const struct log *log);
/* Without a commit nothing of it stays. */
void file_cache_writer_free(struct file_cache_writer *writer); /* NULL is fine */
void file_cache_writer_freep(struct file_cache_writer **writer);

void file_cache_writer_enter(struct file_cache_writer *writer, struct slice name);
void file_cache_writer_leave(struct file_cache_writer *writer);
/* `ids` as in cached_content; NULL when content in list nodes has too many: then the file is
 * not recorded. Neither is one that was changed less than CACHE_AGE_SEC before it was read:
 * it may have changed again within one tick of its times. */
enum { CACHE_AGE_SEC = 2 };
void file_cache_writer_add(struct file_cache_writer *writer, struct slice name,
			   const struct file_identity *identity,
			   const struct content_ref *content, const struct vec *ids);
/* Takes the place of the old cache. */
void file_cache_writer_commit(struct file_cache_writer *writer,
			      const uint8_t snapshot_id[static 32]);

#endif
