/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The reading half. The cache's position and the walk move like two sorted lists being merged:
 * asked for a name, the cache passes over what is smaller (directories with all below them)
 * and stays in front of what is equal or larger. `depth` counts the walk's directories that
 * the cache is in as well; as long as it is less than `walk_depth` the walk is somewhere
 * that the cache does not know, and waits in place.
 *
 * One record is looked at ahead. The ids of long content stay unread until somebody wants
 * them; they are passed over otherwise.
 */
#include "repo/file_cache.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mem.h"
#include "base/path.h"
#include "crypto/hash.h"
#include "format/encoding.h"
#include "repo/file_cache_internal.h"

struct file_cache {
	int fd;
	struct cache_input *input;
	const struct log *log;
	size_t walk_depth, depth;

	bool has_next; /* a record is looked at; false at the end and after damage */
	enum cache_record kind;
	char name[ENTRY_NAME_MAX + 1];
	struct file_identity identity;
	uint8_t content[CACHED_CONTENT_LEN_MAX];
	size_t content_len;
	uint32_t n_ids; /* still unread */
};

void cached_content_release(struct cached_content *cached)
{
	content_ref_release(&cached->content);
	vec_release(&cached->ids);
}

char *file_cache_path(const char *directory, const struct file_cache_owner *owner,
		      bool is_unfinished)
{
	CLEANUP(buf_release) struct buf named = {0};
	CLEANUP(mem_freep) char *name = NULL;
	uint8_t digest[HASH_LEN];
	char hex[HEX_LEN(16) + 1];

	buf_init(&named, 0);
	buf_append(&named, owner->identity->id, REPO_ID_LEN);
	buf_append_string(&named, owner->stream);
	hash_sha256(buf_slice(&named), digest);
	name = mem_printf("%sfiles-%s", is_unfinished ? FILE_TEMP_PREFIX : "",
			  hex_encode(slice_of(digest, 16), hex, sizeof(hex)));
	return path_join(directory, name);
}

/* --- records --- */

static uint64_t number_at(const uint8_t *at, unsigned len)
{
	struct cursor c;

	cursor_init(&c, slice_of(at, len));
	return len == 8 ? cursor_u64(&c) : len == 4 ? cursor_u32(&c) : cursor_u16(&c);
}

static int read_number(struct cache_input *input, unsigned len, uint64_t *ret_number,
		       struct err *err)
{
	uint8_t bytes[8];

	if (cache_input_read(input, bytes, len, err) < 0)
		return -1;
	*ret_number = number_at(bytes, len);
	return 0;
}

static int read_len(struct cache_input *input, unsigned len, uint64_t max,
		    uint64_t *ret_number, struct err *err)
{
	if (read_number(input, len, ret_number, err) < 0)
		return -1;
	if (*ret_number > max)
		return err_set(err, ERR_CORRUPT,
			       "file cache: length %" PRIu64 ", expected %" PRIu64
			       " at most",
			       *ret_number, max);
	return 0;
}

static int read_name(struct file_cache *cache, struct err *err)
{
	uint64_t len;

	if (read_len(cache->input, 2, ENTRY_NAME_MAX, &len, err) < 0 ||
	    cache_input_read(cache->input, (uint8_t *)cache->name, (size_t)len, err) < 0)
		return -1;
	cache->name[len] = '\0';
	return 0;
}

static int read_file(struct file_cache *cache, struct err *err)
{
	uint8_t fixed[32];
	uint64_t content_len, n_ids;

	if (cache_input_read(cache->input, fixed, sizeof(fixed), err) < 0 ||
	    read_len(cache->input, 4, CACHED_CONTENT_LEN_MAX, &content_len, err) < 0 ||
	    cache_input_read(cache->input, cache->content, (size_t)content_len, err) <
		    0 ||
	    read_len(cache->input, 4, CONTENT_IDS_MAX, &n_ids, err) < 0)
		return -1;
	cache->identity = (struct file_identity){
		.size = number_at(fixed, 8),
		.inode = number_at(fixed + 8, 8),
		.mtime_nsec = (int64_t)number_at(fixed + 16, 8),
		.ctime_nsec = (int64_t)number_at(fixed + 24, 8),
	};
	cache->content_len = (size_t)content_len;
	cache->n_ids = (uint32_t)n_ids;
	return 0;
}

static int read_record(struct file_cache *cache, struct err *err)
{
	uint8_t kind;
	bool end;

	if (cache_input_read(cache->input, NULL, (size_t)cache->n_ids * BLOB_ID_LEN,
			     err) < 0 ||
	    cache_input_at_end(cache->input, &end, err) < 0)
		return -1;
	cache->n_ids = 0;
	cache->has_next = !end;
	if (end)
		return 0;
	if (cache_input_read(cache->input, &kind, 1, err) < 0)
		return -1;
	cache->kind = kind;
	if (kind == RECORD_END)
		return 0;
	if (kind != RECORD_DIRECTORY && kind != RECORD_FILE)
		return err_set(err, ERR_CORRUPT, "file cache: record of unknown kind %u",
			       kind);
	if (read_name(cache, err) < 0)
		return -1;
	return kind == RECORD_FILE ? read_file(cache, err) : 0;
}

static void give_up(struct file_cache *cache, const struct err *err)
{
	log_debug(cache->log, "%s: the cache is not used from here on", err->msg);
	cache->has_next = false;
}

static void next_record(struct file_cache *cache)
{
	struct err err = {0};

	if (read_record(cache, &err) < 0)
		give_up(cache, &err);
}

/* --- moving --- */

/* Passes over all up to the end of the directory that the cache is in. */
static void skip_directory(struct file_cache *cache)
{
	size_t level = 1;

	while (cache->has_next && level > 0) {
		if (cache->kind == RECORD_DIRECTORY)
			level++;
		if (cache->kind == RECORD_END)
			level--;
		next_record(cache);
	}
}

/* True when the next record is of that kind and name. */
static bool move_to(struct file_cache *cache, const char *name, enum cache_record kind)
{
	if (cache->depth != cache->walk_depth)
		return false;
	while (cache->has_next && cache->kind != RECORD_END &&
	       strcmp(cache->name, name) < 0) {
		bool is_directory = cache->kind == RECORD_DIRECTORY;

		next_record(cache);
		if (is_directory)
			skip_directory(cache);
	}
	return cache->has_next && cache->kind == kind && strcmp(cache->name, name) == 0;
}

void file_cache_enter(struct file_cache *cache, const char *name)
{
	if (cache == NULL)
		return;
	if (move_to(cache, name, RECORD_DIRECTORY)) {
		cache->depth++;
		next_record(cache);
	}
	cache->walk_depth++;
}

void file_cache_leave(struct file_cache *cache)
{
	if (cache == NULL)
		return;
	if (cache->depth == cache->walk_depth) {
		skip_directory(cache);
		cache->depth--;
	}
	cache->walk_depth--;
}

/* --- finding --- */

static bool is_same(const struct file_identity *a, const struct file_identity *b)
{
	return a->size == b->size && a->inode == b->inode &&
	       a->mtime_nsec == b->mtime_nsec && a->ctime_nsec == b->ctime_nsec;
}

static int take(struct file_cache *cache, struct cached_content *ret_cached,
		struct err *err)
{
	CLEANUP(cached_content_release) struct cached_content cached = {0};
	struct cursor c;

	vec_init(&cached.ids, sizeof(struct blob_id));
	cursor_init(&c, slice_of(cache->content, cache->content_len));
	tree_content_read(&c, ENTRY_FILE, &cached.content);
	if (cursor_end(&c, "file cache", err) < 0)
		return -1;
	if ((cached.content.kind == CONTENT_NODE) != (cache->n_ids > 0))
		return err_set(err, ERR_CORRUPT,
			       "file cache: content and ids do not fit");
	while (cache->n_ids > 0) {
		if (cache_input_read(cache->input, vec_push(&cached.ids, NULL),
				     BLOB_ID_LEN, err) < 0)
			return -1;
		cache->n_ids--;
	}
	*ret_cached = cached;
	cached = (struct cached_content){0};
	return 0;
}

bool file_cache_find(struct file_cache *cache, const char *name,
		     const struct file_identity *identity,
		     struct cached_content *ret_cached)
{
	struct err err = {0};

	if (cache == NULL || !move_to(cache, name, RECORD_FILE) ||
	    !is_same(&cache->identity, identity))
		return false;
	if (take(cache, ret_cached, &err) < 0) {
		give_up(cache, &err);
		return false;
	}
	next_record(cache);
	return true;
}

/* --- opening --- */

void file_cache_free(struct file_cache *cache)
{
	if (cache == NULL)
		return;
	cache_input_free(cache->input);
	fd_closep(&cache->fd);
	mem_free(cache);
}

void file_cache_freep(struct file_cache **cache)
{
	file_cache_free(*cache);
}

struct file_cache *file_cache_open_fd(int fd, const struct file_cache_owner *owner,
				      const struct log *log,
				      uint8_t ret_snapshot_id[static 32])
{
	CLEANUP(file_cache_freep) struct file_cache *cache = mem_zalloc(sizeof(*cache));
	struct err err = {0};

	cache->log = log;
	cache->fd = fd;
	if (cache_input_new(owner, fd, &cache->input, ret_snapshot_id, &err) < 0) {
		log_debug(log, "%s: it is not used", err.msg);
		return NULL;
	}
	next_record(cache);
	return STEAL(cache);
}

struct file_cache *file_cache_open(const char *directory,
				   const struct file_cache_owner *owner,
				   const struct log *log,
				   uint8_t ret_snapshot_id[static 32])
{
	CLEANUP(mem_freep) char *path = NULL;
	struct err err = {0};
	int fd;

	if (directory == NULL)
		return NULL;
	path = file_cache_path(directory, owner, false);
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (fd < 0) {
		err_set_errno(&err, errno, "no file cache");
		log_debug(log, "%s", err.msg);
		return NULL;
	}
	return file_cache_open_fd(fd, owner, log, ret_snapshot_id);
}
