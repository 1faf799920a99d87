/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The store's list of fragments is compared with those that are in the index. New ones are
 * read from the largest on, since large ones supersede small ones, which then need not be
 * read; of a superseded one the first bytes are looked at, because only its own signer may
 * supersede it. (Who can alter those bytes in the store could as well delete the fragment.)
 *
 * When one is gone whose content nothing repeats, its packs may be gone too. Entries cannot
 * be taken out of runs, so the index is then made anew from what is there: rare, since
 * fragments are only ever removed by a prune.
 */
#include <inttypes.h>

#include "base/mem.h"
#include "crypto/hash.h"
#include "format/encoding.h"
#include "repo/index_internal.h"
#include "repo/signed_format.h"

enum {
	NAME_LEN = 32,
	SIGNER_AT = 16, /* in a frame */
	/* Up to this size a whole object costs no more than a look at its signer. */
	SMALL_OBJECT = 64 * 1024,
	OBJECT_MAX =
		FRAME_BODY_MAX + CERTIFICATE_LEN_MAX + STREAM_NAME_MAX + FRAME_OVERHEAD,
	/* name[32] signer u16: a table of what is superseded, by whom */
	CLAIM_LEN = NAME_LEN + 2,
	CLAIM_MEMORY = 64 * 1024,
};

struct listed {
	uint8_t name[NAME_LEN];
	uint64_t size;
	bool known;
};

struct update {
	struct index *index;
	const struct repo *repo;
	const struct cancel *cancel;
	struct vec listed; /* of struct listed */
	struct sorted_table *claims;
};

char *fragment_key(const struct index *index, const uint8_t name[static 32])
{
	char hex[HASH_HEX_LEN + 1];

	return mem_printf("index/%s/%s", index->domain,
			  hex_encode(slice_of(name, NAME_LEN), hex, sizeof(hex)));
}

static int compare_known(const void *a, const void *b)
{
	const struct known_fragment *x = a, *y = b;

	return memcmp(x->name, y->name, sizeof(x->name));
}

struct known_fragment *known_fragment_find(struct index *index,
					   const uint8_t name[static 32])
{
	struct known_fragment wanted;

	if (index->fragments.n == 0)
		return NULL;
	if (!index->fragments_sorted)
		vec_sort(&index->fragments, compare_known);
	index->fragments_sorted = true;
	memcpy(wanted.name, name, sizeof(wanted.name));
	return bsearch(&wanted, index->fragments.data, index->fragments.n,
		       sizeof(struct known_fragment), compare_known);
}

static int list_one(void *arg, const char *key, const struct store_info *info,
		    struct err *err)
{
	struct update *update = arg;
	struct listed listed = {.size = info->size};
	const char *name = strrchr(key, '/');
	struct err foreign = {0};

	if (cancel_check(update->cancel, err) < 0)
		return -1;
	if (name == NULL ||
	    hex_decode(slice_of_string(name + 1), listed.name, NAME_LEN, &foreign) < 0)
		return 0; /* not in the table of objects: skipped */
	vec_push(&update->listed, &listed);
	return 0;
}

static int list_fragments(struct update *update, struct err *err)
{
	CLEANUP(mem_freep)
	char *prefix = mem_printf("index/%s/", update->index->domain);

	return store_list(update->repo->store, prefix, list_one, update, NULL, err);
}

static int compare_listed(const void *a, const void *b)
{
	return memcmp(((const struct listed *)a)->name, ((const struct listed *)b)->name,
		      NAME_LEN);
}

static int compare_sizes(const void *a, const void *b)
{
	const struct listed *x = a, *y = b;

	if (x->size != y->size)
		return x->size > y->size ? -1 : 1;
	return compare_listed(a, b);
}

/* Tells known ones from new ones. False when one is gone that is needed. */
static bool compare_with_known(struct update *update)
{
	struct vec *listed = &update->listed;

	vec_sort(listed, compare_listed);
	for (size_t i = 0; i < update->index->fragments.n; i++) {
		const struct known_fragment *known = vec_at(&update->index->fragments, i);
		struct listed wanted, *found = NULL;

		memcpy(wanted.name, known->name, NAME_LEN);
		if (listed->n > 0)
			found = bsearch(&wanted, listed->data, listed->n, sizeof(wanted),
					compare_listed);
		if (found != NULL)
			found->known = true;
		else if (known->counts)
			return false;
	}
	return true;
}

static void forget_known(struct update *update)
{
	for (size_t i = 0; i < update->listed.n; i++)
		((struct listed *)vec_at(&update->listed, i))->known = false;
}

static bool is_allowed(const struct index *index, const struct sign_public *signer)
{
	for (size_t i = 0; i < index->allowed.n; i++) {
		if (memcmp(vec_at(&index->allowed, i), signer, sizeof(*signer)) == 0)
			return true;
	}
	return index->allowed.n == 0;
}

static int check_frame(struct index *index, const uint8_t name[static 32],
		       struct slice object, struct signed_frame *ret_frame,
		       struct err *err)
{
	const struct frame_expect expect = {
		.kind = FRAME_INDEX,
		.stream = index->domain,
		.role = KEY_WRITER,
	};
	uint8_t hash[HASH_LEN];

	hash_sha256(object, hash);
	if (memcmp(hash, name, sizeof(hash)) != 0)
		return err_set(err, ERR_CORRUPT, "its content does not fit its name");
	if (signed_frame_open(object, &index->identity, &expect, ret_frame, err) < 0)
		return -1;
	if (ret_frame->certificate.len == 0)
		return err_set(err, ERR_ALARM, "it has no writer's certificate");
	return 0;
}

int fragment_load(struct index *index, const struct repo *repo,
		  const uint8_t name[static 32], struct buf *ret_object,
		  struct signed_frame *ret_frame, struct err *err)
{
	CLEANUP(mem_freep) char *key = fragment_key(index, name);

	if (store_get(repo->store, key, OBJECT_MAX, ret_object, err) < 0 ||
	    check_frame(index, name, buf_slice(ret_object), ret_frame, err) < 0)
		return err_wrap(err, "index fragment %s", key);
	return 0;
}

void index_register_fragment(struct index *index, const uint8_t name[static 32],
			     uint16_t signer, uint32_t n_blobs, bool counts)
{
	struct known_fragment known = {.number = index->n_fragments++,
				       .n_blobs = n_blobs,
				       .signer = signer,
				       .counts = counts};

	memcpy(known.name, name, sizeof(known.name));
	vec_push(&index->fragments, &known);
	index->fragments_sorted = false;
	index->changed = true;
}

static int add_claims(struct update *update, struct slice superseded, uint16_t signer,
		      struct err *err)
{
	struct cursor c;

	cursor_init(&c, superseded);
	while (cursor_left(&c) > 0) {
		uint8_t claim[CLAIM_LEN];

		cursor_copy(&c, claim, NAME_LEN);
		claim[NAME_LEN] = (uint8_t)(signer >> 8);
		claim[NAME_LEN + 1] = (uint8_t)signer;
		if (sorted_table_add(update->claims, claim, err) < 0)
			return -1;
	}
	return 0;
}

static int take_pack(struct index *index, const struct fragment_pack *pack,
		     uint16_t signer, struct err *err)
{
	uint32_t number = 0;
	bool is_new = false;

	if (index_take_pack(index, &pack->info, signer, &number, &is_new, err) < 0 ||
	    index_take_cover(index, index->n_fragments, number, err) < 0)
		return -1;
	for (uint32_t i = 0; is_new && i < pack->n_entries; i++) {
		struct blob_entry entry;

		fragment_pack_entry(pack, i, &entry);
		if (index_take_blob(index, number, i, &entry, err) < 0)
			return -1;
	}
	return 0;
}

static int take_packs(struct update *update, const uint8_t name[static 32],
		      const struct fragment_body *body, struct slice content,
		      uint16_t signer, struct err *err)
{
	struct fragment_walk walk;
	struct fragment_pack pack;
	uint32_t n_blobs = 0;

	fragment_walk_init(&walk, body, content);
	while (fragment_walk_next(&walk, &pack)) {
		if (take_pack(update->index, &pack, signer, err) < 0)
			return -1;
		n_blobs += pack.n_entries;
	}
	if (add_claims(update, body->superseded, signer, err) < 0)
		return -1;
	index_register_fragment(update->index, name, signer, n_blobs, true);
	update->index->counters.taken++;
	return 0;
}

/* Codes that say that a fragment is no good, and not that reading failed. */
static bool is_damage(const struct err *err)
{
	return err->code == ERR_CORRUPT || err->code == ERR_ALARM ||
	       err->code == ERR_UNSUPPORTED || err->code == ERR_LIMIT;
}

/* 0: passed over, and said so. */
static int pass_over(struct index *index, struct err *why, struct err *err)
{
	if (why->code == ERR_NOT_FOUND) {
		index->counters.lost++;
	} else if (is_damage(why)) {
		index->counters.damaged++;
	} else {
		*err = *why;
		return -1;
	}
	log_warning(index->log, "%s; it is passed over", why->msg);
	return 0;
}

/* Another writer's is remembered, so that the next run does not look at it again. */
static int pass_foreign(struct index *index, const uint8_t name[static 32],
			const struct sign_public *signer)
{
	uint16_t slot;

	index->counters.foreign++;
	if (index_signer_slot(index, signer, &slot))
		index_register_fragment(index, name, slot, 0, false);
	return 0;
}

int fragment_open(struct index *index, struct buf *object,
		  const struct signed_frame *frame, struct fragment_body *ret_body,
		  struct slice *ret_content, struct err *err)
{
	const struct fragment_scope scope = {index->keys, &index->identity,
					     index->domain};

	if (fragment_body_decode(frame->body, ret_body, err) < 0)
		return -1;

	size_t at = (size_t)(ret_body->sealed.data - object->data);
	return fragment_body_open(ret_body, &scope, object->data + at, ret_content, err);
}

static int read_fragment(struct update *update, const struct listed *listed,
			 struct err *err)
{
	CLEANUP(mem_freep) char *key = fragment_key(update->index, listed->name);
	CLEANUP(buf_release) struct buf object = {0};
	struct signed_frame frame;
	struct fragment_body body;
	struct slice content;
	struct err why = {0};
	uint16_t signer;

	buf_init(&object, OBJECT_MAX);
	if (fragment_load(update->index, update->repo, listed->name, &object, &frame,
			  &why) < 0)
		return pass_over(update->index, &why, err);
	if (!is_allowed(update->index, &frame.signer) ||
	    !index_signer_slot(update->index, &frame.signer, &signer))
		return pass_foreign(update->index, listed->name, &frame.signer);
	if (fragment_open(update->index, &object, &frame, &body, &content, &why) < 0) {
		(void)err_wrap(&why, "%s", key); /* passed over */
		return pass_over(update->index, &why, err);
	}
	return take_packs(update, listed->name, &body, content, signer, err);
}

/* Whether the signer of `listed` is known to supersede it. */
static int is_superseded(struct update *update, const struct listed *listed,
			 const struct sign_public *signer, bool *ret_superseded,
			 uint16_t *ret_slot, struct err *err)
{
	enum { CLAIMS_MAX = 64 };
	uint8_t claims[CLAIMS_MAX * CLAIM_LEN];
	size_t n = 0;

	*ret_superseded = false;
	if (!index_signer_slot(update->index, signer, ret_slot))
		return 0;
	if (sorted_table_find(update->claims, listed->name, claims, CLAIMS_MAX, &n, err) <
	    0)
		return -1;
	for (size_t i = 0; i < n; i++) {
		const uint8_t *slot = claims + i * CLAIM_LEN + NAME_LEN;

		if ((slot[0] << 8 | slot[1]) == *ret_slot)
			*ret_superseded = true;
	}
	return 0;
}

static bool has_claims(struct update *update, const struct listed *listed)
{
	uint8_t claim[CLAIM_LEN];
	struct err err = {0};
	size_t n = 0;

	return sorted_table_find(update->claims, listed->name, claim, 1, &n, &err) < 0 ||
	       n > 0;
}

/* Looks at the signer before a whole object is got, where that may save it. */
static int take_fragment(struct update *update, const struct listed *listed,
			 struct err *err)
{
	CLEANUP(mem_freep) char *key = NULL;
	struct sign_public signer;
	struct err why = {0};
	bool superseded = false;
	uint16_t slot = 0;

	if (listed->size < FRAME_OVERHEAD || listed->size > OBJECT_MAX ||
	    (listed->size <= SMALL_OBJECT && !has_claims(update, listed)))
		return read_fragment(update, listed, err);
	key = fragment_key(update->index, listed->name);
	if (store_get_range(update->repo->store, key, SIGNER_AT, SIGN_PUBLIC_LEN,
			    signer.bytes, &why) < 0) {
		(void)err_wrap(&why, "index fragment %s", key); /* passed over */
		return pass_over(update->index, &why, err);
	}
	if (!is_allowed(update->index, &signer))
		return pass_foreign(update->index, listed->name, &signer);
	if (!has_claims(update, listed))
		return read_fragment(update, listed, err);
	if (is_superseded(update, listed, &signer, &superseded, &slot, err) < 0)
		return -1;
	if (!superseded)
		return read_fragment(update, listed, err);
	index_register_fragment(update->index, listed->name, slot, 0, false);
	return 0;
}

static int mark_claim(void *arg, const uint8_t *claim, struct err *err)
{
	struct index *index = arg;
	struct known_fragment *known = known_fragment_find(index, claim);

	(void)err;
	if (known != NULL &&
	    known->signer == (claim[NAME_LEN] << 8 | claim[NAME_LEN + 1]))
		known->counts = false;
	return 0;
}

static int take_new(struct update *update, struct err *err)
{
	vec_sort(&update->listed, compare_sizes);
	for (size_t i = 0; i < update->listed.n; i++) {
		const struct listed *listed = vec_at(&update->listed, i);

		if (listed->known)
			continue;
		if (cancel_check(update->cancel, err) < 0 ||
		    take_fragment(update, listed, err) < 0)
			return -1;
	}
	return sorted_table_each(update->claims, mark_claim, update->index, err);
}

static int bring_up_to_date(struct update *update, struct err *err)
{
	struct index *index = update->index;

	if (list_fragments(update, err) < 0)
		return err_wrap(err, "index fragments");
	index->counters = (struct index_counters){0};
	if (!compare_with_known(update)) {
		if (index->n_unnamed > 0)
			return err_set(err, ERR_FAILED,
				       "index fragments vanished while they were in use");
		log_info(index->log,
			 "index fragments vanished: the local index is made anew");
		index_reset(index);
		forget_known(update);
	}
	return take_new(update, err);
}

/* A page of the cache that does not decrypt is met here by merges. Nobody has numbers of
 * packs yet, so the update begins anew without the cache. */
static int bring_up_to_date_anyway(struct update *update, struct err *err)
{
	struct index *index = update->index;
	struct err first = {0};

	if (bring_up_to_date(update, &first) == 0)
		return 0;
	if (!index->broken || index->n_unnamed > 0) {
		*err = first;
		return -1;
	}
	log_info(index->log, "index cache is made anew: %s", first.msg);
	index_reset(index);
	index->broken = false;
	vec_clear(&update->listed);
	sorted_table_clear(update->claims);
	return bring_up_to_date(update, err);
}

int index_update(struct index *index, const struct repo *repo,
		 const struct cancel *cancel, struct err *err)
{
	LOCKED(index->adding);
	const struct run_shape shape = {CLAIM_LEN, NAME_LEN};
	struct update update = {.index = index, .repo = repo, .cancel = cancel};
	struct run_space space;
	int result;

	run_space_init(&space, index->cache.dir_fd, false, &index->space.cipher);
	vec_init(&update.listed, sizeof(struct listed));
	update.claims = sorted_table_new(&space, shape, CLAIM_MEMORY);
	result = bring_up_to_date_anyway(&update, err);
	sorted_table_free(update.claims);
	run_space_release(&space);
	vec_release(&update.listed);
	if (result == 0)
		index_cache_commit(index);
	return result;
}
