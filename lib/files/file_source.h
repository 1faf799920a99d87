/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads files, directories and special files into a tree sink. The tree is rooted at "/": the
 * roots /a/b and /a/c give the directory "a" with its real metadata, and in it "b" and "c".
 * Nested and repeated roots are merged. What the user named is followed through symbolic
 * links in its directories, and by a slash at its end; links met on the way are stored as links.
 */
#ifndef FILES_FILE_SOURCE_H
#define FILES_FILE_SOURCE_H

#include "base/cancel.h"
#include "base/clock.h"
#include "base/pattern.h"
#include "base/vec.h"
#include "flow/progress.h"
#include "flow/tree_sink.h"

struct file_source_options {
	const struct strings *roots; /* paths; may be NULL when there is a list */
	const char *files_from0; /* NULL, or a file of NUL-separated paths, "-" = stdin;
		a directory in it is descended, a path in it that is missing is unreadable */
	const struct selection *selection; /* NULL: everything; also tells about roots */
	bool exclude_caches; /* of directories with a valid CACHEDIR.TAG keep only the tag */
	bool one_file_system; /* a mount point below a root is stored as an empty directory */
	const struct clock *clock;
	struct progress
		*progress; /* may be NULL; gets files and bytes as they are read */
};

/*
 * Before anything is written every root is opened: ERR_NOT_FOUND or ERR_DENIED "cannot open
 * PATH", ERR_UNSUPPORTED for a socket. Nothing below a root makes the run fail: the sink is
 * warned (WARN_UNREADABLE, WARN_NOTE) and the walk goes on. Errors of the sink and interruption
 * end it.
 */
MUST_CHECK int file_source_run(const struct file_source_options *options,
			       struct tree_sink *sink, const struct cancel *cancel,
			       struct err *err);

#endif
