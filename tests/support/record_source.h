/* SPDX-License-Identifier: Apache-2.0 */
/* Plays back what a recording sink keeps, as the tree of a snapshot. */
#ifndef TESTS_SUPPORT_RECORD_SOURCE_H
#define TESTS_SUPPORT_RECORD_SOURCE_H

#include "flow/tree_source.h"
#include "support/record_sink.h"

struct record_source {
	struct tree_source source; /* what a sink of restores gets */
	const struct record_sink *record;
	size_t read_max;       /* bytes of one read(); default 64 KiB */
	const char *fail_path; /* reading this content fails with ERR_CORRUPT, half way */
	/* Called before content is opened, to change the world in between. */
	void (*hook)(void *hook_state, const char *path);
	void *hook_state;
};

void record_source_init(struct record_source *source, const struct record_sink *record);

#endif
