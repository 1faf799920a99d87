/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory is one array. While records come it is filled, sorted and written as a run; while they
 * are read it is divided among the runs, whose next records stand in it, and a heap of runs
 * tells the smallest. When RUNS_MAX runs exist, they are merged into one in a second file, so
 * that each run's share of the memory stays large enough for long reads.
 *
 * What never filled the array is sorted in place and read from there.
 */
#include "repo/record_sorter.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mem.h"
#include "repo/scratch_file.h"

enum { RUNS_MAX = 128 };

/* A sorted run in the file. */
struct run {
	uint64_t offset, n; /* bytes, records */
	/* while it is read: */
	uint64_t n_read; /* records taken from the file */
	uint8_t *buffer; /* its share of the memory */
	size_t n_buffered, at;
};

struct record_sorter {
	char *directory;
	size_t record_len;
	uint8_t *records; /* the memory */
	size_t capacity;  /* records that fit */
	size_t n_records; /* in memory */
	uint64_t n_total;
	int fd;		  /* -1: no run was written */
	uint64_t written; /* bytes */
	struct run runs[RUNS_MAX];
	size_t n_runs;
	/* reading */
	bool is_merging;
	size_t position; /* without runs: in memory */
	size_t heap
		[RUNS_MAX]; /* numbers of runs, the one with the smallest record first */
	size_t n_heap;
	uint8_t current[RECORD_LEN_MAX];
};

struct record_sorter *record_sorter_new(const char *directory, size_t record_len,
					size_t memory_bytes)
{
	struct record_sorter *sorter = mem_zalloc(sizeof(*sorter));

	assert(record_len > 0 && record_len <= RECORD_LEN_MAX);
	if (memory_bytes < RECORD_SORTER_MEMORY_MIN)
		memory_bytes = RECORD_SORTER_MEMORY_MIN;
	sorter->directory = mem_strdup(directory);
	sorter->record_len = record_len;
	sorter->capacity = memory_bytes / record_len;
	sorter->fd = -1;
	return sorter;
}

void record_sorter_free(struct record_sorter *sorter)
{
	if (sorter == NULL)
		return;
	fd_closep(&sorter->fd);
	mem_free(sorter->directory);
	mem_free(sorter->records);
	mem_free(sorter);
}

void record_sorter_freep(struct record_sorter **sorter)
{
	record_sorter_free(*sorter);
}

uint64_t record_sorter_count(const struct record_sorter *sorter)
{
	return sorter->n_total;
}

int record_sorter_clear(struct record_sorter *sorter, struct err *err)
{
	sorter->n_records = 0;
	sorter->n_total = 0;
	sorter->n_runs = 0;
	sorter->written = 0;
	sorter->is_merging = false;
	if (sorter->fd >= 0 && ftruncate(sorter->fd, 0) < 0)
		return err_set_errno(err, errno, "scratch file");
	return 0;
}

static int compare_records(const void *a, const void *b, void *len)
{
	return memcmp(a, b, *(const size_t *)len);
}

static void sort_memory(struct record_sorter *sorter)
{
	if (sorter->n_records > 1)
		qsort_r(sorter->records, sorter->n_records, sorter->record_len,
			compare_records, &sorter->record_len);
}

static int append(int fd, uint64_t *written, const uint8_t *data, size_t len,
		  struct err *err)
{
	if (fd_pwrite_all(fd, *written, data, len, err) < 0)
		return err_wrap(err, "scratch file");
	*written += len;
	return 0;
}

/* --- reading runs --- */

static const uint8_t *run_record(const struct record_sorter *sorter, size_t run)
{
	const struct run *r = &sorter->runs[run];

	return r->buffer + r->at * sorter->record_len;
}

static bool heap_less(const struct record_sorter *sorter, size_t a, size_t b)
{
	return memcmp(run_record(sorter, sorter->heap[a]),
		      run_record(sorter, sorter->heap[b]), sorter->record_len) < 0;
}

static void heap_swap(struct record_sorter *sorter, size_t a, size_t b)
{
	size_t run = sorter->heap[a];

	sorter->heap[a] = sorter->heap[b];
	sorter->heap[b] = run;
}

static void heap_down(struct record_sorter *sorter, size_t at)
{
	for (;;) {
		size_t least = at;

		for (size_t child = 2 * at + 1;
		     child <= 2 * at + 2 && child < sorter->n_heap; child++)
			least = heap_less(sorter, child, least) ? child : least;
		if (least == at)
			return;
		heap_swap(sorter, at, least);
		at = least;
	}
}

/* The next records of a run into its share; n_buffered = 0 after the last. */
static int fill(struct record_sorter *sorter, struct run *run, struct err *err)
{
	uint64_t left = run->n - run->n_read;
	size_t share = sorter->capacity / sorter->n_runs;
	size_t n = left < share ? (size_t)left : share;

	if (n > 0 &&
	    fd_pread_exact(sorter->fd, run->offset + run->n_read * sorter->record_len,
			   run->buffer, n * sorter->record_len, err) < 0)
		return err_wrap(err, "scratch file");
	run->n_read += n;
	run->n_buffered = n;
	run->at = 0;
	return 0;
}

static int start_merge(struct record_sorter *sorter, struct err *err)
{
	size_t share = sorter->capacity / sorter->n_runs;

	sorter->n_heap = 0;
	for (size_t i = 0; i < sorter->n_runs; i++) {
		struct run *run = &sorter->runs[i];

		run->n_read = 0;
		run->buffer = sorter->records + i * share * sorter->record_len;
		if (fill(sorter, run, err) < 0)
			return -1;
		sorter->heap[sorter->n_heap++] = i;
	}
	for (size_t i = sorter->n_heap; i-- > 0;)
		heap_down(sorter, i);
	return 0;
}

/* Copies the smallest to `current`. */
static int merge_next(struct record_sorter *sorter, bool *ret_end, struct err *err)
{
	struct run *run;

	*ret_end = sorter->n_heap == 0;
	if (*ret_end)
		return 0;
	run = &sorter->runs[sorter->heap[0]];
	memcpy(sorter->current, run_record(sorter, sorter->heap[0]), sorter->record_len);
	run->at++;
	if (run->at == run->n_buffered && fill(sorter, run, err) < 0)
		return -1;
	if (run->n_buffered == 0)
		sorter->heap[0] = sorter->heap[--sorter->n_heap];
	heap_down(sorter, 0);
	return 0;
}

/* --- writing runs --- */

enum { OUT_LEN = 64 * 1024 };

/* All runs become one, in a file of its own. */
static int compact(struct record_sorter *sorter, struct err *err)
{
	CLEANUP(fd_closep) int fd = -1;
	CLEANUP(mem_freep) uint8_t *out = mem_alloc(OUT_LEN);
	uint64_t written = 0, n = 0;
	size_t len = 0;
	bool end = false;

	if (scratch_file_open(sorter->directory, &fd, err) < 0 ||
	    start_merge(sorter, err) < 0)
		return -1;
	while (!end) {
		if (merge_next(sorter, &end, err) < 0)
			return -1;
		if (!end) {
			memcpy(out + len, sorter->current, sorter->record_len);
			len += sorter->record_len;
			n++;
		}
		if ((end || len + sorter->record_len > OUT_LEN) &&
		    append(fd, &written, out, len, err) < 0)
			return -1;
		if (end || len + sorter->record_len > OUT_LEN)
			len = 0;
	}
	fd_closep(&sorter->fd);
	sorter->fd = fd;
	fd = -1;
	sorter->written = written;
	sorter->runs[0] = (struct run){.n = n};
	sorter->n_runs = 1;
	return 0;
}

/* What is in memory becomes a run. */
static int write_run(struct record_sorter *sorter, struct err *err)
{
	uint64_t offset = sorter->written;

	if (sorter->fd < 0 && scratch_file_open(sorter->directory, &sorter->fd, err) < 0)
		return -1;
	sort_memory(sorter);
	if (append(sorter->fd, &sorter->written, sorter->records,
		   sorter->n_records * sorter->record_len, err) < 0)
		return -1;
	sorter->runs[sorter->n_runs++] =
		(struct run){.offset = offset, .n = sorter->n_records};
	sorter->n_records = 0;
	if (sorter->n_runs == RUNS_MAX)
		return compact(sorter, err);
	return 0;
}

int record_sorter_add(struct record_sorter *sorter, const uint8_t *record,
		      struct err *err)
{
	assert(!sorter->is_merging);
	if (sorter->records == NULL)
		sorter->records = mem_alloc(sorter->capacity * sorter->record_len);
	if (sorter->n_records == sorter->capacity && write_run(sorter, err) < 0)
		return -1;
	memcpy(sorter->records + sorter->n_records * sorter->record_len, record,
	       sorter->record_len);
	sorter->n_records++;
	sorter->n_total++;
	return 0;
}

/* --- the sorted sequence --- */

int record_sorter_rewind(struct record_sorter *sorter, struct err *err)
{
	sorter->position = 0;
	if (sorter->n_runs == 0) {
		if (!sorter->is_merging)
			sort_memory(sorter);
		sorter->is_merging = true;
		return 0;
	}
	if (sorter->n_records > 0 && write_run(sorter, err) < 0)
		return -1;
	sorter->is_merging = true;
	return start_merge(sorter, err);
}

int record_sorter_next(struct record_sorter *sorter, const uint8_t **ret_record,
		       struct err *err)
{
	bool end;

	assert(sorter->is_merging);
	if (sorter->n_runs == 0) {
		size_t at = sorter->position;

		*ret_record = at < sorter->n_records
				      ? sorter->records + at * sorter->record_len
				      : NULL;
		sorter->position += *ret_record != NULL;
		return 0;
	}
	if (merge_next(sorter, &end, err) < 0)
		return -1;
	*ret_record = end ? NULL : sorter->current;
	return 0;
}
