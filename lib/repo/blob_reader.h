/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Verified bytes out: a blob is returned only if the pack header's hash stands in the
 * snapshot's signed pack list (or its page is lost: then with a warning), the key commitment
 * and the tag fit, and HMAC(plaintext) is the id. Of several places of an id the next is
 * tried when one fails.
 */
#ifndef REPO_BLOB_READER_H
#define REPO_BLOB_READER_H

#include "base/cancel.h"
#include "flow/progress.h"
#include "repo/index.h"
#include "repo/snapshots.h"

struct blob_reader_options {
	const struct repo *repo;
	const struct reader_key *key;
	struct index *index; /* of the snapshot's domain; borrowed */
	const struct snapshot_header
		*header;       /* whose pack list, epochs and wraps count */
	unsigned n_threads;    /* 0 = number of processors */
	uint64_t memory_bytes; /* 0 = 64 MiB in all */
	const struct log *log;
	const struct cancel *cancel;
};

struct blob_reader;
MUST_CHECK int blob_reader_new(const struct blob_reader_options *options,
			       struct blob_reader **ret_reader, struct err *err);
void blob_reader_free(struct blob_reader *reader);
void blob_reader_freep(struct blob_reader **reader);

/* One blob, now. The content of *ret_bytes is replaced. ERR_CORRUPT names pack and id. Safe
 * from several threads. Tree and list nodes are kept in a small cache. */
MUST_CHECK int blob_reader_get(struct blob_reader *reader, enum blob_type type,
			       const struct blob_ref *ref, struct buf *ret_bytes,
			       struct err *err);

/* A batch in pack order: see restore_plan.h, which reads many blobs with few requests. */

/* Lost pack-list pages so far: the caller ends with exit code 13 when it is not 0. */
uint64_t blob_reader_lost_pages(const struct blob_reader *reader);

#endif
