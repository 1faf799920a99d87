/* SPDX-License-Identifier: Apache-2.0 */
/* Which packs a run of `check --read-data` reads: chosen by their names, so that the runs of one
 * round cover all, whatever is added or removed between them. */
#ifndef REPO_CHECK_SUBSET_H
#define REPO_CHECK_SUBSET_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

enum { CHECK_PARTS_MAX = 1000 };

/* Part `part` (from 1) of `of`; 1 of 1 is everything; all zero is nothing. */
struct check_subset {
	uint32_t part, of;
};

/*
 * "" or NULL: everything. "N/M": part N of M. "P%" (a number above 0, with at most one decimal): one
 * of the parts that cover everything; consecutive values of `run` go through all of them.
 * Else ERR_USAGE.
 */
MUST_CHECK int check_subset_parse(const char *text, uint64_t run,
				  struct check_subset *ret_subset, struct err *err);
bool check_subset_has(struct check_subset subset, const uint8_t name[static 32]);

/* How many runs went through, from a small file that counts them. 0 when it cannot be read. */
uint64_t check_runs_load(const char *path);
/* Makes the file, and its directory, when they are not there. */
MUST_CHECK int check_runs_store(const char *path, uint64_t runs, struct err *err);

#endif
