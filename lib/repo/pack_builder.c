/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Keys of one pack (docs/format/pack.md):
 *
 *   ephemeral X25519 x epoch public key -> W, which wraps K; K is fresh for every pack
 *   HKDF(K, uuid) -> blob key and commitment; HKDF(index key, salt) -> directory key
 *
 * The builder keeps the blob key only as a cipher context and drops it at the next begin or
 * at free. The number of a blob is its nonce's counter and is taken by append alone.
 */
#include "repo/pack_builder.h"

#include <assert.h>
#include <string.h>

#include "base/mem.h"
#include "crypto/aead.h"
#include "crypto/dh.h"
#include "crypto/hash.h"
#include "crypto/kdf.h"
#include "repo/pack_keys.h"
#include "repo/signed_format.h"

struct pack_builder {
	struct pack_builder_options options;
	struct pack_header header;
	uint8_t header_hash[HASH_LEN];
	struct buf bytes;
	struct vec entries; /* of struct blob_entry */
	struct aead *blob_cipher;
};

struct pack_builder *pack_builder_new(void)
{
	struct pack_builder *builder = mem_zalloc(sizeof(*builder));

	buf_init(&builder->bytes, PACK_SIZE_MAX);
	vec_init(&builder->entries, sizeof(struct blob_entry));
	return builder;
}

void pack_builder_free(struct pack_builder *builder)
{
	if (builder == NULL)
		return;
	aead_free(builder->blob_cipher);
	buf_release(&builder->bytes);
	vec_release(&builder->entries);
	mem_free(builder);
}

/* Fills the header and sets the blob cipher. */
static int make_keys(struct pack_builder *builder, struct err *err)
{
	const struct pack_builder_options *options = &builder->options;
	struct pack_header *header = &builder->header;
	CLEANUP(secret_release) struct secret pack_key = {0};
	CLEANUP(secret_release) struct secret blob_key = {0};
	CLEANUP(dh_private_freep)
	struct dh_private *ephemeral = dh_private_generate(options->rng);
	struct dh_public ephemeral_public = dh_private_public(ephemeral);

	*header = (struct pack_header){.epoch = options->epoch->number};
	rng_fill(options->rng, header->uuid, sizeof(header->uuid));
	rng_fill(options->rng, header->directory_salt, sizeof(header->directory_salt));
	memcpy(header->ephemeral, ephemeral_public.bytes, DH_LEN);
	secret_init(&pack_key, AEAD_KEY_LEN);
	rng_fill(options->rng, pack_key.data, pack_key.len);
	pack_keys_derive(&pack_key, header, &blob_key, header->commitment);
	if (pack_keys_wrap(&pack_key, options->identity, ephemeral,
			   &options->epoch->public_key, header, err) < 0)
		return -1;
	aead_free(builder->blob_cipher);
	builder->blob_cipher = aead_new(&blob_key);
	return 0;
}

int pack_builder_begin(struct pack_builder *builder,
		       const struct pack_builder_options *options, struct err *err)
{
	builder->options = *options;
	buf_clear(&builder->bytes);
	vec_clear(&builder->entries);
	if (make_keys(builder, err) < 0)
		return err_wrap(err, "pack for epoch %u", options->epoch->number);
	pack_header_encode(&builder->header,
			   buf_extend(&builder->bytes, PACK_HEADER_LEN));
	hash_sha256(buf_slice(&builder->bytes), builder->header_hash);
	return 0;
}

void pack_builder_append(struct pack_builder *builder, const struct blob_id *id,
			 enum blob_type type, uint32_t raw_len, struct slice encoded)
{
	uint8_t nonce[AEAD_NONCE_LEN];
	uint8_t aad[BLOB_AAD_LEN];
	uint32_t number = (uint32_t)builder->entries.n;
	struct blob_entry entry = {
		.id = *id,
		.type = type,
		.offset = (uint32_t)builder->bytes.len,
		.stored = (uint32_t)(encoded.len + AEAD_TAG_LEN),
		.raw = raw_len,
	};

	assert(number < PACK_BLOBS_MAX && raw_len <= BLOB_RAW_MAX);
	aead_nonce((uint32_t)type, number, nonce);
	blob_aad_encode(builder->header_hash, builder->options.identity->id,
			&builder->header, number, &entry, aad);
	aead_seal(builder->blob_cipher, nonce, slice_of(aad, sizeof(aad)), encoded,
		  buf_extend(&builder->bytes, entry.stored));
	vec_push(&builder->entries, &entry);
}

size_t pack_builder_len(const struct pack_builder *builder)
{
	return builder->bytes.len;
}

size_t pack_builder_n_blobs(const struct pack_builder *builder)
{
	return builder->entries.n;
}

const struct vec *pack_builder_entries(const struct pack_builder *builder)
{
	return &builder->entries;
}

static void sign_directory(const struct pack_builder *builder,
			   struct pack_directory *directory)
{
	uint8_t hash[HASH_LEN];

	pack_directory_hash(directory, builder->header_hash, hash);
	signed_message_sign(builder->options.key->sign,
			    &(struct signed_message){
				    .label = "pack-directory",
				    .repo_id = builder->options.identity->id,
				    .stream = slice_of_string(directory->domain),
				    .certificate = buf_slice(&directory->certificate),
				    .body_hash = hash,
			    },
			    directory->signature);
}

/* Appends directory, padding and trailer, all sealed or random. */
static void append_end(struct pack_builder *builder, struct slice directory)
{
	uint8_t nonce[AEAD_NONCE_LEN];
	uint8_t trailer_plain[PACK_TRAILER_PLAIN_LEN];
	uint8_t aad[PACK_DIRECTORY_AAD_LEN];
	struct pack_trailer trailer = {
		.directory_offset = builder->bytes.len,
		.directory_len = (uint32_t)(directory.len + AEAD_TAG_LEN),
		.n_blobs = (uint32_t)builder->entries.n,
	};
	CLEANUP(aead_freep)
	struct aead *cipher = pack_keys_directory_cipher(&builder->options.key->dedup,
							 &builder->header);

	pack_directory_aad(builder->header_hash, builder->options.identity->id, aad);
	aead_nonce(PACK_NONCE_DIRECTORY, 0, nonce);
	aead_seal(cipher, nonce, slice_of(aad, sizeof(aad)), directory,
		  buf_extend(&builder->bytes, trailer.directory_len));
	uint64_t bare = builder->bytes.len + PACK_TRAILER_LEN;
	size_t padding = (size_t)(padme_length(bare) - bare);
	rng_fill(builder->options.rng, buf_extend(&builder->bytes, padding), padding);
	pack_trailer_encode(&trailer, trailer_plain);
	aead_nonce(PACK_NONCE_TRAILER, 0, nonce);
	aead_seal(cipher, nonce, slice_of(aad, sizeof(aad)),
		  slice_of(trailer_plain, sizeof(trailer_plain)),
		  buf_extend(&builder->bytes, PACK_TRAILER_LEN));
}

void pack_builder_finish(struct pack_builder *builder, struct slice *ret_bytes,
			 struct pack_info *ret_info)
{
	const struct pack_builder_options *options = &builder->options;
	CLEANUP(buf_release) struct buf plain = {0};
	struct pack_directory directory = {
		.domain = mem_strdup(options->domain),
		.entries = builder->entries, /* lent, not owned */
	};

	buf_init(&directory.certificate, 0);
	buf_append_slice(&directory.certificate, buf_slice(&options->key->certificate));
	sign_directory(builder, &directory);
	buf_init(&plain, 0);
	pack_directory_encode(&directory, &plain);
	append_end(builder, buf_slice(&plain));
	mem_free(directory.domain);
	buf_release(&directory.certificate);
	*ret_bytes = buf_slice(&builder->bytes);
	*ret_info = (struct pack_info){.size = ret_bytes->len,
				       .epoch = options->epoch->number};
	hash_sha256(*ret_bytes, ret_info->name);
	memcpy(ret_info->header_hash, builder->header_hash, HASH_LEN);
}
