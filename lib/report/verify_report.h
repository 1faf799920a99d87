/* SPDX-License-Identifier: Apache-2.0 */
/* What a verification or check tells (schemas/verify.schema.json, check.schema.json). */
#ifndef REPORT_VERIFY_REPORT_H
#define REPORT_VERIFY_REPORT_H

#include "base/vec.h"
#include "format/json.h"

struct report_finding {
	const char *kind; /* "alarm", "corrupt", "missing", "damage", "warning"... */
	const char *text;
};

/* All borrowed. */
struct verify_report {
	const char *repository;
	bool clean;
	bool data_read;
	const char *level; /* of a check: what the key allowed */
	bool first_look;   /* an audit without marks to compare with */
	bool state_advanced;
	uint64_t n_streams, n_snapshots, n_expired, n_packs, n_blobs, n_bodies;
	uint64_t bytes, bytes_read;
	uint32_t part, of; /* of packs that a check was to read; of = 0: none */
	uint64_t nsec;
	const struct report_finding *findings;
	size_t n_findings;
};

void verify_report_json(struct json_writer *w, const struct verify_report *report);
void verify_report_text(struct buf *text, const struct verify_report *report);

/* The same for `quipu-backup check`. */
void check_report_json(struct json_writer *w, const struct verify_report *report);
void check_report_text(struct buf *text, const struct verify_report *report);

#endif
