/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A hash map from byte strings to pointers (open addressing, SipHash under a per-map random
 * key that the caller passes, so that input cannot choose collisions). Not thread-safe.
 */
#ifndef BASE_MAP_H
#define BASE_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

struct map;

struct map *map_new(const uint8_t hash_key[static 16]);
void map_free(
	struct map *map); /* keys are the map's own copies; values stay the caller's */
void map_freep(struct map **map);
void *map_get(const struct map *map, struct slice key);	      /* NULL when absent */
void map_set(struct map *map, struct slice key, void *value); /* adds or replaces */
void *map_remove(struct map *map, struct slice key);	      /* returns the old value */

/* Visits all in unspecified order; `*position` starts at 0; false at the end. */
bool map_next(const struct map *map, size_t *position, struct slice *ret_key,
	      void **ret_value);

/* SipHash-2-4 of bytes under a 128-bit key (Aumasson, Bernstein 2012). */
uint64_t siphash(const uint8_t key[static 16], struct slice bytes);

#endif
