/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which runs are merged: a new run takes with it every older one that is less than twice as
 * long as what is taken already. So each run is at least twice as long as all newer ones
 * together, lengths grow by three from run to run, and ten million records in pieces of
 * fifty thousand are at most six runs: six pages for an id that is not there. A record is
 * written about twice per level of that, all in long sequential writes.
 *
 * The mutex guards memory and the list of runs. A look-up searches memory and takes
 * references to the runs under it, and then reads without it: a merge replaces runs in the
 * list while look-ups go on in the old ones. Writing a full table as a run happens under the
 * mutex (some ten milliseconds), since records must be in one of the two places; merging
 * does not.
 */
#include "repo/sorted_table.h"

#include <assert.h>

#include "base/mem.h"
#include "base/pool.h"
#include "repo/index_merge.h"
#include "repo/record_table.h"

enum { GROWTH = 2 };

struct sorted_table {
	struct run_space *space;
	struct run_shape shape;
	struct mutex *mutex;
	struct record_table *memory;
	size_t memory_bytes;
	size_t n_runs; /* oldest first */
	struct index_run *runs[SORTED_RUNS_MAX];
};

struct sorted_table *sorted_table_new(struct run_space *space, struct run_shape shape,
				      size_t memory_bytes)
{
	struct sorted_table *table = mem_zalloc(sizeof(*table));

	table->space = space;
	table->shape = shape;
	table->mutex = mutex_new();
	table->memory_bytes = memory_bytes;
	table->memory = record_table_new(shape, memory_bytes, space->cipher.rng);
	return table;
}

void sorted_table_free(struct sorted_table *table)
{
	if (table == NULL)
		return;
	for (size_t i = 0; i < table->n_runs; i++)
		index_run_unref(table->runs[i]);
	record_table_free(table->memory);
	mutex_free(table->mutex);
	mem_free(table);
}

static int write_memory(struct sorted_table *table, struct run_writer *writer,
			struct index_run **ret_run, struct err *err)
{
	CLEANUP(mem_freep) uint32_t *order = record_table_order(table->memory);
	size_t n = record_table_count(table->memory);

	for (size_t i = 0; i < n; i++) {
		if (run_writer_add(writer, record_table_at(table->memory, order[i]),
				   err) < 0)
			return -1;
	}
	return run_writer_finish(writer, ret_run, err);
}

static int write_merged(struct sorted_table *table, size_t first,
			struct run_writer *writer, struct index_run **ret_run,
			struct err *err)
{
	CLEANUP(index_merge_freep)
	struct index_merge *merge =
		index_merge_new(table->runs + first, table->n_runs - first, table->shape);
	const uint8_t *record;

	for (;;) {
		if (index_merge_next(merge, &record, err) < 0)
			return -1;
		if (record == NULL)
			return run_writer_finish(writer, ret_run, err);
		if (run_writer_add(writer, record, err) < 0)
			return -1;
	}
}

static int try_run(struct sorted_table *table, size_t first, struct index_run **ret_run,
		   struct err *err)
{
	CLEANUP(run_writer_freep) struct run_writer *writer = NULL;
	uint64_t id;
	int result;

	if (run_space_create(table->space, table->shape, &writer, &id, err) < 0)
		return -1;
	if (first == table->n_runs)
		result = write_memory(table, writer, ret_run, err);
	else
		result = write_merged(table, first, writer, ret_run, err);
	if (result < 0)
		run_space_discard(table->space, id);
	return result;
}

/* A run of the runs from `first` on, or of memory when that is all of them. A full disk is no
 * reason to give up, as long as there is another one; a damaged run is. */
static int make_run(struct sorted_table *table, size_t first, struct index_run **ret_run,
		    struct err *err)
{
	struct err why = {0};

	while (try_run(table, first, ret_run, &why) < 0) {
		if (why.code == ERR_CORRUPT || !run_space_move(table->space, &why)) {
			*err = why;
			return -1;
		}
		err_clear(&why);
	}
	return 0;
}

static int spill_memory(struct sorted_table *table, struct err *err)
{
	LOCKED(table->mutex);
	struct index_run *run = NULL;

	assert(table->n_runs < SORTED_RUNS_MAX);
	if (make_run(table, table->n_runs, &run, err) < 0)
		return -1;
	table->runs[table->n_runs++] = run;
	record_table_clear(table->memory);
	return 0;
}

/* The oldest run that is merged with the newest one. */
static size_t merge_from(const struct sorted_table *table)
{
	size_t first = table->n_runs - 1;
	uint64_t taken = index_run_n_records(table->runs[first]);

	while (first > 0) {
		uint64_t n = index_run_n_records(table->runs[first - 1]);

		if (n >= GROWTH * taken)
			break;
		taken += n;
		first--;
	}
	return first;
}

static void replace_runs(struct sorted_table *table, size_t first, struct index_run *run)
{
	LOCKED(table->mutex);

	for (size_t i = first; i < table->n_runs; i++) {
		run_space_discard(table->space, index_run_identity(table->runs[i]).id);
		index_run_unref(table->runs[i]);
	}
	table->runs[first] = run;
	table->n_runs = first + 1;
}

int sorted_table_spill(struct sorted_table *table, struct err *err)
{
	struct index_run *run = NULL;

	if (record_table_count(table->memory) == 0)
		return 0;
	if (spill_memory(table, err) < 0)
		return -1;
	size_t first = merge_from(table);
	if (first == table->n_runs - 1)
		return 0;
	if (make_run(table, first, &run, err) < 0)
		return -1;
	replace_runs(table, first, run);
	return 0;
}

static void add_record(struct sorted_table *table, const uint8_t *record)
{
	LOCKED(table->mutex);
	record_table_add(table->memory, record);
}

int sorted_table_add(struct sorted_table *table, const uint8_t *record, struct err *err)
{
	if (record_table_is_full(table->memory) && sorted_table_spill(table, err) < 0)
		return -1;
	add_record(table, record);
	return 0;
}

/* What a look-up reads after it let the mutex go: newest first. */
struct snapshot {
	size_t n;
	struct index_run *runs[SORTED_RUNS_MAX];
};

static void snapshot_release(struct snapshot *snapshot)
{
	for (size_t i = 0; i < snapshot->n; i++)
		index_run_unref(snapshot->runs[i]);
}

static size_t find_in_memory(struct sorted_table *table, const uint8_t *key, uint8_t *out,
			     size_t max, struct snapshot *ret_snapshot)
{
	LOCKED(table->mutex);
	size_t found = record_table_find(table->memory, key, out, max);

	for (size_t i = table->n_runs; i > 0 && found < max; i--)
		ret_snapshot->runs[ret_snapshot->n++] = index_run_ref(table->runs[i - 1]);
	return found;
}

int sorted_table_find(struct sorted_table *table, const uint8_t *key, uint8_t *out,
		      size_t max, size_t *ret_n, struct err *err)
{
	CLEANUP(snapshot_release) struct snapshot snapshot = {0};
	size_t found = find_in_memory(table, key, out, max, &snapshot);

	for (size_t i = 0; i < snapshot.n && found < max; i++) {
		size_t n = 0;

		if (index_run_find(snapshot.runs[i], key,
				   out + found * table->shape.record_len, max - found, &n,
				   err) < 0)
			return -1;
		found += n;
	}
	*ret_n = found;
	return 0;
}

uint64_t sorted_table_count(struct sorted_table *table)
{
	LOCKED(table->mutex);
	uint64_t n = record_table_count(table->memory);

	for (size_t i = 0; i < table->n_runs; i++)
		n += index_run_n_records(table->runs[i]);
	return n;
}

int sorted_table_each(struct sorted_table *table, sorted_each_fn *each, void *arg,
		      struct err *err)
{
	CLEANUP(index_merge_freep) struct index_merge *merge = NULL;
	const uint8_t *record;

	if (sorted_table_spill(table, err) < 0)
		return -1;
	merge = index_merge_new(table->runs, table->n_runs, table->shape);
	for (;;) {
		if (index_merge_next(merge, &record, err) < 0)
			return -1;
		if (record == NULL)
			return 0;

		int result = each(arg, record, err);
		if (result != 0)
			return result;
	}
}

void sorted_table_clear(struct sorted_table *table)
{
	LOCKED(table->mutex);

	for (size_t i = 0; i < table->n_runs; i++) {
		run_space_discard(table->space, index_run_identity(table->runs[i]).id);
		index_run_unref(table->runs[i]);
	}
	table->n_runs = 0;
	record_table_clear(table->memory);
}

struct run_shape sorted_table_shape(const struct sorted_table *table)
{
	return table->shape;
}

size_t sorted_table_n_runs(const struct sorted_table *table)
{
	return table->n_runs;
}

struct index_run *sorted_table_run(const struct sorted_table *table, size_t i)
{
	assert(i < table->n_runs);
	return table->runs[i];
}

void sorted_table_attach_take(struct sorted_table *table, struct index_run *run)
{
	assert(table->n_runs < SORTED_RUNS_MAX);
	table->runs[table->n_runs++] = run;
}

size_t sorted_table_memory(struct sorted_table *table)
{
	LOCKED(table->mutex);
	size_t bytes = sizeof(*table) + table->memory_bytes;

	for (size_t i = 0; i < table->n_runs; i++)
		bytes += index_run_memory(table->runs[i]);
	return bytes;
}
