/* SPDX-License-Identifier: Apache-2.0 */
/* The records of several runs of one shape in one ascending order. Equal records stay. */
#ifndef REPO_INDEX_MERGE_H
#define REPO_INDEX_MERGE_H

#include "repo/index_run.h"

struct index_merge;
/* Holds references to the runs; for one thread. */
struct index_merge *index_merge_new(struct index_run *const *runs, size_t n,
				    struct run_shape shape);
void index_merge_free(struct index_merge *merge);
void index_merge_freep(struct index_merge **merge);
/* *ret_record is valid until the next call; NULL after the last. */
MUST_CHECK int index_merge_next(struct index_merge *merge, const uint8_t **ret_record,
				struct err *err);

#endif
