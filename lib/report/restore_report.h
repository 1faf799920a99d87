/* SPDX-License-Identifier: Apache-2.0 */
/* What a restore, or the plan of one, tells (schemas/restore.schema.json, plan.schema.json). */
#ifndef REPORT_RESTORE_REPORT_H
#define REPORT_RESTORE_REPORT_H

#include "base/vec.h"
#include "format/json.h"

struct report_table {
	const char *path;
	uint64_t rows;
	bool is_equal;
	const char *reason; /* NULL, or why there are no rows to compare */
};

/* Metadata that restored files do not have, by kind: how many of each. */
struct report_metadata {
	uint64_t owners, modes, attributes, times; /* could not be set: exit code 3 */
	uint64_t owners_left, attributes_left;	   /* only root may set them */
};
bool report_metadata_failed(const struct report_metadata *metadata);
/* A sentence for each kind that is not 0. */
void report_metadata_warn(const struct report_metadata *metadata,
			  struct strings *warnings);

/* All borrowed. */
struct restore_report {
	const uint8_t *snapshot; /* 32 bytes */
	const char *stream;
	int64_t time_nsec; /* of the snapshot */
	const char *target;
	uint64_t files, directories, specials;
	uint64_t bytes; /* written */
	uint64_t already_done, skipped, lost;
	struct report_metadata metadata; /* of files */
	uint64_t nsec;			 /* how long it took */
	const struct strings *warnings;
	const struct report_table *tables; /* of a database; NULL for files */
	size_t n_tables;
	uint64_t
		refused; /* by the server of a database; each is in a warning: exit code 3 */
};

void restore_report_json(struct json_writer *w, const struct restore_report *report);
void restore_report_text(struct buf *text, const struct restore_report *report);

struct plan_report {
	const uint8_t *snapshot;
	const char *stream;
	int64_t time_nsec;
	const char *source_kind;
	const char *target; /* NULL: none was named */
	uint64_t files, directories, specials;
	uint64_t write_bytes, fetch_bytes, requests;
	uint64_t lost;
	uint64_t estimated_nsec;
};

void plan_report_json(struct json_writer *w, const struct plan_report *report);
void plan_report_text(struct buf *text, const struct plan_report *report);

/* How long a restore of this size takes, by rule of thumb: 150 MiB/s, as measured on two
 * cores, and 20 ms a request that cannot overlap. */
uint64_t plan_report_estimate(uint64_t write_bytes, uint64_t fetch_bytes,
			      uint64_t requests);

#endif
