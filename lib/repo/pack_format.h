/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of a pack as bytes (docs/format/pack.md): header, directory, trailer, padding. No
 * ciphers here: pack_builder.h seals, pack_reader.h opens. */
#ifndef REPO_PACK_FORMAT_H
#define REPO_PACK_FORMAT_H

#include "base/cursor.h"
#include "base/vec.h"
#include "crypto/sign.h"
#include "repo/index.h"

enum {
	PACK_HEADER_LEN = 176,
	PACK_TRAILER_PLAIN_LEN = 16,
	PACK_TRAILER_LEN = 32,
	PACK_BLOBS_MAX = 1024 * 1024,
	PACK_ENTRY_LEN = 45,
	/* what sealing adds to a blob's payload: encoding byte and tag */
	BLOB_OVERHEAD = 17,
	PACK_NONCE_DIRECTORY = 0x100,
	PACK_NONCE_TRAILER = 0x101,
};

enum blob_encoding { BLOB_RAW = 0, BLOB_ZSTD = 1 };

struct pack_header {
	uint32_t epoch;
	uint8_t uuid[16];
	uint8_t commitment[32];
	uint8_t ephemeral[32];
	uint8_t wrapped_key[48];
	uint8_t directory_salt[32];
};

void pack_header_encode(const struct pack_header *header,
			uint8_t out[static PACK_HEADER_LEN]);
MUST_CHECK int pack_header_decode(struct slice bytes, struct pack_header *ret_header,
				  struct err *err);

struct pack_directory {
	char *domain;
	struct buf certificate;
	struct vec entries; /* of struct blob_entry, in the order of numbers */
	uint8_t signature[SIGN_LEN];
};

void pack_directory_release(struct pack_directory *directory);
void pack_directory_encode(const struct pack_directory *directory, struct buf *out);
MUST_CHECK int pack_directory_decode(struct slice bytes,
				     struct pack_directory *ret_directory,
				     struct err *err);
/* H(header hash || the entries): what the directory's signature covers, as its body hash. */
void pack_directory_hash(const struct pack_directory *directory,
			 const uint8_t header_hash[static 32], uint8_t out[static 32]);

struct pack_trailer {
	uint64_t directory_offset;
	uint32_t directory_len;
	uint32_t n_blobs;
};
void pack_trailer_encode(const struct pack_trailer *trailer,
			 uint8_t out[static PACK_TRAILER_PLAIN_LEN]);
MUST_CHECK int pack_trailer_decode(struct slice bytes, struct pack_trailer *ret_trailer,
				   struct err *err);

/* Additional data of one blob: binds it to pack, place, id and length. */
enum { BLOB_AAD_LEN = 32 + 16 + 1 + 16 + 4 + 32 + 4 };
void blob_aad_encode(const uint8_t header_hash[static 32],
		     const uint8_t repo_id[static REPO_ID_LEN],
		     const struct pack_header *header, uint32_t number,
		     const struct blob_entry *entry, uint8_t out[static BLOB_AAD_LEN]);

/* Padmé (Nikitin et al., PETS 2019): the length that len bytes are padded to. */
uint64_t padme_length(uint64_t len);

/* Reads and checks one blob entry's numbers: type, lengths, place below `end`. */
MUST_CHECK int blob_entry_check(const struct blob_entry *entry, uint64_t end,
				struct err *err);
void blob_entry_encode(const struct blob_entry *entry, struct buf *out);
void blob_entry_read(struct cursor *cursor, struct blob_entry *ret_entry);

#endif
