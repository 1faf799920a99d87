/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The commands that a pg_restore without --exit-on-error could not execute, from the lines on its
 * stderr (in English). Pure.
 *
 *   pg_restore: error: could not execute query: ERROR:  must be member of role "x"
 *   Command was: ALTER TABLE public.t
 *   OWNER TO x;
 *
 *   pg_restore: warning: errors ignored on restore: 1
 *
 * Messages and commands hold names and texts that anybody may have put into the database, with
 * line ends and lines like these in them. So nothing of it is believed unless all adds up: as
 * many errors as pg_restore counted, and a single "Command was" in each.
 */
#ifndef PG_PG_FAILURES_H
#define PG_PG_FAILURES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/vec.h"

struct pg_failures {
	struct vec vec; /* of struct pg_failure */
	uint64_t n_told;
	bool is_open; /* the last one may get more lines */
};

void pg_failures_init(struct pg_failures *failures);
void pg_failures_release(struct pg_failures *failures);
/* One line without its end; of type process_options.stderr_line. */
void pg_failures_line(void *failures, const char *line);

/* After the last line: all that failed were commands, at least one, and they can be told apart. */
bool pg_failures_are_commands(const struct pg_failures *failures);
size_t pg_failures_count(const struct pg_failures *failures);
const char *pg_failures_message(const struct pg_failures *failures, size_t i);
/* The whole command; NULL when pg_restore cut it. */
const char *pg_failures_command(const struct pg_failures *failures, size_t i);
/* What a message calls it: how it begins, without literals, which may be secrets
 * ("CREATE SUBSCRIPTION s CONNECTION"). Caller frees. */
char *pg_failures_title(const struct pg_failures *failures, size_t i);

#endif
