/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Packs that are there, packs that lists name, and what the packs say of themselves. Listings
 * come in the order of names, and so do the entries of a pack-list set: a list is compared with
 * the inventory by going over both at once.
 */
#include <inttypes.h>

#include "base/map.h"
#include "base/mem.h"
#include "repo/check_internal.h"
#include "repo/pack_reader.h"
#include "repo/packlist_set.h"

/* --- inventory --- */

static int note_pack(void *arg, const char *key, const struct store_info *info,
		     struct err *err)
{
	struct check *check = arg;
	uint8_t record[INVENTORY_LEN];

	if (cancel_check(check->options.cancel, err) < 0)
		return -1;
	if (!pack_key_parse(key, record)) {
		check_find(check, CHECK_NOTE, "%s: not a pack's name", key);
		return 0;
	}
	for (unsigned i = 0; i < 8; i++)
		record[32 + i] = (uint8_t)(info->size >> (56 - 8 * i));
	return record_sorter_add(check->inventory, record, err);
}

int check_list_packs(struct check *check, struct err *err)
{
	uint64_t foreign = 0;

	if (store_list(check->options.repo->store, "packs/", note_pack, check, &foreign,
		       err) < 0)
		return -1;
	if (foreign > 0)
		check_find(check, CHECK_NOTE,
			   "packs/: %" PRIu64 " objects with names that are not ours",
			   foreign);
	check->n_packs = record_sorter_count(check->inventory);
	check->packs = mem_calloc((size_t)check->n_packs, sizeof(*check->packs));
	return 0;
}

int inventory_start(struct inventory_walk *walk, struct check *check, struct err *err)
{
	*walk = (struct inventory_walk){.check = check};
	return record_sorter_rewind(check->inventory, err);
}

int inventory_next(struct inventory_walk *walk, bool *ret_end, struct err *err)
{
	const uint8_t *record;

	if (record_sorter_next(walk->check->inventory, &record, err) < 0)
		return -1;
	*ret_end = record == NULL;
	if (record == NULL)
		return 0;
	memcpy(walk->entry.name, record, sizeof(walk->entry.name));
	walk->entry.size = 0;
	for (unsigned i = 0; i < 8; i++)
		walk->entry.size = walk->entry.size << 8 | record[32 + i];
	walk->pack = &walk->check->packs[walk->position++];
	return 0;
}

/* --- pack lists --- */

struct join {
	struct inventory_walk walk;
	bool ended, started;
	const char *snapshot;
};

static uint64_t start_of(const uint8_t hash[static 32])
{
	uint64_t v = 0;

	for (unsigned i = 0; i < 8; i++)
		v = v << 8 | hash[i];
	return v;
}

/* Moves on to the name, or the first one behind it. */
static int join_reach(struct join *join, const uint8_t name[static 32], struct err *err)
{
	while (!join->ended &&
	       (!join->started || memcmp(join->walk.entry.name, name, HASH_LEN) < 0)) {
		if (inventory_next(&join->walk, &join->ended, err) < 0)
			return -1;
		join->started = true;
	}
	return 0;
}

static int join_entry(void *arg, const struct packlist_entry *entry, struct err *err)
{
	struct join *join = arg;
	struct check *check = join->walk.check;
	struct check_pack *pack;
	char key[PACK_KEY_LEN];

	if (cancel_check(check->options.cancel, err) < 0 ||
	    join_reach(join, entry->name, err) < 0)
		return -1;
	pack_key(entry->name, key);
	if (join->ended || memcmp(join->walk.entry.name, entry->name, HASH_LEN) != 0) {
		check_find(check, CHECK_DAMAGE, "%s: %s: it is missing", join->snapshot,
			   key);
		return 0;
	}
	pack = join->walk.pack;
	if (join->walk.entry.size != entry->size)
		check_find(check, CHECK_DAMAGE,
			   "%s: %s: %" PRIu64 " bytes, the pack list says %" PRIu64,
			   join->snapshot, key, join->walk.entry.size, entry->size);
	if (pack->is_listed && pack->header_start != start_of(entry->header_hash))
		check_find(check, CHECK_DAMAGE,
			   "%s: %s: another pack list names another header",
			   join->snapshot, key);
	pack->is_listed = true;
	pack->header_start = start_of(entry->header_hash);
	return 0;
}

static int check_list(struct check *check, const struct snapshot_header *header,
		      struct err *err)
{
	const struct packlist_set_options options = {
		.store = check->options.repo->store,
		.root = header->packlist_root,
		.n_packs = header->n_packs,
		.log = check->options.log,
		.cancel = check->options.cancel,
	};
	CLEANUP(packlist_set_freep) struct packlist_set *set = NULL;
	char shown[CHECK_SNAPSHOT_TEXT_MAX];
	struct join join = {.snapshot = check_snapshot_text(header, shown)};
	struct err why = {0};

	if (packlist_set_load(&options, &set, &why) < 0) {
		(void)err_wrap(&why, "%s: pack list", join.snapshot);
		return check_judge(check, &why, err);
	}
	if (packlist_set_lost(set) > 0)
		check_find(check, CHECK_DAMAGE,
			   "%s: pack list: %" PRIu64 " pages cannot be read",
			   join.snapshot, packlist_set_lost(set));
	if (inventory_start(&join.walk, check, err) < 0)
		return -1;
	return packlist_set_each(set, join_entry, &join, err);
}

int check_pack_lists(struct check *check, struct err *err)
{
	const struct snapshot_header *before = NULL;

	for (size_t i = 0; i < check->list.headers.n; i++) {
		const struct snapshot_header *header = vec_at(&check->list.headers, i);

		if (header->expired)
			continue;
		if (before != NULL && before->n_packs == header->n_packs &&
		    memcmp(before->packlist_root, header->packlist_root, HASH_LEN) == 0)
			continue; /* the same list */
		if (check_list(check, header, err) < 0)
			return -1;
		before = header;
	}
	return 0;
}

/* --- directories --- */

uint64_t check_digest(const struct blob_id *id, const struct blob_place *place)
{
	static const uint8_t key[16] = "check";
	uint8_t bytes[BLOB_ID_LEN + 20];
	uint8_t *to = bytes + BLOB_ID_LEN;
	const uint32_t numbers[] = {place->number, (uint32_t)place->type, place->offset,
				    place->stored, place->raw};

	memcpy(bytes, id->bytes, BLOB_ID_LEN);
	memcpy(to, numbers, sizeof(numbers)); /* only ever compared in this process */
	return siphash(key, slice_of(bytes, sizeof(bytes)));
}

struct directory_task {
	struct check *check;
	struct inventory_entry entry;
	struct check_pack *pack;
};

/* The domain's place; one that no snapshot is in has none. */
static uint16_t domain_of(const struct check *check, const char *domain)
{
	for (size_t i = 0; i < strings_count(&check->domains) && i < UINT16_MAX; i++) {
		if (strcmp(strings_at(&check->domains, i), domain) == 0)
			return (uint16_t)i;
	}
	return UINT16_MAX;
}

static void note_directory(struct directory_task *task,
			   const struct pack_contents *contents)
{
	const struct vec *entries = &contents->directory.entries;

	for (size_t i = 0; i < entries->n; i++) {
		const struct blob_entry *entry = vec_at(entries, i);

		task->pack->digest +=
			check_digest(&entry->id, &(struct blob_place){
							 .number = (uint32_t)i,
							 .type = entry->type,
							 .offset = entry->offset,
							 .stored = entry->stored,
							 .raw = entry->raw,
						 });
	}
	task->pack->domain = domain_of(task->check, contents->directory.domain);
	task->pack->is_sound = true;
	LOCKED(task->check->mutex);
	task->check->result.blobs += entries->n;
}

static int check_directory(struct directory_task *task, struct err *err)
{
	struct check *check = task->check;
	CLEANUP(pack_contents_release) struct pack_contents contents = {0};
	char key[PACK_KEY_LEN];

	pack_key(task->entry.name, key);
	if (pack_directory_load(check->options.repo, check->options.keys, key,
				task->entry.size, &contents, err) < 0)
		return -1;
	if (start_of(contents.header_hash) != task->pack->header_start) {
		check_find(check, CHECK_DAMAGE,
			   "%s: its header is not the one that the pack list names", key);
		return 0;
	}
	note_directory(task, &contents);
	return 0;
}

static void run_directory(void *argument, unsigned worker)
{
	struct directory_task *task = argument;
	struct check *check = task->check;
	struct err why = {0}, err = {0};

	(void)worker;
	if (!check_has_failed(check) && check_directory(task, &why) < 0 &&
	    check_judge(check, &why, &err) < 0)
		check_fail(check, &err);
	progress_add(check->options.progress, 1, 0);
	mem_free(task);
}

static int submit_directories(struct check *check, struct pool *pool, struct err *err)
{
	struct check_result *result = &check->result;
	struct inventory_walk walk;
	bool end = false;

	if (inventory_start(&walk, check, err) < 0)
		return -1;
	while (!check_has_failed(check)) {
		if (cancel_check(check->options.cancel, err) < 0 ||
		    inventory_next(&walk, &end, err) < 0)
			return -1;
		if (end)
			return 0;
		if (!walk.pack->is_listed) {
			result->unreferenced_packs++;
			result->unreferenced_bytes += walk.entry.size;
			continue;
		}
		result->packs++;
		result->pack_bytes += walk.entry.size;
		struct directory_task *task = mem_zalloc(sizeof(*task));
		*task = (struct directory_task){check, walk.entry, walk.pack};
		pool_submit(pool, run_directory, task);
	}
	return 0;
}

int check_directories(struct check *check, struct err *err)
{
	enum { QUEUE_LEN = 64 };
	struct pool *pool;
	int failed;

	if (pool_new(check->options.n_threads, QUEUE_LEN, &pool, err) < 0)
		return -1;
	progress_expect(check->options.progress, check->n_packs, 0);
	failed = submit_directories(check, pool, err);
	pool_free(pool);
	if (failed == 0 && check->failed) {
		*err = check->err;
		return -1;
	}
	return failed;
}
