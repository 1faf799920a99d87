/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The parts of the tree writer among themselves.
 *
 *   tree_writer.c          the sink's calls: what a source does, on its thread
 *   tree_writer_pending.c  what waits, and the directories that it becomes
 *   tree_writer_content.c  streams and contents
 *   tree_writer_nodes.c    nodes into the blob writer
 */
#ifndef REPO_TREE_WRITER_INTERNAL_H
#define REPO_TREE_WRITER_INTERNAL_H

#include "crypto/hash.h"
#include "repo/content.h"
#include "repo/tree_writer.h"

/* --- nodes --- */

/* Nodes on their way: of a tree so many that small ones fill batches. */
enum { TREE_PROMISES_MAX = 1024, LIST_PROMISES_MAX = 16 };

struct node_promise {
	struct blob_ticket *ticket;
	struct blob_ref ref;
};

/* A node sink that knows ids at once: it computes them itself, hands the node on, and looks
 * later whether the promise was kept. One thread at a time. */
struct node_outlet {
	struct node_sink sink; /* first */
	struct blob_writer *blobs;
	struct hmac *hmac;
	unsigned capacity, first, n;
	struct node_promise promises[]; /* a ring */
};

struct node_outlet *node_outlet_new(const struct tree_writer_options *options,
				    unsigned capacity);
void node_outlet_free(struct node_outlet *outlet); /* gives promises up; NULL is fine */
/* Waits for all promises. */
MUST_CHECK int node_outlet_finish(struct node_outlet *outlet, struct err *err);

/* --- content --- */

struct content {
	const struct tree_writer_options *options;
	uint64_t len;	    /* 0 for list nodes from the cache: unknown */
	uint64_t taken_len; /* of the chunks whose tickets are taken */
	/* from a stream: */
	struct vec tickets; /* of struct blob_ticket *, of chunks not yet taken */
	struct content_writer *chunks; /* those that are; NULL: none yet */
	struct node_outlet *outlet;
	/* or from the cache: */
	bool is_cached;
	struct cached_content cached;
};

struct stream {
	struct content *content;
	struct blob_stream *blobs;
};

void content_free(struct content *content); /* NULL is fine */
bool content_is_ready(const struct content *content);
size_t content_memory(const struct content *content);

/* What a content became. */
struct content_result {
	struct content_ref content;
	const struct vec *ids; /* as in file_cache.h; lives as long as the content */
};
/* Waits for all tickets. */
MUST_CHECK int content_resolve(struct content *content, struct content_result *ret_result,
			       struct err *err);

int content_open_stream(const struct tree_writer_options *options, enum cut_mode mode,
			struct stream **ret_stream, struct err *err);
uint8_t *content_space(struct stream *stream, size_t *ret_len);
int content_commit(struct stream *stream, size_t len, struct err *err);
int content_close_stream(struct stream *stream, struct content **ret_content,
			 struct err *err);
void content_abandon_stream(struct stream *stream);
/* NULL when a blob of it is not stored any more; takes `cached` over in any case. */
int content_from_cache(const struct tree_writer_options *options,
		       struct cached_content *cached, struct content **ret_content,
		       struct err *err);

/* --- what waits --- */

enum pending_kind { PENDING_OPEN, PENDING_CLOSE, PENDING_ENTRY };

/* A call of the source that is not yet in the tree. */
struct pending {
	enum pending_kind kind;
	uint8_t *head; /* encoded entry without content; of OPEN and ENTRY */
	size_t head_len;
	struct content *content; /* NULL: none */
	bool has_identity;
	struct file_identity identity;
};

/* A directory that is being made, on the far side of the queue. */
struct frame {
	uint8_t *head;
	size_t head_len;
	struct sequence_writer *entries; /* NULL as long as it is empty */
};

struct pending_queue {
	const struct tree_writer_options *options;
	uint8_t key[SEQUENCE_KEY_LEN];
	struct node_outlet *outlet;
	struct pending *ring;
	size_t capacity, first, n;
	size_t bytes;	   /* that waiting entries take */
	struct vec frames; /* of struct frame */
	struct buf scratch;
	/* the root, once it is closed: */
	struct buf root; /* encoded */
};

void pending_queue_init(struct pending_queue *queue,
			const struct tree_writer_options *options);
void pending_queue_release(struct pending_queue *queue);
/* Takes what `pending` owns over; makes room by waiting for the oldest when it is full, and
 * moves all on that is ready. */
MUST_CHECK int pending_queue_push_take(struct pending_queue *queue,
				       struct pending *pending, struct err *err);
/* Waits for all. */
MUST_CHECK int pending_queue_finish(struct pending_queue *queue, struct err *err);

#endif
