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
#include "repo/blob_places.h"
#include "repo/epoch_keys.h"
#include "repo/sequence_reader.h"

struct blob_reader_options {
	const struct repo *repo;
	const struct reader_key *key;
	struct index *index; /* of the snapshot's domain, up to date; borrowed */
	const struct snapshot_header
		*header;    /* whose pack list, epochs and wraps count */
	unsigned n_threads; /* of who reads ahead or in bulk; 0 = number of processors */
	uint64_t memory_bytes; /* 0 = 64 MiB in all, with what restores use */
	const struct log *log;
	const struct cancel *cancel;
};

struct blob_reader;
/* All of the options are borrowed. Reads the pack list. */
MUST_CHECK int blob_reader_new(const struct blob_reader_options *options,
			       struct blob_reader **ret_reader, struct err *err);
void blob_reader_free(struct blob_reader *reader);

/* With n_threads and memory_bytes filled in. */
const struct blob_reader_options *blob_reader_options(const struct blob_reader *reader);

/* One blob, now. The content of *ret_bytes is replaced. ERR_CORRUPT names pack and id. Safe
 * from several threads. Tree and list nodes are kept in a small cache. */
MUST_CHECK int blob_reader_get(struct blob_reader *reader, enum blob_type type,
			       const struct blob_ref *ref, struct buf *ret_bytes,
			       struct err *err);

/* The same as a source of nodes; it is the reader's. */
struct node_source *blob_reader_nodes(struct blob_reader *reader);

/* In two steps, for who reads many blobs with one request: where it is (the best place), */
MUST_CHECK int blob_reader_place(struct blob_reader *reader, enum blob_type type,
				 const struct blob_ref *ref, struct blob_place *ret_place,
				 struct err *err);
/* some bytes of a pack, */
MUST_CHECK int blob_reader_fetch(struct blob_reader *reader, uint32_t pack,
				 uint64_t offset, size_t len, uint8_t *to,
				 struct err *err);
/* and out of them a blob. The content of *ret_bytes is replaced. */
MUST_CHECK int blob_reader_open(struct blob_reader *reader, const struct blob_id *id,
				const struct blob_place *place, struct slice sealed,
				struct buf *ret_bytes, struct err *err);

/* True when the bytes are what the id says. Safe from several threads. */
bool blob_reader_verify(struct blob_reader *reader, enum blob_type type,
			const struct blob_id *id, struct slice bytes);

/* Lost pack-list pages so far: the caller ends with exit code 13 when it is not 0. */
uint64_t blob_reader_lost_pages(const struct blob_reader *reader);
/* Places that failed while another one had the blob. */
uint64_t blob_reader_failed_places(const struct blob_reader *reader);

#endif
