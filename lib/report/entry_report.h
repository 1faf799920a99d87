/* SPDX-License-Identifier: Apache-2.0 */
/* Entries of a tree as people and programs see them (schemas/entry-list.schema.json,
 * diff.schema.json). */
#ifndef REPORT_ENTRY_REPORT_H
#define REPORT_ENTRY_REPORT_H

#include "base/buf.h"
#include "format/json.h"

struct report_fact {
	const char *key, *value;
};

/* All borrowed. */
struct report_entry {
	const char *path; /* "a/b"; shown as "/a/b" */
	char type;	  /* as enum entry_type */
	uint32_t mode;
	uint32_t uid, gid;
	const char *user, *group; /* NULL: unknown */
	uint64_t size;
	int64_t mtime_nsec;
	const char *target; /* of a symbolic link */
	const struct report_fact *facts;
	size_t n_facts;
};

/* Members of an open object; a path or target that is not UTF-8 also comes as "path_hex" or
 * "target_hex". */
void report_entry_members(struct json_writer *w, const struct report_entry *entry);
void report_entry_json(struct json_writer *w, const struct report_entry *entry);

/* Like a line of `ls -l`. */
void report_entry_line(struct buf *text, const struct report_entry *entry);

/* "drwxr-x---" */
enum { MODE_TEXT_LEN = 11 };
const char *report_mode_text(char type, uint32_t mode, char out[static MODE_TEXT_LEN]);

#endif
