/* SPDX-License-Identifier: Apache-2.0 */
/* A file's bytes on their way into a tree sink. */
#ifndef FILES_FILE_CONTENT_H
#define FILES_FILE_CONTENT_H

#include "base/cancel.h"
#include "flow/progress.h"
#include "flow/tree_sink.h"

struct file_content_options {
	const struct cancel *cancel; /* may be NULL */
	struct progress *progress;   /* may be NULL; gets the bytes */
};

struct file_content_result {
	struct content *content; /* NULL when there is nothing */
	int read_error;		 /* errno of the file; then there is no content */
};

/*
 * Reads an open file to its end into a new stream, or the extents of a sparse one. The entry's
 * size is then what was read: less than stat said when the file shrank, more when it grew (what
 * it grows by from then on is left for the next run) or stat knew nothing of its length. -1 is
 * an error of the sink or an interruption, never of the file.
 */
MUST_CHECK int file_content_read(struct tree_sink *sink, int fd, struct entry *entry,
				 const struct file_content_options *options,
				 struct file_content_result *ret_result, struct err *err);

#endif
