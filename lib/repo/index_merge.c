/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A heap of scans, the least record on top. A scan moves on when the caller comes back, so
 * that the record it was given stays where it is until then.
 */
#include "repo/index_merge.h"

#include "base/mem.h"

struct source {
	struct run_scan *scan;
	const uint8_t *record; /* NULL: at its end */
};

struct index_merge {
	size_t record_len;
	size_t n_runs;
	struct source *all;
	size_t n_left; /* in the heap */
	struct source **heap;
	bool started;
};

struct index_merge *index_merge_new(struct index_run *const *runs, size_t n,
				    struct run_shape shape)
{
	struct index_merge *merge = mem_zalloc(sizeof(*merge));

	merge->record_len = shape.record_len;
	merge->n_runs = n;
	merge->all = mem_calloc(n, sizeof(*merge->all));
	merge->heap = mem_calloc(n, sizeof(*merge->heap));
	for (size_t i = 0; i < n; i++)
		merge->all[i].scan = run_scan_new(runs[i]);
	return merge;
}

void index_merge_free(struct index_merge *merge)
{
	if (merge == NULL)
		return;
	for (size_t i = 0; i < merge->n_runs; i++)
		run_scan_free(merge->all[i].scan);
	mem_free(merge->all);
	mem_free(merge->heap);
	mem_free(merge);
}

void index_merge_freep(struct index_merge **merge)
{
	index_merge_free(*merge);
}

static bool is_less(const struct index_merge *merge, size_t a, size_t b)
{
	return memcmp(merge->heap[a]->record, merge->heap[b]->record, merge->record_len) <
	       0;
}

static void sift_down(struct index_merge *merge, size_t at)
{
	for (;;) {
		size_t child = 2 * at + 1;
		struct source *moved = merge->heap[at];

		if (child >= merge->n_left)
			return;
		if (child + 1 < merge->n_left && is_less(merge, child + 1, child))
			child++;
		if (!is_less(merge, child, at))
			return;
		merge->heap[at] = merge->heap[child];
		merge->heap[child] = moved;
		at = child;
	}
}

static int start(struct index_merge *merge, struct err *err)
{
	for (size_t i = 0; i < merge->n_runs; i++) {
		struct source *source = &merge->all[i];

		if (run_scan_next(source->scan, &source->record, err) < 0)
			return -1;
		if (source->record != NULL)
			merge->heap[merge->n_left++] = source;
	}
	for (size_t i = merge->n_left / 2; i > 0; i--)
		sift_down(merge, i - 1);
	merge->started = true;
	return 0;
}

/* Moves the scan on whose record was given out last. */
static int advance(struct index_merge *merge, struct err *err)
{
	struct source *top = merge->heap[0];

	if (run_scan_next(top->scan, &top->record, err) < 0)
		return -1;
	if (top->record == NULL)
		merge->heap[0] = merge->heap[--merge->n_left];
	if (merge->n_left > 0)
		sift_down(merge, 0);
	return 0;
}

int index_merge_next(struct index_merge *merge, const uint8_t **ret_record,
		     struct err *err)
{
	if (!merge->started) {
		if (start(merge, err) < 0)
			return -1;
	} else if (merge->n_left > 0 && advance(merge, err) < 0) {
		return -1;
	}
	*ret_record = merge->n_left == 0 ? NULL : merge->heap[0]->record;
	return 0;
}
