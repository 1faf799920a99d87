/* SPDX-License-Identifier: Apache-2.0 */
#include "report/verify_report.h"

#include <inttypes.h>

#include "base/units.h"

static void put_counts(struct json_writer *w, const struct verify_report *report)
{
	json_put_uint(w, "snapshots", report->n_snapshots);
	json_put_uint(w, "expired", report->n_expired);
	json_put_uint(w, "packs", report->n_packs);
	json_put_uint(w, "bytes", report->bytes);
	json_put_uint(w, "bytes_read", report->bytes_read);
	json_put_double(w, "seconds", (double)report->nsec / 1e9);
}

static void put_findings(struct json_writer *w, const struct verify_report *report)
{
	json_write_key(w, "findings");
	json_begin_array(w);
	for (size_t i = 0; i < report->n_findings; i++) {
		json_begin_object(w);
		json_put_string(w, "kind", report->findings[i].kind);
		json_put_string(w, "text", report->findings[i].text);
		json_end_object(w);
	}
	json_end_array(w);
}

void verify_report_json(struct json_writer *w, const struct verify_report *report)
{
	json_begin_object(w);
	json_put_string(w, "repository", report->repository);
	json_put_bool(w, "clean", report->clean);
	json_put_bool(w, "data_read", report->data_read);
	json_put_bool(w, "first_look", report->first_look);
	json_put_bool(w, "state_advanced", report->state_advanced);
	json_put_uint(w, "streams", report->n_streams);
	json_put_uint(w, "bodies", report->n_bodies);
	put_counts(w, report);
	put_findings(w, report);
	json_end_object(w);
}

void check_report_json(struct json_writer *w, const struct verify_report *report)
{
	json_begin_object(w);
	json_put_string(w, "repository", report->repository);
	json_put_bool(w, "clean", report->clean);
	json_put_bool(w, "data_read", report->data_read);
	json_put_string(w, "level", report->level);
	json_put_uint(w, "blobs", report->n_blobs);
	put_counts(w, report);
	put_findings(w, report);
	json_end_object(w);
}

static void append_findings(struct buf *text, const struct verify_report *report)
{
	for (size_t i = 0; i < report->n_findings; i++)
		buf_printf(text, "%s: %s\n", report->findings[i].kind,
			   report->findings[i].text);
}

static void append_counts(struct buf *text, const struct verify_report *report)
{
	char bytes[UNITS_TEXT_MAX];
	char read[UNITS_TEXT_MAX];
	char took[UNITS_TEXT_MAX];

	buf_printf(text, "%" PRIu64 " snapshots, %" PRIu64 " packs, %s; %s read in %s\n",
		   report->n_snapshots, report->n_packs,
		   units_format_size(report->bytes, bytes),
		   units_format_size(report->bytes_read, read),
		   units_format_duration(report->nsec, took));
}

void verify_report_text(struct buf *text, const struct verify_report *report)
{
	append_findings(text, report);
	append_counts(text, report);
	buf_append_string(
		text, report->clean ? "clean: everything that was signed is there, in "
				      "order and unaltered\n"
				    : "NOT CLEAN\n");
}

void check_report_text(struct buf *text, const struct verify_report *report)
{
	append_findings(text, report);
	append_counts(text, report);
	buf_printf(text, "%s (level: %s", report->clean ? "no damage found" : "DAMAGED",
		   report->level);
	if (report->data_read)
		buf_append_string(text, ", data read");
	else if (report->of > 0)
		buf_printf(text, "; no data read: no pack is in part %u of %u",
			   report->part, report->of);
	buf_append_string(text, ")\n");
}
