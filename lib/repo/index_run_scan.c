/* SPDX-License-Identifier: Apache-2.0 */
/* Reads a run from its beginning, several pages with one call, past the page cache. */
#include <assert.h>

#include "base/mem.h"
#include "repo/index_run_internal.h"

enum { BATCH = 8 };

struct run_scan {
	struct index_run *run;
	uint64_t next_page; /* that is not in memory yet */
	size_t n_loaded;    /* pages in memory */
	size_t page;	    /* of these */
	size_t record;	    /* on it */
	uint8_t pages[BATCH * PAGE_LEN];
};

struct run_scan *run_scan_new(struct index_run *run)
{
	struct run_scan *scan = mem_alloc(sizeof(*scan));

	scan->run = index_run_ref(run);
	scan->next_page = 0;
	scan->n_loaded = scan->page = scan->record = 0;
	return scan;
}

void run_scan_free(struct run_scan *scan)
{
	if (scan == NULL)
		return;
	index_run_unref(scan->run);
	mem_free(scan);
}

static int load(struct run_scan *scan, struct err *err)
{
	uint64_t left = scan->run->n_pages - scan->next_page;
	size_t n = left < BATCH ? (size_t)left : BATCH;

	if (page_file_scan(scan->run->file, scan->next_page, n, scan->pages, err) < 0)
		return -1;
	scan->next_page += n;
	scan->n_loaded = n;
	scan->page = scan->record = 0;
	return 0;
}

int run_scan_next(struct run_scan *scan, const uint8_t **ret_record, struct err *err)
{
	struct index_run *run = scan->run;

	if (scan->page == scan->n_loaded) {
		if (scan->next_page == run->n_pages) {
			*ret_record = NULL;
			return 0;
		}
		if (load(scan, err) < 0)
			return -1;
	}
	uint64_t page = scan->next_page - scan->n_loaded + scan->page;
	*ret_record = scan->pages + scan->page * PAGE_LEN +
		      scan->record * run->shape.record_len;
	if (++scan->record == run_page_records(run, page)) {
		scan->page++;
		scan->record = 0;
	}
	return 0;
}
