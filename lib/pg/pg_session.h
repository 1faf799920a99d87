/* SPDX-License-Identifier: Apache-2.0 */
/* Settings of a session that reads or writes table data: nothing that changes how a value looks
 * as text is left to the server, the database or the role. */
#ifndef PG_PG_SESSION_H
#define PG_PG_SESSION_H

#include "pg/pg_conn.h"

/*
 * `encoding` is the client's: the one of the database that the data comes from. `time_zone`
 * NULL = UTC, as the data is written and summed; an insert takes the source's own, because
 * the texts have offsets but CHECK constraints may look at the session's zone. A zone that
 * the server does not know becomes UTC.
 */
MUST_CHECK int pg_session_pin(struct pg_conn *conn, const char *encoding,
			      const char *time_zone, struct err *err);

#endif
