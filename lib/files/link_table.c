/* SPDX-License-Identifier: Apache-2.0 */
#include "files/link_table.h"

#include "base/map.h"
#include "base/mem.h"

enum { FIRST_SLOTS = 64 }; /* a power of two, as all sizes */

struct slot {
	uint64_t device, inode;
	uint64_t value_plus_1; /* 0: free */
};

struct link_table {
	uint8_t hash_key[16];
	struct slot *slots;
	size_t n_slots, n_used;
};

struct link_table *link_table_new(const uint8_t hash_key[static 16])
{
	struct link_table *table = mem_zalloc(sizeof(*table));

	memcpy(table->hash_key, hash_key, sizeof(table->hash_key));
	table->n_slots = FIRST_SLOTS;
	table->slots = mem_calloc(table->n_slots, sizeof(*table->slots));
	return table;
}

void link_table_free(struct link_table *table)
{
	if (table == NULL)
		return;
	mem_free(table->slots);
	mem_free(table);
}

/* The group's slot, or the free one where it belongs: there always is one. */
static struct slot *find(const struct link_table *table, uint64_t device, uint64_t inode)
{
	const uint64_t group[2] = {device, inode};
	size_t i = (size_t)siphash(table->hash_key, slice_of(group, sizeof(group)));

	for (;; i++) {
		struct slot *slot = &table->slots[i & (table->n_slots - 1)];

		if (slot->value_plus_1 == 0 ||
		    (slot->device == device && slot->inode == inode))
			return slot;
	}
}

bool link_table_get(const struct link_table *table, uint64_t device, uint64_t inode,
		    uint64_t *ret_value)
{
	const struct slot *slot = find(table, device, inode);

	if (slot->value_plus_1 == 0)
		return false;
	*ret_value = slot->value_plus_1 - 1;
	return true;
}

static void grow(struct link_table *table)
{
	struct slot *old = table->slots;
	size_t n_old = table->n_slots;

	table->n_slots *= 2;
	table->slots = mem_calloc(table->n_slots, sizeof(*table->slots));
	for (size_t i = 0; i < n_old; i++)
		if (old[i].value_plus_1 != 0)
			*find(table, old[i].device, old[i].inode) = old[i];
	mem_free(old);
}

void link_table_add(struct link_table *table, uint64_t device, uint64_t inode,
		    uint64_t value)
{
	if (table->n_used * 4 >= table->n_slots * 3)
		grow(table);
	*find(table, device, inode) = (struct slot){device, inode, value + 1};
	table->n_used++;
}
