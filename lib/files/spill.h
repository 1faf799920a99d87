/* SPDX-License-Identifier: Apache-2.0 */
/* Records that need not stay in memory: appended to a nameless file, read back by position or
 * backwards from the last. Up to SPILL_BUFFER bytes no file is made. For one thread. */
#ifndef FILES_SPILL_H
#define FILES_SPILL_H

#include "base/buf.h"

enum { SPILL_BUFFER = 64 * 1024, SPILL_RECORD_MAX = 128 * 1024 * 1024 };

struct spill;

/* The file is made in directory `dir_fd` (borrowed), where the space is that a restore needs
 * anyway, and has no name after that. */
struct spill *spill_new(int dir_fd);
void spill_free(struct spill *spill);

MUST_CHECK int spill_append(struct spill *spill, struct slice record, uint64_t *ret_at,
			    struct err *err);

/* The record at a position that spill_append() gave; the content of *ret_record is replaced. */
MUST_CHECK int spill_read(struct spill *spill, uint64_t at, struct buf *ret_record,
			  struct err *err);

/* Walks forwards: *position starts at 0. Past the last record *ret_end is true. */
MUST_CHECK int spill_next(struct spill *spill, uint64_t *position, struct buf *ret_record,
			  bool *ret_end, struct err *err);

/* Walks backwards: *position starts at spill_end(). */
MUST_CHECK int spill_previous(struct spill *spill, uint64_t *position,
			      struct buf *ret_record, bool *ret_end, struct err *err);
uint64_t spill_end(const struct spill *spill);

/* Forgets all records and gives their space back. */
MUST_CHECK int spill_clear(struct spill *spill, struct err *err);

#endif
