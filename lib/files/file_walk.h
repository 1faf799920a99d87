/* SPDX-License-Identifier: Apache-2.0 */
/* The walk of a files source over all paths of a plan, from "/" down. */
#ifndef FILES_FILE_WALK_H
#define FILES_FILE_WALK_H

#include "files/file_source.h"
#include "files/source_plan.h"

enum {
	WALK_OPEN_MAX = 64, /* directories kept open at a time */
	/* deeper directories are unreadable; readers of snapshots go just as deep */
	WALK_DEPTH_MAX = 4096,
};

MUST_CHECK int file_walk_run(const struct source_plan *plan,
			     const struct file_source_options *options,
			     struct tree_sink *sink, const struct cancel *cancel,
			     struct err *err);

#endif
