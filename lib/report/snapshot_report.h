/* SPDX-License-Identifier: Apache-2.0 */
/* Snapshots as people and programs see them (schemas/snapshot-list.schema.json). */
#ifndef REPORT_SNAPSHOT_REPORT_H
#define REPORT_SNAPSHOT_REPORT_H

#include "base/buf.h"
#include "base/vec.h"
#include "format/json.h"

/* All borrowed. */
struct report_snapshot {
	const uint8_t *id; /* 32 bytes */
	const char *stream;
	uint64_t seq;
	int64_t time_nsec, start_nsec;
	uint64_t files, bytes, new_bytes, stored_bytes, warnings;
	const char *writer;	     /* name from its certificate; NULL: unknown */
	const char *host;	     /* NULL without a key that reads */
	const struct strings *paths; /* likewise */
	bool expired;
};

/* Member "paths" of an open object, null for NULL; when one of them is not UTF-8 also "paths_hex",
 * all of them in the same order. */
void report_paths_json(struct json_writer *w, const struct strings *paths);

/* One object into the document being written. */
void report_snapshot_json(struct json_writer *w, const struct report_snapshot *snapshot);

/* A table: a heading with the first row. */
void report_snapshot_heading(struct buf *text);
void report_snapshot_line(struct buf *text, const struct report_snapshot *snapshot);

#endif
