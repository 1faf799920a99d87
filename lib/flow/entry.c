/* SPDX-License-Identifier: Apache-2.0 */
#include "flow/entry.h"

#include <stdarg.h>

#include "base/mem.h"

void entry_init(struct entry *entry, enum entry_type type, const char *name)
{
	*entry = (struct entry){.type = type, .name = mem_strdup(name), .n_links = 1};
	vec_init(&entry->extents, sizeof(struct extent));
	vec_init(&entry->xattrs, sizeof(struct xattr));
	vec_init(&entry->facts, sizeof(struct fact));
}

static void release_xattrs(struct vec *xattrs)
{
	for (size_t i = 0; i < xattrs->n; i++) {
		struct xattr *xattr = vec_at(xattrs, i);

		mem_free(xattr->name);
		mem_free(xattr->value);
	}
	vec_release(xattrs);
}

static void release_facts(struct vec *facts)
{
	for (size_t i = 0; i < facts->n; i++) {
		struct fact *fact = vec_at(facts, i);

		mem_free(fact->key);
		mem_free(fact->value);
	}
	vec_release(facts);
}

void entry_release(struct entry *entry)
{
	mem_free(entry->name);
	mem_free(entry->user);
	mem_free(entry->group);
	mem_free(entry->target);
	vec_release(&entry->extents);
	release_xattrs(&entry->xattrs);
	release_facts(&entry->facts);
	*entry = (struct entry){.type = entry->type};
}

void entry_copy(struct entry *to, const struct entry *from)
{
	*to = *from;
	to->name = mem_strdup(from->name);
	to->user = mem_strdup(from->user);
	to->group = mem_strdup(from->group);
	to->target = mem_strdup(from->target);
	vec_init(&to->extents, sizeof(struct extent));
	vec_init(&to->xattrs, sizeof(struct xattr));
	vec_init(&to->facts, sizeof(struct fact));
	for (size_t i = 0; i < from->extents.n; i++)
		vec_push(&to->extents, vec_at(&from->extents, i));
	for (size_t i = 0; i < from->xattrs.n; i++) {
		const struct xattr *xattr = vec_at(&from->xattrs, i);

		entry_add_xattr(to, xattr->name,
				slice_of(xattr->value, xattr->value_len));
	}
	for (size_t i = 0; i < from->facts.n; i++) {
		const struct fact *fact = vec_at(&from->facts, i);

		entry_add_fact(to, fact->key, "%s", fact->value);
	}
}

/* The kernel lists attributes in any order; equal entries shall have equal bytes. */
void entry_add_xattr(struct entry *entry, const char *name, struct slice value)
{
	struct xattr added = {.name = mem_strdup(name), .value_len = value.len};
	struct xattr *all;
	size_t i;

	added.value = mem_dup(value.data, value.len);
	vec_push(&entry->xattrs, &added);
	all = entry->xattrs.data;
	for (i = entry->xattrs.n - 1; i > 0 && strcmp(all[i - 1].name, name) > 0; i--)
		all[i] = all[i - 1];
	all[i] = added;
}

void entry_add_fact(struct entry *entry, const char *key, const char *format, ...)
{
	struct fact fact = {.key = mem_strdup(key)};
	struct buf text;
	va_list ap;

	buf_init(&text, 0);
	va_start(ap, format);
	buf_vprintf(&text, format, ap);
	va_end(ap);
	fact.value = buf_steal_string(&text);
	vec_push(&entry->facts, &fact);
}

const char *entry_fact(const struct entry *entry, const char *key)
{
	for (size_t i = 0; i < entry->facts.n; i++) {
		const struct fact *fact = vec_at(&entry->facts, i);

		if (strcmp(fact->key, key) == 0)
			return fact->value;
	}
	return NULL;
}

void entry_add_extent(struct entry *entry, uint64_t offset, uint64_t len)
{
	struct extent extent = {.offset = offset, .len = len};

	entry->is_sparse = true;
	vec_push(&entry->extents, &extent);
}

uint64_t entry_content_len(const struct entry *entry)
{
	uint64_t len = 0;

	if (entry->type != ENTRY_FILE)
		return 0;
	if (!entry->is_sparse)
		return entry->size;
	for (size_t i = 0; i < entry->extents.n; i++)
		len += ((const struct extent *)vec_at(&entry->extents, i))->len;
	return len;
}
