/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of index.h share. */
#ifndef REPO_INDEX_INTERNAL_H
#define REPO_INDEX_INTERNAL_H

#include <stdatomic.h>

#include "base/pool.h"
#include "repo/index.h"
#include "repo/index_format.h"
#include "repo/index_manifest.h"
#include "repo/index_records.h"
#include "repo/sorted_table.h"

/* The signer of packs that this process added and nobody signed: a reader's. */
enum { SIGNER_LOCAL = UINT16_MAX };

enum index_table { TABLE_BLOBS, TABLE_PACKS, TABLE_NAMES, TABLE_COVERS };

/* The directory of a cache. */
struct index_cache {
	char *path; /* NULL: none, files without names */
	int dir_fd;
	int lock_fd; /* held: this process may change the cache; -1: another one may */
};

/* Packs that wait for their fragment. */
struct pending_fragment {
	struct fragment_builder builder;
	struct vec packs; /* of uint32_t: their numbers */
};

struct index {
	const struct dedup_keys *keys;
	struct repo_identity identity;
	char *domain;
	struct vec allowed; /* of struct sign_public; none = all */
	bool scratch;
	struct rng *rng;
	const struct log *log;

	struct index_cache cache;
	struct page_cache *pages;
	struct run_space space;
	struct sorted_table *tables[INDEX_TABLES];

	struct mutex *adding; /* all below; held by who adds, flushes, commits */
	struct mutex *flushing;
	atomic_uint n_packs;
	uint64_t n_unnamed;   /* packs that no fragment names: then no commit */
	bool changed;	      /* since the last commit */
	atomic_bool broken;   /* a page did not decrypt */
	struct vec signers;   /* of struct sign_public */
	struct vec fragments; /* of struct known_fragment */
	bool fragments_sorted;
	uint32_t n_fragments; /* numbers given out */
	struct vec pending;   /* of struct pending_fragment */
	struct index_counters counters;
};

/* --- index_cache.c --- */
/* Opens the directory and takes its lock, or a place for files without names. */
MUST_CHECK int index_cache_open(const char *directory, const struct log *log,
				struct index_cache *ret_cache, struct err *err);
void index_cache_release(struct index_cache *cache);
bool index_cache_is_ours(const struct index_cache *cache);
/* Takes over what the manifest names; false: nothing there that can be used. */
bool index_cache_load(struct index *index);
/* Makes the present state what the next process finds. Failing is a warning. */
void index_cache_commit(struct index *index);
/* The next process begins with nothing. */
void index_cache_give_up(struct index *index);

/* --- index.c --- */
/* Forgets everything. */
void index_reset(struct index *index);
/* Remembers that the cache is damaged when that is what *err says. Returns -1. */
int index_failed(struct index *index, struct err *err);
/* The slot of a signer, a new one if need be; false when there are too many. */
bool index_signer_slot(struct index *index, const struct sign_public *signer,
		       uint16_t *ret_slot);
/* A pack from this signer: its number, and whether it is new and wants entries. */
MUST_CHECK int index_take_pack(struct index *index, const struct pack_info *info,
			       uint16_t signer, uint32_t *ret_pack, bool *ret_is_new,
			       struct err *err);
MUST_CHECK int index_take_blob(struct index *index, uint32_t pack, uint32_t number,
			       const struct blob_entry *entry, struct err *err);
MUST_CHECK int index_take_cover(struct index *index, uint32_t fragment, uint32_t pack,
				struct err *err);
/* The number of a pack of this signer: ERR_NOT_FOUND. */
MUST_CHECK int index_pack_of(struct index *index, const uint8_t name[static 32],
			     uint16_t signer, uint32_t *ret_pack, struct err *err);

void pending_fragment_release(struct pending_fragment *pending);

/* --- index_update.c --- */
/* "index/<domain>/<64 hex>"; the caller frees. */
char *fragment_key(const struct index *index, const uint8_t name[static 32]);
/* Gets a fragment and checks name and signature. The slices of *ret_frame point into
 * *ret_object. */
struct signed_frame;
MUST_CHECK int fragment_load(struct index *index, const struct repo *repo,
			     const uint8_t name[static 32], struct buf *ret_object,
			     struct signed_frame *ret_frame, struct err *err);
/* Opens its body in place, in *object. */
MUST_CHECK int fragment_open(struct index *index, struct buf *object,
			     const struct signed_frame *frame,
			     struct fragment_body *ret_body, struct slice *ret_content,
			     struct err *err);
/* The fragment gets the next number. */
void index_register_fragment(struct index *index, const uint8_t name[static 32],
			     uint16_t signer, uint32_t n_blobs, bool counts);
/* By name; NULL when it is not known. */
struct known_fragment *known_fragment_find(struct index *index,
					   const uint8_t name[static 32]);

#endif
