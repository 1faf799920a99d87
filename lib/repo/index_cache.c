/* SPDX-License-Identifier: Apache-2.0 */
/*
 * directory := lock manifest run-<16 hex> *
 *
 * Runs never change once they are finished, so a commit is: sync the new ones, replace the
 * manifest, remove what only the old one named. A kill before that leaves the old state, after
 * it the new one, and files that neither names, which the next owner removes. What a state
 * lacks is in the store's fragments and is read again from there.
 *
 * The lock decides who may do this. A second process takes the committed runs as its start
 * (open files stay readable when the owner removes them), puts new ones into files without
 * names, and commits nothing: a private copy that costs no copying. So does an owner that
 * can write no more, on a full disk for example: it lets the lock go.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/quote.h"
#include "crypto/hash.h"
#include "repo/index_internal.h"

enum { LOAD_TRIES = 5 };

static const char lock_name[] = "lock";
static const char manifest_name[] = "manifest";

static int open_directory(const char *path, struct index_cache *cache, struct err *err)
{
	if (directory_create(path, 0700, err) < 0)
		return -1;
	cache->dir_fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (cache->dir_fd < 0)
		return err_set_errno(err, errno, "cannot open the directory");
	cache->lock_fd = openat(cache->dir_fd, lock_name,
				O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (cache->lock_fd < 0)
		return err_set_errno(err, errno, "cannot open the lock");
	if (flock(cache->lock_fd, LOCK_EX | LOCK_NB) < 0) {
		if (errno != EWOULDBLOCK)
			return err_set_errno(err, errno, "cannot lock");
		fd_closep(&cache->lock_fd);
		cache->lock_fd = -1;
	}
	cache->path = mem_strdup(path);
	return 0;
}

int index_cache_open(const char *directory, const struct log *log,
		     struct index_cache *ret_cache, struct err *err)
{
	struct index_cache cache = {.dir_fd = -1, .lock_fd = -1};
	struct err why = {0};
	char shown[QUOTE_TEXT_MAX];

	if (directory != NULL && open_directory(directory, &cache, &why) < 0) {
		log_warning(log, "index cache %s cannot be used: %s",
			    quote_string(directory, shown), why.msg);
		index_cache_release(&cache);
	}
	if (cache.path == NULL && run_space_open_temporary(&cache.dir_fd, err) < 0)
		return -1;
	if (cache.path != NULL && cache.lock_fd < 0)
		log_debug(log, "index cache %s is in use: changes stay private",
			  quote_string(directory, shown));
	*ret_cache = cache;
	return 0;
}

void index_cache_release(struct index_cache *cache)
{
	fd_closep(&cache->lock_fd);
	fd_closep(&cache->dir_fd);
	mem_free(cache->path);
	*cache = (struct index_cache){.dir_fd = -1, .lock_fd = -1};
}

bool index_cache_is_ours(const struct index_cache *cache)
{
	return cache->path != NULL && cache->lock_fd >= 0;
}

static int compare_signers(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct sign_public));
}

/* A cache of another scope holds other entries. */
static void scope_of(const struct index *index, uint8_t ret_scope[static HASH_LEN])
{
	CLEANUP(buf_release) struct buf bytes = {0};
	struct vec signers;

	vec_init(&signers, sizeof(struct sign_public));
	for (size_t i = 0; i < index->allowed.n; i++)
		vec_push(&signers, vec_at(&index->allowed, i));
	vec_sort(&signers, compare_signers);
	buf_init(&bytes, 0);
	buf_append(&bytes, index->identity.id, REPO_ID_LEN);
	buf_append(&bytes, index->identity.owner.bytes, SIGN_PUBLIC_LEN);
	buf_put_bytes16(&bytes, slice_of_string(index->domain));
	for (size_t i = 0; i < signers.n; i++)
		buf_append(&bytes, vec_at(&signers, i), sizeof(struct sign_public));
	hash_sha256(buf_slice(&bytes), ret_scope);
	vec_release(&signers);
}

static int load_manifest(struct index *index, struct index_manifest *manifest,
			 struct err *err)
{
	CLEANUP(mem_freep) char *path = path_join(index->cache.path, manifest_name);
	CLEANUP(buf_release) struct buf bytes = {0};
	uint8_t scope[HASH_LEN];

	if (file_read(path, MANIFEST_MAX, &bytes, err) < 0)
		return -1;
	if (index_manifest_open(buf_slice(&bytes), &index->keys->cache, manifest, err) <
	    0)
		return -1;
	scope_of(index, scope);
	if (memcmp(scope, manifest->scope, sizeof(scope)) != 0)
		return err_set(err, ERR_CORRUPT, "it is the cache of something else");
	return 0;
}

static int attach_runs(struct index *index, size_t table, struct run_shape shape,
		       const struct vec *runs, struct err *err)
{
	for (size_t i = 0; i < runs->n; i++) {
		struct index_run *run = NULL;

		if (run_space_open(&index->space, vec_at(runs, i), shape, &run, err) < 0)
			return -1;
		sorted_table_attach_take(index->tables[table], run);
	}
	return 0;
}

static void collect_ids(const struct index *index, struct vec *ids)
{
	for (size_t t = 0; t < INDEX_TABLES; t++) {
		for (size_t i = 0; i < sorted_table_n_runs(index->tables[t]); i++) {
			const struct run_identity identity =
				index_run_identity(sorted_table_run(index->tables[t], i));

			vec_push(ids, &identity.id);
		}
	}
}

static void move_vec(struct vec *from, struct vec *to)
{
	const struct vec empty = *to;

	*to = *from;
	*from = empty;
}

static int load(struct index *index, struct err *err)
{
	CLEANUP(index_manifest_release) struct index_manifest manifest;
	struct vec ids;

	index_manifest_init(&manifest);
	if (load_manifest(index, &manifest, err) < 0)
		return -1;
	for (size_t t = 0; t < INDEX_TABLES; t++) {
		if (attach_runs(index, t, sorted_table_shape(index->tables[t]),
				&manifest.runs[t], err) < 0)
			return -1;
	}
	index->n_packs = manifest.n_packs;
	index->n_fragments = manifest.n_fragments;
	move_vec(&manifest.signers, &index->signers);
	move_vec(&manifest.fragments, &index->fragments);
	index->fragments_sorted = false;
	vec_init(&ids, sizeof(uint64_t));
	collect_ids(index, &ids);
	run_space_committed(&index->space, &ids);
	vec_release(&ids);
	index->changed = false;
	return 0;
}

bool index_cache_load(struct index *index)
{
	struct err err = {0};

	if (index->cache.path == NULL)
		return false;
	for (int i = 0; i < LOAD_TRIES; i++) {
		err_clear(&err);
		if (load(index, &err) == 0)
			return true;
		index_reset(index);
		/* The owner may have committed between manifest and runs. */
		if (index_cache_is_ours(&index->cache))
			break;
	}
	if (err.code != ERR_NOT_FOUND)
		log_info(index->log, "index cache is made anew: %s", err.msg);
	return false;
}

static bool is_committed(const struct index *index, uint64_t id)
{
	for (size_t i = 0; i < index->space.committed.n; i++) {
		if (*(const uint64_t *)vec_at(&index->space.committed, i) == id)
			return true;
	}
	return false;
}

static int sync_runs(struct index *index, struct index_manifest *manifest,
		     struct err *err)
{
	for (size_t t = 0; t < INDEX_TABLES; t++) {
		if (sorted_table_spill(index->tables[t], err) < 0)
			return -1;
		for (size_t i = 0; i < sorted_table_n_runs(index->tables[t]); i++) {
			const struct index_run *run =
				sorted_table_run(index->tables[t], i);
			const struct run_identity identity = index_run_identity(run);

			if (!is_committed(index, identity.id) &&
			    index_run_sync(run, err) < 0)
				return -1;
			vec_push(&manifest->runs[t], &identity);
		}
	}
	return 0;
}

static void copy_vec(const struct vec *from, struct vec *to)
{
	for (size_t i = 0; i < from->n; i++)
		vec_push(to, vec_at(from, i));
}

/* Some runs are elsewhere, in files without names. */
static bool has_moved(const struct index *index)
{
	return index->space.why.code != ERR_NONE;
}

static int commit(struct index *index, struct err *err)
{
	CLEANUP(mem_freep) char *path = path_join(index->cache.path, manifest_name);
	CLEANUP(index_manifest_release) struct index_manifest manifest;
	CLEANUP(buf_release) struct buf bytes = {0};
	struct vec ids;

	index_manifest_init(&manifest);
	if (sync_runs(index, &manifest, err) < 0)
		return -1;
	if (has_moved(index)) {
		*err = index->space.why;
		return -1;
	}
	scope_of(index, manifest.scope);
	manifest.n_packs = index->n_packs;
	manifest.n_fragments = index->n_fragments;
	copy_vec(&index->signers, &manifest.signers);
	copy_vec(&index->fragments, &manifest.fragments);
	buf_init(&bytes, MANIFEST_MAX);
	index_manifest_seal(&manifest, &index->keys->cache, index->rng, &bytes);
	if (file_write(path, buf_slice(&bytes), 0600, FILE_REPLACE, err) < 0)
		return -1;
	vec_init(&ids, sizeof(uint64_t));
	collect_ids(index, &ids);
	run_space_committed(&index->space, &ids);
	vec_release(&ids);
	index->changed = false;
	return 0;
}

void index_cache_commit(struct index *index)
{
	struct err err = index->space.why;

	if (!index_cache_is_ours(&index->cache))
		return;
	if (!has_moved(index) && (!index->changed || index->broken ||
				  index->n_unnamed > 0 || commit(index, &err) == 0))
		return;
	log_warning(index->log, "index cache is not kept: %s", err.msg);
	if (err.code == ERR_CORRUPT)
		index_cache_give_up(index);
	if (has_moved(index))
		fd_closep(&index->cache.lock_fd);
}

void index_cache_give_up(struct index *index)
{
	/* What cannot be removed is found to be damaged again. */
	if (index_cache_is_ours(&index->cache))
		(void)unlinkat(index->cache.dir_fd, manifest_name, 0);
}
