/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The one error convention. A fallible function is `MUST_CHECK int`, returns 0 or -1, takes
 * `struct err *err` last, and leaves *err untouched on success. The text grows outwards:
 * the lowest level says what happened, each caller that knows more puts its object in front
 * ("pack 3f2a: directory: offset 1 exceeds size 0"). Advice is a separate hint. Texts are
 * lower case, without a full stop, never hold a secret, and quote foreign bytes (quote.h).
 */
#ifndef BASE_ERR_H
#define BASE_ERR_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"

enum { ERR_MSG_MAX = 1024, ERR_HINT_MAX = 512 };

/* Stable names: they appear as "code" in JSON errors; exit codes are in err.c's table. */
enum err_code {
	ERR_NONE = 0,
	ERR_FAILED,	 /* anything without a better name */
	ERR_USAGE,	 /* command line or configuration is wrong */
	ERR_NOT_FOUND,	 /* a named thing does not exist */
	ERR_EXISTS,	 /* a conditional create met an existing object */
	ERR_DENIED,	 /* the system or the server refused for lack of rights */
	ERR_NO_SPACE,	 /* disk or quota full */
	ERR_IO,		 /* reading or writing failed */
	ERR_TRANSIENT,	 /* may work when tried again */
	ERR_LIMIT,	 /* a named limit is exceeded */
	ERR_UNSUPPORTED, /* newer format version, missing capability */
	ERR_NO_REPO,	 /* there is no repository at this URL */
	ERR_KEY,	 /* wrong key, passphrase or role */
	ERR_CORRUPT,	 /* stored data is damaged */
	ERR_TARGET,	 /* a restore target is refused */
	ERR_ALARM,	 /* a signature or chain says that somebody tampered */
	ERR_PARTIAL,	 /* done, but not for all that a named root holds */
	ERR_INTERRUPTED, /* SIGHUP, SIGINT or SIGTERM, see err.signal */
	ERR_BUG,	 /* our mistake that was caught at run time */
	ERR_CODE_COUNT,
};

struct err {
	enum err_code code;
	int signal; /* with ERR_INTERRUPTED: SIGHUP, SIGINT or SIGTERM */
	char msg[ERR_MSG_MAX];
	char hint[ERR_HINT_MAX];
};

/* Sets code and message, clears the hint; a too long message is cut with "...". Returns -1. */
int err_set(struct err *err, enum err_code code, const char *format, ...)
	PRINTF_LIKE(3, 4);

/* As err_set(), then appends ": " and the text of errno value `error_number`; picks
 * ERR_DENIED (EACCES, EPERM, EROFS), ERR_NO_SPACE (ENOSPC, EDQUOT, EFBIG), ERR_NOT_FOUND
 * (ENOENT, ENOTDIR), ERR_EXISTS (EEXIST), else ERR_IO. Returns -1. */
int err_set_errno(struct err *err, int error_number, const char *format, ...)
	PRINTF_LIKE(3, 4);

/* Puts "context: " in front of the message; keeps code and hint. Returns -1. */
int err_wrap(struct err *err, const char *format, ...) PRINTF_LIKE(2, 3);

/* Sets the hint (replaces one that is there): advice, or behind a newline the line of a file with
 * a mark below it. Returns -1, so that it can end a function. */
int err_hint(struct err *err, const char *format, ...) PRINTF_LIKE(2, 3);

/* Makes *err empty again, for reuse after an expected error was handled. */
void err_clear(struct err *err);

/* Stable lower-case name of a code, e.g. "not_found". */
const char *err_code_name(enum err_code code);

/* The documented exit code: 0 done, 1 failed, 2 usage, 3 partial, 10 no repository, 12 key,
 * 13 damaged, 14 target refused, 15 alarm, 128 + signal interrupted. */
int err_exit_code(const struct err *err);
/* That of a code alone, for who has no error in hand; not of ERR_INTERRUPTED. */
int err_code_exit(enum err_code code);

/* Of two exit codes the worse, in the documented order of several jobs:
 * 0 < 3 < 2 < 1 < 10 < 12 < 14 < 13 < 15 < 129 < 130 < 143. */
int err_worse_exit(int a, int b);

/* Every documented exit code and what it means, as manuals print it; ended by meaning NULL. */
struct err_exit {
	const char *codes; /* "0", or "129, 130, 143" */
	const char *meaning;
};
const struct err_exit *err_exit_table(void);

#endif
