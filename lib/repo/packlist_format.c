/* SPDX-License-Identifier: Apache-2.0 */
/*
 * page := "QPPL" version u16 level u8 zero u8 n u32 item * n
 * item := pack[32] size u64 header hash[32]     level 0
 *         page[32]                              level > 0
 */
#include "repo/packlist_format.h"

#include <assert.h>

#include "base/cursor.h"

static const uint8_t magic[4] = {'Q', 'P', 'P', 'L'};

enum { VERSION = 1 };

void packlist_page_init(struct packlist_page *page, uint8_t level)
{
	page->level = level;
	vec_init(&page->entries, sizeof(struct packlist_entry));
	vec_init(&page->children, sizeof(struct packlist_child));
}

void packlist_page_release(struct packlist_page *page)
{
	vec_release(&page->entries);
	vec_release(&page->children);
}

size_t packlist_page_count(const struct packlist_page *page)
{
	return page->level == 0 ? page->entries.n : page->children.n;
}

static void put_entry(const struct packlist_entry *entry, struct buf *out)
{
	buf_append(out, entry->name, sizeof(entry->name));
	buf_put_u64(out, entry->size);
	buf_append(out, entry->header_hash, sizeof(entry->header_hash));
}

void packlist_page_encode(const struct packlist_page *page, struct buf *out)
{
	size_t n = packlist_page_count(page);

	assert(n <= PACKLIST_PAGE_ENTRIES_MAX && page->level <= PACKLIST_LEVEL_MAX);
	buf_append(out, magic, sizeof(magic));
	buf_put_u16(out, VERSION);
	buf_put_u8(out, page->level);
	buf_put_u8(out, 0);
	buf_put_u32(out, (uint32_t)n);
	for (size_t i = 0; i < page->entries.n && page->level == 0; i++)
		put_entry(vec_at(&page->entries, i), out);
	for (size_t i = 0; i < page->children.n && page->level > 0; i++)
		buf_append(out, vec_at(&page->children, i),
			   sizeof(struct packlist_child));
}

static void read_entries(struct cursor *c, struct vec *entries)
{
	uint32_t n = cursor_count(c, PACKLIST_PAGE_ENTRIES_MAX, PACKLIST_ENTRY_LEN);

	for (uint32_t i = 0; i < n; i++) {
		struct packlist_entry *entry = vec_push(entries, NULL);

		cursor_copy(c, entry->name, sizeof(entry->name));
		entry->size = cursor_u64(c);
		cursor_copy(c, entry->header_hash, sizeof(entry->header_hash));
	}
}

static void read_children(struct cursor *c, struct vec *children)
{
	uint32_t n =
		cursor_count(c, PACKLIST_PAGE_ENTRIES_MAX, sizeof(struct packlist_child));

	for (uint32_t i = 0; i < n; i++) {
		struct packlist_child *child = vec_push(children, NULL);

		cursor_copy(c, child->hash, sizeof(child->hash));
	}
}

int packlist_page_decode(struct slice bytes, struct packlist_page *ret_page,
			 struct err *err)
{
	struct cursor c;

	vec_clear(&ret_page->entries);
	vec_clear(&ret_page->children);
	cursor_init(&c, bytes);
	cursor_expect(&c, magic, sizeof(magic), "pack-list magic");
	uint16_t version = cursor_u16(&c);
	if (!c.bad && version != VERSION)
		return err_set(err, ERR_UNSUPPORTED,
			       "pack-list page: version %u is made by a newer Quipu",
			       version);
	ret_page->level = cursor_u8(&c);
	if (ret_page->level > PACKLIST_LEVEL_MAX)
		cursor_fail(&c, "level %u exceeds %d", ret_page->level,
			    PACKLIST_LEVEL_MAX);
	if (cursor_u8(&c) != 0)
		cursor_fail(&c, "expected a zero byte at offset 7");
	if (ret_page->level == 0)
		read_entries(&c, &ret_page->entries);
	else
		read_children(&c, &ret_page->children);
	return cursor_end(&c, "pack-list page", err);
}
