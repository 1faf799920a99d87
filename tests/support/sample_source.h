/* SPDX-License-Identifier: Apache-2.0 */
/* One small tree with everything that a restore treats in its own way. Include after cmocka.h. */
#ifndef TESTS_SUPPORT_SAMPLE_SOURCE_H
#define TESTS_SUPPORT_SAMPLE_SOURCE_H

#include "support/random_source.h"

enum {
	SAMPLE_LONG = 3 * 1024 * 1024, /* more chunks than an entry lists itself */
	SAMPLE_SHORT = 30000,
	SAMPLE_SPARSE = 700000,
	SAMPLE_FILES = 6, /* with content */
};

static inline int sample_file(struct tree_sink *sink, const char *name, uint64_t seed,
			      size_t len, struct err *err)
{
	CLEANUP(entry_release) struct entry entry = {0};
	struct content *content = NULL;

	entry_init(&entry, ENTRY_FILE, name);
	entry.mode = 0640;
	entry.size = len;
	if (len > 0 && random_content(sink, seed, len, &content, err) < 0)
		return -1;
	return sink->ops->add(sink, &entry, content, NULL, err);
}

/* Runs of data that are not multiples of anything, so that chunks lie across them. */
static inline int sample_sparse(struct tree_sink *sink, const char *name, struct err *err)
{
	CLEANUP(entry_release) struct entry entry = {0};
	struct content *content = NULL;

	entry_init(&entry, ENTRY_FILE, name);
	entry.is_sparse = true;
	entry.size = SAMPLE_SPARSE;
	for (uint64_t at = 1000; at + 7001 < SAMPLE_SPARSE; at += 20011)
		entry_add_extent(&entry, at, 7001);
	if (random_content(sink, 77, (size_t)entry_content_len(&entry), &content, err) <
	    0)
		return -1;
	return sink->ops->add(sink, &entry, content, NULL, err);
}

static inline int sample_link(struct tree_sink *sink, const char *name, struct err *err)
{
	return random_link(sink, name, err);
}

static inline int sample_open(struct tree_sink *sink, const char *name, struct err *err)
{
	CLEANUP(entry_release) struct entry entry = {0};

	entry_init(&entry, ENTRY_DIRECTORY, name);
	entry.mode = 0755;
	return sink->ops->open_directory(sink, &entry, err);
}

/* "a/empty" "a/long" "a/short" "b/copy" "b/link" "b/second" "b/short" "c/" "sparse": b/copy and
 * b/short have the content of a/short. */
static inline int sample_source_run(struct tree_sink *sink, struct err *err)
{
	const struct tree_sink_ops *ops = sink->ops;

	if (sample_open(sink, "", err) < 0 || sample_open(sink, "a", err) < 0 ||
	    sample_file(sink, "empty", 0, 0, err) < 0 ||
	    sample_file(sink, "long", 1, SAMPLE_LONG, err) < 0 ||
	    sample_file(sink, "short", 2, SAMPLE_SHORT, err) < 0 ||
	    ops->close_directory(sink, err) < 0 || sample_open(sink, "b", err) < 0)
		return -1;
	if (sample_file(sink, "copy", 2, SAMPLE_SHORT, err) < 0 ||
	    sample_link(sink, "link", err) < 0 ||
	    sample_file(sink, "second", 3, SAMPLE_SHORT, err) < 0 ||
	    sample_file(sink, "short", 2, SAMPLE_SHORT, err) < 0 ||
	    ops->close_directory(sink, err) < 0 || sample_open(sink, "c", err) < 0 ||
	    ops->close_directory(sink, err) < 0)
		return -1;
	if (sample_sparse(sink, "sparse", err) < 0)
		return -1;
	return ops->close_directory(sink, err);
}

#endif
