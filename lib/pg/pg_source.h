/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The logical source: one pg snapshot of one database as a tree.
 *
 *   database.json                    what pg_database.h records
 *   globals.json                     roles and tablespaces of the server (pg_globals.h)
 *   postgres.json                    server, versions, pg snapshot, LSN, encoding
 *   schema.dump                      pg_dump -Fc: everything but the rows of user tables
 *   tables/SCHEMA/TABLE.copy         rows in COPY's text format; names as pg_name_encode()
 *   tables.json                      every table with rows, bytes and sum, or why it has none
 *
 * A .copy entry has the facts rows, sum (pg_sum.h), columns (a quoted list, as COPY was given)
 * and, where rows may move to other leaves, root ("schema"."table" of the topmost table).
 *
 * Rows of extension configuration tables, large objects and positions of sequences are in
 * schema.dump. Foreign tables have no rows here; on a standby unlogged tables have none.
 */
#ifndef PG_PG_SOURCE_H
#define PG_PG_SOURCE_H

#include "base/cancel.h"
#include "base/clock.h"
#include "flow/progress.h"
#include "flow/tree_sink.h"

struct pg_source_options {
	const char *conninfo; /* see pg_params.h */
	const struct clock *clock;
	struct progress *progress; /* may be NULL */
};

/* A wrong conninfo, an unreachable server, a missing or too old pg_dump and missing rights
 * are found before anything is written to the sink. Memory: the list of tables, and the
 * longest row twice. */
MUST_CHECK int pg_source_run(const struct pg_source_options *options,
			     struct tree_sink *sink, const struct cancel *cancel,
			     struct err *err);

#endif
