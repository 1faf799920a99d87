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
 * Reads what the entry says that there is (its size, or its extents) from an open file into a
 * new stream. A file that ends earlier gets its entry cut to what was read; what it grew by
 * is left for the next run. -1 is an error of the sink or an interruption, never of the file.
 */
MUST_CHECK int file_content_read(struct tree_sink *sink, int fd, struct entry *entry,
				 const struct file_content_options *options,
				 struct file_content_result *ret_result, struct err *err);

#endif
