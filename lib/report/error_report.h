/* SPDX-License-Identifier: Apache-2.0 */
/* An error as people and programs are told it (schemas/error.schema.json). */
#ifndef REPORT_ERROR_REPORT_H
#define REPORT_ERROR_REPORT_H

#include "base/buf.h"
#include "base/err.h"
#include "format/json.h"

/* The member "error" of the object that is open. */
void error_report_json(struct json_writer *w, const struct err *err);

/* The message with the end of its line, and what is below it: "hint: ADVICE", or the line of
 * a file. */
void error_report_text(struct buf *text, const struct err *err);

#endif
