/* SPDX-License-Identifier: Apache-2.0 */
#include "repo/pack_keys.h"

#include <string.h>

#include "crypto/hash.h"
#include "crypto/kdf.h"

static const char wrap_label[] = "quipu/v1/pack";

enum {
	WRAP_LABEL_LEN = sizeof(wrap_label) - 1,
	/* header bytes before the commitment */
	WRAP_HEADER_LEN = 32,
	WRAP_AAD_LEN = WRAP_LABEL_LEN + REPO_ID_LEN + WRAP_HEADER_LEN,
	/* label, R, epoch, uuid */
	WRAP_INFO_LEN = WRAP_LABEL_LEN + REPO_ID_LEN + 4 + 16,
};

void pack_keys_derive(const struct secret *pack_key, const struct pack_header *header,
		      struct secret *ret_blob_key, uint8_t ret_commitment[static 32])
{
	CLEANUP(secret_release) struct secret commitment = {0};
	struct slice uuid = slice_of(header->uuid, sizeof(header->uuid));

	kdf_hkdf(secret_slice(pack_key), uuid, slice_of_string("quipu/v1/blob"),
		 AEAD_KEY_LEN, ret_blob_key);
	kdf_hkdf(secret_slice(pack_key), uuid, slice_of_string("quipu/v1/commit"),
		 HASH_LEN, &commitment);
	memcpy(ret_commitment, commitment.data, HASH_LEN);
}

/* What binds a wrapped key: additional data and HKDF info, from the clear header. */
static void wrap_context(const struct pack_header *header,
			 const struct repo_identity *identity,
			 uint8_t aad[static WRAP_AAD_LEN],
			 uint8_t info[static WRAP_INFO_LEN])
{
	uint8_t encoded[PACK_HEADER_LEN];

	pack_header_encode(header, encoded);
	memcpy(aad, wrap_label, WRAP_LABEL_LEN);
	memcpy(aad + WRAP_LABEL_LEN, identity->id, REPO_ID_LEN);
	memcpy(aad + WRAP_LABEL_LEN + REPO_ID_LEN, encoded, WRAP_HEADER_LEN);
	/* bytes 12 to 31 of the header are epoch and uuid, already in the order of the info */
	memcpy(info, wrap_label, WRAP_LABEL_LEN);
	memcpy(info + WRAP_LABEL_LEN, identity->id, REPO_ID_LEN);
	memcpy(info + WRAP_LABEL_LEN + REPO_ID_LEN, encoded + 12, 4 + 16);
}

static struct aead *wrap_cipher(const struct secret *shared,
				const struct pack_header *header,
				const struct dh_public *epoch,
				const uint8_t info[static WRAP_INFO_LEN])
{
	CLEANUP(secret_release) struct secret key = {0};
	uint8_t salt[2 * DH_LEN];

	memcpy(salt, header->ephemeral, DH_LEN);
	memcpy(salt + DH_LEN, epoch->bytes, DH_LEN);
	kdf_hkdf(secret_slice(shared), slice_of(salt, sizeof(salt)),
		 slice_of(info, WRAP_INFO_LEN), AEAD_KEY_LEN, &key);
	return aead_new(&key);
}

static const uint8_t zero_nonce[AEAD_NONCE_LEN]; /* each wrapping key seals one message */

int pack_keys_wrap(const struct secret *pack_key, const struct repo_identity *identity,
		   const struct dh_private *ephemeral, const struct dh_public *epoch,
		   struct pack_header *header, struct err *err)
{
	CLEANUP(secret_release) struct secret shared = {0};
	uint8_t aad[WRAP_AAD_LEN];
	uint8_t info[WRAP_INFO_LEN];

	if (dh_agree(ephemeral, epoch, &shared, err) < 0)
		return -1;
	wrap_context(header, identity, aad, info);
	CLEANUP(aead_freep)
	struct aead *cipher = wrap_cipher(&shared, header, epoch, info);
	aead_seal(cipher, zero_nonce, slice_of(aad, sizeof(aad)), secret_slice(pack_key),
		  header->wrapped_key);
	return 0;
}

int pack_keys_unwrap(const struct pack_header *header,
		     const struct repo_identity *identity, const struct dh_private *epoch,
		     struct secret *ret_blob_key, struct err *err)
{
	CLEANUP(secret_release) struct secret shared = {0};
	CLEANUP(secret_release) struct secret pack_key = {0};
	CLEANUP(secret_release) struct secret blob_key = {0};
	struct dh_public ephemeral;
	struct dh_public epoch_public = dh_private_public(epoch);
	uint8_t aad[WRAP_AAD_LEN];
	uint8_t info[WRAP_INFO_LEN];
	uint8_t commitment[HASH_LEN];

	memcpy(ephemeral.bytes, header->ephemeral, DH_LEN);
	if (dh_agree(epoch, &ephemeral, &shared, err) < 0)
		return err_wrap(err, "pack header");
	wrap_context(header, identity, aad, info);
	CLEANUP(aead_freep)
	struct aead *cipher = wrap_cipher(&shared, header, &epoch_public, info);
	secret_init(&pack_key, AEAD_KEY_LEN);
	if (!aead_open(cipher, zero_nonce, slice_of(aad, sizeof(aad)),
		       slice_of(header->wrapped_key, sizeof(header->wrapped_key)),
		       pack_key.data))
		return err_set(
			err, ERR_CORRUPT,
			"pack header: its key does not open with the key of epoch %u",
			header->epoch);
	pack_keys_derive(&pack_key, header, &blob_key, commitment);
	if (memcmp(commitment, header->commitment, sizeof(commitment)) != 0)
		return err_set(err, ERR_CORRUPT,
			       "pack header: the key commitment does not fit");
	*ret_blob_key = blob_key;
	blob_key = (struct secret){0};
	return 0;
}

struct aead *pack_keys_directory_cipher(const struct dedup_keys *keys,
					const struct pack_header *header)
{
	CLEANUP(secret_release) struct secret key = {0};

	kdf_hkdf(secret_slice(&keys->index),
		 slice_of(header->directory_salt, sizeof(header->directory_salt)),
		 slice_of_string("quipu/v1/directory"), AEAD_KEY_LEN, &key);
	return aead_new(&key);
}

void pack_directory_aad(const uint8_t header_hash[static 32],
			const uint8_t repo_id[static REPO_ID_LEN],
			uint8_t out[static PACK_DIRECTORY_AAD_LEN])
{
	memcpy(out, header_hash, HASH_LEN);
	memcpy(out + HASH_LEN, repo_id, REPO_ID_LEN);
}
