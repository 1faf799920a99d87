/* SPDX-License-Identifier: Apache-2.0 */
/* The records of the index's tables. Numbers that are part of an order are big-endian, those of
 * packs in ids and names complemented: of one key the newest then comes first. */
#ifndef REPO_INDEX_RECORDS_H
#define REPO_INDEX_RECORDS_H

#include "repo/index.h"

enum {
	/* id[32] ~pack u32 (number << 8 | type) u32 offset u32 stored u32 raw u32 */
	BLOB_RECORD_LEN = 32 + 5 * 4,
	/* number u32 name[32] size u64 header hash[32] epoch u32 */
	PACK_RECORD_LEN = 4 + 32 + 8 + 32 + 4,
	PACK_RECORD_KEY = 4,
	/* name[32] ~number u32 signer u16 */
	NAME_RECORD_LEN = 32 + 4 + 2,
	/* fragment u32 pack u32 */
	COVER_RECORD_LEN = 4 + 4,
};

void blob_record_encode(const struct blob_id *id, const struct blob_place *place,
			uint8_t out[static BLOB_RECORD_LEN]);
void blob_record_decode(const uint8_t record[static BLOB_RECORD_LEN],
			struct blob_id *ret_id, struct blob_place *ret_place);

void pack_record_encode(uint32_t number, const struct pack_info *info,
			uint8_t out[static PACK_RECORD_LEN]);
void pack_record_key(uint32_t number, uint8_t out[static PACK_RECORD_KEY]);
void pack_record_decode(const uint8_t record[static PACK_RECORD_LEN],
			struct pack_info *ret_info);

/* A pack under its name: which number, and whose fragment says so. */
struct pack_alias {
	uint32_t number;
	uint16_t signer;
};
void name_record_encode(const uint8_t name[static 32], const struct pack_alias *alias,
			uint8_t out[static NAME_RECORD_LEN]);
void name_record_decode(const uint8_t record[static NAME_RECORD_LEN],
			struct pack_alias *ret_alias);

void cover_record_encode(uint32_t fragment, uint32_t pack,
			 uint8_t out[static COVER_RECORD_LEN]);
void cover_record_decode(const uint8_t record[static COVER_RECORD_LEN],
			 uint32_t *ret_fragment, uint32_t *ret_pack);

#endif
