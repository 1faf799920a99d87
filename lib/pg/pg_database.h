/* SPDX-License-Identifier: Apache-2.0 */
/* What a database is besides its contents (database.json): recorded, and made anew. */
#ifndef PG_PG_DATABASE_H
#define PG_PG_DATABASE_H

#include "base/vec.h"
#include "pg/pg_conn.h"
#include "pg/pg_refused.h"

/* Appends the document about the connected database. Client encoding must be UTF8. */
MUST_CHECK int pg_database_read(struct pg_conn *conn, struct buf *json, struct err *err);

/* What a restore has to know before it starts. */
struct pg_database_facts {
	char *encoding;	 /* of the source, "UTF8" */
	char *time_zone; /* of its sessions; UTC when this server does not know it */
	bool has_public_schema, has_plpgsql;
	bool maps_tablespaces; /* a recorded tablespace cannot be used here */
	bool places_relations; /* and another one does: pg_database_place() is needed */
};
void pg_database_facts_release(struct pg_database_facts *facts);

/* Reads a document on the target's server (any database). ERR_CORRUPT when it is none. For
 * tablespaces that are absent, or that this role may not use, there is a line in `warnings`. */
MUST_CHECK int pg_database_facts(struct pg_conn *conn, const char *json,
				 struct pg_database_facts *ret_facts,
				 struct strings *warnings, struct err *err);

/*
 * Moves what the source had in tablespaces that exist here back into them, since pg_restore maps
 * all tablespaces or none: tables, while they are empty, or `indexes`. `conn` is to the
 * database itself.
 */
MUST_CHECK int pg_database_place(struct pg_conn *conn, const char *json, bool indexes,
				 struct pg_refused *refused, struct err *err);

/* CREATE DATABASE from template0 with the recorded encoding, locale, tablespace, and owner (or
 * with the connected role as owner). */
MUST_CHECK int pg_database_create(struct pg_conn *conn, const char *json,
				  const char *name, bool with_owner, struct err *err);

/*
 * Privileges, comment, labels, settings (also of roles in the database) and connection limit
 * for the database `name`; with `adopt` (it was there before) the owner too. What the server
 * refuses is added to `refused`, but without `adopt` it is a failure when nothing can be taken
 * from others. With it an encoding or locale that differs from the record is a warning as well.
 */
MUST_CHECK int pg_database_describe(struct pg_conn *conn, const char *json,
				    const char *name, bool adopt,
				    struct pg_refused *refused, struct err *err);

#endif
