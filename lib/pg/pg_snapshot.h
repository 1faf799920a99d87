/* SPDX-License-Identifier: Apache-2.0 */
/* A pg snapshot that is exported, with all tables locked against changes of their shape. */
#ifndef PG_PG_SNAPSHOT_H
#define PG_PG_SNAPSHOT_H

#include "pg/pg_conn.h"
#include "pg/pg_tables.h"

struct pg_snapshot {
	char *name;		 /* of the exported snapshot */
	char *lsn;		 /* NULL when the server does not tell */
	char *system_identifier; /* likewise */
	bool is_standby;
	struct pg_tables tables;
};

/*
 * Opens a transaction on `conn` (which must be pinned and idle) that sees one moment, as
 * pg_dump does. The snapshot lives as long as the transaction.
 */
MUST_CHECK int pg_snapshot_begin(struct pg_conn *conn, struct pg_snapshot *ret_snapshot,
				 struct err *err);
void pg_snapshot_release(struct pg_snapshot *snapshot);

#endif
