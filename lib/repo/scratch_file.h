/* SPDX-License-Identifier: Apache-2.0 */
/* Files without names, for what does not fit into memory; and counters in such a file. */
#ifndef REPO_SCRATCH_FILE_H
#define REPO_SCRATCH_FILE_H

#include <stdint.h>

#include "base/err.h"

/* An empty file in `directory`, open for reading and writing; its space is free again when it
 * is closed. Errors name the directory. */
MUST_CHECK int scratch_file_open(const char *directory, int *ret_fd, struct err *err);

/* Numbers by number, 0 where nothing was set. Thread-safe. */
struct scratch_counters;
struct scratch_counters *scratch_counters_new(const char *directory); /* copied */
void scratch_counters_free(struct scratch_counters *counters);
void scratch_counters_freep(struct scratch_counters **counters);
MUST_CHECK int scratch_counters_set(struct scratch_counters *counters, uint32_t i,
				    uint32_t value, struct err *err);
/* Counts down by one; ERR_BUG at 0. */
MUST_CHECK int scratch_counters_down(struct scratch_counters *counters, uint32_t i,
				     uint32_t *ret_left, struct err *err);

#endif
