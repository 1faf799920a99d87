/* SPDX-License-Identifier: Apache-2.0 */
/* The key derivations of a pack, the same for building and opening (docs/format/pack.md). */
#ifndef REPO_PACK_KEYS_H
#define REPO_PACK_KEYS_H

#include "crypto/aead.h"
#include "repo/pack_format.h"

/* From the pack's own key: the key of its blobs, and the commitment to compare. */
void pack_keys_derive(const struct secret *pack_key, const struct pack_header *header,
		      struct secret *ret_blob_key, uint8_t ret_commitment[static 32]);

/* Wraps the pack key to an epoch: fills header->wrapped_key; epoch, uuid, commitment and
 * ephemeral are set already. */
MUST_CHECK int pack_keys_wrap(const struct secret *pack_key,
			      const struct repo_identity *identity,
			      const struct dh_private *ephemeral,
			      const struct dh_public *epoch, struct pack_header *header,
			      struct err *err);

/* The reverse, with the epoch's private key. Compares the commitment before it returns; the
 * result is the blob key. ERR_CORRUPT. */
MUST_CHECK int pack_keys_unwrap(const struct pack_header *header,
				const struct repo_identity *identity,
				const struct dh_private *epoch,
				struct secret *ret_blob_key, struct err *err);

/* The cipher of directory and trailer. */
struct aead *pack_keys_directory_cipher(const struct dedup_keys *keys,
					const struct pack_header *header);

/* header hash || R: additional data of directory and trailer. */
enum { PACK_DIRECTORY_AAD_LEN = 32 + REPO_ID_LEN };
void pack_directory_aad(const uint8_t header_hash[static 32],
			const uint8_t repo_id[static REPO_ID_LEN],
			uint8_t out[static PACK_DIRECTORY_AAD_LEN]);

#endif
