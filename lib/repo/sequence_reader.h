/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads a directory or a content list of any length, item by item (docs/format/tree.md): the
 * other half of sequence_writer.h. Memory is one node per level, which a caller that goes
 * deeper elsewhere can give back for a while. For one thread at a time.
 */
#ifndef REPO_SEQUENCE_READER_H
#define REPO_SEQUENCE_READER_H

#include "repo/tree_format.h"

/* Where nodes come from, verified. */
struct node_source {
	/* Replaces the content of *ret_node. */
	int (*get)(struct node_source *source, enum blob_type type,
		   const struct blob_ref *ref, struct buf *ret_node, struct err *err);
};

struct sequence_reader;

/* `type` is BLOB_TREE or BLOB_LIST; `content` is copied. Of CONTENT_CHUNKS the chunks are the
 * sequence, and CONTENT_NONE is an empty one. Nothing is fetched yet. */
struct sequence_reader *sequence_reader_new(enum blob_type type,
					    struct node_source *source,
					    const struct content_ref *content);
void sequence_reader_free(struct sequence_reader *reader);
void sequence_reader_freep(struct sequence_reader **reader);

/* Of a tree. The results are the caller's to release; *ret_end = true and none after the last. */
MUST_CHECK int sequence_reader_next_entry(struct sequence_reader *reader,
					  struct entry *ret_entry,
					  struct content_ref *ret_content, bool *ret_end,
					  struct err *err);
/* Of a list. */
MUST_CHECK int sequence_reader_next_chunk(struct sequence_reader *reader,
					  struct blob_ref *ret_chunk, bool *ret_end,
					  struct err *err);

/* Of a list, before its first chunk was read: passes over whole chunks in front of content
 * offset `offset`, reading only the nodes on the way. *ret_start = where the next chunk begins. */
MUST_CHECK int sequence_reader_seek(struct sequence_reader *reader, uint64_t offset,
				    uint64_t *ret_start, struct err *err);

/* Bytes of nodes in memory, and a way to give them back; the next call gets them again. */
size_t sequence_reader_memory(const struct sequence_reader *reader);
void sequence_reader_rest(struct sequence_reader *reader);

struct found_entry {
	bool found;
	struct entry entry; /* if it is found, the caller's to release */
	struct content_ref content;
};

/* Finds one name in a directory, reading one node per level. */
MUST_CHECK int sequence_find(struct node_source *source,
			     const struct content_ref *content, struct slice name,
			     struct found_entry *ret_found, struct err *err);

#endif
