/* SPDX-License-Identifier: Apache-2.0 */
/* pg_dump on a pg snapshot: everything of a database but the rows that we copy ourselves. */
#ifndef PG_PG_DUMP_RUN_H
#define PG_PG_DUMP_RUN_H

#include "pg/pg_snapshot.h"
#include "pg/pg_tools.h"

struct pg_dump_options {      /* all borrowed for the life of the run */
	struct pg_conn *conn; /* the one whose transaction holds the pg snapshot */
	const struct pg_params *params;
	const struct pg_tool *dump;
	const struct pg_tool *restore; /* a pg_restore that reads what `dump` writes */
	const struct cancel *cancel;   /* may be NULL */
};

struct pg_dump_run;

/*
 * Returns when pg_dump has its locks on all tables, which it takes before it writes anything. It
 * waits PG_LOCK_WAIT_MSEC for them: a failure, ERR_TRANSIENT where the server speaks English.
 */
MUST_CHECK int pg_dump_start(const struct pg_dump_options *options,
			     const struct pg_snapshot *snapshot,
			     struct pg_dump_run **ret_run, struct err *err);
/* Up to len bytes of the dump (custom format); 0 at its end, when pg_restore has read it as a whole,
 * and pg_dump has ended well. */
MUST_CHECK int pg_dump_read(struct pg_dump_run *run, void *to, size_t len,
			    size_t *ret_len, struct err *err);
/* After the end: adds the warnings that it gave, a line each. */
void pg_dump_warnings(struct pg_dump_run *run, struct strings *warnings);
/* Ends it if need be. NULL is fine. */
void pg_dump_free(struct pg_dump_run *run);
void pg_dump_freep(struct pg_dump_run **run);

#endif
