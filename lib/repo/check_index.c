/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The index of a domain is read afresh from its fragments, never from a cache. It agrees with
 * the packs' own directories when for each pack the sums over all entries are the same: two
 * passes over everything instead of a look-up for each blob.
 */
#include <inttypes.h>

#include "base/mem.h"
#include "repo/check_internal.h"
#include "repo/pack_reader.h"

void check_index_release(struct check_index *index)
{
	index_free(index->index);
	mem_free(index->digests);
	mem_free(index->n_blobs);
	mem_free(index->first);
	mem_free(index->is_sound);
}

static int sum_entry(void *arg, const struct blob_id *id, const struct blob_place *place,
		     struct err *err)
{
	struct check_index *index = arg;

	if (place->pack >= index->n_packs)
		return err_set(err, ERR_BUG, "index: pack number %" PRIu32, place->pack);
	index->digests[place->pack] += check_digest(id, place);
	if (place->number >= index->n_blobs[place->pack])
		index->n_blobs[place->pack] = place->number + 1;
	return 0;
}

static int sum_up(struct check_index *index, struct err *err)
{
	index->n_packs = index_n_packs(index->index);
	index->digests = mem_calloc(index->n_packs, sizeof(*index->digests));
	index->n_blobs = mem_calloc(index->n_packs, sizeof(*index->n_blobs));
	index->first = mem_calloc(index->n_packs, sizeof(*index->first));
	index->is_sound = mem_calloc(index->n_packs, sizeof(*index->is_sound));
	if (index_each(index->index, sum_entry, index, err) < 0)
		return -1;
	for (uint32_t i = 0; i < index->n_packs; i++) {
		index->first[i] = index->n_total;
		index->n_total += index->n_blobs[i];
	}
	return 0;
}

struct comparison {
	struct check *check;
	struct check_index *index;
	uint64_t n_unknown;
	char first_unknown[PACK_KEY_LEN];
};

static int compare_pack(struct comparison *c, const struct inventory_walk *walk,
			struct err *err)
{
	struct err why = {0};
	char key[PACK_KEY_LEN];
	uint32_t number;

	pack_key(walk->entry.name, key);
	if (index_pack_number(c->index->index, walk->entry.name, &number, &why) < 0) {
		if (why.code != ERR_NOT_FOUND) {
			*err = why;
			return -1;
		}
		if (c->n_unknown++ == 0)
			memcpy(c->first_unknown, key, sizeof(key));
		return 0;
	}
	c->index->is_sound[number] = true;
	if (c->index->digests[number] != walk->pack->digest)
		check_find(c->check, CHECK_WARNING,
			   "%s: the index says something else than its directory", key);
	return 0;
}

static int compare(struct comparison *c, size_t domain, struct err *err)
{
	struct inventory_walk walk;
	bool end = false;

	if (inventory_start(&walk, c->check, err) < 0)
		return -1;
	for (;;) {
		if (cancel_check(c->check->options.cancel, err) < 0 ||
		    inventory_next(&walk, &end, err) < 0)
			return -1;
		if (end)
			return 0;
		if (walk.pack->is_sound && walk.pack->domain == domain &&
		    compare_pack(c, &walk, err) < 0)
			return -1;
	}
}

int check_index_open(struct check *check, size_t domain, struct check_index *ret_index,
		     struct err *err)
{
	const struct check_options *options = &check->options;
	const struct index_options index_options = {
		.keys = options->keys,
		.identity = &options->repo->identity,
		.domain = strings_at(&check->domains, domain),
		.scratch = true,
		.rng = options->rng,
		.log = options->log,
	};
	struct comparison c = {.check = check, .index = ret_index};
	struct index_counters counters;

	if (index_open(&index_options, &ret_index->index, err) < 0 ||
	    index_update(ret_index->index, options->repo, options->cancel, err) < 0 ||
	    sum_up(ret_index, err) < 0 || compare(&c, domain, err) < 0)
		return err_wrap(err, "index of domain %s", index_options.domain);
	counters = index_counters(ret_index->index);
	if (counters.damaged > 0 || counters.lost > 0)
		check_find(check, CHECK_WARNING,
			   "index/%s: %" PRIu64
			   " fragments that are damaged or false; packs are read instead",
			   index_options.domain, counters.damaged + counters.lost);
	if (c.n_unknown > 0)
		check_find(check, CHECK_WARNING,
			   "index/%s: %" PRIu64
			   " packs are in no fragment, the first is %s; a restore reads "
			   "their own directories",
			   index_options.domain, c.n_unknown, c.first_unknown);
	return 0;
}
