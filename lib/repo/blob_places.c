/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether a pack counts is looked up once and remembered in a byte per pack number. A pack that
 * is not listed counts only if a page of the list is lost: then tag and id alone decide, as the
 * format allows, and the caller is told. When a pack is opened, its header must be the one
 * that the list names, whatever the index claims.
 *
 * The index is made from fragments, which are a cache, and any writer can sign one that hides
 * or misplaces what is in another's packs. What the index lacks is read from the directories of
 * the listed packs: first of those that it does not know, so that a repository without a single
 * fragment restores; then, for a blob that is still missed or opens nowhere, of all of them.
 */
#include "repo/blob_places.h"

#include <inttypes.h>

#include "base/mem.h"
#include "base/pool.h"
#include "repo/packlist_set.h"

enum verdict { UNKNOWN, LISTED, MAY_BE_LISTED, UNLISTED };

/* Which listed packs' own directories are in the index, beside what fragments say. */
enum completeness { FRAGMENTS_ONLY, UNKNOWN_PACKS_READ, ALL_PACKS_READ };

struct blob_places {
	struct blob_places_options options;
	struct packlist_set *list;
	struct mutex *mutex; /* of the verdicts */
	uint8_t *verdicts;
	uint32_t n_verdicts;
	struct mutex *completing;
	enum completeness completeness; /* under `completing` */
};

int blob_places_new(const struct blob_places_options *options,
		    struct blob_places **ret_places, struct err *err)
{
	const struct packlist_set_options list = {
		.store = options->repo->store,
		.root = options->header->packlist_root,
		.n_packs = options->header->n_packs,
		.log = options->log,
		.cancel = options->cancel,
	};
	CLEANUP(blob_places_freep)
	struct blob_places *places = mem_zalloc(sizeof(*places));

	places->options = *options;
	places->mutex = mutex_new();
	places->completing = mutex_new();
	if (packlist_set_load(&list, &places->list, err) < 0)
		return -1;
	*ret_places = STEAL(places);
	return 0;
}

void blob_places_free(struct blob_places *places)
{
	if (places == NULL)
		return;
	packlist_set_free(places->list);
	mutex_free(places->mutex);
	mutex_free(places->completing);
	mem_free(places->verdicts);
	mem_free(places);
}

void blob_places_freep(struct blob_places **places)
{
	blob_places_free(*places);
}

uint64_t blob_places_lost_pages(const struct blob_places *places)
{
	return packlist_set_lost(places->list);
}

/* --- which packs count --- */

static enum verdict remembered(struct blob_places *places, uint32_t pack)
{
	LOCKED(places->mutex);
	return pack < places->n_verdicts ? places->verdicts[pack] : UNKNOWN;
}

static void remember(struct blob_places *places, uint32_t pack, enum verdict verdict)
{
	LOCKED(places->mutex);
	if (pack >= places->n_verdicts) {
		uint32_t n = pack + pack / 2 + 64;

		places->verdicts = mem_realloc(places->verdicts, n, 1);
		memset(places->verdicts + places->n_verdicts, UNKNOWN,
		       n - places->n_verdicts);
		places->n_verdicts = n;
	}
	places->verdicts[pack] = (uint8_t)verdict;
}

/* *ret_entry is filled when the pack is listed. */
static int look_up(struct blob_places *places, const struct pack_info *info,
		   struct packlist_entry *ret_entry, enum verdict *ret_verdict,
		   struct err *err)
{
	bool found;

	if (packlist_set_find(places->list, info->name, ret_entry, &found, err) < 0)
		return -1;
	if (found)
		*ret_verdict = LISTED;
	else
		*ret_verdict =
			packlist_set_lost(places->list) > 0 ? MAY_BE_LISTED : UNLISTED;
	return 0;
}

static int judge(struct blob_places *places, uint32_t pack, enum verdict *ret_verdict,
		 struct err *err)
{
	struct packlist_entry entry;
	struct pack_info info;

	*ret_verdict = remembered(places, pack);
	if (*ret_verdict != UNKNOWN)
		return 0;
	if (index_pack(places->options.index, pack, &info, err) < 0 ||
	    look_up(places, &info, &entry, ret_verdict, err) < 0)
		return -1;
	remember(places, pack, *ret_verdict);
	return 0;
}

/* --- completing the index --- */

static int add_pack(struct blob_places *places, const struct packlist_entry *entry,
		    struct err *err)
{
	const struct blob_places_options *options = &places->options;
	CLEANUP(pack_contents_release) struct pack_contents contents = {0};
	struct pack_info info = {.size = entry->size};
	char key[PACK_KEY_LEN];
	uint32_t number;

	pack_key(entry->name, key);
	if (pack_directory_load(options->repo, options->keys, key, entry->size, &contents,
				err) < 0)
		return -1;
	memcpy(info.name, entry->name, sizeof(info.name));
	memcpy(info.header_hash, contents.header_hash, sizeof(info.header_hash));
	info.epoch = contents.header.epoch;
	return index_add_pack(options->index, &info, contents.directory.entries.data,
			      contents.directory.entries.n, &number, err);
}

struct completion {
	struct blob_places *places;
	bool all;
	uint64_t n_added, n_failed;
};

/* Does the index know the pack, and as the list says that it is? */
static int is_known(struct blob_places *places, const struct packlist_entry *entry,
		    bool *ret_known, struct err *err)
{
	struct index *index = places->options.index;
	struct pack_info info;
	struct err why = {0};
	uint32_t number;

	*ret_known = false;
	if (index_pack_number(index, entry->name, &number, &why) < 0) {
		if (why.code == ERR_NOT_FOUND)
			return 0;
		*err = why;
		return -1;
	}
	if (index_pack(index, number, &info, err) < 0)
		return -1;
	*ret_known = memcmp(info.header_hash, entry->header_hash, HASH_LEN) == 0;
	return 0;
}

/* A pack that cannot be read is told: what is in it may be elsewhere too. */
static int complete_pack(void *arg, const struct packlist_entry *entry, struct err *err)
{
	struct completion *completion = arg;
	struct blob_places *places = completion->places;
	struct err why = {0};
	bool known = false;

	if (cancel_check(places->options.cancel, err) < 0 ||
	    (!completion->all && is_known(places, entry, &known, err) < 0))
		return -1;
	if (known)
		return 0;
	if (add_pack(places, entry, &why) == 0) {
		completion->n_added++;
		return 0;
	}
	completion->n_failed++;
	log_warning(places->options.log, "%s", why.msg);
	return 0;
}

/* Reads what is not read yet; another thread may have done it meanwhile. */
static int complete_index(struct blob_places *places, enum completeness wanted,
			  struct err *err)
{
	struct completion completion = {.places = places,
					.all = wanted == ALL_PACKS_READ};

	LOCKED(places->completing);
	if (places->completeness >= wanted)
		return 0;
	if (packlist_set_each(places->list, complete_pack, &completion, err) < 0)
		return -1;
	places->completeness = wanted;
	if (completion.n_added == 0)
		return 0;
	log_warning(places->options.log,
		    completion.all ? "what the index says is not all that there is: the "
				     "directories of all %" PRIu64 " packs were read"
				   : "%" PRIu64
				     " packs are in no index fragment that could be "
				     "read: their own directories were read instead",
		    completion.n_added);
	return 0;
}

int blob_places_read_all(struct blob_places *places, struct err *err)
{
	return complete_index(places, ALL_PACKS_READ, err);
}

/* --- places --- */

static int find_now(struct blob_places *places, enum blob_type type,
		    const struct blob_ref *ref,
		    struct blob_place ret_places[static BLOB_PLACES_MAX], size_t *ret_n,
		    struct err *err)
{
	struct blob_place found[INDEX_PLACES_MAX];
	struct blob_place doubtful[BLOB_PLACES_MAX];
	size_t n_found, n = 0, n_doubtful = 0;

	if (index_find(places->options.index, &ref->id, found, INDEX_PLACES_MAX, &n_found,
		       err) < 0)
		return -1;
	for (size_t i = 0; i < n_found; i++) {
		enum verdict verdict;

		if (found[i].type != type || found[i].raw != ref->raw_len)
			continue;
		if (judge(places, found[i].pack, &verdict, err) < 0)
			return -1;
		if (verdict == LISTED && n < BLOB_PLACES_MAX)
			ret_places[n++] = found[i];
		else if (verdict == MAY_BE_LISTED && n_doubtful < BLOB_PLACES_MAX)
			doubtful[n_doubtful++] = found[i];
	}
	for (size_t i = 0; i < n_doubtful && n < BLOB_PLACES_MAX; i++)
		ret_places[n++] = doubtful[i];
	*ret_n = n;
	return 0;
}

int blob_places_find(struct blob_places *places, enum blob_type type,
		     const struct blob_ref *ref,
		     struct blob_place ret_places[static BLOB_PLACES_MAX], size_t *ret_n,
		     struct err *err)
{
	enum completeness next = UNKNOWN_PACKS_READ;

	if (find_now(places, type, ref, ret_places, ret_n, err) < 0)
		return -1;
	for (; *ret_n == 0 && next <= ALL_PACKS_READ; next++) {
		if (complete_index(places, next, err) < 0 ||
		    find_now(places, type, ref, ret_places, ret_n, err) < 0)
			return -1;
	}
	if (*ret_n == 0)
		return err_set(err, ERR_CORRUPT,
			       "it is in none of the packs that the snapshot lists");
	return 0;
}

/* --- packs --- */

int blob_places_pack_key(struct blob_places *places, uint32_t pack,
			 char out[static PACK_KEY_LEN], struct err *err)
{
	struct pack_info info;

	if (index_pack(places->options.index, pack, &info, err) < 0)
		return -1;
	pack_key(info.name, out);
	return 0;
}

int blob_places_fetch(struct blob_places *places, uint32_t pack, uint64_t offset,
		      size_t len, uint8_t *to, struct err *err)
{
	char key[PACK_KEY_LEN];
	struct err why = {0};

	if (blob_places_pack_key(places, pack, key, err) < 0)
		return -1;
	if (store_get_range(places->options.repo->store, key, offset, len, to, &why) == 0)
		return 0;
	if (why.code == ERR_NOT_FOUND)
		return err_set(err, ERR_CORRUPT, "%s: it is missing", key);
	*err = why;
	return -1;
}

int blob_places_pack_header(struct blob_places *places, uint32_t pack,
			    uint8_t ret_header[static PACK_HEADER_LEN], struct err *err)
{
	uint8_t header[PACK_HEADER_LEN], hash[HASH_LEN];
	struct packlist_entry entry;
	struct pack_info info;
	enum verdict verdict;
	char key[PACK_KEY_LEN];

	if (index_pack(places->options.index, pack, &info, err) < 0 ||
	    look_up(places, &info, &entry, &verdict, err) < 0)
		return -1;
	pack_key(info.name, key);
	if (verdict == UNLISTED)
		return err_set(err, ERR_CORRUPT,
			       "%s: it is not on the snapshot's pack list", key);
	if (blob_places_fetch(places, pack, 0, PACK_HEADER_LEN, header, err) < 0)
		return -1;
	hash_sha256(slice_of(header, sizeof(header)), hash);
	if (verdict == LISTED && memcmp(hash, entry.header_hash, HASH_LEN) != 0)
		return err_set(err, ERR_CORRUPT,
			       "%s: its header is not the one that the pack list names",
			       key);
	memcpy(ret_header, header, PACK_HEADER_LEN);
	return 0;
}
