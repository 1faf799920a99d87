/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sorts any number of records of equal length in bounded memory: sorted runs go to a nameless
 * scratch file and are merged when they are read. Records compare bytewise (memcmp), so a
 * record begins with its sort key, numbers big-endian. Few records never touch the disk. For
 * one thread at a time.
 */
#ifndef REPO_RECORD_SORTER_H
#define REPO_RECORD_SORTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

enum { RECORD_LEN_MAX = 256, RECORD_SORTER_MEMORY_MIN = 64 * 1024 };

struct record_sorter;

/* The scratch file is made in `directory` (copied) when it is needed. 1 <= record_len <=
 * RECORD_LEN_MAX (asserted); at most memory_bytes (at least RECORD_SORTER_MEMORY_MIN) are used. */
struct record_sorter *record_sorter_new(const char *directory, size_t record_len,
					size_t memory_bytes);
void record_sorter_free(struct record_sorter *sorter);
void record_sorter_freep(struct record_sorter **sorter);

MUST_CHECK int record_sorter_add(struct record_sorter *sorter, const uint8_t *record,
				 struct err *err);
uint64_t record_sorter_count(const struct record_sorter *sorter);

/* Forgets all records and gives their space on disk back. */
MUST_CHECK int record_sorter_clear(struct record_sorter *sorter, struct err *err);

/* No more records; reading starts at the smallest. May be called again, to start anew. */
MUST_CHECK int record_sorter_rewind(struct record_sorter *sorter, struct err *err);

/* The next one in order; *ret_record is valid until the next call; NULL after the last. */
MUST_CHECK int record_sorter_next(struct record_sorter *sorter,
				  const uint8_t **ret_record, struct err *err);

#endif
