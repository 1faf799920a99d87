/* SPDX-License-Identifier: Apache-2.0 */
/* One moment of a database, for our session and for a pg_dump beside it. */
#ifndef PG_PG_MOMENT_H
#define PG_PG_MOMENT_H

#include "pg/pg_dump_run.h"

/*
 * Begins a pg snapshot on the connection of `options` (pg_snapshot.h) and a pg_dump on it, which
 * both have their locks on all tables then. As long as one of them lacks some, nobody waits for
 * us longer than PG_LOCK_WAIT_MSEC at a time; it is tried a few times, for which ten minutes may
 * be needed. ERR_TRANSIENT names the table and the session that were in the way, with a hint.
 */
MUST_CHECK int pg_moment_begin(const struct pg_dump_options *options,
			       struct pg_snapshot *ret_snapshot,
			       struct pg_dump_run **ret_dump, struct err *err);

#endif
