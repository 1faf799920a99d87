/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The one wrapper of libpq. A connection belongs to one thread. Nothing blocks for longer than
 * a fraction of a second without a look at its cancel: an interrupted query is cancelled on
 * the server, the call returns ERR_INTERRUPTED, and the connection is only fit to be closed.
 *
 * Errors carry the server's primary message in one line, its detail, and a code from the
 * SQLSTATE: ERR_DENIED (28xxx, 42501), ERR_NOT_FOUND (3D000, 42P01, 3F000, 42704), ERR_EXISTS
 * (42P04, 42710), ERR_NO_SPACE (53100), ERR_TRANSIENT (08xxx, 53300, 57Pxx, 40xxx, 55P03),
 * ERR_UNSUPPORTED (0A000), else ERR_FAILED.
 */
#ifndef PG_PG_CONN_H
#define PG_PG_CONN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/cancel.h"
#include "pg/pg_params.h"

struct pg_conn;
struct pg_result;

/* libpq's reading of a connection string; empty values count as absent. False: malformed. */
bool pg_conn_parse(const char *conninfo, struct pg_params *params);
/* What a parameter is by the service of these ones, or by the environment (PGSERVICE, PGDATABASE);
 * NULL when neither says. Nobody is connected to. ERR_USAGE: there is no such service. The
 * caller frees. */
MUST_CHECK int pg_conn_lookup(const struct pg_params *params, const char *key,
			      char **ret_value, struct err *err);

/*
 * Connects (never asks for a password; connect_timeout 30 s unless given), sets search_path to
 * nothing and lifts limits of time. `cancel` (may be NULL) is borrowed for the life of the
 * connection. A failure has a hint: ERR_TRANSIENT the server cannot be reached or is not
 * ready, ERR_DENIED password, role or pg_hba.conf, ERR_NOT_FOUND no such database.
 */
MUST_CHECK int pg_conn_open(const struct pg_params *params, const struct cancel *cancel,
			    struct pg_conn **ret_conn, struct err *err);
void pg_conn_free(struct pg_conn *conn);
void pg_conn_freep(struct pg_conn **conn);

unsigned pg_conn_major(const struct pg_conn *conn); /* 15 */
/* Of the role that acts; true when the server does not say. */
bool pg_conn_is_superuser(const struct pg_conn *conn);
const char *pg_conn_version(const struct pg_conn *conn);	 /* "15.20 (Debian...)" */
const char *pg_conn_server_encoding(const struct pg_conn *conn); /* "UTF8" */

/* Copies of a connection's parameters that reach the very server it is connected to, of
 * several hosts or addresses, with its start-up options and no client encoding: for child
 * programs. `time_zone` is one that the server knows. *ret_params is initialised here. */
void pg_conn_child_params(const struct pg_conn *conn, const struct pg_params *params,
			  const char *time_zone, struct pg_params *ret_params);

/* One or more commands whose rows are not wanted. */
MUST_CHECK int pg_exec(struct pg_conn *conn, const char *sql, struct err *err);
/* The same in steps, for who has something to do while the server is at it: each step waits a
 * fraction of a second at most; after *ret_done the command is over and the connection free. */
MUST_CHECK int pg_exec_begin(struct pg_conn *conn, const char *sql, struct err *err);
MUST_CHECK int pg_exec_step(struct pg_conn *conn, bool *ret_done, struct err *err);
/* One command with $1.. as text (NULL = null); rows as text. */
MUST_CHECK int pg_query(struct pg_conn *conn, const char *sql, int n_values,
			const char *const *values, struct pg_result **ret_result,
			struct err *err);
/* The first column of the first row, a copy; NULL when null or without rows. */
MUST_CHECK int pg_query_text(struct pg_conn *conn, const char *sql, int n_values,
			     const char *const *values, char **ret_text, struct err *err);
size_t pg_rows(const struct pg_result *result);
const char *pg_value(const struct pg_result *result, size_t row,
		     int column); /* or NULL */
bool pg_bool(const struct pg_result *result, size_t row, int column);
void pg_result_free(struct pg_result *result);
void pg_result_freep(struct pg_result **result);

/* COPY ... TO STDOUT. A row is valid until the next call. After *ret_end the command is over
 * and the connection free. libpq holds a row as a whole. */
MUST_CHECK int pg_copy_out_begin(struct pg_conn *conn, const char *sql, struct err *err);
MUST_CHECK int pg_copy_out_row(struct pg_conn *conn, struct slice *ret_row, bool *ret_end,
			       struct err *err);

/* COPY ... FROM STDIN. Bytes need not end at rows. */
MUST_CHECK int pg_copy_in_begin(struct pg_conn *conn, const char *sql, struct err *err);
MUST_CHECK int pg_copy_in_write(struct pg_conn *conn, struct slice bytes,
				struct err *err);
MUST_CHECK int pg_copy_in_end(struct pg_conn *conn, uint64_t *ret_rows, struct err *err);

#endif
