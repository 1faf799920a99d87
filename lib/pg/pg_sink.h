/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The logical sink: a database from a tree that pg_source.h wrote, on any server of the same
 * major version or a newer one.
 *
 * Roles first, then the database (pg_target.h), pg_restore's pre-data section, the rows, its
 * data section (large objects, sequences, extension configuration), its post-data section
 * (indexes, constraints, triggers, materialised views), ANALYZE; then every table is read back
 * and its count and sum are compared with what the snapshot recorded; then the database gets
 * its properties and its name. Any error of pg_restore is a failure, but a role that is no
 * superuser goes on without what it may not do and without what that leaves missing: each is a
 * warning, and the rows are proved all the same.
 *
 * With a selection of paths ("tables/public/orders.copy") all tables are made, but only the
 * selected ones get rows; foreign keys, event triggers, publications, subscriptions and
 * refreshes of materialised views, which may need the rows that are missing, are left out,
 * and a warning says so.
 */
#ifndef PG_PG_SINK_H
#define PG_PG_SINK_H

#include "base/cancel.h"
#include "base/pattern.h"
#include "base/rng.h"
#include "base/vec.h"
#include "flow/progress.h"
#include "flow/tree_source.h"

struct pg_sink_options {
	const char *conninfo;
	bool replace;			   /* an existing database: see pg_target.h */
	bool replace_globals;		   /* existing roles: see pg_globals.h */
	const struct selection *selection; /* NULL or empty: everything */
	struct rng *rng;
	struct progress *progress; /* may be NULL */
	const char
		*temp_directory; /* for a list of names, with a selection; NULL: /tmp */
};

struct pg_table_report {
	char *path;    /* "tables/public/orders.copy" */
	uint64_t rows; /* recorded in the snapshot */
	char *sum;     /* likewise */
	bool is_equal; /* what the server gave back afterwards */
	uint64_t found_rows;
	char *without_rows; /* NULL, or why the snapshot has no rows of it, nothing above */
};

struct pg_sink_report {
	char *database;
	struct vec tables; /* of struct pg_table_report */
	uint64_t rows, bytes;
	uint64_t roles_created, roles_kept, roles_replaced;
	uint64_t refused; /* what the server did not let it do; each is in a warning */
	struct strings warnings; /* one line each */
};

void pg_sink_report_init(struct pg_sink_report *report);
void pg_sink_report_release(struct pg_sink_report *report);

/*
 * Restores. ERR_USAGE conninfo; ERR_NOT_FOUND the tree is no database, or the selection names
 * no table; ERR_TARGET as pg_target_open(), with nothing written. When tables differ from the
 * record (ERR_CORRUPT; which ones is in the report), or the database cannot get its name
 * (ERR_TARGET: an empty one that was there got objects meanwhile), all was restored, so it is
 * kept under its working name, which the message tells. After any other failure a database
 * that was made is dropped, and the message says so; roles stay. The report holds what was
 * done so far.
 */
MUST_CHECK int pg_sink_run(const struct pg_sink_options *options,
			   struct tree_source *source, struct pg_sink_report *report,
			   const struct cancel *cancel, struct err *err);

/* Only what would be refused: conninfo, target, pg_restore. Nothing is written. */
MUST_CHECK int pg_sink_check(const struct pg_sink_options *options,
			     struct tree_source *source, const struct cancel *cancel,
			     struct err *err);

#endif
