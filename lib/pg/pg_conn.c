/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libpq in its asynchronous mode: whatever waits for the server waits in wait_for(), in short
 * steps that look at the cancel, so that Ctrl-C works while a lock is awaited or a row of a
 * gigabyte is on its way. An interrupted command is cancelled on the server too (PQcancel), or
 * it would run on after we are gone.
 *
 * Connecting asks for verbose errors, because libpq shows no SQLSTATE of a failed connection
 * other than in its text; results are asked for fields, never for text.
 */
#include <libpq-fe.h>

#include "pg/pg_conn.h"

#include <inttypes.h>
#include <poll.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/units.h"
#include "pg/pg_sqlstate.h"

enum {
	POLL_MSEC = 200,
	CONNECT_TIMEOUT_SEC = 30, /* a host, unless the parameters say more */
	CONNECT_TIMEOUT_MAX = 86400,
	COPY_STEP = 64 * 1024, /* bytes that libpq may hold while the server is slow */
	CHILD_OPTIONS_MAX = 8192,
	NSEC_PER_SEC = 1000000000,
};

/* What child programs' sessions have in common with ours: see pg_session.h. */
static const char *const child_options =
	" -c datestyle=ISO,YMD -c intervalstyle=postgres -c lc_monetary=C"
	" -c default_transaction_read_only=off -c quote_all_identifiers=off";

/* No names but the catalog's, and no limit of time. */
static const char *const opening_sql =
	"SET search_path = ''; SET statement_timeout = 0; SET lock_timeout = 0;"
	" SET idle_in_transaction_session_timeout = 0";

struct pg_conn {
	PGconn *pq;
	const struct cancel *cancel; /* borrowed, or NULL */
	char *version;
	char *row; /* of libpq: the last row of a COPY */
};

struct pg_result {
	PGresult *pq;
};

bool pg_conn_parse(const char *conninfo, struct pg_params *params)
{
	PQconninfoOption *options = PQconninfoParse(conninfo, NULL);

	if (options == NULL)
		return false;
	for (const PQconninfoOption *o = options; o->keyword != NULL; o++)
		if (o->val != NULL && *o->val != '\0')
			pg_params_set(params, o->keyword, o->val);
	PQconninfoFree(options);
	return true;
}

/* libpq gets the parameters as two parallel lists. */
static PGconn *start_connection(const struct pg_params *params)
{
	const char **keys = mem_calloc(params->vec.n + 2, sizeof(*keys));
	const char **values = mem_calloc(params->vec.n + 2, sizeof(*values));
	PGconn *pq;

	for (size_t i = 0; i < params->vec.n; i++) {
		const struct pg_param *param = vec_at(&params->vec, i);

		keys[i] = param->key;
		values[i] = param->value;
	}
	keys[params->vec.n] = "fallback_application_name";
	values[params->vec.n] = "quipu";
	pq = PQconnectStartParams(keys, values, 0);
	mem_free(keys);
	mem_free(values);
	return pq;
}

/* What the connection has for a parameter, or NULL. Caller frees. */
static char *read_back(PGconn *pq, const char *key)
{
	PQconninfoOption *options = PQconninfo(pq);
	char *value = NULL;

	for (const PQconninfoOption *o = options; o != NULL && o->keyword != NULL; o++)
		if (strcmp(o->keyword, key) == 0 && o->val != NULL && *o->val != '\0')
			value = mem_strdup(o->val);
	PQconninfoFree(options);
	return value;
}

/* libpq looks into service files only on its way to a connection. So it gets hosts that it refuses
 * before it looks for any, but after it has read the services. */
int pg_conn_lookup(const struct pg_params *params, const char *key, char **ret_value,
		   struct err *err)
{
	CLEANUP(pg_params_release) struct pg_params nowhere;
	CLEANUP(mem_freep) char *host = NULL;
	CLEANUP(mem_freep) char *line = NULL;
	PGconn *pq;

	pg_params_copy(&nowhere, params);
	pg_params_set(&nowhere, "host", "two,hosts");
	pg_params_set(&nowhere, "hostaddr", "127.0.0.1");
	pq = start_connection(&nowhere);
	host = read_back(pq, "host");
	if (host != NULL)
		*ret_value = read_back(pq, key);
	else
		line = pg_first_line(PQerrorMessage(pq));
	PQfinish(pq);
	return host != NULL ? 0 : err_set(err, ERR_USAGE, "connection string: %s", line);
}

/* Notices would go to stderr. What matters arrives as an error. */
static void drop_notice(void *state, const PGresult *result)
{
	(void)state;
	(void)result;
}

void pg_conn_free(struct pg_conn *conn)
{
	if (conn == NULL)
		return;
	PQfreemem(conn->row);
	PQfinish(conn->pq);
	mem_free(conn->version);
	mem_free(conn);
}

void pg_conn_freep(struct pg_conn **conn)
{
	pg_conn_free(*conn);
}

/* True when the socket is ready within one step. */
static bool poll_step(const struct pg_conn *conn, short events)
{
	struct pollfd wait = {.fd = PQsocket(conn->pq), .events = events};

	return poll(&wait, 1, POLL_MSEC) > 0;
}

static void cancel_on_server(const struct pg_conn *conn)
{
	PGcancel *cancel = PQgetCancel(conn->pq);
	char ignored[256];

	if (cancel == NULL)
		return;
	(void)PQcancel(cancel, ignored, sizeof(ignored)); /* best effort */
	PQfreeCancel(cancel);
}

/* Waits for one step at most. */
static int wait_step(const struct pg_conn *conn, short events, bool *ret_ready,
		     struct err *err)
{
	if (cancel_check(conn->cancel, err) < 0) {
		cancel_on_server(conn);
		return -1;
	}
	*ret_ready = poll_step(conn, events);
	return 0;
}

static int wait_for(const struct pg_conn *conn, short events, struct err *err)
{
	bool ready = false;

	while (!ready)
		if (wait_step(conn, events, &ready, err) < 0)
			return -1;
	return 0;
}

static int fail_lost(const struct pg_conn *conn, struct err *err)
{
	CLEANUP(mem_freep) char *line = pg_first_line(PQerrorMessage(conn->pq));

	return err_set(err, ERR_TRANSIENT, "connection to the server is lost%s%s",
		       *line != '\0' ? ": " : "", line);
}

static unsigned long long connect_patience_nsec(const struct pg_conn *conn)
{
	PQconninfoOption *options = PQconninfo(conn->pq);
	uint64_t per_host = CONNECT_TIMEOUT_SEC, n_hosts = 1, given;
	struct err ignored;

	for (const PQconninfoOption *o = options; o != NULL && o->keyword != NULL; o++) {
		if (o->val == NULL)
			continue;
		if (strcmp(o->keyword, "host") == 0)
			for (const char *c = o->val; *c != '\0'; c++)
				n_hosts += *c == ',';
		if (strcmp(o->keyword, "connect_timeout") == 0 &&
		    units_parse_count("connect_timeout", o->val, 1, CONNECT_TIMEOUT_MAX,
				      &given, &ignored) == 0)
			per_host = given;
	}
	PQconninfoFree(options);
	return per_host * n_hosts * NSEC_PER_SEC;
}

static int drive_connection(const struct pg_conn *conn, struct err *err)
{
	struct clock clock = clock_system();
	uint64_t start = clock.monotonic_nsec(&clock);
	uint64_t patience = connect_patience_nsec(conn);
	PostgresPollingStatusType status = PGRES_POLLING_WRITING;

	while (status == PGRES_POLLING_READING || status == PGRES_POLLING_WRITING) {
		short events = status == PGRES_POLLING_READING ? POLLIN : POLLOUT;

		if (cancel_check(conn->cancel, err) < 0)
			return -1;
		if (clock.monotonic_nsec(&clock) - start > patience)
			return err_set(err, ERR_TRANSIENT,
				       "no answer from the server within %" PRIu64 " s",
				       patience / NSEC_PER_SEC);
		if (poll_step(conn, events))
			status = PQconnectPoll(conn->pq);
	}
	if (status == PGRES_POLLING_OK)
		return 0;
	return pg_connect_error(PQerrorMessage(conn->pq),
				PQconnectionNeedsPassword(conn->pq) != 0, err);
}

static int connect_to(const struct pg_params *params, struct pg_conn *conn,
		      struct err *err)
{
	conn->pq = start_connection(params);
	if (conn->pq == NULL)
		return err_set(err, ERR_FAILED, "libpq could not start a connection");
	(void)PQsetErrorVerbosity(conn->pq, PQERRORS_VERBOSE);
	(void)PQsetNoticeReceiver(conn->pq, drop_notice, NULL);
	if (PQstatus(conn->pq) == CONNECTION_BAD)
		return pg_connect_error(PQerrorMessage(conn->pq), false, err);
	if (drive_connection(conn, err) < 0)
		return -1;
	if (PQserverVersion(conn->pq) < 130000)
		return err_set(err, ERR_UNSUPPORTED,
			       "server is version %s; expected 13 or later",
			       PQparameterStatus(conn->pq, "server_version"));
	(void)PQsetErrorVerbosity(conn->pq, PQERRORS_DEFAULT);
	conn->version = mem_strdup(PQparameterStatus(conn->pq, "server_version"));
	return pg_exec(conn, opening_sql, err);
}

int pg_conn_open(const struct pg_params *params, const struct cancel *cancel,
		 struct pg_conn **ret_conn, struct err *err)
{
	CLEANUP(pg_conn_freep) struct pg_conn *conn = mem_zalloc(sizeof(*conn));
	CLEANUP(mem_freep) char *place = pg_params_place(params);

	conn->cancel = cancel;
	if (connect_to(params, conn, err) < 0)
		return err_wrap(err, "%s", place);
	*ret_conn = STEAL(conn);
	return 0;
}

unsigned pg_conn_major(const struct pg_conn *conn)
{
	return (unsigned)PQserverVersion(conn->pq) / 10000;
}

bool pg_conn_is_superuser(const struct pg_conn *conn)
{
	const char *said = PQparameterStatus(conn->pq, "is_superuser");

	return said == NULL || strcmp(said, "on") == 0;
}

const char *pg_conn_version(const struct pg_conn *conn)
{
	return conn->version;
}

const char *pg_conn_server_encoding(const struct pg_conn *conn)
{
	return PQparameterStatus(conn->pq, "server_encoding");
}

void pg_conn_child_params(const struct pg_conn *conn, const struct pg_params *params,
			  const char *time_zone, struct pg_params *ret_params)
{
	const char *address = PQhostaddr(conn->pq);
	const char *options = PQoptions(conn->pq);
	CLEANUP(mem_freep)
	char *all = mem_printf("%.*s%s -c timezone=%s", CHILD_OPTIONS_MAX,
			       options == NULL ? "" : options, child_options, time_zone);

	pg_params_copy(ret_params, params);
	pg_params_set(ret_params, "host", PQhost(conn->pq));
	pg_params_set(ret_params, "port", PQport(conn->pq));
	pg_params_set(ret_params, "hostaddr",
		      address == NULL || *address == '\0' ? NULL : address);
	pg_params_set(ret_params, "target_session_attrs", NULL);
	pg_params_set(ret_params, "client_encoding", NULL);
	pg_params_set(ret_params, "options", all);
}

/* Results. */

void pg_result_free(struct pg_result *result)
{
	if (result == NULL)
		return;
	PQclear(result->pq);
	mem_free(result);
}

void pg_result_freep(struct pg_result **result)
{
	pg_result_free(*result);
}

size_t pg_rows(const struct pg_result *result)
{
	return (size_t)PQntuples(result->pq);
}

const char *pg_value(const struct pg_result *result, size_t row, int column)
{
	if (PQgetisnull(result->pq, (int)row, column))
		return NULL;
	return PQgetvalue(result->pq, (int)row, column);
}

bool pg_bool(const struct pg_result *result, size_t row, int column)
{
	const char *value = pg_value(result, row, column);

	return value != NULL && *value == 't';
}

static int fail_result(const PGresult *result, struct err *err)
{
	struct pg_server_error error = {
		.sqlstate = PQresultErrorField(result, PG_DIAG_SQLSTATE),
		.message = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY),
		.detail = PQresultErrorField(result, PG_DIAG_MESSAGE_DETAIL),
		.hint = PQresultErrorField(result, PG_DIAG_MESSAGE_HINT),
		.context = PQresultErrorField(result, PG_DIAG_CONTEXT),
	};

	if (error.message == NULL) /* made by libpq itself */
		error.message = PQresultErrorMessage(result);
	return pg_server_error_set(&error, err);
}

static int next_result(const struct pg_conn *conn, PGresult **ret_result, struct err *err)
{
	while (PQisBusy(conn->pq)) {
		if (wait_for(conn, POLLIN, err) < 0)
			return -1;
		if (!PQconsumeInput(conn->pq))
			return fail_lost(conn, err);
	}
	*ret_result = PQgetResult(conn->pq);
	return 0;
}

/* All results of what was sent up to the end; the last one that is no error is kept. After an
 * error the rest is still read, so that the connection can be used on. */
static int last_result(const struct pg_conn *conn, PGresult **ret_result, struct err *err)
{
	PGresult *kept = NULL, *result = NULL;
	bool failed = false;

	for (;;) {
		ExecStatusType status;

		if (next_result(conn, &result, err) < 0)
			failed = true, result = NULL;
		if (result == NULL)
			break;
		status = PQresultStatus(result);
		if (status == PGRES_FATAL_ERROR && !failed)
			failed = fail_result(result, err) < 0;
		PQclear(kept);
		kept = result;
		if (status == PGRES_COPY_IN || status == PGRES_COPY_OUT)
			break;
	}
	if (!failed && kept == NULL)
		failed = fail_lost(conn, err) < 0;
	if (!failed) {
		*ret_result = kept;
		return 0;
	}
	PQclear(kept);
	return -1;
}

static int end_exec(const struct pg_conn *conn, struct err *err)
{
	PGresult *result;

	if (last_result(conn, &result, err) < 0)
		return -1;
	PQclear(result);
	return 0;
}

int pg_exec(struct pg_conn *conn, const char *sql, struct err *err)
{
	if (pg_exec_begin(conn, sql, err) < 0)
		return -1;
	return end_exec(conn, err);
}

int pg_exec_begin(struct pg_conn *conn, const char *sql, struct err *err)
{
	return PQsendQuery(conn->pq, sql) ? 0 : fail_lost(conn, err);
}

int pg_exec_step(struct pg_conn *conn, bool *ret_done, struct err *err)
{
	bool ready = false;

	if (PQisBusy(conn->pq) && wait_step(conn, POLLIN, &ready, err) < 0)
		return -1;
	if (ready && !PQconsumeInput(conn->pq))
		return fail_lost(conn, err);
	if (PQisBusy(conn->pq)) {
		*ret_done = false;
		return 0;
	}
	if (end_exec(conn, err) < 0)
		return -1;
	*ret_done = true;
	return 0;
}

int pg_query(struct pg_conn *conn, const char *sql, int n_values,
	     const char *const *values, struct pg_result **ret_result, struct err *err)
{
	PGresult *result;

	if (!PQsendQueryParams(conn->pq, sql, n_values, NULL, values, NULL, NULL, 0))
		return fail_lost(conn, err);
	if (last_result(conn, &result, err) < 0)
		return -1;
	*ret_result = mem_zalloc(sizeof(**ret_result));
	(*ret_result)->pq = result;
	return 0;
}

int pg_query_text(struct pg_conn *conn, const char *sql, int n_values,
		  const char *const *values, char **ret_text, struct err *err)
{
	CLEANUP(pg_result_freep) struct pg_result *result = NULL;

	if (pg_query(conn, sql, n_values, values, &result, err) < 0)
		return -1;
	*ret_text = pg_rows(result) == 0 ? NULL : mem_strdup(pg_value(result, 0, 0));
	return 0;
}

/* COPY. */

static int begin_copy(struct pg_conn *conn, const char *sql, ExecStatusType expected,
		      struct err *err)
{
	PGresult *result;
	ExecStatusType status;

	if (!PQsendQuery(conn->pq, sql))
		return fail_lost(conn, err);
	if (last_result(conn, &result, err) < 0)
		return -1;
	status = PQresultStatus(result);
	PQclear(result);
	if (status != expected)
		return err_set(err, ERR_BUG, "server did not start a copy");
	return 0;
}

static int end_copy(const struct pg_conn *conn, uint64_t *ret_rows, struct err *err)
{
	PGresult *result;
	struct err ignored;

	if (last_result(conn, &result, err) < 0)
		return -1;
	if (ret_rows != NULL && units_parse_count("rows", PQcmdTuples(result), 0,
						  INT64_MAX, ret_rows, &ignored) < 0)
		*ret_rows = 0;
	PQclear(result);
	return 0;
}

int pg_copy_out_begin(struct pg_conn *conn, const char *sql, struct err *err)
{
	return begin_copy(conn, sql, PGRES_COPY_OUT, err);
}

int pg_copy_out_row(struct pg_conn *conn, struct slice *ret_row, bool *ret_end,
		    struct err *err)
{
	int len;

	PQfreemem(conn->row);
	conn->row = NULL;
	while ((len = PQgetCopyData(conn->pq, &conn->row, 1)) == 0) {
		if (wait_for(conn, POLLIN, err) < 0)
			return -1;
		if (!PQconsumeInput(conn->pq))
			return fail_lost(conn, err);
	}
	*ret_end = len < 0;
	if (len < 0)
		return end_copy(conn, NULL, err);
	*ret_row = slice_of(conn->row, (size_t)len);
	return 0;
}

int pg_copy_in_begin(struct pg_conn *conn, const char *sql, struct err *err)
{
	if (begin_copy(conn, sql, PGRES_COPY_IN, err) < 0)
		return -1;
	(void)PQsetnonblocking(conn->pq, 1); /* fails only without a connection */
	return 0;
}

/* Sends all that libpq holds, while the server may have something to say as well. */
static int flush_all(const struct pg_conn *conn, struct err *err)
{
	int left;

	while ((left = PQflush(conn->pq)) > 0) {
		if (wait_for(conn, POLLIN | POLLOUT, err) < 0)
			return -1;
		if (!PQconsumeInput(conn->pq))
			return fail_lost(conn, err);
	}
	return left < 0 ? fail_lost(conn, err) : 0;
}

/* libpq refuses to go on: the server has ended the copy, and its reason is waiting. */
static int fail_copy_in(const struct pg_conn *conn, struct err *err)
{
	if (end_copy(conn, NULL, err) < 0)
		return -1;
	return err_set(err, ERR_FAILED, "server ended the copy early");
}

int pg_copy_in_write(struct pg_conn *conn, struct slice bytes, struct err *err)
{
	while (bytes.len > 0) {
		size_t len = bytes.len < COPY_STEP ? bytes.len : COPY_STEP;
		int sent = PQputCopyData(conn->pq, (const char *)bytes.data, (int)len);

		if (sent < 0)
			return fail_copy_in(conn, err);
		if (flush_all(conn, err) < 0)
			return -1;
		if (sent > 0)
			bytes = slice_of(bytes.data + len, bytes.len - len);
	}
	return cancel_check(conn->cancel, err);
}

int pg_copy_in_end(struct pg_conn *conn, uint64_t *ret_rows, struct err *err)
{
	int sent;

	while ((sent = PQputCopyEnd(conn->pq, NULL)) == 0)
		if (flush_all(conn, err) < 0)
			return -1;
	if (sent < 0)
		return fail_copy_in(conn, err);
	if (flush_all(conn, err) < 0)
		return -1;
	(void)PQsetnonblocking(conn->pq, 0);
	return end_copy(conn, ret_rows, err);
}
