/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A tree sink that keeps in memory what a source tells it, for unit tests of sources. It also
 * checks the contract of flow/tree_sink.h (order of names, nesting, sizes that fit, streams
 * that are closed): `broken` holds the first breach.
 */
#ifndef TESTS_SUPPORT_RECORD_SINK_H
#define TESTS_SUPPORT_RECORD_SINK_H

#include <stdatomic.h>

#include "base/vec.h"
#include "flow/tree_sink.h"

struct record_node {
	char *path; /* "a/b", "" = root */
	struct entry entry;
	struct buf content;   /* the first RECORD_CONTENT_MAX bytes */
	uint64_t content_len; /* all of it */
	bool has_content;
	bool has_identity;
	struct file_identity identity;
};

enum { RECORD_CONTENT_MAX = 64 * 1024 * 1024 };

struct record_sink {
	struct tree_sink sink;	 /* what the source gets */
	struct vec nodes;	 /* of struct record_node *, in order of the calls */
	struct strings calls;	 /* "open a", "close", "add a/b", "warn a/b" */
	struct strings warnings; /* "note: /a/b: changed while it was read",
		"unreadable: /a/c: ..." */
	char *facts;
	const char *broken; /* NULL as long as the contract is kept */
	atomic_uint n_open; /* streams and contents in the source's hands */

	size_t space_len; /* of one space(); default 64 KiB */
	/* unchanged() looks here; NULL: everything is new. */
	const struct record_sink *previous;
	unsigned n_unchanged; /* answered with content */

	/* That call ("add a/b", "commit") fails with ERR_IO "planted failure". */
	const char *fail_call;
	/* Called before each call that is recorded, to change the world in between. */
	void (*hook)(void *hook_state, const char *call);
	void *hook_state;

	struct strings open_paths; /* of directories, the deepest last */
	char *last_name;	   /* added to the deepest one */
	struct vec last_names;	   /* of char *, of the directories above */
};

struct record_sink *record_sink_new(void);
void record_sink_free(struct record_sink *record);

/* NULL when nothing was added under that path. */
const struct record_node *record_sink_find(const struct record_sink *record,
					   const char *path);
/* Its content as a C string; "" when there is none or no such node. */
const char *record_sink_text(const struct record_sink *record, const char *path);
/* True when a warning is just this text. */
bool record_sink_warned(const struct record_sink *record, const char *warning);
/* All paths joined by line ends, in order of the calls; the caller frees it. */
char *record_sink_paths(const struct record_sink *record);

#endif
