/* SPDX-License-Identifier: Apache-2.0 */
/*
 * file  := "QPIM" version u16 zero u16 salt[32] sealed
 * plain := scope[32] n_packs u32 n_fragments u32 n u32 signer[32] * n
 *          n u32 (name[32] number u32 blobs u32 signer u16 counts u8) * n
 *          ( n u32 (id u64 salt[32] records u64) * n ) * 4
 *
 * Sealed under a key of its own salt, so the one nonce is used once.
 */
#include "repo/index_manifest.h"

#include "base/cursor.h"
#include "crypto/aead.h"
#include "crypto/kdf.h"
#include "repo/sorted_table.h"

static const uint8_t magic[4] = {'Q', 'P', 'I', 'M'};

enum {
	VERSION = 1,
	NONCE_TYPE = 2,
	SALT_LEN = 32,
	HEAD_LEN = 4 + 2 + 2 + SALT_LEN,
	SIGNERS_MAX = 65536,
	FRAGMENTS_MAX = 4 * 1024 * 1024,
	FRAGMENT_LEN = 32 + 4 + 4 + 2 + 1,
	RUN_LEN = 8 + PAGE_SALT_LEN + 8,
};

void index_manifest_init(struct index_manifest *manifest)
{
	*manifest = (struct index_manifest){0};
	vec_init(&manifest->signers, sizeof(struct sign_public));
	vec_init(&manifest->fragments, sizeof(struct known_fragment));
	for (size_t i = 0; i < INDEX_TABLES; i++)
		vec_init(&manifest->runs[i], sizeof(struct run_identity));
}

void index_manifest_release(struct index_manifest *manifest)
{
	vec_release(&manifest->signers);
	vec_release(&manifest->fragments);
	for (size_t i = 0; i < INDEX_TABLES; i++)
		vec_release(&manifest->runs[i]);
}

static void put_fragments(const struct vec *fragments, struct buf *out)
{
	buf_put_u32(out, (uint32_t)fragments->n);
	for (size_t i = 0; i < fragments->n; i++) {
		const struct known_fragment *fragment = vec_at(fragments, i);

		buf_append(out, fragment->name, sizeof(fragment->name));
		buf_put_u32(out, fragment->number);
		buf_put_u32(out, fragment->n_blobs);
		buf_put_u16(out, fragment->signer);
		buf_put_u8(out, fragment->counts);
	}
}

static void put_runs(const struct vec *runs, struct buf *out)
{
	buf_put_u32(out, (uint32_t)runs->n);
	for (size_t i = 0; i < runs->n; i++) {
		const struct run_identity *run = vec_at(runs, i);

		buf_put_u64(out, run->id);
		buf_append(out, run->salt, sizeof(run->salt));
		buf_put_u64(out, run->n_records);
	}
}

static struct aead *cipher_new(const struct secret *key, struct slice salt)
{
	CLEANUP(secret_release) struct secret derived = {0};

	kdf_hkdf(secret_slice(key), salt, slice_of_string("quipu/v1/index-manifest"),
		 AEAD_KEY_LEN, &derived);
	return aead_new(&derived);
}

void index_manifest_seal(const struct index_manifest *manifest, const struct secret *key,
			 struct rng *rng, struct buf *out)
{
	CLEANUP(aead_freep) struct aead *cipher = NULL;
	CLEANUP(buf_release) struct buf plain = {0};
	uint8_t nonce[AEAD_NONCE_LEN], salt[SALT_LEN];

	buf_init(&plain, MANIFEST_MAX);
	buf_append(&plain, manifest->scope, sizeof(manifest->scope));
	buf_put_u32(&plain, manifest->n_packs);
	buf_put_u32(&plain, manifest->n_fragments);
	buf_put_u32(&plain, (uint32_t)manifest->signers.n);
	for (size_t i = 0; i < manifest->signers.n; i++)
		buf_append(&plain, vec_at(&manifest->signers, i), SIGN_PUBLIC_LEN);
	put_fragments(&manifest->fragments, &plain);
	for (size_t i = 0; i < INDEX_TABLES; i++)
		put_runs(&manifest->runs[i], &plain);
	rng_fill(rng, salt, sizeof(salt));
	cipher = cipher_new(key, slice_of(salt, sizeof(salt)));
	buf_append(out, magic, sizeof(magic));
	buf_put_u16(out, VERSION);
	buf_put_u16(out, 0);
	buf_append(out, salt, sizeof(salt));
	aead_nonce(NONCE_TYPE, 0, nonce);
	aead_seal(cipher, nonce, slice_of(NULL, 0), buf_slice(&plain),
		  buf_extend(out, plain.len + AEAD_TAG_LEN));
}

static void read_fragments(struct cursor *c, struct vec *fragments, size_t n_signers)
{
	uint32_t n = cursor_count(c, FRAGMENTS_MAX, FRAGMENT_LEN);

	for (uint32_t i = 0; i < n; i++) {
		struct known_fragment *fragment = vec_push(fragments, NULL);

		cursor_copy(c, fragment->name, sizeof(fragment->name));
		fragment->number = cursor_u32(c);
		fragment->n_blobs = cursor_u32(c);
		fragment->signer = cursor_u16(c);
		fragment->counts = cursor_u8(c) != 0;
		if (fragment->signer >= n_signers)
			cursor_fail(c, "fragment without a signer");
	}
}

static void read_runs(struct cursor *c, struct vec *runs)
{
	/* the next run may need a place */
	uint32_t n = cursor_count(c, SORTED_RUNS_MAX - 1, RUN_LEN);

	for (uint32_t i = 0; i < n; i++) {
		struct run_identity *run = vec_push(runs, NULL);

		run->id = cursor_u64(c);
		cursor_copy(c, run->salt, sizeof(run->salt));
		run->n_records = cursor_u64(c);
	}
}

static int decode(struct slice plain, struct index_manifest *manifest, struct err *err)
{
	struct cursor c;

	cursor_init(&c, plain);
	cursor_copy(&c, manifest->scope, sizeof(manifest->scope));
	manifest->n_packs = cursor_u32(&c);
	manifest->n_fragments = cursor_u32(&c);
	uint32_t n_signers = cursor_count(&c, SIGNERS_MAX, SIGN_PUBLIC_LEN);
	for (uint32_t i = 0; i < n_signers; i++)
		cursor_copy(&c, vec_push(&manifest->signers, NULL), SIGN_PUBLIC_LEN);
	read_fragments(&c, &manifest->fragments, n_signers);
	for (size_t i = 0; i < INDEX_TABLES; i++)
		read_runs(&c, &manifest->runs[i]);
	return cursor_end(&c, "index manifest", err);
}

int index_manifest_open(struct slice bytes, const struct secret *key,
			struct index_manifest *ret_manifest, struct err *err)
{
	CLEANUP(aead_freep) struct aead *cipher = NULL;
	CLEANUP(buf_release) struct buf plain = {0};
	uint8_t nonce[AEAD_NONCE_LEN];
	struct cursor c;

	cursor_init(&c, bytes);
	cursor_expect(&c, magic, sizeof(magic), "index-manifest magic");
	if (cursor_u16(&c) != VERSION || cursor_u16(&c) != 0)
		cursor_fail(&c, "another version");
	struct slice salt = cursor_bytes(&c, SALT_LEN);
	struct slice sealed = cursor_bytes(&c, cursor_left(&c));
	if (cursor_end(&c, "index manifest", err) < 0)
		return -1;
	cipher = cipher_new(key, salt);
	aead_nonce(NONCE_TYPE, 0, nonce);
	buf_init(&plain, MANIFEST_MAX);
	(void)buf_extend(&plain, sealed.len);
	if (!aead_open(cipher, nonce, slice_of(NULL, 0), sealed, plain.data))
		return err_set(err, ERR_CORRUPT, "index manifest: does not decrypt");
	return decode(slice_of(plain.data, sealed.len - AEAD_TAG_LEN), ret_manifest, err);
}
