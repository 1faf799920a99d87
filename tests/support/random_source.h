/* SPDX-License-Identifier: Apache-2.0 */
/* Trees from a seed, given to any sink: the same seed gives the same calls, but for files that
 * the sink knows to be unchanged. */
#ifndef TESTS_SUPPORT_RANDOM_SOURCE_H
#define TESTS_SUPPORT_RANDOM_SOURCE_H

#include "base/mem.h"
#include "base/rng.h"
#include "flow/tree_sink.h"

struct random_source {
	struct rng rng;
	unsigned n_names; /* in a directory, at most */
	unsigned depth;
	size_t content_max;
};

static const struct file_identity RANDOM_IDENTITY = {
	.size = 1, .inode = 2, .mtime_nsec = 3, .ctime_nsec = 4, .read_nsec = INT64_MAX};

static inline int random_content(struct tree_sink *sink, uint64_t seed, size_t len,
				 struct content **ret_content, struct err *err)
{
	struct rng rng = rng_seeded(seed);
	struct stream *stream = NULL;
	uint8_t *bytes = mem_alloc(len);
	int result;

	rng_fill(&rng, bytes, len);
	result = sink->ops->open_stream(sink, CUT_BY_CONTENT, &stream, err);
	if (result == 0 && tree_sink_write(sink, stream, slice_of(bytes, len), err) < 0) {
		sink->ops->abandon_stream(stream);
		result = -1;
	}
	mem_free(bytes);
	return result < 0 ? -1 : sink->ops->close_stream(stream, ret_content, err);
}

static inline int random_file(struct random_source *source, struct tree_sink *sink,
			      const char *name, struct err *err)
{
	CLEANUP(entry_release) struct entry entry = {0};
	struct content *content = NULL;
	uint64_t seed = rng_below(&source->rng, 1000);

	entry_init(&entry, ENTRY_FILE, name);
	entry.mode = 0644;
	entry.mtime_nsec = (int64_t)seed;
	/* small, middling and long ones side by side: they travel in different ways */
	entry.size = rng_below(&source->rng,
			       (source->content_max >> rng_below(&source->rng, 12)) + 1);
	if (entry.size > 0 &&
	    sink->ops->unchanged(sink, name, &RANDOM_IDENTITY, &content, err) < 0)
		return -1;
	if (entry.size > 0 && content == NULL &&
	    random_content(sink, seed, (size_t)entry.size, &content, err) < 0)
		return -1;
	return sink->ops->add(sink, &entry, content, &RANDOM_IDENTITY, err);
}

static inline int random_link(struct tree_sink *sink, const char *name, struct err *err)
{
	CLEANUP(entry_release) struct entry entry = {0};

	entry_init(&entry, ENTRY_SYMLINK, name);
	entry.target = mem_strdup("somewhere");
	return sink->ops->add(sink, &entry, NULL, NULL, err);
}

static inline int random_directory(struct random_source *source, struct tree_sink *sink,
				   const char *name, unsigned depth, struct err *err)
{
	CLEANUP(entry_release) struct entry entry = {0};
	unsigned n = (unsigned)rng_below(&source->rng, source->n_names + 1) +
		     (depth == 0 ? source->n_names : 0);
	int result;

	entry_init(&entry, ENTRY_DIRECTORY, name);
	entry.mode = 0755;
	entry.size = 4096;
	result = sink->ops->open_directory(sink, &entry, err);
	for (unsigned i = 0; i < n && result == 0; i++) {
		char below[16];

		(void)snprintf(below, sizeof(below), "%05u", i & 0xffff);
		switch (rng_below(&source->rng, 4)) {
		case 0:
			result = depth < source->depth
					 ? random_directory(source, sink, below,
							    depth + 1, err)
					 : 0;
			break;
		case 1:
			result = random_link(sink, below, err);
			break;
		default:
			result = random_file(source, sink, below, err);
		}
	}
	return result < 0 ? -1 : sink->ops->close_directory(sink, err);
}

/* A whole tree of that seed, files of fewer bytes than content_max. */
static inline int random_source_run(uint64_t seed, size_t content_max,
				    struct tree_sink *sink, struct err *err)
{
	struct random_source source = {.rng = rng_seeded(seed),
				       .n_names = 12,
				       .depth = 4,
				       .content_max = content_max};

	return random_directory(&source, sink, "", 0, err);
}

#endif
