/* SPDX-License-Identifier: Apache-2.0 */
#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>

/* A longer text is cut: an err fits, and a log line is not a place for data. */
enum { LOG_TEXT_MAX = 2048 };

/* Puts "..." at the end of a full text, never inside a UTF-8 sequence. */
static void mark_cut(char text[static LOG_TEXT_MAX])
{
	static const char mark[] = "...";
	size_t at = LOG_TEXT_MAX - sizeof(mark);

	while (at > 0 && ((unsigned char)text[at] & 0xc0) == 0x80)
		at--;
	memcpy(text + at, mark, sizeof(mark));
}

static void write_formatted(const struct log *log, enum log_level level,
			    const char *format, va_list ap)
	__attribute__((format(printf, 3, 0)));
static void write_formatted(const struct log *log, enum log_level level,
			    const char *format, va_list ap)
{
	char text[LOG_TEXT_MAX];

	if (log == NULL || level < log->least)
		return;
	int len = vsnprintf(text, sizeof(text), format, ap);
	if (len < 0)
		return;
	if ((size_t)len >= sizeof(text))
		mark_cut(text);
	log->write(log, level, text);
}

void log_debug(const struct log *log, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	write_formatted(log, LOG_DEBUG_LEVEL, format, ap);
	va_end(ap);
}

void log_info(const struct log *log, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	write_formatted(log, LOG_INFO_LEVEL, format, ap);
	va_end(ap);
}

void log_warning(const struct log *log, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	write_formatted(log, LOG_WARNING_LEVEL, format, ap);
	va_end(ap);
}

void log_error(const struct log *log, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	write_formatted(log, LOG_ERROR_LEVEL, format, ap);
	va_end(ap);
}
