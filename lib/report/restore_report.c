/* SPDX-License-Identifier: Apache-2.0 */
#include "report/restore_report.h"

#include <inttypes.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/quote.h"
#include "base/units.h"
#include "format/encoding.h"

enum {
	ID_LEN = 32,
	BYTES_PER_SEC = 150 * 1024 * 1024,
	PARALLEL_REQUESTS = 4,
	REQUEST_NSEC = 20 * 1000 * 1000,
};

static void put_snapshot(struct json_writer *w, const uint8_t *id, const char *stream,
			 int64_t time_nsec)
{
	char text[CLOCK_TEXT_MAX];

	json_put_hex(w, "snapshot", slice_of(id, ID_LEN));
	json_put_string(w, "stream", stream);
	json_put_string(w, "time", clock_format(time_nsec, text));
}

static void put_verdict(struct json_writer *w, const struct report_table *table)
{
	if (table->reason == NULL) {
		json_put_bool(w, "equal", table->is_equal);
		return;
	}
	json_write_key(w, "equal");
	json_write_null(w);
	json_put_string(w, "reason", table->reason);
}

static void put_tables(struct json_writer *w, const struct restore_report *report)
{
	json_write_key(w, "tables");
	json_begin_array(w);
	for (size_t i = 0; i < report->n_tables; i++) {
		json_begin_object(w);
		json_put_string(w, "path", report->tables[i].path);
		json_put_uint(w, "rows", report->tables[i].rows);
		put_verdict(w, &report->tables[i]);
		json_end_object(w);
	}
	json_end_array(w);
}

bool report_metadata_failed(const struct report_metadata *metadata)
{
	return metadata->owners + metadata->modes + metadata->attributes +
		       metadata->times >
	       0;
}

static void warn_kind(struct strings *warnings, uint64_t n, const char *what,
		      const char *fate)
{
	CLEANUP(mem_freep) char *text = NULL;

	if (n == 0)
		return;
	text = mem_printf("%s %s: %" PRIu64, what, fate, n);
	strings_add(warnings, text);
}

void report_metadata_warn(const struct report_metadata *metadata,
			  struct strings *warnings)
{
	static const char failed[] = "that could not be restored";
	static const char left[] = "that were left, since only root may restore them";

	warn_kind(warnings, metadata->owners, "owners", failed);
	warn_kind(warnings, metadata->modes, "modes", failed);
	warn_kind(warnings, metadata->attributes, "extended attributes", failed);
	warn_kind(warnings, metadata->times, "modification times", failed);
	warn_kind(warnings, metadata->owners_left, "owners", left);
	warn_kind(warnings, metadata->attributes_left, "extended attributes", left);
}

static void put_metadata(struct json_writer *w, const struct report_metadata *metadata)
{
	json_write_key(w, "metadata_failed");
	json_begin_object(w);
	json_put_uint(w, "owners", metadata->owners);
	json_put_uint(w, "modes", metadata->modes);
	json_put_uint(w, "attributes", metadata->attributes);
	json_put_uint(w, "times", metadata->times);
	json_end_object(w);
	json_write_key(w, "metadata_left");
	json_begin_object(w);
	json_put_uint(w, "owners", metadata->owners_left);
	json_put_uint(w, "attributes", metadata->attributes_left);
	json_end_object(w);
}

void restore_report_json(struct json_writer *w, const struct restore_report *report)
{
	json_begin_object(w);
	put_snapshot(w, report->snapshot, report->stream, report->time_nsec);
	json_put_string(w, "target", report->target);
	json_put_uint(w, "files", report->files);
	json_put_uint(w, "directories", report->directories);
	json_put_uint(w, "specials", report->specials);
	json_put_uint(w, "bytes", report->bytes);
	json_put_uint(w, "already_done", report->already_done);
	json_put_uint(w, "skipped", report->skipped);
	json_put_uint(w, "lost", report->lost);
	put_metadata(w, &report->metadata);
	json_put_double(w, "seconds", (double)report->nsec / 1e9);
	if (report->tables != NULL) {
		put_tables(w, report);
		json_put_uint(w, "refused", report->refused);
	}
	json_write_key(w, "warnings");
	json_begin_array(w);
	for (size_t i = 0; i < strings_count(report->warnings); i++)
		json_write_string(w, strings_at(report->warnings, i));
	json_end_array(w);
	json_end_object(w);
}

static void append_tables(struct buf *text, const struct restore_report *report)
{
	uint64_t rows = 0;
	size_t n = 0, equal = 0;
	char shown[QUOTE_TEXT_MAX];

	for (size_t i = 0; i < report->n_tables; i++) {
		const struct report_table *table = &report->tables[i];

		if (table->reason != NULL) {
			buf_printf(text, "%s: not compared, ",
				   quote_string(table->path, shown));
			quote_sentence(table->reason, text);
			buf_append_byte(text, '\n');
			continue;
		}
		n++;
		rows += table->rows;
		equal += table->is_equal;
	}
	buf_printf(text,
		   "%zu tables with %" PRIu64
		   " rows; read back and equal to the snapshot: %zu of %zu\n",
		   n, rows, equal, n);
	if (report->refused > 0)
		buf_printf(text,
			   "NOT restored: %" PRIu64
			   " things that the server refused; the warnings name them\n",
			   report->refused);
}

static void append_metadata(struct buf *text, const struct report_metadata *metadata)
{
	if (report_metadata_failed(metadata))
		buf_printf(text,
			   "NOT restored: %" PRIu64 " owners, %" PRIu64 " modes, %" PRIu64
			   " extended attributes, %" PRIu64 " modification times\n",
			   metadata->owners, metadata->modes, metadata->attributes,
			   metadata->times);
	if (metadata->owners_left + metadata->attributes_left > 0)
		buf_printf(text,
			   "left, since only root may restore them: %" PRIu64
			   " owners, %" PRIu64 " extended attributes\n",
			   metadata->owners_left, metadata->attributes_left);
}

void restore_report_text(struct buf *text, const struct restore_report *report)
{
	char when[CLOCK_TEXT_MAX];
	char bytes[UNITS_TEXT_MAX];
	char took[UNITS_TEXT_MAX];

	buf_printf(text, "restored %s as of %s to %s\n", report->stream,
		   clock_format(report->time_nsec, when), report->target);
	if (report->tables != NULL)
		append_tables(text, report);
	buf_printf(text, "%" PRIu64 " files, %s in %s", report->files,
		   units_format_size(report->bytes, bytes),
		   units_format_duration(report->nsec, took));
	if (report->already_done > 0)
		buf_printf(text, "; %" PRIu64 " were there from an earlier run",
			   report->already_done);
	if (report->skipped > 0)
		buf_printf(text, "; %" PRIu64 " skipped", report->skipped);
	if (report->lost > 0)
		buf_printf(text, "; %" PRIu64 " LOST", report->lost);
	buf_append_byte(text, '\n');
	append_metadata(text, &report->metadata);
}

void plan_report_json(struct json_writer *w, const struct plan_report *report)
{
	json_begin_object(w);
	put_snapshot(w, report->snapshot, report->stream, report->time_nsec);
	json_put_string(w, "source", report->source_kind);
	json_put_string(w, "target", report->target);
	json_put_uint(w, "files", report->files);
	json_put_uint(w, "directories", report->directories);
	json_put_uint(w, "specials", report->specials);
	json_put_uint(w, "write_bytes", report->write_bytes);
	json_put_uint(w, "fetch_bytes", report->fetch_bytes);
	json_put_uint(w, "requests", report->requests);
	json_put_uint(w, "lost", report->lost);
	json_put_double(w, "estimated_seconds", (double)report->estimated_nsec / 1e9);
	json_end_object(w);
}

void plan_report_text(struct buf *text, const struct plan_report *report)
{
	char hex[2 * ID_LEN + 1];
	char when[CLOCK_TEXT_MAX];
	char size[UNITS_TEXT_MAX];
	char fetched[UNITS_TEXT_MAX];
	char takes[UNITS_TEXT_MAX];
	char shown[QUOTE_TEXT_MAX];

	buf_printf(text, "snapshot   %s\n",
		   hex_encode(slice_of(report->snapshot, ID_LEN), hex, sizeof(hex)));
	buf_printf(text, "stream     %s (%s) as of %s\n", report->stream,
		   quote_string(report->source_kind, shown),
		   clock_format(report->time_nsec, when));
	if (report->target != NULL)
		buf_printf(text, "target     %s\n", report->target);
	buf_printf(text,
		   "to write   %" PRIu64 " files, %" PRIu64 " directories, %" PRIu64
		   " others; %s\n",
		   report->files, report->directories, report->specials,
		   units_format_size(report->write_bytes, size));
	buf_printf(text, "to fetch   %s in %" PRIu64 " requests\n",
		   units_format_size(report->fetch_bytes, fetched), report->requests);
	buf_printf(text, "estimate   %s\n",
		   units_format_duration(report->estimated_nsec, takes));
	if (report->lost > 0)
		buf_printf(text, "LOST       %" PRIu64 " files or directories\n",
			   report->lost);
}

uint64_t plan_report_estimate(uint64_t write_bytes, uint64_t fetch_bytes,
			      uint64_t requests)
{
	uint64_t bytes = write_bytes > fetch_bytes ? write_bytes : fetch_bytes;

	return (uint64_t)((double)bytes / BYTES_PER_SEC * 1e9) +
	       requests * REQUEST_NSEC / PARALLEL_REQUESTS;
}
