/* SPDX-License-Identifier: Apache-2.0 */
/* One file from a descriptor (standard input) or from a command's output, as a tree. */
#ifndef FILES_STREAM_SOURCE_H
#define FILES_STREAM_SOURCE_H

#include "base/cancel.h"
#include "base/clock.h"
#include "flow/progress.h"
#include "flow/tree_sink.h"

struct stream_source_options {
	const char *name; /* of the file in the tree: "db.sql", "dumps/db.sql"; a '/' in
		front is dropped; directories on the way get mode 0755 */
	const char
		*command; /* NULL, or run by /bin/sh -c in a process group of its own */
	int fd;		  /* without a command: read to its end; stays open */
	const struct clock *clock;
	struct progress *progress; /* may be NULL */
};

/* ERR_USAGE unless `name` may be that of the file. */
MUST_CHECK int stream_source_name_check(const char *name, struct err *err);

/* ERR_USAGE for one that is empty or blank: a variable that was not set. It would succeed. */
MUST_CHECK int stream_source_command_check(const char *command, struct err *err);

/* ERR_USAGE for a bad name or command, before anything is written. A command that ends with another
 * status than 0 is ERR_FAILED with the last line of its stderr: no snapshot may be made. No
 * bytes at all make an empty file. */
MUST_CHECK int stream_source_run(const struct stream_source_options *options,
				 struct tree_sink *sink, const struct cancel *cancel,
				 struct err *err);

#endif
