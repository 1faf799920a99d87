/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Records of one length in memory, found by their first key_len bytes: what a sorted table
 * collects before it becomes a run. A fixed amount of memory, taken once. Not thread-safe.
 */
#ifndef REPO_RECORD_TABLE_H
#define REPO_RECORD_TABLE_H

#include "repo/index_run.h"

struct record_table;

/* As many records as fit `memory_bytes`, at least 16. */
struct record_table *record_table_new(struct run_shape shape, size_t memory_bytes,
				      struct rng *rng);
void record_table_free(struct record_table *table);

size_t record_table_count(const struct record_table *table);
bool record_table_is_full(const struct record_table *table);
/* Not when it is full, asserted. */
void record_table_add(struct record_table *table, const uint8_t *record);
/* Copies up to max records with this key to `out`, those added last first. */
size_t record_table_find(const struct record_table *table, const uint8_t *key,
			 uint8_t *out, size_t max);
void record_table_clear(struct record_table *table);

/* Numbers of all records in ascending bytewise order; the caller frees. */
uint32_t *record_table_order(const struct record_table *table);
const uint8_t *record_table_at(const struct record_table *table, uint32_t number);

#endif
