/* SPDX-License-Identifier: Apache-2.0 */
#include "report/snapshot_report.h"

#include <inttypes.h>

#include "base/clock.h"
#include "base/quote.h"
#include "base/units.h"
#include "format/encoding.h"

enum { ID_LEN = 32, SHORT_ID_LEN = 5 };

static void put_time(struct json_writer *w, const char *key, int64_t nsec)
{
	char text[CLOCK_TEXT_MAX];

	json_put_string(w, key, clock_format(nsec, text));
}

static bool are_all_utf8(const struct strings *paths)
{
	for (size_t i = 0; i < strings_count(paths); i++)
		if (!utf8_valid(slice_of_string(strings_at(paths, i))))
			return false;
	return true;
}

void report_paths_json(struct json_writer *w, const struct strings *paths)
{
	json_write_key(w, "paths");
	if (paths == NULL) {
		json_write_null(w);
		return;
	}
	json_begin_array(w);
	for (size_t i = 0; i < strings_count(paths); i++)
		json_write_string(w, strings_at(paths, i));
	json_end_array(w);
	if (are_all_utf8(paths))
		return;
	json_write_key(w, "paths_hex");
	json_begin_array(w);
	for (size_t i = 0; i < strings_count(paths); i++)
		json_write_hex(w, slice_of_string(strings_at(paths, i)));
	json_end_array(w);
}

void report_snapshot_json(struct json_writer *w, const struct report_snapshot *snapshot)
{
	json_begin_object(w);
	json_put_hex(w, "id", slice_of(snapshot->id, ID_LEN));
	json_put_string(w, "stream", snapshot->stream);
	json_put_uint(w, "seq", snapshot->seq);
	put_time(w, "time", snapshot->time_nsec);
	put_time(w, "start", snapshot->start_nsec);
	json_put_uint(w, "files", snapshot->files);
	json_put_uint(w, "bytes", snapshot->bytes);
	json_put_uint(w, "new_bytes", snapshot->new_bytes);
	json_put_uint(w, "stored_bytes", snapshot->stored_bytes);
	json_put_uint(w, "warnings", snapshot->warnings);
	json_put_string(w, "writer", snapshot->writer);
	json_put_string(w, "host", snapshot->host);
	report_paths_json(w, snapshot->paths);
	json_put_bool(w, "expired", snapshot->expired);
	json_end_object(w);
}

void report_snapshot_heading(struct buf *text)
{
	buf_printf(text, "%-10s  %-20s  %-24s  %8s  %9s  %9s\n", "ID", "TIME", "STREAM",
		   "FILES", "SIZE", "NEW");
}

void report_snapshot_line(struct buf *text, const struct report_snapshot *snapshot)
{
	char hex[2 * SHORT_ID_LEN + 1];
	char when[CLOCK_TEXT_MAX];
	char size[UNITS_TEXT_MAX];
	char new_size[UNITS_TEXT_MAX];
	int64_t whole_sec = snapshot->time_nsec - snapshot->time_nsec % 1000000000;

	buf_printf(text, "%s  %s  %-24s  %8" PRIu64 "  %9s  %9s%s\n",
		   hex_encode(slice_of(snapshot->id, SHORT_ID_LEN), hex, sizeof(hex)),
		   clock_format(whole_sec, when), snapshot->stream, snapshot->files,
		   units_format_size(snapshot->bytes, size),
		   units_format_size(snapshot->new_bytes, new_size),
		   snapshot->expired ? "  expired" : "");
}
