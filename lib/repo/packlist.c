/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writing goes over the last list's pages of level 0 in order. Of each the packs that are
 * still used are kept; a page that loses none stays as it is, byte for byte. A page that
 * became less than half full takes the next one's packs too, so pages do not crumble; the
 * last page is filled with new packs as long as it is less than half full. Pages of pages
 * are then made anew: they are few.
 *
 * Memory: a page of each level, and 32 bytes for every page of level 0.
 */
#include "repo/packlist.h"

#include <assert.h>
#include <inttypes.h>

#include "base/mem.h"
#include "crypto/hash.h"
#include "format/encoding.h"

enum {
	PAGE_FULL = PACKLIST_PAGE_ENTRIES_MAX,
	PAGE_ENOUGH = PACKLIST_PAGE_ENTRIES_MAX / 2,
	KEY_MAX = 96,
};

static void page_key(const uint8_t hash[static HASH_LEN], char key[static KEY_MAX])
{
	char hex[HASH_HEX_LEN + 1];

	(void)snprintf(key, KEY_MAX, "packlists/%s",
		       hex_encode(slice_of(hash, HASH_LEN), hex, sizeof(hex)));
}

static bool is_zero(const uint8_t hash[static HASH_LEN])
{
	static const uint8_t zero[HASH_LEN] = {0};

	return memcmp(hash, zero, HASH_LEN) == 0;
}

/* --- reading --- */

/* Gets a page of level 0 and its name. */
typedef int leaf_fn(void *arg, const struct packlist_page *page,
		    const uint8_t hash[static HASH_LEN], struct err *err);

struct reading {
	struct packlist_source *source;
	leaf_fn *leaf;
	void *arg;
	bool has_root; /* the root was read and holds what its name says */
};

static int load_page(struct reading *reading, const uint8_t hash[static HASH_LEN],
		     struct packlist_page *page, struct err *err)
{
	CLEANUP(buf_release) struct buf bytes = {0};
	uint8_t found[HASH_LEN];
	char key[KEY_MAX];

	page_key(hash, key);
	buf_init(&bytes, 0);
	if (store_get(reading->source->store, key, PACKLIST_PAGE_LEN_MAX, &bytes, err) <
	    0)
		return err->code == ERR_LIMIT
			       ? err_set(err, ERR_CORRUPT, "%s is too large", key)
			       : -1;
	hash_sha256(buf_slice(&bytes), found);
	if (memcmp(found, hash, HASH_LEN) != 0)
		return err_set(err, ERR_CORRUPT, "%s does not have its name's content",
			       key);
	if (packlist_page_decode(buf_slice(&bytes), page, err) < 0)
		return err_wrap(err, "%s", key);
	return 0;
}

/* What reading a page fails with when something is wrong with the page, a bad sector included,
 * and not with the way to it. */
static bool is_damage(enum err_code code)
{
	return code == ERR_NOT_FOUND || code == ERR_CORRUPT || code == ERR_IO;
}

/* 0 and *ret_lost = true when the page is lost; -1 for failures of the store. */
static int try_page(struct reading *reading, const uint8_t hash[static HASH_LEN],
		    struct packlist_page *page, bool *ret_lost, struct err *err)
{
	struct err problem = {0};

	*ret_lost = load_page(reading, hash, page, &problem) < 0;
	if (!*ret_lost)
		return 0;
	if (!is_damage(problem.code)) {
		*err = problem;
		return -1;
	}
	log_warning(reading->source->log, "a page of the list of packs is lost: %s",
		    problem.msg);
	reading->source->lost++;
	return 0;
}

static int count_page(struct packlist_source *source, struct err *err)
{
	uint64_t max = source->pages_max > 0 ? source->pages_max : PACKLIST_PAGES_MAX;

	if (source->pages == max)
		return err_set(err, ERR_CORRUPT,
			       "the list of packs has more than %" PRIu64 " pages", max);
	source->pages++;
	return 0;
}

static int read_below(struct reading *reading, const uint8_t hash[static HASH_LEN],
		      int level, struct err *err);

static int read_children(struct reading *reading, const struct packlist_page *page,
			 struct err *err)
{
	for (size_t i = 0; i < page->children.n; i++) {
		const struct packlist_child *child = vec_at(&page->children, i);

		if (read_below(reading, child->hash, page->level - 1, err) < 0)
			return -1;
	}
	return 0;
}

/* `level` is what the page above says; -1 = the root. */
static int read_below(struct reading *reading, const uint8_t hash[static HASH_LEN],
		      int level, struct err *err)
{
	CLEANUP(packlist_page_release) struct packlist_page page = {0};
	bool lost = false;

	packlist_page_init(&page, 0);
	if (count_page(reading->source, err) < 0)
		return -1;
	if (try_page(reading, hash, &page, &lost, err) < 0)
		return -1;
	if (lost)
		return 0;
	reading->has_root |= level < 0;
	if (level >= 0 && page.level != level)
		return err_set(err, ERR_CORRUPT,
			       "page of the list of packs has level %u, expected %d",
			       page.level, level);
	return page.level == 0 ? reading->leaf(reading->arg, &page, hash, err)
			       : read_children(reading, &page, err);
}

struct each {
	packlist_each_fn *each;
	void *arg;
};

static int each_of_leaf(void *arg, const struct packlist_page *page,
			const uint8_t hash[static HASH_LEN], struct err *err)
{
	const struct each *each = arg;

	(void)hash;
	for (size_t i = 0; i < page->entries.n; i++) {
		if (each->each(each->arg, vec_at(&page->entries, i), err) < 0)
			return -1;
	}
	return 0;
}

int packlist_read(struct packlist_source *source, const uint8_t root[static 32],
		  packlist_each_fn *each, void *arg, struct err *err)
{
	struct each wrapped = {each, arg};
	struct reading reading = {
		.source = source, .leaf = each_of_leaf, .arg = &wrapped};

	return is_zero(root) ? 0 : read_below(&reading, root, -1, err);
}

/* --- writing --- */

struct writing {
	const struct packlist_options *options;
	uint8_t *left; /* a bit a pack that is used and not in the list yet */
	struct packlist_page page;
	uint8_t last_leaf[HASH_LEN]; /* of the last list, seen just now */
	bool has_last_root;	     /* seen just now as well */
	struct vec pages; /* of struct packlist_child: of the level that is made */
	uint64_t n_packs;
};

static bool has_bit(const uint8_t *bits, uint32_t number)
{
	return (bits[number / 8] & (1u << (number % 8))) != 0;
}

static void page_clear(struct packlist_page *page)
{
	vec_clear(&page->entries);
	vec_clear(&page->children);
}

/* The name is taken: by this page, or by what damage left of it, which is put right. */
static int heal_page(const struct writing *writing, const char *key, struct slice bytes,
		     struct store_put_options *put, struct err *err)
{
	const struct packlist_options *options = writing->options;
	CLEANUP(buf_release) struct buf stored = {0};
	struct err problem = {0};

	buf_init(&stored, 0);
	if (store_get(options->store, key, PACKLIST_PAGE_LEN_MAX, &stored, &problem) ==
	    0) {
		if (slice_equal(buf_slice(&stored), bytes))
			return 0;
	} else if (problem.code != ERR_LIMIT && !is_damage(problem.code)) {
		*err = problem;
		return -1;
	}
	log_warning(options->log, "%s was damaged; it is stored again", key);
	put->mode = STORE_PUT_REPLACE;
	return store_put(options->store, key, bytes, put, err);
}

static int put_bytes(const struct writing *writing, struct slice bytes,
		     const uint8_t hash[static HASH_LEN], struct err *err)
{
	const struct packlist_options *options = writing->options;
	struct store_put_options put = {.mode = STORE_PUT_NEW, .sha256 = hash};
	struct err problem = {0};
	char key[KEY_MAX];

	if (memcmp(hash, writing->last_leaf, HASH_LEN) == 0 ||
	    (writing->has_last_root && memcmp(hash, options->last_root, HASH_LEN) == 0))
		return 0;
	page_key(hash, key);
	if (store_put(options->store, key, bytes, &put, &problem) == 0)
		return 0;
	if (problem.code != ERR_EXISTS)
		*err = problem;
	else if (heal_page(writing, key, bytes, &put, err) == 0)
		return 0;
	return err_wrap(err, "cannot store the list of packs");
}

/* Puts the page that is being made, if it holds anything, and begins the next. */
static int put_page(struct writing *writing, struct vec *pages, struct err *err)
{
	CLEANUP(buf_release) struct buf bytes = {0};
	struct packlist_child child;

	if (packlist_page_count(&writing->page) == 0)
		return 0;
	buf_init(&bytes, 0);
	packlist_page_encode(&writing->page, &bytes);
	hash_sha256(buf_slice(&bytes), child.hash);
	if (put_bytes(writing, buf_slice(&bytes), child.hash, err) < 0)
		return -1;
	page_clear(&writing->page);
	vec_push(pages, &child);
	return 0;
}

static int add_entry(struct writing *writing, const struct packlist_entry *entry,
		     struct err *err)
{
	vec_push(&writing->page.entries, entry);
	writing->n_packs++;
	if (writing->page.entries.n < PAGE_FULL)
		return 0;
	return put_page(writing, &writing->pages, err);
}

static bool is_same_pack(const struct pack_info *info, const struct packlist_entry *entry)
{
	return info->size == entry->size &&
	       memcmp(info->name, entry->name, sizeof(info->name)) == 0 &&
	       memcmp(info->header_hash, entry->header_hash, sizeof(info->header_hash)) ==
		       0;
}

/* The number under which the index knows just this pack; several can have one name, of which
 * this is the newest. *ret_found = false: none, or it says something else. */
static int find_number(const struct writing *writing, const struct packlist_entry *entry,
		       uint32_t *ret_number, bool *ret_found, struct err *err)
{
	const struct packlist_options *options = writing->options;
	struct err problem = {0};
	struct pack_info info;

	*ret_found = false;
	if (index_pack_number(options->index, entry->name, ret_number, &problem) < 0) {
		if (problem.code == ERR_NOT_FOUND)
			return 0;
		*err = problem;
		return -1;
	}
	if (index_pack(options->index, *ret_number, &info, err) < 0)
		return -1;
	*ret_found = is_same_pack(&info, entry);
	return 0;
}

/* Leaves only the packs of a page that are used; they count as listed. */
static int filter(struct writing *writing, const struct packlist_page *page,
		  struct vec *kept, struct err *err)
{
	for (size_t i = 0; i < page->entries.n; i++) {
		const struct packlist_entry *entry = vec_at(&page->entries, i);
		uint32_t number = 0;
		bool found = false;

		if (find_number(writing, entry, &number, &found, err) < 0)
			return -1;
		if (!found || number >= writing->options->n_bits ||
		    !has_bit(writing->left, number))
			continue;
		writing->left[number / 8] &= (uint8_t) ~(1u << (number % 8));
		vec_push(kept, entry);
	}
	return 0;
}

static int keep_leaf(void *arg, const struct packlist_page *page,
		     const uint8_t hash[static HASH_LEN], struct err *err)
{
	struct writing *writing = arg;
	struct vec kept;
	int result;

	memcpy(writing->last_leaf, hash, HASH_LEN);
	vec_init(&kept, sizeof(struct packlist_entry));
	result = filter(writing, page, &kept, err);
	if (result == 0 && writing->page.entries.n + kept.n > PAGE_FULL)
		result = put_page(writing, &writing->pages, err);
	for (size_t i = 0; i < kept.n && result == 0; i++)
		result = add_entry(writing, vec_at(&kept, i), err);
	if (result == 0 && writing->page.entries.n >= PAGE_ENOUGH)
		result = put_page(writing, &writing->pages, err);
	vec_release(&kept);
	return result;
}

static int keep_last_order(struct writing *writing, struct err *err)
{
	const struct packlist_options *options = writing->options;
	struct packlist_source source = {.store = options->store, .log = options->log};
	struct reading reading = {.source = &source, .leaf = keep_leaf, .arg = writing};
	struct err problem = {0};
	int result;

	if (options->last_root == NULL || is_zero(options->last_root))
		return 0;
	result = read_below(&reading, options->last_root, -1, &problem);
	writing->has_last_root = reading.has_root;
	if (result == 0)
		return 0;
	if (problem.code == ERR_CORRUPT || problem.code == ERR_UNSUPPORTED) {
		log_debug(options->log, "%s: the list's order is given up", problem.msg);
		return 0;
	}
	*err = problem;
	return -1;
}

/* Adds a used pack that the last list did not have, unless it is used under its newest number
 * as well. */
static int add_number(struct writing *writing, uint32_t number, struct err *err)
{
	const struct packlist_options *options = writing->options;
	struct packlist_entry entry;
	struct pack_info info;
	uint32_t newest = number;
	bool found = false;

	if (index_pack(options->index, number, &info, err) < 0)
		return -1;
	memcpy(entry.name, info.name, sizeof(entry.name));
	memcpy(entry.header_hash, info.header_hash, sizeof(entry.header_hash));
	entry.size = info.size;
	if (find_number(writing, &entry, &newest, &found, err) < 0)
		return -1;
	if (found && newest != number && newest < options->n_bits &&
	    has_bit(options->used, newest))
		return 0;
	return add_entry(writing, &entry, err);
}

static int add_new(struct writing *writing, struct err *err)
{
	for (uint32_t number = 0; number < writing->options->n_bits; number++) {
		if (has_bit(writing->left, number) &&
		    add_number(writing, number, err) < 0)
			return -1;
	}
	return put_page(writing, &writing->pages, err);
}

/* Pages over pages, until there is one. */
static int put_upper_pages(struct writing *writing, struct err *err)
{
	while (writing->pages.n > 1) {
		struct vec upper;
		int result = 0;

		vec_init(&upper, sizeof(struct packlist_child));
		writing->page.level++;
		for (size_t i = 0; i < writing->pages.n && result == 0; i++) {
			vec_push(&writing->page.children, vec_at(&writing->pages, i));
			if (writing->page.children.n == PAGE_FULL)
				result = put_page(writing, &upper, err);
		}
		if (result == 0)
			result = put_page(writing, &upper, err);
		vec_release(&writing->pages);
		writing->pages = upper;
		if (result < 0)
			return -1;
	}
	return 0;
}

int packlist_write(const struct packlist_options *options, uint8_t ret_root[static 32],
		   uint64_t *ret_n_packs, struct err *err)
{
	struct writing writing = {.options = options};
	int result;

	writing.left = mem_dup(options->used, (size_t)options->n_bits / 8 + 1);
	packlist_page_init(&writing.page, 0);
	vec_init(&writing.pages, sizeof(struct packlist_child));
	result = keep_last_order(&writing, err);
	if (result == 0)
		result = add_new(&writing, err);
	if (result == 0)
		result = put_upper_pages(&writing, err);
	if (result == 0) {
		const struct packlist_child *root = vec_last(&writing.pages);

		memset(ret_root, 0, 32);
		if (root != NULL)
			memcpy(ret_root, root->hash, 32);
		*ret_n_packs = writing.n_packs;
	}
	vec_release(&writing.pages);
	packlist_page_release(&writing.page);
	mem_free(writing.left);
	return result;
}
