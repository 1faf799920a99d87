/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any number of records in a fixed amount of memory, found by key: a log-structured merge.
 * New records are collected in memory; when that is full they become a sorted run on disk;
 * runs are merged as they grow, so that there are never many. One thread adds at a time;
 * any number of threads find meanwhile.
 */
#ifndef REPO_SORTED_TABLE_H
#define REPO_SORTED_TABLE_H

#include "repo/run_space.h"

enum { SORTED_RUNS_MAX = 48 };

struct sorted_table;

/* `space` is borrowed and may be shared by tables that one thread fills. */
struct sorted_table *sorted_table_new(struct run_space *space, struct run_shape shape,
				      size_t memory_bytes);
void sorted_table_free(struct sorted_table *table); /* keeps the files */

MUST_CHECK int sorted_table_add(struct sorted_table *table, const uint8_t *record,
				struct err *err);

/* Copies up to max records with this key to `out`: those of newer runs first, within a run
 * ascending, within memory newest first. */
MUST_CHECK int sorted_table_find(struct sorted_table *table, const uint8_t *key,
				 uint8_t *out, size_t max, size_t *ret_n,
				 struct err *err);
uint64_t sorted_table_count(struct sorted_table *table);

/* All records in ascending order. Another value than 0 from `each` ends it and is returned. */
typedef int sorted_each_fn(void *arg, const uint8_t *record, struct err *err);
MUST_CHECK int sorted_table_each(struct sorted_table *table, sorted_each_fn *each,
				 void *arg, struct err *err);

/* Everything is in runs afterwards. */
MUST_CHECK int sorted_table_spill(struct sorted_table *table, struct err *err);
/* Forgets all. */
void sorted_table_clear(struct sorted_table *table);

/* For what keeps a table between two processes: its runs, oldest first, after a spill. */
struct run_shape sorted_table_shape(const struct sorted_table *table);
size_t sorted_table_n_runs(const struct sorted_table *table);
struct index_run *sorted_table_run(const struct sorted_table *table, size_t i);
/* Puts an opened run behind those that are there; takes the reference over. */
void sorted_table_attach_take(struct sorted_table *table, struct index_run *run);

/* Bytes of memory that it holds now. */
size_t sorted_table_memory(struct sorted_table *table);

#endif
