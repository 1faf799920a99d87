/* SPDX-License-Identifier: Apache-2.0 */
#include "repo/body_reader.h"

#include <inttypes.h>

#include "format/encoding.h"

void body_key(const uint8_t hash[static 32], char out[static BODY_KEY_LEN])
{
	char hex[HASH_HEX_LEN + 1];

	(void)hex_encode(slice_of(hash, HASH_LEN), hex, sizeof(hex));
	(void)snprintf(out, BODY_KEY_LEN, "bodies/%s", hex);
}

static int get_object(const struct repo *repo, const struct snapshot_header *header,
		      const char *key, struct buf *bytes, struct err *err)
{
	uint8_t hash[HASH_LEN];
	struct err why = {0};

	if (store_get(repo->store, key, BODY_OBJECT_MAX, bytes, &why) < 0) {
		if (why.code == ERR_NOT_FOUND && header->expired)
			return err_set(err, ERR_NOT_FOUND, "the snapshot is expired");
		if (why.code == ERR_NOT_FOUND)
			return err_set(err, ERR_CORRUPT, "it is missing");
		*err = why;
		return -1;
	}
	if (bytes->len != header->body_size)
		return err_set(err, ERR_CORRUPT,
			       "%zu bytes, the snapshot header says %" PRIu64, bytes->len,
			       header->body_size);
	hash_sha256(buf_slice(bytes), hash);
	if (memcmp(hash, header->body_hash, HASH_LEN) != 0)
		return err_set(err, ERR_CORRUPT, "its content is not what its name says");
	return 0;
}

int body_object_get(const struct repo *repo, const struct snapshot_header *header,
		    struct buf *ret_bytes, struct err *err)
{
	char key[BODY_KEY_LEN];

	body_key(header->body_hash, key);
	if (get_object(repo, header, key, ret_bytes, err) < 0)
		return err_wrap(err, "%s", key);
	return 0;
}

/* The one blob of the object. */
static int open_blob(const struct reader_key *key, struct pack_opener *opener,
		     const struct pack_contents *contents, struct slice object,
		     struct buf *ret_raw, struct err *err)
{
	CLEANUP(hmac_freep) struct hmac *hmac = hmac_new(&key->dedup.blob_id);
	CLEANUP(zstd_decoder_freep) struct zstd_decoder *decoder = zstd_decoder_new();
	CLEANUP(buf_release) struct buf scratch = {0};
	const struct blob_entry *entry = vec_last(&contents->directory.entries);

	if (contents->directory.entries.n != 1 || entry->type != BLOB_BODY)
		return err_set(err, ERR_CORRUPT, "it holds something else than one body");
	if (blob_entry_check(entry, object.len, err) < 0)
		return -1;
	buf_init(&scratch, 0);
	struct sealed_blob sealed = {
		.bytes = slice_of(object.data + entry->offset, entry->stored),
		.entry = entry,
	};
	struct blob_tools tools = {.hmac = hmac, .decoder = decoder, .scratch = &scratch};
	return pack_opener_blob(opener, &sealed, &tools, ret_raw, err);
}

/* The object's bytes as a body, once its directory is known. */
static int open_object(const struct reader_key *key, struct epoch_keys *epochs,
		       const struct pack_contents *contents, struct slice object,
		       struct snapshot_body *ret_body, struct err *err)
{
	CLEANUP(pack_opener_freep) struct pack_opener *opener = NULL;
	CLEANUP(buf_release) struct buf raw = {0};

	buf_init(&raw, 0);
	if (epoch_keys_open_pack(epochs, slice_of(object.data, PACK_HEADER_LEN), &opener,
				 err) < 0 ||
	    open_blob(key, opener, contents, object, &raw, err) < 0)
		return -1;
	return snapshot_body_decode(buf_slice(&raw), ret_body, err);
}

int body_read(const struct repo *repo, const struct reader_key *key,
	      struct epoch_keys *epochs, const struct snapshot_header *header,
	      struct snapshot_body *ret_body, struct err *err)
{
	CLEANUP(pack_contents_release) struct pack_contents contents = {0};
	CLEANUP(buf_release) struct buf object = {0};
	char name[BODY_KEY_LEN];

	buf_init(&object, 0);
	body_key(header->body_hash, name);
	if (body_object_get(repo, header, &object, err) < 0 ||
	    pack_directory_load(repo, &key->dedup, name, object.len, &contents, err) < 0)
		return -1; /* both name it */
	if (open_object(key, epochs, &contents, buf_slice(&object), ret_body, err) < 0)
		return err_wrap(err, "%s", name);
	return 0;
}
