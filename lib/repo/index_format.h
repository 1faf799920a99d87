/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The body of an index fragment as bytes (docs/format/index.md): which packs, in clear, then
 * sealed what is in them. The signed frame around it is signed_format.h's. A body is read
 * in place and walked pack by pack: no copy of its entries is ever made.
 */
#ifndef REPO_INDEX_FORMAT_H
#define REPO_INDEX_FORMAT_H

#include "base/cursor.h"
#include "base/rng.h"
#include "repo/index.h"

enum {
	FRAGMENT_PACKS_MAX = 65536,
	FRAGMENT_BLOBS_MAX = 524288,
	FRAGMENT_SUPERSEDED_MAX = 65536,
	/* From here on a writer closes a fragment: 3 MiB, so that reading or merging one
	 * takes little memory. */
	FRAGMENT_BLOBS_TARGET = 65536,
	FRAGMENT_PACKS_TARGET = 16384,
};

/* What a body is bound to; borrowed. */
struct fragment_scope {
	const struct dedup_keys *keys;
	const struct repo_identity *identity;
	const char *domain;
};

/* A body's parts; all point into it. */
struct fragment_body {
	struct slice packs;	 /* names, 32 bytes each */
	struct slice superseded; /* names of fragments, 32 bytes each */
	struct slice head;	 /* what the sealed part is bound to */
	struct slice salt;
	struct slice sealed;
};

/* The clear part. ERR_CORRUPT, or ERR_UNSUPPORTED for a newer version. */
MUST_CHECK int fragment_body_decode(struct slice bytes, struct fragment_body *ret_body,
				    struct err *err);

/* Opens the sealed part into `out`, which has room for it and may be its own memory, and
 * checks all of it: a walk over *ret_content cannot fail. */
MUST_CHECK int fragment_body_open(const struct fragment_body *body,
				  const struct fragment_scope *scope, uint8_t *out,
				  struct slice *ret_content, struct err *err);

/* A walk over the packs of an opened body. */
struct fragment_walk {
	struct cursor packs, content;
};
struct fragment_pack {
	struct pack_info info;
	uint32_t n_entries;
	struct slice entries;
};
void fragment_walk_init(struct fragment_walk *walk, const struct fragment_body *body,
			struct slice content);
/* False after the last. */
bool fragment_walk_next(struct fragment_walk *walk, struct fragment_pack *ret_pack);
/* Entry i < n_entries; its blob's number in the pack is i. */
void fragment_pack_entry(const struct fragment_pack *pack, uint32_t i,
			 struct blob_entry *ret_entry);

/* A body in the making. */
struct fragment_builder {
	struct buf packs;      /* names */
	struct buf superseded; /* names */
	struct buf content;
	uint32_t n_packs, n_superseded;
	size_t n_blobs;
};
void fragment_builder_init(struct fragment_builder *builder);
void fragment_builder_release(struct fragment_builder *builder);
/* Room for a pack of so many blobs within the targets? An empty builder takes any pack. */
bool fragment_builder_fits(const struct fragment_builder *builder, size_t n_packs,
			   size_t n_blobs);
void fragment_builder_add(struct fragment_builder *builder, const struct pack_info *info,
			  const struct blob_entry *entries, size_t n_entries);
/* A pack as read from another fragment. */
void fragment_builder_add_pack(struct fragment_builder *builder,
			       const struct fragment_pack *pack);
void fragment_builder_supersede(struct fragment_builder *builder,
				const uint8_t name[static 32]);
/* Appends the body, sealed under a fresh salt. */
void fragment_builder_seal(const struct fragment_builder *builder,
			   const struct fragment_scope *scope, struct rng *rng,
			   struct buf *out);

#endif
