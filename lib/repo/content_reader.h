/* SPDX-License-Identifier: Apache-2.0 */
/* The content of one file as a stream of verified bytes, fetched ahead by the threads of a
 * pool. For one thread at a time; several may share the pool. */
#ifndef REPO_CONTENT_READER_H
#define REPO_CONTENT_READER_H

#include "base/pool.h"
#include "repo/blob_reader.h"

struct content_reader_options {
	struct blob_reader *blobs;
	struct pool *pool;
	const struct content_ref *content; /* copied */
	uint64_t content_len;		   /* what the entry says: entry_content_len() */
	uint64_t offset;		   /* of the first byte that is wanted */
	uint64_t memory_bytes; /* fetched and not yet read; one chunk may exceed it */
};

struct content_reader;
/* ERR_CORRUPT when the nodes on the way to the offset cannot be read. */
MUST_CHECK int content_reader_new(const struct content_reader_options *options,
				  struct content_reader **ret_reader, struct err *err);
/* Waits for what is being fetched. */
void content_reader_free(struct content_reader *reader);
void content_reader_freep(struct content_reader **reader);

/*
 * Up to `len` bytes; *ret_len = 0 at the end. ERR_CORRUPT when a chunk cannot be had, and when
 * there is more or less than the entry says: the bytes before are good, nothing is given after.
 */
MUST_CHECK int content_reader_read(struct content_reader *reader, uint8_t *to, size_t len,
				   size_t *ret_len, struct err *err);

#endif
