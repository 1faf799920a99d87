/* SPDX-License-Identifier: Apache-2.0 */
/*
 * body    := version u16, n u32, pack[32] * n, n u32, fragment[32] * n, salt[32], lp32 sealed
 * content := ( size u64, header hash[32], epoch u32, n u32, entry * n ) * packs
 * entry   := id[32] type u8 offset u32 stored u32 raw u32
 *
 * The key of the sealed part comes from the index key and the body's own salt, so its one
 * nonce is used once. The additional data binds it to repository, domain and clear part.
 * Everything is checked when it is opened, in one pass over the content; the pass that uses
 * it then has no errors to unwind.
 */
#include "repo/index_format.h"

#include <inttypes.h>

#include "crypto/aead.h"
#include "crypto/hash.h"
#include "crypto/kdf.h"
#include "repo/pack_format.h"

enum {
	VERSION = 1,
	SALT_LEN = 32,
	NAME_LEN = 32,
	NONCE_TYPE = 0x200,
	PACK_HEAD_LEN = 8 + 32 + 4 + 4,
	BODY_MAX = 32 * 1024 * 1024,
	CONTENT_MAX =
		FRAGMENT_PACKS_MAX * PACK_HEAD_LEN + FRAGMENT_BLOBS_MAX * PACK_ENTRY_LEN,
};

int fragment_body_decode(struct slice bytes, struct fragment_body *ret_body,
			 struct err *err)
{
	struct fragment_body body;
	struct cursor c;

	cursor_init(&c, bytes);
	uint16_t version = cursor_u16(&c);
	if (!c.bad && version != VERSION)
		return err_set(err, ERR_UNSUPPORTED,
			       "index fragment: version %u is made by a newer Quipu",
			       version);
	uint32_t n_packs = cursor_count(&c, FRAGMENT_PACKS_MAX, NAME_LEN);
	body.packs = cursor_bytes(&c, (size_t)n_packs * NAME_LEN);
	uint32_t n_superseded = cursor_count(&c, FRAGMENT_SUPERSEDED_MAX, NAME_LEN);
	body.superseded = cursor_bytes(&c, (size_t)n_superseded * NAME_LEN);
	body.head = slice_of(bytes.data, c.pos);
	body.salt = cursor_bytes(&c, SALT_LEN);
	body.sealed = cursor_bytes32(&c, CONTENT_MAX + AEAD_TAG_LEN);
	if (cursor_end(&c, "index fragment", err) < 0)
		return -1;
	*ret_body = body;
	return 0;
}

static struct aead *cipher_new(const struct dedup_keys *keys, struct slice salt)
{
	CLEANUP(secret_release) struct secret key = {0};

	kdf_hkdf(secret_slice(&keys->index), salt, slice_of_string("quipu/v1/index"),
		 AEAD_KEY_LEN, &key);
	return aead_new(&key);
}

/* R || lp16 domain || H(clear part) */
static void put_aad(const struct fragment_scope *scope, struct slice head,
		    struct buf *out)
{
	uint8_t digest[HASH_LEN];

	hash_sha256(head, digest);
	buf_append(out, scope->identity->id, REPO_ID_LEN);
	buf_put_bytes16(out, slice_of_string(scope->domain));
	buf_append(out, digest, sizeof(digest));
}

/* Reads a pack and the place of its entries. */
static void read_pack(struct cursor *packs, struct cursor *content,
		      struct fragment_pack *ret_pack)
{
	struct fragment_pack pack;

	cursor_copy(packs, pack.info.name, NAME_LEN);
	pack.info.size = cursor_u64(content);
	cursor_copy(content, pack.info.header_hash, sizeof(pack.info.header_hash));
	pack.info.epoch = cursor_u32(content);
	pack.n_entries = cursor_count(content, PACK_BLOBS_MAX, PACK_ENTRY_LEN);
	pack.entries = cursor_bytes(content, (size_t)pack.n_entries * PACK_ENTRY_LEN);
	*ret_pack = pack;
}

static int check_pack(const struct fragment_pack *pack, struct err *err)
{
	if (pack->info.size > PACK_SIZE_MAX)
		return err_set(err, ERR_CORRUPT, "size %" PRIu64 " exceeds %d",
			       pack->info.size, PACK_SIZE_MAX);
	for (uint32_t i = 0; i < pack->n_entries; i++) {
		struct blob_entry entry;

		fragment_pack_entry(pack, i, &entry);
		if (blob_entry_check(&entry, pack->info.size, err) < 0)
			return err_wrap(err, "blob %" PRIu32, i);
	}
	return 0;
}

static int check_content(const struct fragment_body *body, struct slice content,
			 struct err *err)
{
	uint64_t n_blobs = 0;
	struct fragment_walk walk;

	fragment_walk_init(&walk, body, content);
	for (uint32_t i = 0; cursor_left(&walk.packs) > 0; i++) {
		struct fragment_pack pack;

		read_pack(&walk.packs, &walk.content, &pack);
		if (cursor_ok(&walk.content, "index fragment", err) < 0)
			return -1;
		if (check_pack(&pack, err) < 0)
			return err_wrap(err, "index fragment: pack %" PRIu32, i);
		n_blobs += pack.n_entries;
	}
	if (n_blobs > FRAGMENT_BLOBS_MAX)
		return err_set(err, ERR_CORRUPT,
			       "index fragment: %" PRIu64 " blobs exceed %d", n_blobs,
			       FRAGMENT_BLOBS_MAX);
	return cursor_end(&walk.content, "index fragment", err);
}

int fragment_body_open(const struct fragment_body *body,
		       const struct fragment_scope *scope, uint8_t *out,
		       struct slice *ret_content, struct err *err)
{
	CLEANUP(aead_freep) struct aead *cipher = cipher_new(scope->keys, body->salt);
	CLEANUP(buf_release) struct buf aad = {0};
	uint8_t nonce[AEAD_NONCE_LEN];
	struct slice content;

	buf_init(&aad, 0);
	put_aad(scope, body->head, &aad);
	aead_nonce(NONCE_TYPE, 0, nonce);
	if (!aead_open(cipher, nonce, buf_slice(&aad), body->sealed, out))
		return err_set(err, ERR_CORRUPT,
			       "index fragment: its content does not decrypt");
	content = slice_of(out, body->sealed.len - AEAD_TAG_LEN);
	if (check_content(body, content, err) < 0)
		return -1;
	*ret_content = content;
	return 0;
}

void fragment_walk_init(struct fragment_walk *walk, const struct fragment_body *body,
			struct slice content)
{
	cursor_init(&walk->packs, body->packs);
	cursor_init(&walk->content, content);
}

bool fragment_walk_next(struct fragment_walk *walk, struct fragment_pack *ret_pack)
{
	if (cursor_left(&walk->packs) == 0)
		return false;
	read_pack(&walk->packs, &walk->content, ret_pack);
	return true;
}

void fragment_pack_entry(const struct fragment_pack *pack, uint32_t i,
			 struct blob_entry *ret_entry)
{
	struct cursor c;

	cursor_init(&c, pack->entries);
	(void)cursor_bytes(&c, (size_t)i * PACK_ENTRY_LEN);
	blob_entry_read(&c, ret_entry);
}

void fragment_builder_init(struct fragment_builder *builder)
{
	*builder = (struct fragment_builder){0};
	buf_init(&builder->packs, FRAGMENT_PACKS_MAX * NAME_LEN);
	buf_init(&builder->superseded, FRAGMENT_SUPERSEDED_MAX * NAME_LEN);
	buf_init(&builder->content, CONTENT_MAX);
}

void fragment_builder_release(struct fragment_builder *builder)
{
	buf_release(&builder->packs);
	buf_release(&builder->superseded);
	buf_release(&builder->content);
}

bool fragment_builder_fits(const struct fragment_builder *builder, size_t n_packs,
			   size_t n_blobs)
{
	if (builder->n_packs == 0)
		return true;
	return builder->n_packs + n_packs <= FRAGMENT_PACKS_TARGET &&
	       builder->n_blobs + n_blobs <= FRAGMENT_BLOBS_TARGET;
}

static void put_pack_head(struct fragment_builder *builder, const struct pack_info *info,
			  uint32_t n_entries)
{
	buf_append(&builder->packs, info->name, NAME_LEN);
	buf_put_u64(&builder->content, info->size);
	buf_append(&builder->content, info->header_hash, sizeof(info->header_hash));
	buf_put_u32(&builder->content, info->epoch);
	buf_put_u32(&builder->content, n_entries);
	builder->n_packs++;
	builder->n_blobs += n_entries;
}

void fragment_builder_add(struct fragment_builder *builder, const struct pack_info *info,
			  const struct blob_entry *entries, size_t n_entries)
{
	put_pack_head(builder, info, (uint32_t)n_entries);
	for (size_t i = 0; i < n_entries; i++)
		blob_entry_encode(&entries[i], &builder->content);
}

void fragment_builder_add_pack(struct fragment_builder *builder,
			       const struct fragment_pack *pack)
{
	put_pack_head(builder, &pack->info, pack->n_entries);
	buf_append_slice(&builder->content, pack->entries);
}

void fragment_builder_supersede(struct fragment_builder *builder,
				const uint8_t name[static 32])
{
	buf_append(&builder->superseded, name, NAME_LEN);
	builder->n_superseded++;
}

void fragment_builder_seal(const struct fragment_builder *builder,
			   const struct fragment_scope *scope, struct rng *rng,
			   struct buf *out)
{
	CLEANUP(aead_freep) struct aead *cipher = NULL;
	CLEANUP(buf_release) struct buf aad = {0};
	uint8_t nonce[AEAD_NONCE_LEN];
	uint8_t salt[SALT_LEN];
	size_t begin = out->len;

	buf_put_u16(out, VERSION);
	buf_put_u32(out, builder->n_packs);
	buf_append_slice(out, buf_slice(&builder->packs));
	buf_put_u32(out, builder->n_superseded);
	buf_append_slice(out, buf_slice(&builder->superseded));
	buf_init(&aad, 0);
	put_aad(scope, slice_of(out->data + begin, out->len - begin), &aad);
	rng_fill(rng, salt, sizeof(salt));
	buf_append(out, salt, sizeof(salt));
	buf_put_u32(out, (uint32_t)(builder->content.len + AEAD_TAG_LEN));
	cipher = cipher_new(scope->keys, slice_of(salt, sizeof(salt)));
	aead_nonce(NONCE_TYPE, 0, nonce);
	aead_seal(cipher, nonce, buf_slice(&aad), buf_slice(&builder->content),
		  buf_extend(out, builder->content.len + AEAD_TAG_LEN));
}
