/* SPDX-License-Identifier: Apache-2.0 */
/* Which hard-link groups were seen, and a number the caller keeps for each: 24 bytes a slot,
 * so a million groups take 24 to 48 MB. */
#ifndef FILES_LINK_TABLE_H
#define FILES_LINK_TABLE_H

#include <stdbool.h>
#include <stdint.h>

struct link_table;
struct link_table *link_table_new(const uint8_t hash_key[static 16]);
void link_table_free(struct link_table *table);

/* False when the group is unknown. */
bool link_table_get(const struct link_table *table, uint64_t device, uint64_t inode,
		    uint64_t *ret_value);
/* Adds a group that is not there yet. */
void link_table_add(struct link_table *table, uint64_t device, uint64_t inode,
		    uint64_t value);

#endif
