/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A pack being filled in memory. Not thread-safe: the blob writer holds a lock around it.
 * Each pack has a fresh key; each blob its own counter, taken when it is appended and never
 * used again; a pack that is given up drops its key.
 */
#ifndef REPO_PACK_BUILDER_H
#define REPO_PACK_BUILDER_H

#include "repo/pack_format.h"

struct pack_builder_options {
	const struct repo_identity *identity;
	const struct writer_key *key;
	const char *domain;
	const struct epoch *epoch; /* sealed to; borrowed */
	struct rng *rng;
};

struct pack_builder;
struct pack_builder *pack_builder_new(void);
void pack_builder_free(struct pack_builder *builder);

/* Starts a new pack in this builder's memory. */
MUST_CHECK int pack_builder_begin(struct pack_builder *builder,
				  const struct pack_builder_options *options,
				  struct err *err);

/* Seals `encoded` (encoding byte and payload) as the next blob. */
void pack_builder_append(struct pack_builder *builder, const struct blob_id *id,
			 enum blob_type type, uint32_t raw_len, struct slice encoded);
size_t pack_builder_len(const struct pack_builder *builder);
size_t pack_builder_n_blobs(const struct pack_builder *builder);
/* Entries in the order of numbers (vec of struct blob_entry); valid until begin or free. */
const struct vec *pack_builder_entries(const struct pack_builder *builder);

/* Adds directory, padding and trailer. *ret_bytes stays the builder's. */
void pack_builder_finish(struct pack_builder *builder, struct slice *ret_bytes,
			 struct pack_info *ret_info);

#endif
