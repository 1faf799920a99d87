/* SPDX-License-Identifier: Apache-2.0 */
/* A snapshot's body as bytes (docs/format/tree.md): the root entry, what the user named,
 * where it came from, warnings, and a hint at the index fragments. */
#ifndef REPO_BODY_FORMAT_H
#define REPO_BODY_FORMAT_H

#include "repo/tree_format.h"

enum {
	BODY_ROOTS_MAX = 262144,
	BODY_TAGS_MAX = 1024,
	BODY_FACTS_MAX = 1024 * 1024,
	BODY_WARNINGS_MAX = 1000,
	BODY_WARNING_LEN_MAX = 4096,
	BODY_FRAGMENTS_MAX = 65536,
	BODY_PATH_MAX = 65536,
	BODY_TEXT_MAX = 1024, /* host, user, program, source kind, tag keys */
	BODY_TAG_VALUE_MAX = 4096,
};

struct body_tag {
	char *key, *value;
};

/* All pointers are owned. */
struct snapshot_body {
	struct entry root;
	struct content_ref root_content;
	struct strings paths; /* as the user named them; any bytes but NUL */
	char *host, *user;
	char *program;	   /* "quipu-backup 0.1.0" */
	char *source_kind; /* "files" "stdin" "command" "postgres" */
	struct vec tags;   /* of struct body_tag */
	char *facts;	   /* a JSON object, "{}" if none */
	struct strings warnings;
	struct vec fragments; /* of uint8_t[32] */
};

/* An empty body with a root directory; texts are NULL, which is written as "". */
void snapshot_body_init(struct snapshot_body *body);
void snapshot_body_release(struct snapshot_body *body);
void snapshot_body_add_tag(struct snapshot_body *body, const char *key,
			   const char *value);

/* ERR_LIMIT names what is too long or too many; all of it fits into one blob. */
MUST_CHECK int snapshot_body_encode(const struct snapshot_body *body, struct buf *out,
				    struct err *err);
/* ERR_CORRUPT, ERR_UNSUPPORTED. *ret_body is initialised here. That `facts` is JSON is not
 * looked at. */
MUST_CHECK int snapshot_body_decode(struct slice bytes, struct snapshot_body *ret_body,
				    struct err *err);

#endif
