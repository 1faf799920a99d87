/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A message has a fixed size, so that an error can be built where memory is short and copied
 * by value. What to lose when it is full is the only real decision here:
 *
 *  - err_set() loses the end of its text, marked with "...".
 *  - err_set_errno() shortens its text before ": No such file or directory", because the
 *    system's word is the cause.
 *  - err_wrap() keeps the new context (at most half of the room) and the end of what was
 *    there: the outermost object and the innermost cause say most; the middle goes.
 *
 * All texts are formatted into a local buffer first, since callers may pass err->msg itself
 * as an argument. Cuts never fall inside a UTF-8 sequence.
 */
#include "base/err.h"

#include <assert.h>
#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>

static const char ellipsis[] = "...";
enum { ELLIPSIS_LEN = sizeof(ellipsis) - 1 };

struct err_code_row {
	const char *name;
	int exit_code;
};

static const struct err_code_row code_table[ERR_CODE_COUNT] = {
	[ERR_NONE] = {"none", 0},
	[ERR_FAILED] = {"failed", 1},
	[ERR_USAGE] = {"usage", 2},
	[ERR_NOT_FOUND] = {"not_found", 1},
	[ERR_EXISTS] = {"exists", 1},
	[ERR_DENIED] = {"denied", 1},
	[ERR_NO_SPACE] = {"no_space", 1},
	[ERR_IO] = {"io", 1},
	[ERR_TRANSIENT] = {"transient", 1},
	[ERR_LIMIT] = {"limit", 1},
	[ERR_UNSUPPORTED] = {"unsupported", 1},
	[ERR_NO_REPO] = {"no_repo", 10},
	[ERR_KEY] = {"key", 12},
	[ERR_CORRUPT] = {"corrupt", 13},
	[ERR_TARGET] = {"target", 14},
	[ERR_ALARM] = {"alarm", 15},
	[ERR_PARTIAL] = {"partial", 3},
	[ERR_INTERRUPTED] = {"interrupted",
			     1}, /* without a signal; see err_exit_code() */
	[ERR_BUG] = {"bug", 1},
};

static bool is_utf8_continuation(char c)
{
	return ((unsigned char)c & 0xc0) == 0x80;
}

/* The largest length <= len at which `text` may be cut. */
static size_t cut_before(const char *text, size_t len)
{
	while (len > 0 && is_utf8_continuation(text[len]))
		len--;
	return len;
}

/* Copies text into to[size], cut with "..." when it does not fit. */
static void copy_cut(char *to, size_t size, const char *text)
{
	size_t len = strlen(text);

	if (len < size) {
		memcpy(to, text, len + 1);
		return;
	}
	len = cut_before(text, size - 1 - ELLIPSIS_LEN);
	memcpy(to, text, len);
	memcpy(to + len, ellipsis, sizeof(ellipsis));
}

/* Room for one byte more than any target, so that copy_cut() sees an overflow. */
enum { SCRATCH_LEN = ERR_MSG_MAX + 8 };

static void format_scratch(char scratch[static SCRATCH_LEN], const char *format,
			   va_list ap) __attribute__((format(printf, 2, 0)));
static void format_scratch(char scratch[static SCRATCH_LEN], const char *format,
			   va_list ap)
{
	if (vsnprintf(scratch, SCRATCH_LEN, format, ap) < 0)
		copy_cut(scratch, SCRATCH_LEN, "(message cannot be formatted)");
}

static void set_code(struct err *err, enum err_code code)
{
	err->code = code;
	err->signal = 0;
	err->hint[0] = '\0';
}

int err_set(struct err *err, enum err_code code, const char *format, ...)
{
	char scratch[SCRATCH_LEN];
	va_list ap;

	va_start(ap, format);
	format_scratch(scratch, format, ap);
	va_end(ap);
	set_code(err, code);
	copy_cut(err->msg, sizeof(err->msg), scratch);
	return -1;
}

static enum err_code code_of_errno(int error_number)
{
	switch (error_number) {
	case EACCES:
	case EPERM:
	case EROFS:
		return ERR_DENIED;
	case ENOSPC:
	case EDQUOT:
	case EFBIG:
		return ERR_NO_SPACE;
	case ENOENT:
	case ENOTDIR:
		return ERR_NOT_FOUND;
	case EEXIST:
		return ERR_EXISTS;
	default:
		return ERR_IO;
	}
}

int err_set_errno(struct err *err, int error_number, const char *format, ...)
{
	char scratch[SCRATCH_LEN];
	char reason_room[128];
	const char *reason = strerror_r(error_number, reason_room, sizeof(reason_room));
	size_t reason_len = strnlen(reason, sizeof(reason_room) - 1);
	va_list ap;

	va_start(ap, format);
	format_scratch(scratch, format, ap);
	va_end(ap);
	set_code(err, code_of_errno(error_number));
	copy_cut(err->msg, sizeof(err->msg) - reason_len - 2, scratch);
	size_t len = strlen(err->msg);
	(void)snprintf(err->msg + len, sizeof(err->msg) - len, ": %.*s", (int)reason_len,
		       reason);
	return -1;
}

/* The end of `text` that fits in `room` bytes, moved to the start of a UTF-8 sequence. */
static const char *tail_that_fits(const char *text, size_t room)
{
	size_t len = strlen(text);
	const char *tail = len <= room ? text : text + (len - room);

	while (is_utf8_continuation(*tail))
		tail++;
	return tail;
}

int err_wrap(struct err *err, const char *format, ...)
{
	char scratch[SCRATCH_LEN];
	char inner[ERR_MSG_MAX];
	va_list ap;

	va_start(ap, format);
	format_scratch(scratch, format, ap);
	va_end(ap);
	assert(err->code != ERR_NONE);
	memcpy(inner, err->msg, sizeof(inner));

	size_t room = sizeof(err->msg) - 1;
	size_t context_len = strlen(scratch);
	size_t inner_len = strlen(inner);
	if (context_len + 2 + inner_len <= room) {
		memcpy(err->msg, scratch, context_len);
		memcpy(err->msg + context_len, ": ", 2);
		memcpy(err->msg + context_len + 2, inner, inner_len + 1);
		return -1;
	}
	copy_cut(err->msg, sizeof(err->msg) / 2, scratch);
	size_t len = strlen(err->msg);
	(void)snprintf(err->msg + len, sizeof(err->msg) - len, ": %s%s", ellipsis,
		       tail_that_fits(inner, room - len - 2 - ELLIPSIS_LEN));
	return -1;
}

int err_hint(struct err *err, const char *format, ...)
{
	char scratch[SCRATCH_LEN];
	va_list ap;

	va_start(ap, format);
	format_scratch(scratch, format, ap);
	va_end(ap);
	copy_cut(err->hint, sizeof(err->hint), scratch);
	return -1;
}

void err_clear(struct err *err)
{
	set_code(err, ERR_NONE);
	err->msg[0] = '\0';
}

const char *err_code_name(enum err_code code)
{
	if ((unsigned)code >= ERR_CODE_COUNT)
		return code_table[ERR_BUG].name;
	return code_table[code].name;
}

int err_code_exit(enum err_code code)
{
	return code_table[(unsigned)code < ERR_CODE_COUNT ? code : ERR_BUG].exit_code;
}

int err_exit_code(const struct err *err)
{
	if (err->code == ERR_INTERRUPTED && err->signal > 0)
		return 128 + err->signal;
	return err_code_exit(err->code);
}

/* Exit codes from harmless to worst. */
static const int exit_order[] = {
	0, 3, 2, 1, 10, 12, 14, 13, 15, 128 + SIGHUP, 128 + SIGINT, 128 + SIGTERM};

/* An undocumented code counts as 1, "failed". */
static size_t exit_rank(int exit_code)
{
	size_t failed = 0;

	for (size_t i = 0; i < ARRAY_SIZE(exit_order); i++) {
		if (exit_order[i] == exit_code)
			return i;
		if (exit_order[i] == 1)
			failed = i;
	}
	return failed;
}

int err_worse_exit(int a, int b)
{
	return exit_rank(b) > exit_rank(a) ? b : a;
}
