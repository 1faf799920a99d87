/* SPDX-License-Identifier: Apache-2.0 */
/* What the server says about a failure, as one of our errors. Pure. */
#ifndef PG_PG_SQLSTATE_H
#define PG_PG_SQLSTATE_H

#include <stdbool.h>

#include "base/err.h"

/* Fields of a server's error; NULL where it has none. */
struct pg_server_error {
	const char *sqlstate;
	const char *message, *detail, *hint;
	const char *context; /* of a COPY: "COPY t, line 3, column c: ..." */
};

enum err_code
pg_sqlstate_code(const char *sqlstate); /* see pg_conn.h; NULL = ERR_FAILED */

/* "message: detail (COPY t, line 3)"; never data: of the context only the place is told, and no
 * detail of a violated constraint. Returns -1. */
int pg_server_error_set(const struct pg_server_error *error, struct err *err);

/* From libpq's text of a failed connection, which holds the SQLSTATE when the server spoke
 * ("FATAL:  28P01: password ..."). Sets a hint. Returns -1. */
int pg_connect_error(const char *text, bool needs_password, struct err *err);

/* The first line of a text, safe to show: control characters are blanks. Caller frees. */
char *pg_first_line(const char *text);

#endif
