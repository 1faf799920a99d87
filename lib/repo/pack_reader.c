/* SPDX-License-Identifier: Apache-2.0 */
#include "repo/pack_reader.h"

#include <inttypes.h>
#include <string.h>

#include "base/mem.h"
#include "crypto/aead.h"
#include "crypto/hash.h"
#include "format/encoding.h"
#include "repo/pack_keys.h"
#include "repo/signed_format.h"

enum {
	/* "packs/3f/" */
	KEY_PREFIX_LEN = 9,
	DIRECTORY_LEN_MAX = PACK_BLOBS_MAX * PACK_ENTRY_LEN + 32 * 1024,
};

void pack_key(const uint8_t name[static 32], char out[static PACK_KEY_LEN])
{
	char hex[HASH_HEX_LEN + 1];

	(void)hex_encode(slice_of(name, HASH_LEN), hex, sizeof(hex));
	(void)snprintf(out, PACK_KEY_LEN, "packs/%.2s/%s", hex, hex);
}

bool pack_key_parse(const char *key, uint8_t ret_name[static 32])
{
	uint8_t name[HASH_LEN];
	char again[PACK_KEY_LEN];
	size_t len = strlen(key);

	struct err not_hex = {0};

	if (len != KEY_PREFIX_LEN + HASH_HEX_LEN ||
	    hex_decode(slice_of_string(key + KEY_PREFIX_LEN), name, sizeof(name),
		       &not_hex) < 0)
		return false;
	pack_key(name, again);
	if (strcmp(key, again) != 0)
		return false;
	memcpy(ret_name, name, sizeof(name));
	return true;
}

/* What a directory is opened with. */
struct directory_context {
	struct aead *cipher;
	uint8_t aad[PACK_DIRECTORY_AAD_LEN];
};

static int open_trailer(const struct directory_context *context, struct slice sealed,
			uint64_t size, struct pack_trailer *ret_trailer, struct err *err)
{
	uint8_t nonce[AEAD_NONCE_LEN];
	uint8_t plain[PACK_TRAILER_PLAIN_LEN];

	aead_nonce(PACK_NONCE_TRAILER, 0, nonce);
	if (!aead_open(context->cipher, nonce,
		       slice_of(context->aad, sizeof(context->aad)), sealed, plain))
		return err_set(err, ERR_CORRUPT, "pack trailer: its tag does not fit");
	if (pack_trailer_decode(slice_of(plain, sizeof(plain)), ret_trailer, err) < 0)
		return -1;
	uint64_t end = size - PACK_TRAILER_LEN;
	if (ret_trailer->directory_len > DIRECTORY_LEN_MAX ||
	    ret_trailer->directory_len < AEAD_TAG_LEN ||
	    ret_trailer->directory_offset < PACK_HEADER_LEN ||
	    ret_trailer->directory_offset > end ||
	    end - ret_trailer->directory_offset < ret_trailer->directory_len)
		return err_set(err, ERR_CORRUPT,
			       "pack trailer: directory at %" PRIu64 " + %" PRIu32
			       " lies outside of the pack",
			       ret_trailer->directory_offset, ret_trailer->directory_len);
	return 0;
}

/* Decrypts in place. */
static int open_directory(const struct directory_context *context, struct buf *sealed,
			  const struct pack_trailer *trailer,
			  struct pack_directory *ret_directory, struct err *err)
{
	uint8_t nonce[AEAD_NONCE_LEN];
	size_t plain_len = sealed->len - AEAD_TAG_LEN;

	aead_nonce(PACK_NONCE_DIRECTORY, 0, nonce);
	if (!aead_open(context->cipher, nonce,
		       slice_of(context->aad, sizeof(context->aad)), buf_slice(sealed),
		       sealed->data))
		return err_set(err, ERR_CORRUPT, "pack directory: its tag does not fit");
	if (pack_directory_decode(slice_of(sealed->data, plain_len), ret_directory, err) <
	    0)
		return -1;
	const struct blob_entry *last = vec_last(&ret_directory->entries);
	uint64_t blobs_end =
		last != NULL ? (uint64_t)last->offset + last->stored : PACK_HEADER_LEN;
	if (ret_directory->entries.n == trailer->n_blobs &&
	    blobs_end == trailer->directory_offset)
		return 0;
	pack_directory_release(ret_directory);
	return err_set(err, ERR_CORRUPT, "pack directory: it does not fit the trailer");
}

/* The certificate must be the owner's word for a writer. */
static int check_signer(const struct repo *repo, struct pack_contents *contents,
			struct err *err)
{
	const struct pack_directory *directory = &contents->directory;
	uint8_t hash[HASH_LEN];

	if (signed_certificate_open(buf_slice(&directory->certificate), &repo->identity,
				    KEY_WRITER, &contents->signer, err) < 0)
		return -1;
	const struct certificate *certificate =
		keylog_certificate_of(repo->keylog, &contents->signer);
	contents->revoked = certificate != NULL && certificate->revoked;
	pack_directory_hash(directory, contents->header_hash, hash);
	if (!signed_message_verify(
		    &contents->signer,
		    &(struct signed_message){
			    .label = "pack-directory",
			    .repo_id = repo->identity.id,
			    .stream = slice_of_string(directory->domain),
			    .certificate = buf_slice(&directory->certificate),
			    .body_hash = hash,
		    },
		    directory->signature))
		return err_set(err, ERR_ALARM,
			       "pack directory: the signature does not fit");
	return 0;
}

static int load(const struct repo *repo, const struct dedup_keys *keys, const char *key,
		uint64_t size, struct pack_contents *contents, struct err *err)
{
	uint8_t header[PACK_HEADER_LEN];
	uint8_t sealed_trailer[PACK_TRAILER_LEN];
	struct directory_context context = {0};
	struct pack_trailer trailer;
	CLEANUP(buf_release) struct buf sealed = {0};

	if (size < PACK_HEADER_LEN + AEAD_TAG_LEN + PACK_TRAILER_LEN ||
	    size > PACK_SIZE_MAX)
		return err_set(err, ERR_CORRUPT, "%" PRIu64 " bytes are no pack's size",
			       size);
	if (store_get_range(repo->store, key, 0, sizeof(header), header, err) < 0 ||
	    pack_header_decode(slice_of(header, sizeof(header)), &contents->header, err) <
		    0 ||
	    store_get_range(repo->store, key, size - PACK_TRAILER_LEN, PACK_TRAILER_LEN,
			    sealed_trailer, err) < 0)
		return -1;
	hash_sha256(slice_of(header, sizeof(header)), contents->header_hash);
	pack_directory_aad(contents->header_hash, repo->identity.id, context.aad);
	CLEANUP(aead_freep)
	struct aead *cipher = pack_keys_directory_cipher(keys, &contents->header);
	context.cipher = cipher;
	if (open_trailer(&context, slice_of(sealed_trailer, sizeof(sealed_trailer)), size,
			 &trailer, err) < 0)
		return -1;
	buf_init(&sealed, DIRECTORY_LEN_MAX);
	if (store_get_range(repo->store, key, trailer.directory_offset,
			    trailer.directory_len,
			    buf_extend(&sealed, trailer.directory_len), err) < 0)
		return -1;
	return open_directory(&context, &sealed, &trailer, &contents->directory, err);
}

void pack_contents_release(struct pack_contents *contents)
{
	pack_directory_release(&contents->directory);
}

int pack_directory_load(const struct repo *repo, const struct dedup_keys *keys,
			const char *key, uint64_t size,
			struct pack_contents *ret_contents, struct err *err)
{
	struct pack_contents contents = {0};

	if (load(repo, keys, key, size, &contents, err) < 0)
		return err_wrap(err, "%s", key);
	if (check_signer(repo, &contents, err) < 0) {
		pack_contents_release(&contents);
		return err_wrap(err, "%s", key);
	}
	*ret_contents = contents;
	return 0;
}

struct pack_opener {
	struct pack_header header;
	uint8_t header_hash[HASH_LEN];
	uint8_t repo_id[REPO_ID_LEN];
	struct aead *cipher;
};

int pack_opener_new(const struct repo_identity *identity, struct slice header,
		    const struct dh_private *epoch_key, struct pack_opener **ret_opener,
		    struct err *err)
{
	CLEANUP(secret_release) struct secret blob_key = {0};
	struct pack_header decoded;

	if (pack_header_decode(header, &decoded, err) < 0 ||
	    pack_keys_unwrap(&decoded, identity, epoch_key, &blob_key, err) < 0)
		return -1;
	struct pack_opener *opener = mem_zalloc(sizeof(*opener));
	opener->header = decoded;
	opener->cipher = aead_new(&blob_key);
	hash_sha256(header, opener->header_hash);
	memcpy(opener->repo_id, identity->id, REPO_ID_LEN);
	*ret_opener = opener;
	return 0;
}

void pack_opener_free(struct pack_opener *opener)
{
	if (opener == NULL)
		return;
	aead_free(opener->cipher);
	mem_free(opener);
}

void pack_opener_freep(struct pack_opener **opener)
{
	pack_opener_free(*opener);
}

/* `encoded` is authentic here; what fails now is a writer's lie or our bug. */
static int decode_payload(struct slice encoded, uint32_t raw_len,
			  struct zstd_decoder *decoder, struct buf *ret_bytes,
			  struct err *err)
{
	struct slice payload = slice_of(encoded.data + 1, encoded.len - 1);

	buf_clear(ret_bytes);
	uint8_t *to = buf_extend(ret_bytes, raw_len);
	switch (encoded.data[0]) {
	case BLOB_RAW:
		if (payload.len != raw_len)
			return err_set(err, ERR_CORRUPT,
				       "%zu raw bytes, expected %" PRIu32, payload.len,
				       raw_len);
		if (raw_len > 0)
			memcpy(to, payload.data, raw_len);
		return 0;
	case BLOB_ZSTD:
		return zstd_decoder_decompress(decoder, payload, to, raw_len, err);
	default:
		return err_set(err, ERR_CORRUPT, "unknown encoding %u", encoded.data[0]);
	}
}

void blob_id_compute(struct hmac *hmac, enum blob_type type, const struct slice pieces[],
		     size_t n_pieces, struct blob_id *ret_id)
{
	uint8_t type_byte = (uint8_t)type;

	hmac_begin(hmac);
	hmac_update(hmac, slice_of(&type_byte, 1));
	for (size_t i = 0; i < n_pieces; i++)
		hmac_update(hmac, pieces[i]);
	hmac_final(hmac, ret_id->bytes);
}

int pack_opener_blob(struct pack_opener *opener, const struct sealed_blob *sealed,
		     const struct blob_tools *tools, struct buf *ret_bytes,
		     struct err *err)
{
	const struct blob_entry *entry = sealed->entry;
	uint8_t nonce[AEAD_NONCE_LEN];
	uint8_t aad[BLOB_AAD_LEN];
	struct blob_id id;

	if (blob_entry_check(entry, PACK_SIZE_MAX, err) < 0)
		return -1;
	if (sealed->bytes.len != entry->stored)
		return err_set(err, ERR_CORRUPT, "%zu sealed bytes, expected %" PRIu32,
			       sealed->bytes.len, entry->stored);
	buf_clear(tools->scratch);
	uint8_t *plain = buf_extend(tools->scratch, sealed->bytes.len - AEAD_TAG_LEN);
	aead_nonce((uint32_t)entry->type, sealed->number, nonce);
	blob_aad_encode(opener->header_hash, opener->repo_id, &opener->header,
			sealed->number, entry, aad);
	if (!aead_open(opener->cipher, nonce, slice_of(aad, sizeof(aad)), sealed->bytes,
		       plain))
		return err_set(err, ERR_CORRUPT, "the tag does not fit");
	if (decode_payload(buf_slice(tools->scratch), entry->raw, tools->decoder,
			   ret_bytes, err) < 0)
		return -1;
	struct slice raw = buf_slice(ret_bytes);
	blob_id_compute(tools->hmac, entry->type, &raw, 1, &id);
	if (memcmp(id.bytes, entry->id.bytes, BLOB_ID_LEN) != 0)
		return err_set(err, ERR_CORRUPT,
			       "the content does not have the blob's id");
	return 0;
}
