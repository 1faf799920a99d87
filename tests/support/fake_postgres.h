/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A server that speaks just enough of PostgreSQL's protocol to script answers, faults and
 * silence. It is a child process on a Unix socket in the test's directory, ended by
 * fake_postgres_stop(). The real server is used in tests/integration.
 */
#ifndef TESTS_SUPPORT_FAKE_POSTGRES_H
#define TESTS_SUPPORT_FAKE_POSTGRES_H

#include <sys/types.h>

#include "pg/pg_params.h"

enum fake_answer {
	FAKE_ROWS,     /* `text`: rows by \n, columns by \t, "\N" is null */
	FAKE_ERROR,    /* `text`: "SQLSTATE message" */
	FAKE_COPY_OUT, /* `text`: rows by \n */
	FAKE_COPY_IN, /* takes all; with `text` it fails at the end: "SQLSTATE message" */
	FAKE_SILENCE, /* until it is cancelled, which is error 57014 */
	FAKE_HANG_UP, /* closes the connection */
	FAKE_PARAMETER, /* not an answer: `match` is a parameter that it tells, `text` its value */
};

struct fake_rule {
	const char *match; /* part of the SQL; NULL ends the table */
	enum fake_answer answer;
	const char *text;
	unsigned times; /* 0 = always, else it is used up */
};

struct fake_postgres {
	pid_t pid;
	char *log;		 /* path: each SQL text received, a line each */
	struct pg_params params; /* how to reach it */
};

/* SQL that no rule matches succeeds without rows. `refusal` (or NULL): "SQLSTATE message" for
 * whoever connects. */
void fake_postgres_start(struct fake_postgres *fake, const char *directory,
			 const struct fake_rule *rules, const char *refusal);
void fake_postgres_stop(struct fake_postgres *fake);

/* True when the log has this text. */
bool fake_postgres_got(const struct fake_postgres *fake, const char *text);

#endif
