/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Our session locks the tables, looks, and pg_dump locks them again. It cannot be the other way
 * round: a table that is truncated or rewritten after the pg snapshot and before the first lock
 * would look empty, and pg_dump can only be given a pg snapshot that is there already.
 *
 * Who asks for an ACCESS EXCLUSIVE lock (TRUNCATE, DROP, most ALTERs) between the two waits for
 * us, pg_dump waits behind him, and we wait for pg_dump. The server sees no circle, because one of
 * its sides is a pipe. Nobody but us can end that, and only by letting go of everything, so
 * pg_dump waits for a short time only, and all begins anew with another pg snapshot. PostgreSQL's
 * own parallel pg_dump meets the same and gives up.
 *
 * A lock that somebody holds for long (VACUUM FULL) is awaited without holding any other, so that
 * nobody has to wait for us meanwhile.
 */
#include "pg/pg_moment.h"

#include "base/mem.h"

enum { ATTEMPTS = 8 };
#define PATIENCE                                                                         \
	"2min" /* for one lock that somebody holds, in each attempt but the last */

/* clang-format off */
/* Holders first: who waits may wait for them. No text of a query, which may hold data. */
static const char *const blocker_sql =
	"SELECT format('table %I.%I is %s ACCESS EXCLUSIVE mode by %s', n.nspname, c.relname,"
	"  CASE WHEN l.granted THEN 'locked in' ELSE 'to be locked in' END,"
	"  CASE WHEN l.pid IS NULL THEN 'a prepared transaction' ELSE"
	"   format('session %s (%s)', l.pid, COALESCE(NULLIF(a.application_name, ''),"
	"    a.backend_type, 'unknown')) END),"
	" CASE WHEN l.granted THEN format('%I.%I', n.nspname, c.relname) END"
	" FROM pg_locks l JOIN pg_class c ON c.oid = l.relation AND c.relkind IN ('r', 'p')"
	" JOIN pg_namespace n ON n.oid = c.relnamespace AND n.nspname !~ '^pg_'"
	" LEFT JOIN pg_stat_activity a ON a.pid = l.pid"
	" WHERE l.locktype = 'relation' AND l.mode = 'AccessExclusiveLock'"
	" AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())"
	" AND (l.granted OR pg_backend_pid() = ANY (pg_blocking_pids(l.pid)))"
	" ORDER BY l.granted DESC, n.nspname, c.relname LIMIT 1";
/* clang-format on */

struct blocker {
	char *text;  /* NULL when there is none */
	char *table; /* quoted, of a lock that is held; else NULL */
};

static void blocker_clear(struct blocker *blocker)
{
	mem_free(blocker->text);
	mem_free(blocker->table);
	*blocker = (struct blocker){0};
}

/* For a message and a wait only, so it may fail, as it does in a transaction that has failed. */
static void look_for_blocker(struct pg_conn *conn, struct blocker *blocker)
{
	CLEANUP(pg_result_freep) struct pg_result *rows = NULL;
	struct err ignored = {0};

	if (pg_query(conn, blocker_sql, 0, NULL, &rows, &ignored) < 0 ||
	    pg_rows(rows) == 0)
		return;
	blocker_clear(blocker);
	blocker->text = mem_strdup(pg_value(rows, 0, 0));
	blocker->table = mem_strdup(pg_value(rows, 0, 1));
}

/* Without a lock or pg snapshot of ours. Whether the wait was long enough, the next attempt sees. */
static int wait_for_blocker(struct pg_conn *conn, const struct blocker *blocker,
			    int attempt, struct err *err)
{
	CLEANUP(buf_release) struct buf sql;
	struct err failure = {0};

	buf_init(&sql, 0);
	if (blocker->table == NULL)
		buf_printf(&sql, "SELECT pg_sleep(%d)", attempt);
	else
		buf_printf(&sql,
			   "BEGIN; SET LOCAL lock_timeout = '%s';"
			   " LOCK TABLE ONLY %s IN ACCESS SHARE MODE; ROLLBACK",
			   PATIENCE, blocker->table);
	if (pg_exec(conn, buf_string(&sql), &failure) == 0)
		return 0;
	if (failure.code == ERR_INTERRUPTED) {
		*err = failure;
		return -1;
	}
	return pg_exec(conn, "ROLLBACK", err);
}

static int fail_blocked(const struct blocker *blocker, const struct err *failure,
			struct err *err)
{
	(void)err_set(err, ERR_TRANSIENT, "cannot lock all tables for reading: %s (%s)",
		      blocker->text, failure->msg);
	return err_hint(err, "back up when no other job truncates, drops or alters "
			     "tables, or let such jobs pause between statements");
}

/* A lock time-out, perhaps in words of another language. */
static bool is_blocked(const struct blocker *blocker, const struct err *failure)
{
	return failure->code == ERR_TRANSIENT ||
	       (blocker->text != NULL && blocker->table == NULL);
}

/* Lets go of all after a failure, and finds out who was in the way: one who waits for us is seen
 * before, one whom we waited for also after that. */
static int let_go(struct pg_conn *conn, struct blocker *blocker, struct err *err)
{
	blocker_clear(blocker);
	look_for_blocker(conn, blocker);
	if (pg_exec(conn, "ROLLBACK", err) < 0)
		return -1;
	if (blocker->text == NULL)
		look_for_blocker(conn, blocker);
	return 0;
}

static int try_begin(const struct pg_dump_options *options,
		     struct pg_snapshot *ret_snapshot, struct pg_dump_run **ret_dump,
		     struct err *err)
{
	struct pg_snapshot snapshot;

	if (pg_snapshot_begin(options->conn, &snapshot, err) < 0)
		return -1;
	if (pg_dump_start(options, &snapshot, ret_dump, err) < 0) {
		pg_snapshot_release(&snapshot);
		return err_wrap(err, "schema.dump");
	}
	*ret_snapshot = snapshot;
	return 0;
}

int pg_moment_begin(const struct pg_dump_options *options,
		    struct pg_snapshot *ret_snapshot, struct pg_dump_run **ret_dump,
		    struct err *err)
{
	CLEANUP(blocker_clear) struct blocker blocker = {0};
	struct err failure = {0};

	for (int attempt = 1;; attempt++) {
		err_clear(&failure);
		if (try_begin(options, ret_snapshot, ret_dump, &failure) == 0)
			return 0;
		if (failure.code == ERR_INTERRUPTED ||
		    let_go(options->conn, &blocker, err) < 0)
			break;
		if (!is_blocked(&blocker, &failure))
			break;
		if (attempt == ATTEMPTS && blocker.text != NULL)
			return fail_blocked(&blocker, &failure, err);
		if (attempt == ATTEMPTS)
			break;
		if (wait_for_blocker(options->conn, &blocker, attempt, err) < 0)
			return -1;
	}
	*err = failure;
	return -1;
}
