/* SPDX-License-Identifier: Apache-2.0 */
/* Reads a node of any kind to its end, where readers go item by item. */
#ifndef TESTS_SUPPORT_NODE_CHECK_H
#define TESTS_SUPPORT_NODE_CHECK_H

#include "repo/tree_format.h"

static inline int node_pass_item(struct node_reader *reader, uint64_t *len, bool *ret_end,
				 struct err *err)
{
	CLEANUP(entry_release) struct entry entry = {0};
	CLEANUP(content_ref_release) struct content_ref content = {0};
	struct node_child child = {0};
	struct blob_ref chunk = {0};
	int result;

	if (reader->level > 0)
		result = node_next_child(reader, &child, ret_end, err);
	else if (reader->type == BLOB_TREE)
		result = node_next_entry(reader, &entry, &content, ret_end, err);
	else
		result = node_next_chunk(reader, &chunk, ret_end, err);
	*len += child.content_len + chunk.raw_len;
	return result;
}

/* *ret_content_len (may be NULL) = bytes of content below a list. */
static inline int node_check(enum blob_type type, unsigned level, struct slice bytes,
			     uint64_t *ret_content_len, struct err *err)
{
	struct node_reader reader;
	uint64_t len = 0;
	bool end = false;

	if (node_open(&reader, type, level, bytes, err) < 0)
		return -1;
	while (!end) {
		if (node_pass_item(&reader, &len, &end, err) < 0)
			return -1;
	}
	if (ret_content_len != NULL)
		*ret_content_len = len;
	return 0;
}

#endif
