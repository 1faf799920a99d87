/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where the blobs of one snapshot may be read: the index of its domain says where an id is, the
 * signed pack list says which of these packs count. Thread-safe.
 */
#ifndef REPO_BLOB_PLACES_H
#define REPO_BLOB_PLACES_H

#include "base/cancel.h"
#include "repo/pack_reader.h"
#include "repo/snapshots.h"

enum { BLOB_PLACES_MAX = 8 };

struct blob_places_options {
	const struct repo *repo;
	const struct dedup_keys *keys;
	struct index *index; /* of the snapshot's domain, up to date */
	const struct snapshot_header *header;
	const struct log *log;
	const struct cancel *cancel;
};

struct blob_places;

/* All of the options are borrowed. Reads the pack list; a lost page is a warning. */
MUST_CHECK int blob_places_new(const struct blob_places_options *options,
			       struct blob_places **ret_places, struct err *err);
void blob_places_free(struct blob_places *places);
void blob_places_freep(struct blob_places **places);

/*
 * Places of a blob of this type and length in packs that count, at most BLOB_PLACES_MAX, best
 * first. When the index knows none, the directories of listed packs that it does not know, and
 * then of all of them, are read and added to it, once. ERR_CORRUPT when there is no place.
 */
MUST_CHECK int blob_places_find(struct blob_places *places, enum blob_type type,
				const struct blob_ref *ref,
				struct blob_place ret_places[static BLOB_PLACES_MAX],
				size_t *ret_n, struct err *err);

/* Adds what the directories of all listed packs say to the index, once: for when a blob opens at
 * none of the places that were found. They come first in what blob_places_find() gives then. */
MUST_CHECK int blob_places_read_all(struct blob_places *places, struct err *err);

/* A pack's header, which must be the one that the pack list names, unless that page is lost.
 * Errors name the pack. */
MUST_CHECK int blob_places_pack_header(struct blob_places *places, uint32_t pack,
				       uint8_t ret_header[static PACK_HEADER_LEN],
				       struct err *err);

/* Bytes of a pack. Errors name it; one that is absent or ends too early is ERR_CORRUPT. */
MUST_CHECK int blob_places_fetch(struct blob_places *places, uint32_t pack,
				 uint64_t offset, size_t len, uint8_t *to,
				 struct err *err);

/* "packs/3f/…", for messages. */
MUST_CHECK int blob_places_pack_key(struct blob_places *places, uint32_t pack,
				    char out[static PACK_KEY_LEN], struct err *err);

/* Pages of the pack list that could not be had. */
uint64_t blob_places_lost_pages(const struct blob_places *places);

#endif
