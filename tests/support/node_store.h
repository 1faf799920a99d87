/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A node sink in memory, and naive readers of what is in it, written from docs/format/tree.md
 * alone. An id is the SHA-256 of type and bytes, or their HMAC. Include after cmocka.h.
 */
#ifndef TESTS_SUPPORT_NODE_STORE_H
#define TESTS_SUPPORT_NODE_STORE_H

#include "base/map.h"
#include "base/mem.h"
#include "crypto/hash.h"
#include "repo/sequence_writer.h"

struct node_store {
	struct node_sink sink; /* first */
	struct map *blobs;     /* id -> struct buf *; the first byte is the type */
	size_t n_put;
	size_t n_new;
	size_t longest;
	size_t fail_at;	   /* the n-th put fails; 0 = none */
	struct hmac *hmac; /* NULL: SHA-256 */
};

static inline struct buf *node_store_get(const struct node_store *store,
					 const struct blob_id *id)
{
	return map_get(store->blobs, slice_of(id->bytes, BLOB_ID_LEN));
}

static inline void node_store_id(const struct node_store *store, enum blob_type type,
				 struct slice bytes, struct blob_id *ret_id)
{
	CLEANUP(hash_freep) struct hash *hash = hash_new();
	uint8_t type_byte = (uint8_t)type;

	if (store->hmac != NULL) {
		hmac_begin(store->hmac);
		hmac_update(store->hmac, slice_of(&type_byte, 1));
		hmac_update(store->hmac, bytes);
		hmac_final(store->hmac, ret_id->bytes);
		return;
	}
	hash_update(hash, slice_of(&type_byte, 1));
	hash_update(hash, bytes);
	hash_final(hash, ret_id->bytes);
}

static inline void node_store_add(struct node_store *store, enum blob_type type,
				  struct slice bytes, struct blob_ref *ret_ref)
{
	struct buf *blob;

	node_store_id(store, type, bytes, &ret_ref->id);
	ret_ref->raw_len = (uint32_t)bytes.len;
	store->n_put++;
	store->longest = bytes.len > store->longest ? bytes.len : store->longest;
	if (node_store_get(store, &ret_ref->id) != NULL)
		return;
	store->n_new++;
	blob = mem_alloc(sizeof(*blob));
	buf_init(blob, 0);
	buf_put_u8(blob, (uint8_t)type);
	buf_append_slice(blob, bytes);
	map_set(store->blobs, slice_of(ret_ref->id.bytes, BLOB_ID_LEN), blob);
}

static inline int node_store_put(struct node_sink *sink, enum blob_type type,
				 struct slice node, struct blob_ref *ret_ref,
				 struct err *err)
{
	struct node_store *store = (struct node_store *)sink;

	if (store->n_put + 1 == store->fail_at)
		return err_set(err, ERR_IO, "planted failure");
	node_store_add(store, type, node, ret_ref);
	return 0;
}

static inline void node_store_init(struct node_store *store)
{
	static const uint8_t key[16] = "node store";

	*store = (struct node_store){.sink = {.put = node_store_put}};
	store->blobs = map_new(key);
}

static inline void node_store_release(struct node_store *store)
{
	size_t position = 0;
	struct slice id;
	void *value;

	if (store->blobs == NULL)
		return;
	while (map_next(store->blobs, &position, &id, &value)) {
		struct buf *blob = value;

		buf_release(blob);
		mem_free(blob);
	}
	map_free(store->blobs);
	hmac_free(store->hmac);
	store->blobs = NULL;
}

/* --- naive reading --- */

static inline uint64_t naive_number(const uint8_t *at, unsigned n)
{
	uint64_t v = 0;

	for (unsigned i = 0; i < n; i++)
		v |= (uint64_t)at[i] << (8 * i);
	return v;
}

/* The bytes of a node after version and level, which are looked at here. */
static inline const uint8_t *naive_open(const struct node_store *store, const uint8_t *id,
					enum blob_type type, unsigned level, uint64_t raw,
					uint32_t *ret_n)
{
	struct blob_id wanted;
	struct buf *blob;

	memcpy(wanted.bytes, id, BLOB_ID_LEN);
	blob = node_store_get(store, &wanted);
	assert_non_null(blob);
	assert_int_equal(blob->data[0], type);
	assert_int_equal(blob->len - 1, raw);
	assert_int_equal(blob->data[1], 1);
	assert_int_equal(blob->data[2], level);
	*ret_n = (uint32_t)naive_number(blob->data + 3, 4);
	assert_in_range(*ret_n, 1, 65536);
	return blob->data + 7;
}

/* Appends the entries of a directory (vec of struct slice into the store) in order. */
static inline void naive_entries(const struct node_store *store, const uint8_t *id,
				 unsigned level, uint64_t raw, struct vec *entries)
{
	uint32_t n;
	const uint8_t *at = naive_open(store, id, BLOB_TREE, level, raw, &n);

	for (uint32_t i = 0; i < n; i++) {
		size_t len = naive_number(at, level == 0 ? 4 : 2);
		size_t before = entries->n;
		const struct slice *first;

		if (level == 0) {
			struct slice entry = slice_of(at + 4, len);

			vec_push(entries, &entry);
			at += 4 + len;
			continue;
		}
		naive_entries(store, at + 2 + len, level - 1,
			      naive_number(at + 2 + len + 32, 4), entries);
		first = vec_at(entries, before);
		assert_int_equal(naive_number(first->data + 5, 2), len);
		assert_memory_equal(first->data + 7, at + 2, len);
		at += 2 + len + 36;
	}
}

/* Appends the chunks (vec of struct blob_ref) of a content list; returns their bytes. */
static inline uint64_t naive_chunks(const struct node_store *store, const uint8_t *id,
				    unsigned level, uint64_t raw, struct vec *chunks)
{
	uint32_t n;
	const uint8_t *at = naive_open(store, id, BLOB_LIST, level, raw, &n);
	uint64_t sum = 0;

	for (uint32_t i = 0; i < n; i++, at += level == 0 ? 36 : 44) {
		struct blob_ref chunk = {.raw_len = (uint32_t)naive_number(at + 32, 4)};
		uint64_t len = chunk.raw_len;

		memcpy(chunk.id.bytes, at, BLOB_ID_LEN);
		if (level == 0) {
			vec_push(chunks, &chunk);
		} else {
			len = naive_chunks(store, at, level - 1, chunk.raw_len, chunks);
			assert_int_equal(len, naive_number(at + 36, 8));
		}
		sum += len;
	}
	return sum;
}

#endif
