/* SPDX-License-Identifier: Apache-2.0 */
#include "report/error_report.h"

static bool is_line_of_file(const struct err *err)
{
	return err->hint[0] == '\n';
}

void error_report_json(struct json_writer *w, const struct err *err)
{
	json_write_key(w, "error");
	json_begin_object(w);
	json_put_string(w, "code", err_code_name(err->code));
	json_put_string(w, "message", err->msg);
	json_put_string(w, "hint",
			err->hint[0] == '\0' ? NULL : err->hint + is_line_of_file(err));
	json_end_object(w);
}

void error_report_text(struct buf *text, const struct err *err)
{
	buf_printf(text, "%s\n", err->msg);
	if (is_line_of_file(err))
		buf_printf(text, "%s\n", err->hint + 1);
	else if (err->hint[0] != '\0')
		buf_printf(text, "hint: %s\n", err->hint);
}
