/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fragments are put while other threads add packs: those that wait are taken out under
 * `adding`, sealed and put without it, and then entered as known, or put back when that
 * failed. `flushing` keeps two flushes apart.
 *
 * A run leaves small fragments, and reading many costs a request each. Once there are more
 * than a handful, those of less than half the usual size are repeated in as few as possible;
 * each new one repeats whole old ones and names them as superseded. Nothing is removed here.
 */
#include "base/mem.h"
#include "crypto/hash.h"
#include "repo/index_internal.h"
#include "repo/signed_format.h"

enum {
	SMALL_BLOBS = FRAGMENT_BLOBS_TARGET / 2,
	HANDFUL = 8,
};

/* Seals, signs and puts. */
static int put_fragment(struct index *index, const struct repo *repo,
			const struct writer_key *key,
			const struct fragment_builder *builder,
			uint8_t ret_name[static HASH_LEN], struct err *err)
{
	const struct fragment_scope scope = {index->keys, &index->identity,
					     index->domain};
	const struct store_put_options options = {.mode = STORE_PUT_NEW,
						  .sha256 = ret_name};
	struct signed_frame frame = {
		.kind = FRAME_INDEX,
		.stream = slice_of_string(index->domain),
		.certificate = buf_slice(&key->certificate),
	};
	CLEANUP(mem_freep) char *object_key = NULL;
	CLEANUP(buf_release) struct buf body = {0};
	CLEANUP(buf_release) struct buf object = {0};
	struct err why = {0};

	buf_init(&body, FRAME_BODY_MAX);
	fragment_builder_seal(builder, &scope, index->rng, &body);
	frame.body = buf_slice(&body);
	buf_init(&object, 0);
	signed_frame_encode(&frame, &index->identity, key->sign, &object);
	buf_release(&body);
	hash_sha256(buf_slice(&object), ret_name);
	object_key = fragment_key(index, ret_name);
	if (store_put(repo->store, object_key, buf_slice(&object), &options, &why) < 0 &&
	    why.code != ERR_EXISTS) {
		*err = why;
		return err_wrap(err, "index fragment %s", object_key);
	}
	return 0;
}

static int put_pending(struct index *index, const struct repo *repo,
		       const struct writer_key *key, uint16_t signer,
		       const struct pending_fragment *pending, struct err *err)
{
	uint8_t name[HASH_LEN];

	if (put_fragment(index, repo, key, &pending->builder, name, err) < 0)
		return -1;

	LOCKED(index->adding);
	for (size_t i = 0; i < pending->packs.n; i++) {
		uint32_t pack = *(const uint32_t *)vec_at(&pending->packs, i);

		if (index_take_cover(index, index->n_fragments, pack, err) < 0)
			return -1;
	}
	index_register_fragment(index, name, signer, (uint32_t)pending->builder.n_blobs,
				true);
	index->n_unnamed -= pending->packs.n;
	return 0;
}

static bool take_pending(struct index *index, struct pending_fragment *ret_pending)
{
	LOCKED(index->adding);

	if (index->pending.n == 0)
		return false;
	*ret_pending = *(struct pending_fragment *)vec_at(&index->pending, 0);
	vec_remove(&index->pending, 0);
	return true;
}

static void give_back(struct index *index, const struct pending_fragment *pending)
{
	LOCKED(index->adding);
	vec_push(&index->pending, pending);
}

static int check_signer(struct index *index, const struct writer_key *key,
			uint16_t *ret_slot, struct err *err)
{
	LOCKED(index->adding);
	const struct sign_public signer = sign_private_public(key->sign);

	if (index->scratch)
		return err_set(err, ERR_BUG, "a scratch index writes no fragments");
	if (index->allowed.n == 0 ||
	    memcmp(vec_at(&index->allowed, 0), &signer, sizeof(signer)) != 0)
		return err_set(err, ERR_BUG, "the index belongs to another writer");
	if (!index_signer_slot(index, &signer, ret_slot))
		return err_set(err, ERR_LIMIT, "too many writers in the index");
	return 0;
}

/* When runs were made since the last commit, they are worth keeping already now. */
static void commit_now_and_then(struct index *index)
{
	LOCKED(index->adding);

	if (index->space.dead.n > 0)
		index_cache_commit(index);
}

int index_flush(struct index *index, const struct repo *repo,
		const struct writer_key *key, struct err *err)
{
	LOCKED(index->flushing);
	struct pending_fragment pending;
	uint16_t signer = 0;

	if (check_signer(index, key, &signer, err) < 0)
		return -1;
	while (take_pending(index, &pending)) {
		if (put_pending(index, repo, key, signer, &pending, err) < 0) {
			give_back(index, &pending);
			return -1;
		}
		pending_fragment_release(&pending);
	}
	commit_now_and_then(index);
	return 0;
}

/* Names of this writer's small fragments, oldest first. */
struct small_fragment {
	uint8_t name[32];
	uint32_t number, n_blobs;
};

static int compare_small(const void *a, const void *b)
{
	const struct small_fragment *x = a, *y = b;

	return (x->number > y->number) - (x->number < y->number);
}

static void list_small(struct index *index, uint16_t signer, struct vec *ret_small)
{
	LOCKED(index->adding);

	for (size_t i = 0; i < index->fragments.n; i++) {
		const struct known_fragment *known = vec_at(&index->fragments, i);
		struct small_fragment small = {.number = known->number,
					       .n_blobs = known->n_blobs};

		memcpy(small.name, known->name, sizeof(small.name));
		if (known->counts && known->signer == signer &&
		    known->n_blobs < SMALL_BLOBS)
			vec_push(ret_small, &small);
	}
	vec_sort(ret_small, compare_small);
}

/* A new fragment in the making: what it repeats. */
struct merged_fragment {
	struct fragment_builder builder;
	struct vec repeated; /* of struct small_fragment */
};

static void merged_init(struct merged_fragment *merged)
{
	fragment_builder_init(&merged->builder);
	vec_init(&merged->repeated, sizeof(struct small_fragment));
}

static void merged_release(struct merged_fragment *merged)
{
	fragment_builder_release(&merged->builder);
	vec_release(&merged->repeated);
}

/* Appends one old fragment. One that cannot be read stays as it is. */
static int repeat_fragment(struct index *index, const struct repo *repo,
			   const struct small_fragment *small,
			   struct merged_fragment *merged, struct err *err)
{
	CLEANUP(buf_release) struct buf object = {0};
	struct signed_frame frame;
	struct fragment_body body;
	struct fragment_walk walk;
	struct fragment_pack pack;
	struct slice content;

	buf_init(&object, 0);
	if (fragment_load(index, repo, small->name, &object, &frame, err) < 0 ||
	    fragment_open(index, &object, &frame, &body, &content, err) < 0)
		return -1;
	if (merged->builder.n_packs + body.packs.len / 32 > FRAGMENT_PACKS_MAX ||
	    merged->builder.n_superseded == FRAGMENT_SUPERSEDED_MAX)
		return err_set(err, ERR_LIMIT, "index fragment: too many packs for one");
	fragment_walk_init(&walk, &body, content);
	while (fragment_walk_next(&walk, &pack))
		fragment_builder_add_pack(&merged->builder, &pack);
	fragment_builder_supersede(&merged->builder, small->name);
	vec_push(&merged->repeated, small);
	return 0;
}

/* The packs of the new fragment are known under this signer. */
static int cover_packs(struct index *index, const struct merged_fragment *merged,
		       uint16_t signer, struct err *err)
{
	struct cursor c;

	cursor_init(&c, buf_slice(&merged->builder.packs));
	while (cursor_left(&c) > 0) {
		uint8_t name[32];
		uint32_t pack = 0;

		cursor_copy(&c, name, sizeof(name));
		if (index_pack_of(index, name, signer, &pack, err) < 0 ||
		    index_take_cover(index, index->n_fragments, pack, err) < 0)
			return -1;
	}
	return 0;
}

static int put_merged(struct index *index, const struct repo *repo,
		      const struct writer_key *key, uint16_t signer,
		      const struct merged_fragment *merged, struct err *err)
{
	uint8_t name[HASH_LEN];

	if (merged->repeated.n < 2)
		return 0; /* it would only be the same again */
	if (put_fragment(index, repo, key, &merged->builder, name, err) < 0)
		return -1;

	LOCKED(index->adding);
	if (cover_packs(index, merged, signer, err) < 0)
		return -1;
	index_register_fragment(index, name, signer, (uint32_t)merged->builder.n_blobs,
				true);
	for (size_t i = 0; i < merged->repeated.n; i++) {
		const struct small_fragment *small = vec_at(&merged->repeated, i);
		struct known_fragment *known = known_fragment_find(index, small->name);

		if (known != NULL)
			known->counts = false;
	}
	return 0;
}

static int merge_small(struct index *index, const struct repo *repo,
		       const struct writer_key *key, uint16_t signer,
		       const struct vec *small, struct err *err)
{
	size_t i = 0;

	while (i < small->n) {
		CLEANUP(merged_release) struct merged_fragment merged = {0};

		merged_init(&merged);
		for (; i < small->n; i++) {
			const struct small_fragment *next = vec_at(small, i);
			struct err why = {0};

			if (!fragment_builder_fits(&merged.builder, 1, next->n_blobs))
				break;
			if (repeat_fragment(index, repo, next, &merged, &why) < 0)
				log_warning(index->log, "%s; it is not merged", why.msg);
		}
		if (put_merged(index, repo, key, signer, &merged, err) < 0)
			return -1;
	}
	return 0;
}

int index_consolidate(struct index *index, const struct repo *repo,
		      const struct writer_key *key, struct err *err)
{
	struct vec small;
	uint16_t signer = 0;
	int result = 0;

	if (index_flush(index, repo, key, err) < 0)
		return -1;

	LOCKED(index->flushing);
	if (check_signer(index, key, &signer, err) < 0)
		return -1;
	vec_init(&small, sizeof(struct small_fragment));
	list_small(index, signer, &small);
	if (small.n > HANDFUL)
		result = merge_small(index, repo, key, signer, &small, err);
	vec_release(&small);
	return result;
}
