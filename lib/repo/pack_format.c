/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pack      := header[176] sealed blob * directory padding trailer[32]
 * directory := version u16, lp16 domain, lp32 certificate, n u32, entry * n, signature[64]
 * entry     := id[32] type u8 offset u32 stored u32 raw u32
 * trailer   := directory offset u64, directory length u32, n u32
 */
#include "repo/pack_format.h"

#include <inttypes.h>
#include <string.h>

#include "base/mem.h"
#include "crypto/hash.h"

static const uint8_t header_magic[8] = {'Q', 'P', 'P', 'A', 'C', 'K', '1', '\n'};

enum { FORMAT_VERSION = 1, CERTIFICATE_MAX = 16 * 1024, DOMAIN_MAX = 200 };

/* Writes into a fixed-length array, where struct buf would allocate for nothing. */
static uint8_t *put_number(uint8_t *to, uint64_t value, size_t len)
{
	for (size_t i = 0; i < len; i++)
		to[i] = (uint8_t)(value >> (8 * i));
	return to + len;
}

static uint8_t *put_bytes(uint8_t *to, const void *bytes, size_t len)
{
	memcpy(to, bytes, len);
	return to + len;
}

void pack_header_encode(const struct pack_header *header,
			uint8_t out[static PACK_HEADER_LEN])
{
	uint8_t *p = put_bytes(out, header_magic, sizeof(header_magic));

	p = put_number(p, FORMAT_VERSION, 2);
	p = put_number(p, 0, 2);
	p = put_number(p, header->epoch, 4);
	p = put_bytes(p, header->uuid, sizeof(header->uuid));
	p = put_bytes(p, header->commitment, sizeof(header->commitment));
	p = put_bytes(p, header->ephemeral, sizeof(header->ephemeral));
	p = put_bytes(p, header->wrapped_key, sizeof(header->wrapped_key));
	(void)put_bytes(p, header->directory_salt, sizeof(header->directory_salt));
}

int pack_header_decode(struct slice bytes, struct pack_header *ret_header,
		       struct err *err)
{
	struct pack_header header;
	struct cursor c;

	cursor_init(&c, bytes);
	cursor_expect(&c, header_magic, sizeof(header_magic), "pack magic");
	uint16_t version = cursor_u16(&c);
	uint16_t flags = cursor_u16(&c);
	header.epoch = cursor_u32(&c);
	cursor_copy(&c, header.uuid, sizeof(header.uuid));
	cursor_copy(&c, header.commitment, sizeof(header.commitment));
	cursor_copy(&c, header.ephemeral, sizeof(header.ephemeral));
	cursor_copy(&c, header.wrapped_key, sizeof(header.wrapped_key));
	cursor_copy(&c, header.directory_salt, sizeof(header.directory_salt));
	if (cursor_end(&c, "pack header", err) < 0)
		return -1;
	if (version != FORMAT_VERSION || flags != 0)
		return err_set(
			err, ERR_UNSUPPORTED,
			"pack header: version %u with flags %u is made by a newer Quipu",
			version, flags);
	*ret_header = header;
	return 0;
}

void blob_entry_encode(const struct blob_entry *entry, struct buf *out)
{
	buf_append(out, entry->id.bytes, BLOB_ID_LEN);
	buf_put_u8(out, (uint8_t)entry->type);
	buf_put_u32(out, entry->offset);
	buf_put_u32(out, entry->stored);
	buf_put_u32(out, entry->raw);
}

void blob_entry_read(struct cursor *cursor, struct blob_entry *ret_entry)
{
	cursor_copy(cursor, ret_entry->id.bytes, BLOB_ID_LEN);
	ret_entry->type = (enum blob_type)cursor_u8(cursor);
	ret_entry->offset = cursor_u32(cursor);
	ret_entry->stored = cursor_u32(cursor);
	ret_entry->raw = cursor_u32(cursor);
}

int blob_entry_check(const struct blob_entry *entry, uint64_t end, struct err *err)
{
	if (entry->type < BLOB_DATA || entry->type > BLOB_BODY)
		return err_set(err, ERR_CORRUPT, "blob type %u is none of 1 to 4",
			       (unsigned)entry->type);
	if (entry->raw > BLOB_RAW_MAX)
		return err_set(err, ERR_CORRUPT, "raw length %" PRIu32 " exceeds %d",
			       entry->raw, BLOB_RAW_MAX);
	if (entry->stored < BLOB_OVERHEAD || entry->stored > entry->raw + BLOB_OVERHEAD)
		return err_set(err, ERR_CORRUPT,
			       "stored length %" PRIu32
			       " does not fit raw length %" PRIu32,
			       entry->stored, entry->raw);
	if (entry->offset < PACK_HEADER_LEN ||
	    (uint64_t)entry->offset + entry->stored > end)
		return err_set(err, ERR_CORRUPT,
			       "blob at %" PRIu32 " + %" PRIu32
			       " lies outside of the blobs, %d to %" PRIu64,
			       entry->offset, entry->stored, PACK_HEADER_LEN, end);
	return 0;
}

void pack_directory_release(struct pack_directory *directory)
{
	mem_free(directory->domain);
	directory->domain = NULL;
	buf_release(&directory->certificate);
	vec_release(&directory->entries);
}

void pack_directory_encode(const struct pack_directory *directory, struct buf *out)
{
	buf_put_u16(out, FORMAT_VERSION);
	buf_put_bytes16(out, slice_of_string(directory->domain));
	buf_put_bytes32(out, buf_slice(&directory->certificate));
	buf_put_u32(out, (uint32_t)directory->entries.n);
	for (size_t i = 0; i < directory->entries.n; i++)
		blob_entry_encode(vec_at(&directory->entries, i), out);
	buf_append(out, directory->signature, SIGN_LEN);
}

/* The entries tile the pack: each begins where the one before ended. */
static int check_entries(const struct pack_directory *directory, struct err *err)
{
	uint64_t expected = PACK_HEADER_LEN;

	for (size_t i = 0; i < directory->entries.n; i++) {
		const struct blob_entry *entry = vec_at(&directory->entries, i);

		if (blob_entry_check(entry, PACK_SIZE_MAX, err) < 0)
			return err_wrap(err, "pack directory: blob %zu", i);
		if (entry->offset != expected)
			return err_set(err, ERR_CORRUPT,
				       "pack directory: blob %zu begins at %" PRIu32
				       ", expected %" PRIu64,
				       i, entry->offset, expected);
		expected += entry->stored;
	}
	return 0;
}

int pack_directory_decode(struct slice bytes, struct pack_directory *ret_directory,
			  struct err *err)
{
	CLEANUP(pack_directory_release) struct pack_directory directory = {0};
	struct cursor c;

	buf_init(&directory.certificate, CERTIFICATE_MAX);
	vec_init(&directory.entries, sizeof(struct blob_entry));
	cursor_init(&c, bytes);
	uint16_t version = cursor_u16(&c);
	struct slice domain = cursor_bytes16(&c, DOMAIN_MAX);
	struct slice certificate = cursor_bytes32(&c, CERTIFICATE_MAX);
	uint32_t n = cursor_count(&c, PACK_BLOBS_MAX, PACK_ENTRY_LEN);
	for (uint32_t i = 0; i < n && !c.bad; i++) {
		struct blob_entry entry;

		blob_entry_read(&c, &entry);
		vec_push(&directory.entries, &entry);
	}
	cursor_copy(&c, directory.signature, SIGN_LEN);
	if (cursor_end(&c, "pack directory", err) < 0)
		return -1;
	if (version != FORMAT_VERSION)
		return err_set(err, ERR_UNSUPPORTED,
			       "pack directory: version %u is made by a newer Quipu",
			       version);
	if (memchr(domain.data, '\0', domain.len) != NULL)
		return err_set(err, ERR_CORRUPT,
			       "pack directory: the domain holds a NUL");
	directory.domain = mem_strndup((const char *)domain.data, domain.len);
	buf_append_slice(&directory.certificate, certificate);
	if (check_entries(&directory, err) < 0)
		return -1;
	*ret_directory = directory;
	directory = (struct pack_directory){0};
	return 0;
}

void pack_directory_hash(const struct pack_directory *directory,
			 const uint8_t header_hash[static 32], uint8_t out[static 32])
{
	CLEANUP(hash_freep) struct hash *hash = hash_new();
	CLEANUP(buf_release) struct buf entry = {0};

	buf_init(&entry, PACK_ENTRY_LEN);
	hash_update(hash, slice_of(header_hash, HASH_LEN));
	for (size_t i = 0; i < directory->entries.n; i++) {
		buf_clear(&entry);
		blob_entry_encode(vec_at(&directory->entries, i), &entry);
		hash_update(hash, buf_slice(&entry));
	}
	hash_final(hash, out);
}

void pack_trailer_encode(const struct pack_trailer *trailer,
			 uint8_t out[static PACK_TRAILER_PLAIN_LEN])
{
	uint8_t *p = put_number(out, trailer->directory_offset, 8);

	p = put_number(p, trailer->directory_len, 4);
	(void)put_number(p, trailer->n_blobs, 4);
}

int pack_trailer_decode(struct slice bytes, struct pack_trailer *ret_trailer,
			struct err *err)
{
	struct pack_trailer trailer;
	struct cursor c;

	cursor_init(&c, bytes);
	trailer.directory_offset = cursor_u64(&c);
	trailer.directory_len = cursor_u32(&c);
	trailer.n_blobs = cursor_u32(&c);
	if (cursor_end(&c, "pack trailer", err) < 0)
		return -1;
	if (trailer.n_blobs > PACK_BLOBS_MAX)
		return err_set(err, ERR_CORRUPT,
			       "pack trailer: %" PRIu32 " blobs exceed %d",
			       trailer.n_blobs, PACK_BLOBS_MAX);
	*ret_trailer = trailer;
	return 0;
}

void blob_aad_encode(const uint8_t header_hash[static 32],
		     const uint8_t repo_id[static REPO_ID_LEN],
		     const struct pack_header *header, uint32_t number,
		     const struct blob_entry *entry, uint8_t out[static BLOB_AAD_LEN])
{
	uint8_t *p = put_bytes(out, header_hash, HASH_LEN);

	p = put_bytes(p, repo_id, REPO_ID_LEN);
	p = put_number(p, (uint64_t)entry->type, 1);
	p = put_bytes(p, header->uuid, sizeof(header->uuid));
	p = put_number(p, number, 4);
	p = put_bytes(p, entry->id.bytes, BLOB_ID_LEN);
	(void)put_number(p, entry->raw, 4);
}

static unsigned log2_floor(uint64_t value)
{
	unsigned result = 0;

	while (value >>= 1)
		result++;
	return result;
}

uint64_t padme_length(uint64_t len)
{
	if (len < 2)
		return len;
	unsigned exponent = log2_floor(len);
	unsigned kept = log2_floor(exponent) + 1;
	if (kept >= exponent)
		return len;
	uint64_t mask = (UINT64_C(1) << (exponent - kept)) - 1;
	return (len + mask) & ~mask;
}
