/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lock first, look afterwards. LOCK TABLE takes no snapshot, so a REPEATABLE READ transaction
 * that begins with it sees every change that was committed before it got its locks, and none
 * of a table's shape after. What to lock is known from a look before the transaction; a
 * table that was dropped meanwhile starts it all over, one that was added is locked late.
 *
 * Locks are ACCESS SHARE: they conflict with DROP, TRUNCATE and most ALTERs only.
 */
#include "pg/pg_snapshot.h"

#include "base/mem.h"

enum { ATTEMPTS = 10 };

void pg_snapshot_release(struct pg_snapshot *snapshot)
{
	mem_free(snapshot->name);
	mem_free(snapshot->lsn);
	mem_free(snapshot->system_identifier);
	pg_tables_release(&snapshot->tables);
	*snapshot = (struct pg_snapshot){0};
}

/* A fact that the server may refuse to tell. */
static int try_query(struct pg_conn *conn, const char *sql, char **ret_text,
		     struct err *err)
{
	struct err refused = {0};

	if (pg_query_text(conn, sql, 0, NULL, ret_text, &refused) == 0 ||
	    (refused.code != ERR_INTERRUPTED && refused.code != ERR_TRANSIENT))
		return 0;
	*err = refused;
	return -1;
}

/* Outside the transaction, for a refusal would end that. */
static int read_server(struct pg_conn *conn, struct pg_snapshot *snapshot,
		       struct err *err)
{
	CLEANUP(mem_freep) char *standby = NULL;

	if (pg_query_text(conn, "SELECT pg_is_in_recovery()", 0, NULL, &standby, err) < 0)
		return -1;
	snapshot->is_standby = standby != NULL && *standby == 't';
	return try_query(conn, "SELECT system_identifier FROM pg_control_system()",
			 &snapshot->system_identifier, err);
}

static int limit_lock_wait(struct pg_conn *conn, struct err *err)
{
	char sql[64];

	(void)snprintf(sql, sizeof(sql), "SET lock_timeout = %d", PG_LOCK_WAIT_MSEC);
	return pg_exec(conn, sql, err);
}

static int lock_and_look(struct pg_conn *conn, struct pg_snapshot *snapshot,
			 struct err *err)
{
	CLEANUP(pg_tables_release) struct pg_tables before;

	pg_tables_init(&before);
	if (limit_lock_wait(conn, err) < 0 || pg_tables_read(conn, &before, err) < 0 ||
	    pg_exec(conn, "BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY", err) < 0 ||
	    pg_tables_lock(conn, &before, NULL, err) < 0 ||
	    pg_query_text(conn, "SELECT pg_export_snapshot()", 0, NULL, &snapshot->name,
			  err) < 0 ||
	    pg_tables_read(conn, &snapshot->tables, err) < 0)
		return -1;
	return pg_tables_lock(conn, &snapshot->tables, &before, err);
}

static int begin(struct pg_conn *conn, struct pg_snapshot *snapshot, struct err *err)
{
	const char *lsn = snapshot->is_standby ? "SELECT pg_last_wal_replay_lsn()"
					       : "SELECT pg_current_wal_lsn()";

	if (lock_and_look(conn, snapshot, err) < 0)
		return -1;
	return pg_query_text(conn, lsn, 0, NULL, &snapshot->lsn, err);
}

int pg_snapshot_begin(struct pg_conn *conn, struct pg_snapshot *ret_snapshot,
		      struct err *err)
{
	for (int attempt = 1;; attempt++) {
		CLEANUP(pg_snapshot_release) struct pg_snapshot snapshot = {0};
		struct err failure = {0};

		pg_tables_init(&snapshot.tables);
		if (read_server(conn, &snapshot, err) < 0)
			return -1;
		if (begin(conn, &snapshot, &failure) == 0) {
			*ret_snapshot = snapshot;
			snapshot = (struct pg_snapshot){0};
			pg_tables_init(&snapshot.tables);
			return 0;
		}
		if (failure.code != ERR_NOT_FOUND || attempt == ATTEMPTS) {
			*err = failure;
			return -1;
		}
		if (pg_exec(conn, "ROLLBACK", err) < 0)
			return -1;
	}
}
