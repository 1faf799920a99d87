/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Connection parameters: what a CONNINFO says, as libpq understands it (key=value words or a
 * postgresql:// URI), without secrets. Passwords come from PGPASSFILE, service files or
 * PGPASSWORD, which libpq and its children read by themselves.
 */
#ifndef PG_PG_PARAMS_H
#define PG_PG_PARAMS_H

#include "base/buf.h"
#include "base/vec.h"

struct pg_param {
	char *key;
	char *value;
};

struct pg_params {
	struct vec vec; /* of struct pg_param; keys unique */
};

void pg_params_init(struct pg_params *params);
void pg_params_release(struct pg_params *params);
void pg_params_copy(struct pg_params *to,
		    const struct pg_params *from); /* `to` is uninitialised */
const char *pg_params_get(const struct pg_params *params, const char *key); /* or NULL */
/* Adds or replaces; a NULL value removes. */
void pg_params_set(struct pg_params *params, const char *key, const char *value);

/*
 * Parses a CONNINFO into *ret_params (initialised here). A database that only its service,
 * PGSERVICE or PGDATABASE names is in them, and so is keepalives_idle: connections that
 * wait for hours while others work are kept through firewalls that forget idle ones. ERR_USAGE, with a hint and never with a part of the
 * text, when it is malformed, holds a password, or nothing names a database.
 */
MUST_CHECK int pg_params_parse(const char *conninfo, struct pg_params *ret_params,
			       struct err *err);

/* key='value' words that libpq reads back as the same parameters. */
void pg_params_format(const struct pg_params *params, struct buf *text);

/* What a message calls the place: "database app at db.example:5432", quoted. Caller frees. */
char *pg_params_place(const struct pg_params *params);

#endif
