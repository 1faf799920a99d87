/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where a source puts what it reads. A source (files, PostgreSQL, stdin...) knows its system
 * and calls this; the repository implements it.
 *
 * Order of calls: open_directory / close_directory nest; within a directory entries are added
 * in ascending bytewise order of names. Content may be written any time before its entry is
 * added, and several streams may be open at once, each used by one thread. add(),
 * directories, unchanged() and warn() belong to the one thread that drives the source.
 *
 * To add a source: x_source.c with a function `int x_source_run(const struct x_options *,
 * struct tree_sink *, const struct cancel *, struct err *)`; a job kind in job/; cases in
 * tests/unit/<layer>/ against the recording sink of tests/support/record_sink.h.
 */
#ifndef FLOW_TREE_SINK_H
#define FLOW_TREE_SINK_H

#include "flow/entry.h"

/* How content is cut. */
enum cut_mode {
	CUT_BY_CONTENT,
	CUT_PAGES_8K, /* page-aligned blocks of 8, 16, 32 KiB from offset 0 */
	CUT_PAGES_16K,
	CUT_PAGES_32K,
};

struct stream;	/* content being written */
struct content; /* content written; a promise until all of its chunks are stored */

/* What tells that a file is as it was when this machine last read it. */
struct file_identity {
	uint64_t size, inode;
	int64_t mtime_nsec, ctime_nsec;
	int64_t read_nsec; /* wall time when it was looked at */
};

enum warn_kind {
	WARN_NOTE, /* worth saying: a socket was skipped, a file changed while read */
	WARN_UNREADABLE, /* something is missing from the snapshot: exit code 3 */
};

struct tree_sink;
struct tree_sink_ops {
	int (*open_directory)(struct tree_sink *sink, const struct entry *entry,
			      struct err *err);
	int (*close_directory)(struct tree_sink *sink, struct err *err);

	int (*open_stream)(struct tree_sink *sink, enum cut_mode mode,
			   struct stream **ret_stream, struct err *err);
	/* Room for the next bytes of the stream, at least 1, filled by the caller. */
	uint8_t *(*space)(struct stream *stream, size_t *ret_len);
	/* `len` bytes of that room are now content. */
	int (*commit)(struct stream *stream, size_t len, struct err *err);
	int (*close_stream)(struct stream *stream, struct content **ret_content,
			    struct err *err);
	void (*abandon_stream)(struct stream *stream);
	void (*abandon_content)(struct content *content);

	/* `content` is consumed; NULL for what has none (and for empty files). The entry is
	 * copied. `identity` (may be NULL) lets the next run skip reading the file. */
	int (*add)(struct tree_sink *sink, const struct entry *entry,
		   struct content *content, const struct file_identity *identity,
		   struct err *err);

	/* *ret_content = what the last snapshot holds for this path in the directory that is
	 * open now, if the identity is the same and all of it is still stored; else NULL. */
	int (*unchanged)(struct tree_sink *sink, const char *name,
			 const struct file_identity *identity,
			 struct content **ret_content, struct err *err);

	/* Counts and shows a message about `path`; the texts are quoted by the caller. */
	void (*warn)(struct tree_sink *sink, enum warn_kind kind, const char *path,
		     const char *message);
	/* Facts about the whole source for the snapshot's body: one JSON object, once. */
	void (*facts)(struct tree_sink *sink, const char *json);
	/* For a progress display: how much there is to do, as far as known. */
	void (*expect)(struct tree_sink *sink, uint64_t files, uint64_t bytes);
};

struct tree_sink {
	const struct tree_sink_ops *ops;
};

/* Copies bytes into a stream through space() and commit(). */
MUST_CHECK int tree_sink_write(struct tree_sink *sink, struct stream *stream,
			       struct slice bytes, struct err *err);

#endif
