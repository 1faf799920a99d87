/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Four sorted tables: places by id, packs by number, numbers by a pack's name, and which
 * fragment names which pack. All are found in while one thread adds; `adding` makes sure it
 * is one, and a pack is in its tables before its blobs are, so whoever finds a blob finds the
 * pack.
 *
 * Memory (6 MiB by default): half for new places, a sixth for pages that were read, some for
 * the small tables, and on top eight bytes for each page of the runs: 0.1 byte a blob, 1 MiB
 * at ten million.
 *
 * The same pack may be described by fragments of several writers, and one of them may lie.
 * Each description has a number of its own, so that the true one is there as well; who opens
 * blobs compares header hashes with the signed pack list and tries the next place.
 */
#include "repo/index.h"

#include <assert.h>
#include <inttypes.h>
#include <unistd.h>

#include "base/mem.h"
#include "format/encoding.h"
#include "repo/index_internal.h"

enum {
	MEMORY_DEFAULT = 6 * 1024 * 1024,
	ALIASES_MAX = 64, /* writers that describe one pack */
};

static const struct run_shape shapes[INDEX_TABLES] = {
	[TABLE_BLOBS] = {BLOB_RECORD_LEN, BLOB_ID_LEN},
	[TABLE_PACKS] = {PACK_RECORD_LEN, PACK_RECORD_KEY},
	[TABLE_NAMES] = {NAME_RECORD_LEN, 32},
	[TABLE_COVERS] = {COVER_RECORD_LEN, COVER_RECORD_LEN},
};

/* What a table gets of the memory: one part in so many. */
static const size_t memory_parts[INDEX_TABLES] = {
	[TABLE_BLOBS] = 2, [TABLE_PACKS] = 24, [TABLE_NAMES] = 24, [TABLE_COVERS] = 48};

static void make_tables(struct index *index, size_t memory_bytes)
{
	size_t memory = memory_bytes == 0 ? MEMORY_DEFAULT : memory_bytes;
	size_t n_cached = memory / 6 / PAGE_LEN;

	index->pages = page_cache_new(n_cached < 4 ? 4 : n_cached);

	const struct run_cipher cipher = {&index->keys->cache, index->rng, index->pages};
	run_space_init(&index->space, index->cache.dir_fd,
		       index_cache_is_ours(&index->cache), &cipher);
	for (size_t i = 0; i < INDEX_TABLES; i++)
		index->tables[i] = sorted_table_new(&index->space, shapes[i],
						    memory / memory_parts[i]);
}

static struct index *index_new(const struct index_options *options)
{
	struct index *index = mem_zalloc(sizeof(*index));

	index->keys = options->keys;
	index->identity = *options->identity;
	index->domain = mem_strdup(options->domain);
	/* a reader has no fragments to write */
	index->scratch = options->scratch || options->n_signers == 0;
	index->rng = options->rng;
	index->log = options->log;
	index->cache.dir_fd = index->cache.lock_fd = -1;
	index->adding = mutex_new();
	index->flushing = mutex_new();
	vec_init(&index->allowed, sizeof(struct sign_public));
	vec_init(&index->signers, sizeof(struct sign_public));
	vec_init(&index->fragments, sizeof(struct known_fragment));
	vec_init(&index->pending, sizeof(struct pending_fragment));
	for (size_t i = 0; i < options->n_signers; i++)
		vec_push(&index->allowed, &options->signers[i]);
	return index;
}

int index_open(const struct index_options *options, struct index **ret_index,
	       struct err *err)
{
	CLEANUP(index_freep) struct index *index = index_new(options);

	if (index_cache_open(options->cache_directory, options->log, &index->cache, err) <
	    0)
		return -1;
	make_tables(index, options->memory_bytes);
	if (!index_cache_load(index))
		index_reset(index);
	if (run_space_clean(&index->space, err) < 0)
		return -1;
	*ret_index = STEAL(index);
	return 0;
}

void pending_fragment_release(struct pending_fragment *pending)
{
	fragment_builder_release(&pending->builder);
	vec_release(&pending->packs);
}

static void drop_pending(struct index *index)
{
	for (size_t i = 0; i < index->pending.n; i++)
		pending_fragment_release(vec_at(&index->pending, i));
	vec_clear(&index->pending);
}

void index_free(struct index *index)
{
	if (index == NULL)
		return;
	if (index->tables[0] != NULL)
		index_cache_commit(index);
	for (size_t i = 0; i < INDEX_TABLES; i++)
		sorted_table_free(index->tables[i]);
	run_space_release(&index->space);
	page_cache_free(index->pages);
	index_cache_release(&index->cache);
	drop_pending(index);
	vec_release(&index->pending);
	vec_release(&index->allowed);
	vec_release(&index->signers);
	vec_release(&index->fragments);
	mutex_free(index->adding);
	mutex_free(index->flushing);
	mem_free(index->domain);
	mem_free(index);
}

void index_freep(struct index **index)
{
	index_free(*index);
}

void index_reset(struct index *index)
{
	for (size_t i = 0; i < INDEX_TABLES; i++)
		sorted_table_clear(index->tables[i]);
	drop_pending(index);
	vec_clear(&index->signers);
	vec_clear(&index->fragments);
	index->n_fragments = 0;
	index->n_packs = 0;
	index->n_unnamed = 0;
	index->changed = true;
	index->counters = (struct index_counters){0};
}

int index_failed(struct index *index, struct err *err)
{
	if (err->code != ERR_CORRUPT)
		return err_wrap(err, "local index");
	index->broken = true;
	index_cache_give_up(index);
	(void)err_wrap(err, "local index"); /* -1 below */
	return err_hint(err, "the cache is made anew by the next run; nothing is lost");
}

bool index_signer_slot(struct index *index, const struct sign_public *signer,
		       uint16_t *ret_slot)
{
	for (size_t i = 0; i < index->signers.n; i++) {
		if (memcmp(vec_at(&index->signers, i), signer, sizeof(*signer)) == 0) {
			*ret_slot = (uint16_t)i;
			return true;
		}
	}
	if (index->signers.n >= SIGNER_LOCAL)
		return false;
	*ret_slot = (uint16_t)index->signers.n;
	vec_push(&index->signers, signer);
	return true;
}

/* Whose packs index_add_pack() adds. */
static uint16_t own_slot(struct index *index)
{
	uint16_t slot = SIGNER_LOCAL;

	if (!index->scratch && index->allowed.n > 0 &&
	    !index_signer_slot(index, vec_at(&index->allowed, 0), &slot))
		return SIGNER_LOCAL;
	return slot;
}

/* Numbers under which a name is known, newest first. */
static int aliases_of(struct index *index, const uint8_t name[static 32],
		      struct pack_alias ret_aliases[static ALIASES_MAX], size_t *ret_n,
		      struct err *err)
{
	uint8_t records[ALIASES_MAX * NAME_RECORD_LEN];
	size_t n = 0;

	if (sorted_table_find(index->tables[TABLE_NAMES], name, records, ALIASES_MAX, &n,
			      err) < 0)
		return index_failed(index, err);
	for (size_t i = 0; i < n; i++)
		name_record_decode(records + i * NAME_RECORD_LEN, &ret_aliases[i]);
	*ret_n = n;
	return 0;
}

static int not_found(const uint8_t name[static 32], struct err *err)
{
	char hex[65];

	return err_set(err, ERR_NOT_FOUND, "pack %s is not in the index",
		       hex_encode(slice_of(name, 32), hex, sizeof(hex)));
}

int index_pack_of(struct index *index, const uint8_t name[static 32], uint16_t signer,
		  uint32_t *ret_pack, struct err *err)
{
	struct pack_alias aliases[ALIASES_MAX];
	size_t n = 0;

	if (aliases_of(index, name, aliases, &n, err) < 0)
		return -1;
	for (size_t i = 0; i < n; i++) {
		if (aliases[i].signer == signer) {
			*ret_pack = aliases[i].number;
			return 0;
		}
	}
	return not_found(name, err);
}

int index_pack_number(struct index *index, const uint8_t name[static 32],
		      uint32_t *ret_pack, struct err *err)
{
	struct pack_alias aliases[ALIASES_MAX];
	size_t n = 0;

	if (aliases_of(index, name, aliases, &n, err) < 0)
		return -1;
	if (n == 0)
		return not_found(name, err);
	*ret_pack = aliases[0].number;
	return 0;
}

int index_take_pack(struct index *index, const struct pack_info *info, uint16_t signer,
		    uint32_t *ret_pack, bool *ret_is_new, struct err *err)
{
	struct pack_alias alias = {.number = index->n_packs, .signer = signer};
	uint8_t record[PACK_RECORD_LEN];
	struct err ignored = {0};

	*ret_is_new = false;
	if (index_pack_of(index, info->name, signer, ret_pack, &ignored) == 0)
		return 0;
	if (ignored.code != ERR_NOT_FOUND) {
		*err = ignored;
		return -1;
	}
	if (alias.number == UINT32_MAX)
		return err_set(err, ERR_LIMIT, "the index holds %" PRIu32 " packs",
			       alias.number);
	pack_record_encode(alias.number, info, record);
	if (sorted_table_add(index->tables[TABLE_PACKS], record, err) < 0)
		return index_failed(index, err);
	name_record_encode(info->name, &alias, record);
	if (sorted_table_add(index->tables[TABLE_NAMES], record, err) < 0)
		return index_failed(index, err);
	index->n_packs = alias.number + 1;
	index->changed = true;
	*ret_pack = alias.number;
	*ret_is_new = true;
	return 0;
}

int index_take_blob(struct index *index, uint32_t pack, uint32_t number,
		    const struct blob_entry *entry, struct err *err)
{
	const struct blob_place place = {
		.pack = pack,
		.number = number,
		.type = entry->type,
		.offset = entry->offset,
		.stored = entry->stored,
		.raw = entry->raw,
	};
	uint8_t record[BLOB_RECORD_LEN];

	blob_record_encode(&entry->id, &place, record);
	if (sorted_table_add(index->tables[TABLE_BLOBS], record, err) < 0)
		return index_failed(index, err);
	return 0;
}

int index_take_cover(struct index *index, uint32_t fragment, uint32_t pack,
		     struct err *err)
{
	uint8_t record[COVER_RECORD_LEN];

	cover_record_encode(fragment, pack, record);
	if (sorted_table_add(index->tables[TABLE_COVERS], record, err) < 0)
		return index_failed(index, err);
	return 0;
}

/* The pack goes into the next fragment. */
static void collect(struct index *index, uint32_t pack, const struct pack_info *info,
		    const struct blob_entry *entries, size_t n_entries)
{
	struct pending_fragment *last = vec_last(&index->pending);

	if (last == NULL || !fragment_builder_fits(&last->builder, 1, n_entries)) {
		last = vec_push(&index->pending, NULL);
		fragment_builder_init(&last->builder);
		vec_init(&last->packs, sizeof(uint32_t));
	}
	fragment_builder_add(&last->builder, info, entries, n_entries);
	vec_push(&last->packs, &pack);
}

int index_add_pack(struct index *index, const struct pack_info *info,
		   const struct blob_entry *entries, size_t n_entries, uint32_t *ret_pack,
		   struct err *err)
{
	LOCKED(index->adding);
	uint32_t pack = 0;
	bool is_new = false;

	if (n_entries > FRAGMENT_BLOBS_MAX)
		return err_set(err, ERR_LIMIT,
			       "%zu blobs in a pack: an index fragment takes at most %d",
			       n_entries, FRAGMENT_BLOBS_MAX);
	if (index_take_pack(index, info, own_slot(index), &pack, &is_new, err) < 0)
		return -1;
	if (is_new)
		index->n_unnamed++;
	for (size_t i = 0; is_new && i < n_entries; i++) {
		if (index_take_blob(index, pack, (uint32_t)i, &entries[i], err) < 0)
			return -1;
	}
	if (is_new && !index->scratch)
		collect(index, pack, info, entries, n_entries);
	*ret_pack = pack;
	return 0;
}

int index_find(struct index *index, const struct blob_id *id,
	       struct blob_place *ret_places, size_t max, size_t *ret_n, struct err *err)
{
	uint8_t records[INDEX_PLACES_MAX * BLOB_RECORD_LEN];
	struct blob_id ignored;
	size_t n = 0;

	if (sorted_table_find(index->tables[TABLE_BLOBS], id->bytes, records,
			      max < INDEX_PLACES_MAX ? max : INDEX_PLACES_MAX, &n,
			      err) < 0)
		return index_failed(index, err);
	for (size_t i = 0; i < n; i++)
		blob_record_decode(records + i * BLOB_RECORD_LEN, &ignored,
				   &ret_places[i]);
	*ret_n = n;
	return 0;
}

int index_pack(struct index *index, uint32_t pack, struct pack_info *ret_info,
	       struct err *err)
{
	uint8_t record[PACK_RECORD_LEN];
	uint8_t key[PACK_RECORD_KEY];
	size_t n = 0;

	pack_record_key(pack, key);
	if (sorted_table_find(index->tables[TABLE_PACKS], key, record, 1, &n, err) < 0)
		return index_failed(index, err);
	if (n == 0)
		return err_set(err, ERR_BUG, "local index: no pack %" PRIu32 " of %u",
			       pack, (unsigned)index->n_packs);
	pack_record_decode(record, ret_info);
	return 0;
}

uint32_t index_n_packs(const struct index *index)
{
	return index->n_packs;
}

uint64_t index_n_blobs(const struct index *index)
{
	return sorted_table_count(index->tables[TABLE_BLOBS]);
}

struct index_counters index_counters(const struct index *index)
{
	return index->counters;
}

size_t index_memory(struct index *index)
{
	size_t bytes = sizeof(*index) + page_cache_memory(index->pages) +
		       index->fragments.capacity * index->fragments.elem_len;

	for (size_t i = 0; i < INDEX_TABLES; i++)
		bytes += sorted_table_memory(index->tables[i]);
	return bytes;
}

struct each {
	index_each_fn *each;
	void *arg;
};

static int each_record(void *arg, const uint8_t *record, struct err *err)
{
	const struct each *each = arg;
	struct blob_place place;
	struct blob_id id;

	blob_record_decode(record, &id, &place);
	return each->each(each->arg, &id, &place, err);
}

int index_each(struct index *index, index_each_fn *each, void *arg, struct err *err)
{
	LOCKED(index->adding);
	struct each wrapped = {each, arg};

	return sorted_table_each(index->tables[TABLE_BLOBS], each_record, &wrapped, err);
}

struct cover_search {
	const uint8_t *packs; /* a bit a number */
	uint32_t n_packs;
	uint8_t *fragments; /* a bit a number */
	uint32_t n_fragments;
};

static int mark_cover(void *arg, const uint8_t *record, struct err *err)
{
	struct cover_search *search = arg;
	uint32_t fragment, pack;

	(void)err;
	cover_record_decode(record, &fragment, &pack);
	if (pack < search->n_packs && fragment < search->n_fragments &&
	    (search->packs[pack / 8] >> pack % 8 & 1) != 0)
		search->fragments[fragment / 8] |= (uint8_t)(1u << fragment % 8);
	return 0;
}

int index_fragments_of(struct index *index, const uint8_t *packs, struct vec *ret_names,
		       struct err *err)
{
	LOCKED(index->adding);
	CLEANUP(mem_freep)
	uint8_t *marked = mem_zalloc(index->n_fragments / 8 + 1);
	struct cover_search search = {packs, index->n_packs, marked, index->n_fragments};

	if (sorted_table_each(index->tables[TABLE_COVERS], mark_cover, &search, err) < 0)
		return index_failed(index, err);
	for (size_t i = 0; i < index->fragments.n; i++) {
		const struct known_fragment *known = vec_at(&index->fragments, i);

		if (known->counts &&
		    (marked[known->number / 8] >> known->number % 8 & 1) != 0)
			vec_push(ret_names, known->name);
	}
	return 0;
}
