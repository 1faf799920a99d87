/* SPDX-License-Identifier: Apache-2.0 */
/* Parts of pg_target.c: how a database gets its name, or goes (pg_target_commit.c). */
#ifndef PG_PG_TARGET_INTERNAL_H
#define PG_PG_TARGET_INTERNAL_H

#include "pg/pg_target.h"

/* A connection to any database of the server; client encoding UTF8. */
MUST_CHECK int target_open_database(const struct pg_params *params, const char *database,
				    const struct cancel *cancel,
				    struct pg_conn **ret_conn, struct err *err);
/* To "postgres" or "template1", not to the target: a database with a connection cannot be
 * renamed. */
MUST_CHECK int target_open_maintenance(const struct pg_target *target,
				       const struct cancel *cancel,
				       struct pg_conn **ret_conn, struct err *err);
/* The first user object of a database, described; NULL when it has none. Caller frees. */
MUST_CHECK int target_find_object(const struct pg_target *target, const char *database,
				  const struct cancel *cancel, char **ret_object,
				  struct err *err);

#endif
