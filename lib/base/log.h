/* SPDX-License-Identifier: Apache-2.0 */
/* Messages for people, passed in: the library tells a struct log, programs decide where it
 * goes (stderr). Thread-safe when its write() is. */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include "base/attr.h"

enum log_level { LOG_DEBUG_LEVEL, LOG_INFO_LEVEL, LOG_WARNING_LEVEL, LOG_ERROR_LEVEL };

struct log {
	void (*write)(const struct log *log, enum log_level level, const char *text);
	void *state;
	enum log_level least; /* lower levels are dropped */
};

/* Every function takes a NULL log and drops the text then. A text longer than 2047 bytes is
 * cut with "...". */
void log_debug(const struct log *log, const char *format, ...) PRINTF_LIKE(2, 3);
void log_info(const struct log *log, const char *format, ...) PRINTF_LIKE(2, 3);
void log_warning(const struct log *log, const char *format, ...) PRINTF_LIKE(2, 3);
/* For failures that do not end the program, such as one of several jobs. */
void log_error(const struct log *log, const char *format, ...) PRINTF_LIKE(2, 3);

#endif
