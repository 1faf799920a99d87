/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Records stand in the order of arrival; slots of a hash table hold the number of the newest
 * record, and each record the number of the one before it in the same slot. The hash has a
 * random key, since a fragment of another writer may choose ids, and a chain takes a new
 * record at its front, so that many records of one key cost nothing to add.
 */
#include "repo/record_table.h"

#include <assert.h>

#include "base/map.h"
#include "base/mem.h"

enum { RECORDS_MIN = 16, NONE = 0 };

struct record_table {
	struct run_shape shape;
	uint8_t hash_key[16];
	uint32_t n, capacity;
	size_t n_slots;	   /* a power of two */
	uint8_t *records;  /* record_len bytes each */
	uint32_t *slots;   /* number + 1, or NONE */
	uint32_t *earlier; /* of a record: the next in its chain, likewise */
};

/* The most slots that are a power of two and not more than the records. */
static size_t slots_for(size_t n_records)
{
	size_t n = 1;

	while (n * 2 <= n_records)
		n *= 2;
	return n;
}

struct record_table *record_table_new(struct run_shape shape, size_t memory_bytes,
				      struct rng *rng)
{
	struct record_table *table = mem_zalloc(sizeof(*table));
	size_t capacity = memory_bytes / (shape.record_len + 2 * sizeof(uint32_t));

	capacity = capacity < RECORDS_MIN ? RECORDS_MIN : capacity;
	assert(capacity < UINT32_MAX);
	table->shape = shape;
	rng_fill(rng, table->hash_key, sizeof(table->hash_key));
	table->capacity = (uint32_t)capacity;
	table->n_slots = slots_for(capacity);
	table->records = mem_calloc(capacity, shape.record_len);
	table->slots = mem_calloc(table->n_slots, sizeof(*table->slots));
	table->earlier = mem_calloc(capacity, sizeof(*table->earlier));
	return table;
}

void record_table_free(struct record_table *table)
{
	if (table == NULL)
		return;
	mem_free(table->records);
	mem_free(table->slots);
	mem_free(table->earlier);
	mem_free(table);
}

size_t record_table_count(const struct record_table *table)
{
	return table->n;
}

bool record_table_is_full(const struct record_table *table)
{
	return table->n == table->capacity;
}

static uint32_t *slot_of(const struct record_table *table, const uint8_t *key)
{
	uint64_t hash = siphash(table->hash_key, slice_of(key, table->shape.key_len));

	return &table->slots[hash & (table->n_slots - 1)];
}

const uint8_t *record_table_at(const struct record_table *table, uint32_t number)
{
	assert(number < table->n);
	return table->records + (size_t)number * table->shape.record_len;
}

void record_table_add(struct record_table *table, const uint8_t *record)
{
	uint32_t *slot = slot_of(table, record);
	uint32_t number = table->n;

	assert(!record_table_is_full(table));
	memcpy(table->records + (size_t)number * table->shape.record_len, record,
	       table->shape.record_len);
	table->earlier[number] = *slot;
	*slot = ++table->n;
}

size_t record_table_find(const struct record_table *table, const uint8_t *key,
			 uint8_t *out, size_t max)
{
	size_t found = 0;

	for (uint32_t next = *slot_of(table, key); next != NONE && found < max;
	     next = table->earlier[next - 1]) {
		const uint8_t *record = record_table_at(table, next - 1);

		if (memcmp(record, key, table->shape.key_len) != 0)
			continue;
		memcpy(out + found * table->shape.record_len, record,
		       table->shape.record_len);
		found++;
	}
	return found;
}

void record_table_clear(struct record_table *table)
{
	memset(table->slots, 0, table->n_slots * sizeof(*table->slots));
	table->n = 0;
}

static int compare_numbers(const void *a, const void *b, void *arg)
{
	const struct record_table *table = arg;

	return memcmp(record_table_at(table, *(const uint32_t *)a),
		      record_table_at(table, *(const uint32_t *)b),
		      table->shape.record_len);
}

uint32_t *record_table_order(const struct record_table *table)
{
	uint32_t *order = mem_calloc(table->n, sizeof(*order));
	struct record_table view = *table; /* the sort's argument is not const */

	for (uint32_t i = 0; i < table->n; i++)
		order[i] = i;
	qsort_r(order, table->n, sizeof(*order), compare_numbers, &view);
	return order;
}
