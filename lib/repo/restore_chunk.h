/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a restore notes of each piece of content, as a record for record_sorter.h: sorted, the
 * records follow the order of the packs. And how neighbours become one request.
 */
#ifndef REPO_RESTORE_CHUNK_H
#define REPO_RESTORE_CHUNK_H

#include "repo/index.h"

/* Bytes of one blob that go to one place of one file. A chunk of a sparse file may lie across
 * several runs of data: then there is a piece for each. */
struct restore_chunk {
	struct blob_id id;
	struct blob_place place;
	uint32_t file;
	uint64_t file_offset;
	uint32_t skip, len; /* the part of the blob */
	bool is_only;	    /* piece of its file: nothing else needs to be counted */
};

enum { RESTORE_CHUNK_LEN = 6 * 4 + 1 + BLOB_ID_LEN + 8 + 2 * 4 };

void restore_chunk_encode(const struct restore_chunk *chunk,
			  uint8_t record[static RESTORE_CHUNK_LEN]);
void restore_chunk_decode(const uint8_t record[static RESTORE_CHUNK_LEN],
			  struct restore_chunk *ret_chunk);

enum {
	SPAN_GAP_MAX = 64 * 1024, /* bytes that are read for nothing to save a request */
	SPAN_LEN_MAX = 8 * 1024 * 1024, /* a longer blob is a span of its own */
	SPAN_CHUNKS_MAX = 8192,
};

/* One request: a range of a pack and the pieces that are in it, in the order of offsets. */
struct span {
	uint64_t len_max; /* SPAN_LEN_MAX or less */
	uint32_t pack;
	uint64_t offset, len;
	uint32_t raw_max;  /* the longest blob in it */
	struct vec chunks; /* of struct restore_chunk */
};

void span_init(struct span *span, uint64_t len_max);
void span_release(struct span *span);
void span_clear(struct span *span);

/* Adds a piece; pieces come in order. False when it belongs to a later span. An empty span
 * takes any. */
bool span_take(struct span *span, const struct restore_chunk *chunk);

#endif
