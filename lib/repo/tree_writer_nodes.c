/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An id is a function of a node's bytes, so a directory need not wait until its node is
 * compressed and sealed: the id is computed here a second time (nodes are a small part of
 * all bytes), and a ticket only tells whether the node is stored after all.
 */
#include <assert.h>

#include "base/mem.h"
#include "repo/pack_reader.h"
#include "repo/tree_writer_internal.h"

static int take_oldest(struct node_outlet *outlet, struct err *err)
{
	struct node_promise promise = outlet->promises[outlet->first];
	struct blob_ref ref;

	outlet->first = (outlet->first + 1) % outlet->capacity;
	outlet->n--;
	if (blob_ticket_take(promise.ticket, &ref, err) < 0)
		return -1;
	if (memcmp(ref.id.bytes, promise.ref.id.bytes, BLOB_ID_LEN) != 0)
		return err_set(err, ERR_BUG, "a node was stored under another id");
	return 0;
}

static int take_ready(struct node_outlet *outlet, struct err *err)
{
	while (outlet->n > 0 &&
	       (outlet->n == outlet->capacity ||
		blob_ticket_ready(outlet->promises[outlet->first].ticket))) {
		if (take_oldest(outlet, err) < 0)
			return -1;
	}
	return 0;
}

static int outlet_put(struct node_sink *sink, enum blob_type type, struct slice node,
		      struct blob_ref *ret_ref, struct err *err)
{
	struct node_outlet *outlet = (struct node_outlet *)sink;
	struct node_promise promise = {.ref.raw_len = (uint32_t)node.len};

	if (take_ready(outlet, err) < 0)
		return -1;
	blob_id_compute(outlet->hmac, type, &node, 1, &promise.ref.id);
	if (blob_writer_put(outlet->blobs, type, node, &promise.ticket, err) < 0)
		return -1;
	outlet->promises[(outlet->first + outlet->n) % outlet->capacity] = promise;
	outlet->n++;
	*ret_ref = promise.ref;
	return 0;
}

struct node_outlet *node_outlet_new(const struct tree_writer_options *options,
				    unsigned capacity)
{
	struct node_outlet *outlet =
		mem_zalloc(sizeof(*outlet) + capacity * sizeof(outlet->promises[0]));

	outlet->sink.put = outlet_put;
	outlet->blobs = options->blobs;
	outlet->hmac = hmac_new(&options->keys->blob_id);
	outlet->capacity = capacity;
	return outlet;
}

void node_outlet_free(struct node_outlet *outlet)
{
	if (outlet == NULL)
		return;
	for (; outlet->n > 0; outlet->n--) {
		blob_ticket_free(outlet->promises[outlet->first].ticket);
		outlet->first = (outlet->first + 1) % outlet->capacity;
	}
	hmac_free(outlet->hmac);
	mem_free(outlet);
}

int node_outlet_finish(struct node_outlet *outlet, struct err *err)
{
	while (outlet->n > 0) {
		if (take_oldest(outlet, err) < 0)
			return -1;
	}
	return 0;
}
