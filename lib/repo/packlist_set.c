/* SPDX-License-Identifier: Apache-2.0 */
/*
 * record := name[32] size u64 header hash[32]
 *
 * The names are public, so the file needs no secrecy; it is encrypted like all tables, under
 * a key that only this process has. A list of up to some thousand packs never leaves memory.
 */
#include "repo/packlist_set.h"

#include <inttypes.h>
#include <unistd.h>

#include "base/mem.h"
#include "repo/sorted_table.h"

enum {
	NAME_LEN = 32,
	MEMORY = 384 * 1024,
	CACHED_PAGES = 64,
	SPARE_PAGES = 64, /* that may be empty */
};

static const struct run_shape shape = {PACKLIST_ENTRY_LEN, NAME_LEN};

struct packlist_set {
	int dir_fd;
	struct rng rng;
	struct secret key;
	struct page_cache *pages;
	struct run_space space;
	struct sorted_table *table;
	uint64_t lost;
};

static void entry_encode(const struct packlist_entry *entry,
			 uint8_t out[static PACKLIST_ENTRY_LEN])
{
	memcpy(out, entry->name, NAME_LEN);
	for (unsigned i = 0; i < 8; i++)
		out[NAME_LEN + i] = (uint8_t)(entry->size >> (8 * i));
	memcpy(out + NAME_LEN + 8, entry->header_hash, sizeof(entry->header_hash));
}

static void entry_decode(const uint8_t record[static PACKLIST_ENTRY_LEN],
			 struct packlist_entry *ret_entry)
{
	memcpy(ret_entry->name, record, NAME_LEN);
	ret_entry->size = 0;
	for (unsigned i = 0; i < 8; i++)
		ret_entry->size |= (uint64_t)record[NAME_LEN + i] << (8 * i);
	memcpy(ret_entry->header_hash, record + NAME_LEN + 8,
	       sizeof(ret_entry->header_hash));
}

static int set_new(struct packlist_set **ret_set, struct err *err)
{
	struct packlist_set *set;
	int dir_fd = -1;

	if (run_space_open_temporary(&dir_fd, err) < 0)
		return -1;
	set = mem_zalloc(sizeof(*set));
	set->dir_fd = dir_fd;
	set->rng = rng_system();
	secret_init(&set->key, 32);
	rng_fill(&set->rng, set->key.data, set->key.len);
	set->pages = page_cache_new(CACHED_PAGES);

	const struct run_cipher cipher = {&set->key, &set->rng, set->pages};
	run_space_init(&set->space, set->dir_fd, false, &cipher);
	set->table = sorted_table_new(&set->space, shape, MEMORY);
	*ret_set = set;
	return 0;
}

void packlist_set_free(struct packlist_set *set)
{
	if (set == NULL)
		return;
	sorted_table_free(set->table);
	run_space_release(&set->space);
	page_cache_free(set->pages);
	secret_release(&set->key);
	(void)close(set->dir_fd); /* it was only looked into */
	mem_free(set);
}

void packlist_set_freep(struct packlist_set **set)
{
	packlist_set_free(*set);
}

struct loading {
	const struct packlist_set_options *options;
	struct packlist_set *set;
	uint64_t n;
};

static int take_entry(void *arg, const struct packlist_entry *entry, struct err *err)
{
	struct loading *loading = arg;
	uint8_t record[PACKLIST_ENTRY_LEN];

	if (cancel_check(loading->options->cancel, err) < 0)
		return -1;
	if (loading->n == loading->options->n_packs)
		return err_set(err, ERR_CORRUPT,
			       "the pack list holds more than the %" PRIu64
			       " packs that its header names",
			       loading->n);
	loading->n++;
	entry_encode(entry, record);
	return sorted_table_add(loading->set->table, record, err);
}

static uint64_t pages_for(uint64_t n_packs)
{
	return n_packs < PACKLIST_PAGES_MAX / 2 ? 2 * n_packs + SPARE_PAGES
						: PACKLIST_PAGES_MAX;
}

int packlist_set_load(const struct packlist_set_options *options,
		      struct packlist_set **ret_set, struct err *err)
{
	CLEANUP(packlist_set_freep) struct packlist_set *set = NULL;

	if (set_new(&set, err) < 0)
		return -1;

	/* each page has a pack, and there are no more pages of pages than of packs */
	struct packlist_source source = {
		.store = options->store,
		.log = options->log,
		.pages_max = pages_for(options->n_packs),
	};
	struct loading loading = {options, set, 0};
	if (packlist_read(&source, options->root, take_entry, &loading, err) < 0)
		return -1;
	set->lost = source.lost;
	if (set->lost == 0 && loading.n != options->n_packs)
		return err_set(err, ERR_CORRUPT,
			       "the pack list holds %" PRIu64
			       " packs, its header names %" PRIu64,
			       loading.n, options->n_packs);
	*ret_set = STEAL(set);
	return 0;
}

int packlist_set_find(struct packlist_set *set, const uint8_t name[static 32],
		      struct packlist_entry *ret_entry, bool *ret_found, struct err *err)
{
	uint8_t record[PACKLIST_ENTRY_LEN];
	size_t n = 0;

	if (sorted_table_find(set->table, name, record, 1, &n, err) < 0)
		return err_wrap(err, "pack list");
	if (n > 0)
		entry_decode(record, ret_entry);
	*ret_found = n > 0;
	return 0;
}

uint64_t packlist_set_lost(const struct packlist_set *set)
{
	return set->lost;
}

struct each {
	packlist_each_fn *each;
	void *arg;
};

static int each_record(void *arg, const uint8_t *record, struct err *err)
{
	const struct each *each = arg;
	struct packlist_entry entry;

	entry_decode(record, &entry);
	return each->each(each->arg, &entry, err);
}

int packlist_set_each(struct packlist_set *set, packlist_each_fn *each, void *arg,
		      struct err *err)
{
	struct each wrapped = {each, arg};

	return sorted_table_each(set->table, each_record, &wrapped, err);
}
