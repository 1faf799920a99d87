/* SPDX-License-Identifier: Apache-2.0 */
#include "repo/index_records.h"

static uint8_t *put_bytes(uint8_t *to, const void *bytes, size_t len)
{
	memcpy(to, bytes, len);
	return to + len;
}

static uint8_t *put_number(uint8_t *to, uint64_t value, unsigned len)
{
	for (unsigned i = 0; i < len; i++)
		to[i] = (uint8_t)(value >> (8 * (len - 1 - i)));
	return to + len;
}

static uint64_t take_number(const uint8_t **from, unsigned len)
{
	uint64_t value = 0;

	for (unsigned i = 0; i < len; i++)
		value = value << 8 | *(*from)++;
	return value;
}

static void take_bytes(const uint8_t **from, void *bytes, size_t len)
{
	memcpy(bytes, *from, len);
	*from += len;
}

void blob_record_encode(const struct blob_id *id, const struct blob_place *place,
			uint8_t out[static BLOB_RECORD_LEN])
{
	uint8_t *p = put_bytes(out, id->bytes, BLOB_ID_LEN);

	p = put_number(p, ~place->pack, 4);
	p = put_number(p, place->number << 8 | (uint32_t)place->type, 4);
	p = put_number(p, place->offset, 4);
	p = put_number(p, place->stored, 4);
	(void)put_number(p, place->raw, 4);
}

void blob_record_decode(const uint8_t record[static BLOB_RECORD_LEN],
			struct blob_id *ret_id, struct blob_place *ret_place)
{
	const uint8_t *p = record;

	take_bytes(&p, ret_id->bytes, BLOB_ID_LEN);
	ret_place->pack = ~(uint32_t)take_number(&p, 4);
	uint32_t number_and_type = (uint32_t)take_number(&p, 4);
	ret_place->number = number_and_type >> 8;
	ret_place->type = (enum blob_type)(number_and_type & 0xff);
	ret_place->offset = (uint32_t)take_number(&p, 4);
	ret_place->stored = (uint32_t)take_number(&p, 4);
	ret_place->raw = (uint32_t)take_number(&p, 4);
}

void pack_record_key(uint32_t number, uint8_t out[static PACK_RECORD_KEY])
{
	(void)put_number(out, number, PACK_RECORD_KEY);
}

void pack_record_encode(uint32_t number, const struct pack_info *info,
			uint8_t out[static PACK_RECORD_LEN])
{
	uint8_t *p = put_number(out, number, PACK_RECORD_KEY);

	p = put_bytes(p, info->name, sizeof(info->name));
	p = put_number(p, info->size, 8);
	p = put_bytes(p, info->header_hash, sizeof(info->header_hash));
	(void)put_number(p, info->epoch, 4);
}

void pack_record_decode(const uint8_t record[static PACK_RECORD_LEN],
			struct pack_info *ret_info)
{
	const uint8_t *p = record + PACK_RECORD_KEY;

	take_bytes(&p, ret_info->name, sizeof(ret_info->name));
	ret_info->size = take_number(&p, 8);
	take_bytes(&p, ret_info->header_hash, sizeof(ret_info->header_hash));
	ret_info->epoch = (uint32_t)take_number(&p, 4);
}

void name_record_encode(const uint8_t name[static 32], const struct pack_alias *alias,
			uint8_t out[static NAME_RECORD_LEN])
{
	uint8_t *p = put_bytes(out, name, 32);

	p = put_number(p, ~alias->number, 4);
	(void)put_number(p, alias->signer, 2);
}

void name_record_decode(const uint8_t record[static NAME_RECORD_LEN],
			struct pack_alias *ret_alias)
{
	const uint8_t *p = record + 32;

	ret_alias->number = ~(uint32_t)take_number(&p, 4);
	ret_alias->signer = (uint16_t)take_number(&p, 2);
}

void cover_record_encode(uint32_t fragment, uint32_t pack,
			 uint8_t out[static COVER_RECORD_LEN])
{
	(void)put_number(put_number(out, fragment, 4), pack, 4);
}

void cover_record_decode(const uint8_t record[static COVER_RECORD_LEN],
			 uint32_t *ret_fragment, uint32_t *ret_pack)
{
	const uint8_t *p = record;

	*ret_fragment = (uint32_t)take_number(&p, 4);
	*ret_pack = (uint32_t)take_number(&p, 4);
}
