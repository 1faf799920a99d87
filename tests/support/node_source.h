/* SPDX-License-Identifier: Apache-2.0 */
/* A node source over a node store in memory. Include after cmocka.h. */
#ifndef TESTS_SUPPORT_NODE_SOURCE_H
#define TESTS_SUPPORT_NODE_SOURCE_H

#include "repo/sequence_reader.h"
#include "support/node_store.h"

struct memory_source {
	struct node_source source; /* first */
	const struct node_store *store;
	size_t n_got;
};

static inline int memory_source_get(struct node_source *source, enum blob_type type,
				    const struct blob_ref *ref, struct buf *ret_node,
				    struct err *err)
{
	struct memory_source *self = (struct memory_source *)source;
	const struct buf *blob = node_store_get(self->store, &ref->id);

	self->n_got++;
	if (blob == NULL || blob->data[0] != (uint8_t)type ||
	    blob->len - 1 != ref->raw_len)
		return err_set(err, ERR_CORRUPT, "planted: no such blob");
	buf_clear(ret_node);
	buf_append(ret_node, blob->data + 1, blob->len - 1);
	return 0;
}

static inline void memory_source_init(struct memory_source *source,
				      const struct node_store *store)
{
	*source = (struct memory_source){.source = {.get = memory_source_get},
					 .store = store};
}

#endif
