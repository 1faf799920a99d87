/* SPDX-License-Identifier: Apache-2.0 */
/* Opening packs: the directory with D's keys (writers too), blobs with an epoch's key. */
#ifndef REPO_PACK_READER_H
#define REPO_PACK_READER_H

#include "crypto/hash.h"
#include "format/zstd_codec.h"
#include "repo/pack_format.h"

/* "packs/3f/3f2a…" */
enum { PACK_KEY_LEN = 80 };
void pack_key(const uint8_t name[static 32], char out[static PACK_KEY_LEN]);
/* The reverse; false when the key is not a pack's. */
bool pack_key_parse(const char *key, uint8_t ret_name[static 32]);

/* What a pack says of itself. */
struct pack_contents {
	struct pack_header header;
	uint8_t header_hash[32];
	struct pack_directory directory;
	struct sign_public signer;
	bool revoked; /* the signer is: what it wrote before stays part of its snapshots */
};
void pack_contents_release(struct pack_contents *contents);

/*
 * Reads trailer and directory of the object `key` of `size` bytes in up to three ranged gets,
 * checks the writer's signature and that its certificate verifies under the owner: ERR_ALARM.
 * ERR_CORRUPT otherwise. A revoked writer's pack loads; callers look at `revoked`.
 */
MUST_CHECK int pack_directory_load(const struct repo *repo, const struct dedup_keys *keys,
				   const char *key, uint64_t size,
				   struct pack_contents *ret_contents, struct err *err);

/* The key of one pack, unwrapped. */
struct pack_opener;

/* Unwraps with the epoch's private key and checks the commitment: ERR_CORRUPT. */
MUST_CHECK int pack_opener_new(const struct repo_identity *identity, struct slice header,
			       const struct dh_private *epoch_key,
			       struct pack_opener **ret_opener, struct err *err);
void pack_opener_free(struct pack_opener *opener);
void pack_opener_freep(struct pack_opener **opener);

/* What opening blobs needs besides the key; one set per thread. */
struct blob_tools {
	struct hmac *hmac; /* under the blob-id key */
	struct zstd_decoder *decoder;
	struct buf *scratch;
};

/* A blob as it lies in its pack. */
struct sealed_blob {
	struct slice bytes;
	const struct blob_entry *entry;
	uint32_t number;
};

/*
 * Opens one sealed blob: tag, encoding, exact raw length, and that its content has the id.
 * Replaces the content of *ret_bytes. Not thread-safe per opener.
 */
MUST_CHECK int pack_opener_blob(struct pack_opener *opener,
				const struct sealed_blob *sealed,
				const struct blob_tools *tools, struct buf *ret_bytes,
				struct err *err);

/* HMAC(blob-id key, type || bytes). */
void blob_id_compute(struct hmac *hmac, enum blob_type type, const struct slice pieces[],
		     size_t n_pieces, struct blob_id *ret_id);

#endif
