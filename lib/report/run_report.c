/* SPDX-License-Identifier: Apache-2.0 */
#include "report/run_report.h"

#include <inttypes.h>

#include "base/clock.h"
#include "base/units.h"
#include "format/encoding.h"
#include "report/error_report.h"

enum { ID_LEN = 32 };

static void put_warnings(struct json_writer *w, const struct strings *warnings)
{
	json_write_key(w, "warnings");
	json_begin_array(w);
	for (size_t i = 0; warnings != NULL && i < strings_count(warnings); i++)
		json_write_string(w, strings_at(warnings, i));
	json_end_array(w);
}

static void put_result(struct json_writer *w, const struct run_report *report)
{
	char text[CLOCK_TEXT_MAX];

	json_write_key(w, "snapshot");
	if (report->dry_run)
		json_write_null(w);
	else
		json_write_hex(w, slice_of(report->snapshot, ID_LEN));
	json_put_string(w, "stream", report->stream);
	json_put_string(w, "time", clock_format(report->time_nsec, text));
	json_put_uint(w, "files", report->files);
	json_put_uint(w, "bytes", report->bytes);
	json_put_uint(w, "new_bytes", report->new_bytes);
	json_put_uint(w, "stored_bytes", report->stored_bytes);
	json_put_double(w, "seconds", (double)report->nsec / 1e9);
	put_warnings(w, report->warnings);
	json_put_uint(w, "n_warnings", report->n_warnings);
	json_put_uint(w, "n_alarms", report->n_alarms);
	json_put_bool(w, "dry_run", report->dry_run);
}

void run_report_json(struct json_writer *w, const struct run_report *report)
{
	json_begin_object(w);
	if (report->job != NULL)
		json_put_string(w, "job", report->job);
	if (report->backed_up)
		put_result(w, report);
	else
		json_put_string(w, "stream", report->stream);
	if (report->failed)
		error_report_json(w, &report->error);
	json_put_int(w, "exit_code", report->exit_code);
	json_end_object(w);
}

void run_reports_json(struct json_writer *w, const struct run_report *reports, size_t n)
{
	json_begin_object(w);
	json_write_key(w, "jobs");
	json_begin_array(w);
	for (size_t i = 0; i < n; i++)
		run_report_json(w, &reports[i]);
	json_end_array(w);
	json_end_object(w);
}

/* How many times smaller than what was read the new stored bytes are. */
static void append_ratio(struct buf *text, const struct run_report *report)
{
	if (report->new_bytes > 0 && report->stored_bytes > 0)
		buf_printf(text, " (compressed %.2fx)",
			   (double)report->new_bytes / (double)report->stored_bytes);
}

/* Alarms leave the exit code at 0, as the snapshot is good: they have their own place here. */
static void append_warnings(struct buf *text, const struct run_report *report)
{
	uint64_t n_others = report->n_warnings - report->n_alarms;

	if (report->n_alarms > 0)
		buf_printf(text, "; %" PRIu64 " alarms", report->n_alarms);
	if (n_others > 0)
		buf_printf(text, "; %" PRIu64 " warnings", n_others);
}

static void append_result(struct buf *text, const struct run_report *report,
			  const char *what)
{
	char hex[2 * ID_LEN + 1];
	char bytes[UNITS_TEXT_MAX];
	char new_bytes[UNITS_TEXT_MAX];
	char stored[UNITS_TEXT_MAX];
	char duration[UNITS_TEXT_MAX];

	buf_printf(text, "%s: %" PRIu64 " files, %s read in %s; new %s, stored %s", what,
		   report->files, units_format_size(report->bytes, bytes),
		   units_format_duration(report->nsec, duration),
		   units_format_size(report->new_bytes, new_bytes),
		   units_format_size(report->stored_bytes, stored));
	append_ratio(text, report);
	append_warnings(text, report);
	if (report->dry_run)
		buf_append_string(text, "\ndry run: nothing was written\n");
	else
		buf_printf(
			text, "\nsnapshot %s\n",
			hex_encode(slice_of(report->snapshot, ID_LEN), hex, sizeof(hex)));
}

void run_report_text(struct buf *text, const struct run_report *report)
{
	const char *what = report->job != NULL ? report->job : report->stream;

	if (report->backed_up)
		append_result(text, report, what);
	if (!report->failed)
		return;
	buf_printf(text, "%s: failed: ", what);
	error_report_text(text, &report->error);
}
