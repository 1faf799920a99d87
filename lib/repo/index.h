/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where blobs are: id -> pack and place, for one domain. Flat memory whatever its size: a
 * small table of new entries, sorted encrypted runs on disk that are merged as they grow,
 * read page by page. Filled from index fragments and by the running backup. Look-ups and
 * inserts may come from several threads.
 */
#ifndef REPO_INDEX_H
#define REPO_INDEX_H

#include "base/cancel.h"
#include "base/log.h"
#include "repo/blob.h"
#include "repo/repo.h"

/* A pack as pack lists and fragments describe it. */
struct pack_info {
	uint8_t name[32]; /* SHA-256 of the object */
	uint64_t size;
	uint8_t header_hash[32];
	uint32_t epoch;
};

struct blob_place {
	uint32_t pack;	 /* number in this index, see index_pack() */
	uint32_t number; /* of the blob in its pack */
	enum blob_type type;
	uint32_t offset, stored, raw;
};

/* A blob as a pack's directory or a fragment lists it. */
struct blob_entry {
	struct blob_id id;
	enum blob_type type;
	uint32_t offset, stored, raw;
};

struct index;

struct index_options {
	/* For this index alone. NULL, in use by another process, or not usable, from the
	 * start or from some moment on (with a warning): files without names, gone at the
	 * end. */
	const char *cache_directory;
	const struct dedup_keys *keys; /* borrowed for the index's life, as rng and log */
	const struct repo_identity *identity;
	const char *domain;
	/* Whose fragments count: a writer passes its own public key first (and the shared
	 * domain's writers, if certified, that are not revoked); a reader passes none = all
	 * with a valid certificate. */
	const struct sign_public *signers;
	size_t n_signers;
	size_t memory_bytes; /* for table and page cache; 0 = 6 MiB */
	/* Packs that are added are for this process alone: no fragment names them and no
	 * cache keeps them. For dry runs and readers. */
	bool scratch;
	struct rng *rng;
	const struct log *log;
};

/* Opens or creates the local index; one that does not decrypt or fit is made anew. A page
 * that turns out to be damaged later is ERR_CORRUPT then, and the cache is given up: the next
 * index_open() begins with an empty one. */
MUST_CHECK int index_open(const struct index_options *options, struct index **ret_index,
			  struct err *err);
/* Keeps the cache on disk, but for packs that no fragment names yet. */
void index_free(struct index *index);
void index_freep(struct index **index);

/*
 * Reads fragments of the domain that are not in the index yet: before the first pack is
 * added, and nothing else is called meanwhile. Foreign, false or lost ones are skipped and
 * counted, with a warning but for other writers'. Fragments that are superseded (by the same signer)
 * are not read. A fragment that vanished from the store since the cache was made takes its
 * entries out: then the local index is made anew.
 */
MUST_CHECK int index_update(struct index *index, const struct repo *repo,
			    const struct cancel *cancel, struct err *err);

/* Adds a pack and its blobs. *ret_pack = its number. A pack that is known already gets no
 * second number; but what fragments of other writers say of a pack counts for itself, under
 * a number of its own, so that a false one hides nothing. ERR_LIMIT for more blobs than a
 * fragment takes. May be called from several threads. */
MUST_CHECK int index_add_pack(struct index *index, const struct pack_info *info,
			      const struct blob_entry *entries, size_t n_entries,
			      uint32_t *ret_pack, struct err *err);

/* Places of an id, newest first, at most max (and INDEX_PLACES_MAX); *ret_n = how many were
 * found. */
enum { INDEX_PLACES_MAX = 16 };
MUST_CHECK int index_find(struct index *index, const struct blob_id *id,
			  struct blob_place *ret_places, size_t max, size_t *ret_n,
			  struct err *err);

MUST_CHECK int index_pack(struct index *index, uint32_t pack, struct pack_info *ret_info,
			  struct err *err);
uint32_t index_n_packs(const struct index *index); /* numbers are 0..n-1 */
uint64_t index_n_blobs(const struct index *index); /* entries, duplicates counted */
/* Of several the newest. ERR_NOT_FOUND when the name is unknown. */
MUST_CHECK int index_pack_number(struct index *index, const uint8_t name[static 32],
				 uint32_t *ret_pack, struct err *err);

/* Names of the fragments that list any of the packs whose bit is set in `packs` (one bit a
 * number, index_n_packs() bits). */
MUST_CHECK int index_fragments_of(struct index *index, const uint8_t *packs,
				  struct vec *ret_names /* of uint8_t[32] */,
				  struct err *err);

/* Fragments that index_update() read, and those that it did not take: other writers', false
 * (damaged, forged, newer), gone between listing and reading. */
struct index_counters {
	uint64_t taken, foreign, damaged, lost;
};
struct index_counters index_counters(const struct index *index);
/* Bytes of memory that the index holds now. */
size_t index_memory(struct index *index);

/* Every entry in ascending order of ids: for check and statistics. Nothing is added
 * meanwhile. */
typedef int index_each_fn(void *arg, const struct blob_id *id,
			  const struct blob_place *place, struct err *err);
MUST_CHECK int index_each(struct index *index, index_each_fn *each, void *arg,
			  struct err *err);

/*
 * The writing half of fragments: packs of this run are collected, and written as a signed
 * fragment when `index_flush()` is called (by the blob writer every few packs or seconds,
 * and at the end). index_consolidate() merges this writer's small fragments into fewer that
 * supersede them, when there are more than a handful.
 */
MUST_CHECK int index_flush(struct index *index, const struct repo *repo,
			   const struct writer_key *key, struct err *err);
MUST_CHECK int index_consolidate(struct index *index, const struct repo *repo,
				 const struct writer_key *key, struct err *err);

#endif
