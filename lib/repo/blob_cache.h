/* SPDX-License-Identifier: Apache-2.0 */
/* Verified blobs that were read lately, for nodes of trees and lists. Bounded in bytes; the
 * one that was not used for longest goes first. Thread-safe. */
#ifndef REPO_BLOB_CACHE_H
#define REPO_BLOB_CACHE_H

#include "base/buf.h"
#include "repo/blob.h"

struct blob_cache;
struct blob_cache *blob_cache_new(size_t max_bytes);
void blob_cache_free(struct blob_cache *cache);
void blob_cache_freep(struct blob_cache **cache);

/* True and a copy in place of the content of *ret_bytes, if it is there. */
bool blob_cache_get(struct blob_cache *cache, const struct blob_id *id,
		    struct buf *ret_bytes);
/* Keeps a copy, unless it takes more than a quarter of the room. */
void blob_cache_put(struct blob_cache *cache, const struct blob_id *id,
		    struct slice bytes);
size_t blob_cache_memory(struct blob_cache *cache);

#endif
