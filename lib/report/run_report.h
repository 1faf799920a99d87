/* SPDX-License-Identifier: Apache-2.0 */
/* What a backup run tells at its end (schemas/run.schema.json). */
#ifndef REPORT_RUN_REPORT_H
#define REPORT_RUN_REPORT_H

#include "base/err.h"
#include "base/vec.h"
#include "format/json.h"

struct run_report {
	const char *job; /* NULL on the command line's own run */
	const char *stream;
	bool failed; /* `error` says why */
	struct err error;
	int exit_code;
	/* The members below count. With `failed` as well it was a hook that failed, after the
	 * snapshot was made. */
	bool backed_up;
	bool dry_run;
	uint8_t snapshot[32]; /* without dry_run */
	int64_t time_nsec;    /* of the snapshot; of a dry run when it began */
	uint64_t files, bytes, new_bytes, stored_bytes;
	uint64_t nsec;			/* how long it took */
	const struct strings *warnings; /* the first ones; may be NULL */
	uint64_t n_warnings;
	uint64_t n_alarms; /* among them */
};

/* One job's document. */
void run_report_json(struct json_writer *w, const struct run_report *report);
/* {"jobs": [...]} */
void run_reports_json(struct json_writer *w, const struct run_report *reports, size_t n);

/* Lines for people. */
void run_report_text(struct buf *text, const struct run_report *report);

#endif
