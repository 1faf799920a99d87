/* SPDX-License-Identifier: Apache-2.0 */
/* What the walking and the fetching half of a restore share. */
#ifndef REPO_RESTORE_INTERNAL_H
#define REPO_RESTORE_INTERNAL_H

#include "base/pool.h"
#include "repo/record_sorter.h"
#include "repo/restore_chunk.h"
#include "repo/restore_plan.h"
#include "repo/scratch_file.h"

struct restore_plan {
	struct restore_options options;
	struct record_sorter *chunks;
	struct scratch_counters *left; /* pieces that a file of several still needs */
	struct restore_estimate counts;
	uint64_t span_len_max;
	uint32_t n_open;		 /* files of this batch */
	uint64_t files_told, bytes_told; /* to the progress */
	struct mutex *mutex;		 /* of what follows */
	struct vec lost;		 /* of uint32_t: files of this batch */
	size_t lost_limit;		 /* then doubles are taken out */
};

/* The content of a file cannot be had because of *why. 0 when the restore goes on. */
MUST_CHECK int restore_lost(struct restore_plan *plan, struct restore_target *target,
			    uint32_t file, const struct err *why, struct err *err);
/* Nothing of this batch is left to be fetched: gives files up that lost content. */
MUST_CHECK int restore_end_batch(struct restore_plan *plan, struct restore_target *target,
				 struct err *err);

/* Reads the pieces in order and joins them; *span is empty after the last. `ahead` is the piece
 * that did not fit the span before; both are the caller's between calls. */
struct span_reader {
	struct record_sorter *chunks;
	struct restore_chunk ahead;
	bool has_ahead;
};
MUST_CHECK int span_reader_start(struct span_reader *reader, struct record_sorter *chunks,
				 struct err *err);
MUST_CHECK int span_reader_next(struct span_reader *reader, struct span *span,
				struct err *err);

#endif
