/* SPDX-License-Identifier: Apache-2.0 */
/* Walks a tree whose nodes are whatever the input says: `lp16 node` after `lp16 node`, called
 * by the first byte of the id. Hostile nodes may refer to each other in circles; depth and the
 * number of steps are what ends that. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/cursor.h"
#include "repo/tree_walk.h"

enum { NODES_MAX = 256, STEPS_MAX = 2000 };

struct fuzz_source {
	struct node_source source; /* first */
	struct slice nodes[NODES_MAX];
	size_t n;
	unsigned steps;
};

static int get(struct node_source *source, enum blob_type type,
	       const struct blob_ref *ref, struct buf *ret_node, struct err *err)
{
	struct fuzz_source *self = (struct fuzz_source *)source;

	(void)type;
	if (++self->steps > STEPS_MAX)
		return err_set(err, ERR_FAILED, "enough");
	if (ref->id.bytes[0] >= self->n)
		return err_set(err, ERR_CORRUPT, "no such node");
	buf_clear(ret_node);
	buf_append_slice(ret_node, self->nodes[ref->id.bytes[0]]);
	return 0;
}

static int read_list(struct fuzz_source *self, const struct content_ref *content,
		     struct err *err)
{
	CLEANUP(sequence_reader_freep)
	struct sequence_reader *reader =
		sequence_reader_new(BLOB_LIST, &self->source, content);
	struct blob_ref chunk;
	bool end = false;

	while (!end && self->steps++ < STEPS_MAX) {
		if (sequence_reader_next_chunk(reader, &chunk, &end, err) < 0)
			return -1;
		sequence_reader_rest(reader);
	}
	return 0;
}

static void seek_list(struct fuzz_source *self, const struct content_ref *content)
{
	CLEANUP(sequence_reader_freep)
	struct sequence_reader *reader =
		sequence_reader_new(BLOB_LIST, &self->source, content);
	struct err err = {0};
	uint64_t start = 0;

	if (sequence_reader_seek(reader, 1000, &start, &err) == 0 && start > 1000)
		abort();
}

static int visit(void *arg, const struct tree_visit *visit, struct err *err)
{
	struct fuzz_source *self = arg;
	struct err ignored = {0};

	if (++self->steps > STEPS_MAX)
		return err_set(err, ERR_FAILED, "enough");
	if (visit->entry->type != ENTRY_FILE)
		return 0;
	if (read_list(self, visit->content, &ignored) < 0 && ignored.code == ERR_NONE)
		abort();
	seek_list(self, visit->content);
	return 0;
}

static int go_on(void *arg, const char *path, const struct err *why, struct err *err)
{
	const struct fuzz_source *self = arg;

	(void)path;
	if (self->steps > STEPS_MAX) {
		*err = *why;
		return -1;
	}
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct fuzz_source self = {.source = {.get = get}};
	struct entry root = {0};
	struct content_ref content = {0};
	struct err err = {0};
	struct cursor c;

	cursor_init(&c, slice_of(data, len));
	content_ref_init(&content);
	content.kind = CONTENT_NODE;
	content.level = cursor_u8(&c) % LEVEL_MAX;
	while (self.n < NODES_MAX && cursor_left(&c) > 0 && !c.bad)
		self.nodes[self.n++] = cursor_bytes16(&c, UINT16_MAX);
	entry_init(&root, ENTRY_DIRECTORY, "");
	struct tree_walk_options options = {
		.source = &self.source,
		.root = &root,
		.root_content = &content,
		.damaged = go_on,
	};
	if (tree_walk(&options, visit, &self, &err) < 0 && err.code == ERR_NONE)
		abort();
	entry_release(&root);
	content_ref_release(&content);
	return 0;
}
