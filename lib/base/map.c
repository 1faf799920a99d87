/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Linear probing in a power-of-two table that is at most 3/4 full, so every probe ends at a
 * free slot. Removal moves later members of the run back instead of leaving tombstones:
 * lookups stay short however often keys come and go. Slots keep the full hash, which makes
 * growth and most comparisons cheap. Iteration goes by slot number, hence its order changes
 * with the hash key and nobody can depend on it.
 */
#include "base/map.h"

#include <assert.h>
#include <string.h>

#include "base/mem.h"

struct slot {
	uint8_t *key; /* NULL = free */
	size_t key_len;
	uint64_t hash;
	void *value;
};

struct map {
	struct slot *slots;
	size_t n_slots; /* a power of two */
	size_t n;
	uint8_t hash_key[16];
};

enum { FIRST_SLOTS = 16 };

struct map *map_new(const uint8_t hash_key[static 16])
{
	struct map *map = mem_zalloc(sizeof(*map));

	map->slots = mem_calloc(FIRST_SLOTS, sizeof(*map->slots));
	map->n_slots = FIRST_SLOTS;
	memcpy(map->hash_key, hash_key, sizeof(map->hash_key));
	return map;
}

void map_free(struct map *map)
{
	if (map == NULL)
		return;
	for (size_t i = 0; i < map->n_slots; i++)
		mem_free(map->slots[i].key);
	mem_free(map->slots);
	mem_free(map);
}

void map_freep(struct map **map)
{
	map_free(STEAL(*map));
}

static bool slot_holds(const struct slot *slot, uint64_t hash, struct slice key)
{
	return slot->hash == hash && slice_equal(slice_of(slot->key, slot->key_len), key);
}

/* The slot that holds the key, or the free one where it belongs. */
static size_t find_slot(const struct map *map, uint64_t hash, struct slice key)
{
	size_t mask = map->n_slots - 1;
	size_t i = (size_t)hash & mask;

	while (map->slots[i].key != NULL && !slot_holds(&map->slots[i], hash, key))
		i = (i + 1) & mask;
	return i;
}

void *map_get(const struct map *map, struct slice key)
{
	const struct slot *slot =
		&map->slots[find_slot(map, siphash(map->hash_key, key), key)];

	return slot->key == NULL ? NULL : slot->value;
}

static void grow(struct map *map)
{
	struct slot *old = map->slots;
	size_t n_old = map->n_slots;

	map->slots = mem_calloc(n_old * 2, sizeof(*map->slots));
	map->n_slots = n_old * 2;
	size_t mask = map->n_slots - 1;
	for (size_t i = 0; i < n_old; i++) {
		if (old[i].key == NULL)
			continue;
		size_t to = (size_t)old[i].hash & mask;
		while (map->slots[to].key != NULL)
			to = (to + 1) & mask;
		map->slots[to] = old[i];
	}
	mem_free(old);
}

void map_set(struct map *map, struct slice key, void *value)
{
	uint64_t hash = siphash(map->hash_key, key);
	size_t i = find_slot(map, hash, key);

	if (map->slots[i].key != NULL) {
		map->slots[i].value = value;
		return;
	}
	if (map->n + 1 > map->n_slots / 4 * 3) {
		grow(map);
		i = find_slot(map, hash, key);
	}
	map->slots[i] = (struct slot){
		.key = mem_dup(key.data, key.len),
		.key_len = key.len,
		.hash = hash,
		.value = value,
	};
	map->n++;
}

/* Fills the free slot `gap` from the run behind it, until a slot may stay where it is. */
static void close_gap(struct map *map, size_t gap)
{
	size_t mask = map->n_slots - 1;

	for (size_t i = (gap + 1) & mask; map->slots[i].key != NULL; i = (i + 1) & mask) {
		size_t home = (size_t)map->slots[i].hash & mask;

		if (((i - home) & mask) < ((i - gap) & mask))
			continue; /* its home lies behind the gap */
		map->slots[gap] = map->slots[i];
		map->slots[i].key = NULL;
		gap = i;
	}
}

void *map_remove(struct map *map, struct slice key)
{
	size_t i = find_slot(map, siphash(map->hash_key, key), key);
	struct slot *slot = &map->slots[i];

	if (slot->key == NULL)
		return NULL;

	void *value = slot->value;
	mem_free(slot->key);
	slot->key = NULL;
	map->n--;
	close_gap(map, i);
	return value;
}

bool map_next(const struct map *map, size_t *position, struct slice *ret_key,
	      void **ret_value)
{
	for (size_t i = *position; i < map->n_slots; i++) {
		const struct slot *slot = &map->slots[i];

		if (slot->key == NULL)
			continue;
		*ret_key = slice_of(slot->key, slot->key_len);
		*ret_value = slot->value;
		*position = i + 1;
		return true;
	}
	*position = map->n_slots;
	return false;
}

static uint64_t load64(const uint8_t *p)
{
	uint64_t v = 0;

	for (unsigned i = 0; i < 8; i++)
		v |= (uint64_t)p[i] << (8 * i);
	return v;
}

static uint64_t rotate_left(uint64_t x, unsigned by)
{
	return x << by | x >> (64 - by);
}

static void sip_round(uint64_t v[static 4])
{
	v[0] += v[1];
	v[2] += v[3];
	v[1] = rotate_left(v[1], 13) ^ v[0];
	v[3] = rotate_left(v[3], 16) ^ v[2];
	v[0] = rotate_left(v[0], 32);
	v[2] += v[1];
	v[0] += v[3];
	v[1] = rotate_left(v[1], 17) ^ v[2];
	v[3] = rotate_left(v[3], 21) ^ v[0];
	v[2] = rotate_left(v[2], 32);
}

static void sip_word(uint64_t v[static 4], uint64_t word)
{
	v[3] ^= word;
	sip_round(v);
	sip_round(v);
	v[0] ^= word;
}

uint64_t siphash(const uint8_t key[static 16], struct slice bytes)
{
	uint64_t k0 = load64(key);
	uint64_t k1 = load64(key + 8);
	uint64_t v[4] = {
		k0 ^ UINT64_C(0x736f6d6570736575),
		k1 ^ UINT64_C(0x646f72616e646f6d),
		k0 ^ UINT64_C(0x6c7967656e657261),
		k1 ^ UINT64_C(0x7465646279746573),
	};
	size_t whole = bytes.len & ~(size_t)7;
	uint64_t last = (uint64_t)bytes.len << 56;

	for (size_t i = 0; i < whole; i += 8)
		sip_word(v, load64(bytes.data + i));
	for (size_t i = whole; i < bytes.len; i++)
		last |= (uint64_t)bytes.data[i] << (8 * (i - whole));
	sip_word(v, last);
	v[2] ^= 0xff;
	for (int i = 0; i < 4; i++)
		sip_round(v);
	return v[0] ^ v[1] ^ v[2] ^ v[3];
}
