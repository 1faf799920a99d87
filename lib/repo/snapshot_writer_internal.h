/* SPDX-License-Identifier: Apache-2.0 */
#ifndef REPO_SNAPSHOT_WRITER_INTERNAL_H
#define REPO_SNAPSHOT_WRITER_INTERNAL_H

#include "repo/snapshot_writer.h"
#include "repo/tree_writer.h"

struct snapshot_writer {
	struct snapshot_writer_options options;
	int64_t start_nsec;
	struct file_cache *cache;	      /* NULL: none */
	struct file_cache_writer *next_cache; /* NULL: none */
	struct tree_writer *tree;
	uint64_t last_files, last_bytes; /* of the stream's last snapshot */
	struct strings alarms;
	bool has_last;
	uint8_t last_packlist[32]; /* root of the stream's last list of packs */
};

#endif
