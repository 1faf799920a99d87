/* SPDX-License-Identifier: Apache-2.0 */
/* Pages are named by their hashes, so one that was walked for a snapshot needs no second look
 * for another: only its count is added. */
#include <inttypes.h>
#include <string.h>

#include "base/mem.h"
#include "format/encoding.h"
#include "repo/audit_internal.h"
#include "repo/packlist_format.h"

struct audit_page {
	uint8_t level;
	uint64_t n_packs;
	bool lost; /* it, or a page below it */
};

enum { PAGE_KEY_MAX = 11 + HASH_HEX_LEN + 1 };

void audit_pages_free(struct map *pages)
{
	size_t position = 0;
	struct slice key;
	void *page;

	while (pages != NULL && map_next(pages, &position, &key, &page))
		mem_free(page);
	map_free(pages);
}

static void page_key(const uint8_t hash[static HASH_LEN], char out[static PAGE_KEY_MAX])
{
	char hex[HASH_HEX_LEN + 1];

	hex_encode(slice_of(hash, HASH_LEN), hex, sizeof(hex));
	snprintf(out, PAGE_KEY_MAX, "packlists/%s", hex);
}

/* Gets and decodes; *ret_ok = false after a finding about the page. */
static int load_page(struct audit *audit, const uint8_t hash[static HASH_LEN],
		     const struct snapshot_header *header, struct packlist_page *page,
		     bool *ret_ok, struct err *err)
{
	CLEANUP(buf_release) struct buf bytes = {0};
	char key[PAGE_KEY_MAX];
	char shown[HEADER_TEXT_MAX];
	uint8_t found[HASH_LEN];
	struct err why = {0};

	*ret_ok = false;
	page_key(hash, key);
	snapshot_header_text(header, shown);
	buf_init(&bytes, 0);
	if (store_get(audit->repo->store, key, PACKLIST_PAGE_LEN_MAX, &bytes, &why) < 0) {
		if (why.code == ERR_NOT_FOUND) {
			audit_add(audit, AUDIT_MISSING,
				  "%s: the page is not there; %s needs it", key, shown);
			return 0;
		}
		if (why.code != ERR_LIMIT && why.code != ERR_CORRUPT) {
			*err = why;
			return -1;
		}
	}
	hash_sha256(buf_slice(&bytes), found);
	if (memcmp(found, hash, HASH_LEN) != 0) {
		audit_add(audit, AUDIT_CORRUPT,
			  "%s: its content is not what its name says", key);
		return 0;
	}
	*ret_ok = packlist_page_decode(buf_slice(&bytes), page, &why) == 0;
	if (!*ret_ok)
		audit_add(audit, AUDIT_CORRUPT, "%s: %s", key, why.msg);
	return 0;
}

static void need_packs(struct audit *audit, const struct packlist_page *page,
		       const struct snapshot_header *header)
{
	for (size_t i = 0; i < page->entries.n; i++) {
		const struct packlist_entry *entry = vec_at(&page->entries, i);
		struct audit_object pack = {
			.is_pack = true, .size = entry->size, .needed_by = header};
		struct audit_object *known;
		char hex[HASH_HEX_LEN + 1];

		memcpy(pack.name, entry->name, HASH_LEN);
		memcpy(pack.header_hash, entry->header_hash, HASH_LEN);
		if (audit_need(audit, &pack, &known) ||
		    (known->size == pack.size &&
		     memcmp(known->header_hash, pack.header_hash, HASH_LEN) == 0))
			continue;
		audit_add(audit, AUDIT_CORRUPT,
			  "pack %s: two pack lists describe it differently",
			  hex_encode(slice_of(pack.name, HASH_LEN), hex, sizeof(hex)));
	}
}

static int walk(struct audit *audit, const uint8_t hash[static HASH_LEN],
		const struct snapshot_header *header, unsigned level_max,
		struct audit_page **ret_page, struct err *err);

/* Children are exactly one level below. */
static int walk_children(struct audit *audit, const struct packlist_page *page,
			 const struct snapshot_header *header, struct audit_page *to,
			 struct err *err)
{
	for (size_t i = 0; i < page->children.n; i++) {
		const struct packlist_child *child = vec_at(&page->children, i);
		struct audit_page *below;
		char key[PAGE_KEY_MAX];

		if (walk(audit, child->hash, header, page->level - 1u, &below, err) < 0)
			return -1;
		if (!below->lost && below->level + 1u != page->level) {
			page_key(child->hash, key);
			audit_add(audit, AUDIT_CORRUPT,
				  "%s: its level is %u, expected %u", key, below->level,
				  page->level - 1u);
			to->lost = true;
		}
		to->n_packs += below->n_packs;
		to->lost = to->lost || below->lost;
	}
	return 0;
}

/* Goes into a page whose level is at most level_max; so recursion ends, whatever pages say. */
static int walk(struct audit *audit, const uint8_t hash[static HASH_LEN],
		const struct snapshot_header *header, unsigned level_max,
		struct audit_page **ret_page, struct err *err)
{
	struct audit_page *known = map_get(audit->pages, slice_of(hash, HASH_LEN));
	CLEANUP(packlist_page_release) struct packlist_page page = {0};
	bool ok;

	if (known != NULL) {
		*ret_page = known;
		return 0;
	}
	packlist_page_init(&page, 0);
	if (load_page(audit, hash, header, &page, &ok, err) < 0)
		return -1;
	known = mem_zalloc(sizeof(*known));
	map_set(audit->pages, slice_of(hash, HASH_LEN), known);
	known->lost = !ok;
	known->level = page.level;
	*ret_page = known;
	if (!ok || page.level > level_max)
		return 0;
	known->n_packs = page.entries.n;
	need_packs(audit, &page, header);
	return walk_children(audit, &page, header, known, err);
}

int audit_packlist(struct audit *audit, const struct snapshot_header *header,
		   struct err *err)
{
	static const uint8_t none[HASH_LEN] = {0};
	struct audit_page *root = NULL;
	uint64_t n_packs = 0;
	char shown[HEADER_TEXT_MAX];

	if (memcmp(header->packlist_root, none, HASH_LEN) != 0) {
		if (walk(audit, header->packlist_root, header, PACKLIST_LEVEL_MAX, &root,
			 err) < 0)
			return -1;
		n_packs = root->n_packs;
		if (root->lost)
			return 0; /* found already; the count cannot fit */
	}
	if (n_packs != header->n_packs)
		audit_add(audit, AUDIT_CORRUPT,
			  "%s: its pack list names %" PRIu64 " packs, the header says "
			  "%" PRIu64,
			  snapshot_header_text(header, shown), n_packs, header->n_packs);
	return 0;
}
