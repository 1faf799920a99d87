/* SPDX-License-Identifier: Apache-2.0 */
/* A pg snapshot that is exported, with all tables locked against changes of their shape. */
#ifndef PG_PG_SNAPSHOT_H
#define PG_PG_SNAPSHOT_H

#include "pg/pg_conn.h"
#include "pg/pg_tables.h"

/* For a lock, while we hold others that somebody may wait for. */
enum { PG_LOCK_WAIT_MSEC = 2000 };

struct pg_snapshot {
	char *name;		 /* of the exported snapshot */
	char *lsn;		 /* NULL when the server does not tell */
	char *system_identifier; /* likewise */
	bool is_standby;
	struct pg_tables tables;
};

/*
 * Opens a transaction on `conn` (which must be pinned and idle) that sees one moment, as
 * pg_dump does. The snapshot lives as long as the transaction. ERR_TRANSIENT when a lock could not
 * be had in PG_LOCK_WAIT_MSEC: the transaction has failed then.
 */
MUST_CHECK int pg_snapshot_begin(struct pg_conn *conn, struct pg_snapshot *ret_snapshot,
				 struct err *err);
void pg_snapshot_release(struct pg_snapshot *snapshot);

#endif
