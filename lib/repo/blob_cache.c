/* SPDX-License-Identifier: Apache-2.0 */
#include "repo/blob_cache.h"

#include "base/map.h"
#include "base/mem.h"
#include "base/pool.h"

/* What one takes besides its bytes: itself, its place in the map. */
enum { ITEM_OVERHEAD = 192 };

struct item {
	struct item *next, *previous; /* towards the oldest, towards the newest */
	struct blob_id id;
	size_t len;
	uint8_t bytes[];
};

struct blob_cache {
	struct mutex *mutex;
	struct map *items;
	struct item *newest, *oldest;
	size_t used, max;
};

struct blob_cache *blob_cache_new(size_t max_bytes)
{
	/* Ids are keyed hashes already: nobody chooses how they collide. */
	static const uint8_t hash_key[16] = "blob cache";
	struct blob_cache *cache = mem_zalloc(sizeof(*cache));

	cache->mutex = mutex_new();
	cache->items = map_new(hash_key);
	cache->max = max_bytes;
	return cache;
}

static void unlink_item(struct blob_cache *cache, struct item *item)
{
	*(item->previous != NULL ? &item->previous->next : &cache->newest) = item->next;
	*(item->next != NULL ? &item->next->previous : &cache->oldest) = item->previous;
}

static void link_newest(struct blob_cache *cache, struct item *item)
{
	item->previous = NULL;
	item->next = cache->newest;
	*(cache->newest != NULL ? &cache->newest->previous : &cache->oldest) = item;
	cache->newest = item;
}

static void drop(struct blob_cache *cache, struct item *item)
{
	unlink_item(cache, item);
	(void)map_remove(cache->items, slice_of(item->id.bytes, BLOB_ID_LEN));
	cache->used -= item->len + ITEM_OVERHEAD;
	mem_free(item);
}

void blob_cache_free(struct blob_cache *cache)
{
	if (cache == NULL)
		return;
	while (cache->oldest != NULL)
		drop(cache, cache->oldest);
	map_free(cache->items);
	mutex_free(cache->mutex);
	mem_free(cache);
}

void blob_cache_freep(struct blob_cache **cache)
{
	blob_cache_free(*cache);
}

bool blob_cache_get(struct blob_cache *cache, const struct blob_id *id,
		    struct buf *ret_bytes)
{
	LOCKED(cache->mutex);
	struct item *item = map_get(cache->items, slice_of(id->bytes, BLOB_ID_LEN));

	if (item == NULL)
		return false;
	unlink_item(cache, item);
	link_newest(cache, item);
	buf_clear(ret_bytes);
	buf_append(ret_bytes, item->bytes, item->len);
	return true;
}

void blob_cache_put(struct blob_cache *cache, const struct blob_id *id,
		    struct slice bytes)
{
	size_t room = bytes.len + ITEM_OVERHEAD;

	LOCKED(cache->mutex);
	if (room > cache->max / 4 ||
	    map_get(cache->items, slice_of(id->bytes, BLOB_ID_LEN)) != NULL)
		return;
	while (cache->used + room > cache->max)
		drop(cache, cache->oldest);
	struct item *item = mem_alloc(sizeof(*item) + bytes.len);
	item->id = *id;
	item->len = bytes.len;
	memcpy(item->bytes, bytes.data, bytes.len);
	map_set(cache->items, slice_of(id->bytes, BLOB_ID_LEN), item);
	link_newest(cache, item);
	cache->used += room;
}

size_t blob_cache_memory(struct blob_cache *cache)
{
	LOCKED(cache->mutex);
	return cache->used;
}
