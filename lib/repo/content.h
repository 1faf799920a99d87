/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The content of one file: up to CONTENT_INLINE_MAX chunks are listed by its entry, more go
 * into list nodes as they come, so memory does not grow with the file. Alongside, the ids
 * of all blobs are noted for the file cache, up to CONTENT_IDS_MAX of them.
 */
#ifndef REPO_CONTENT_H
#define REPO_CONTENT_H

#include "repo/sequence_writer.h"

enum {
	CONTENT_IDS_MAX = 65536
}; /* 2 MiB; a file of 80 GiB at the default chunk length */

struct content_writer;

/* The sink (borrowed) and the key (copied) are used only for long content. */
struct content_writer *content_writer_new(const uint8_t key[static SEQUENCE_KEY_LEN],
					  struct node_sink *sink);
void content_writer_free(struct content_writer *writer);
void content_writer_freep(struct content_writer **writer);

MUST_CHECK int content_writer_add(struct content_writer *writer,
				  const struct blob_ref *chunk, struct err *err);
MUST_CHECK int content_writer_finish(struct content_writer *writer,
				     struct content_ref *ret_content, struct err *err);

/* Of long content the ids of all chunks and list nodes (vec of struct blob_id); of short
 * content none, since its reference has them. NULL: there were too many. Belongs to the
 * writer. */
const struct vec *content_writer_ids(const struct content_writer *writer);

#endif
