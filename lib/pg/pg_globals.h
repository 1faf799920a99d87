/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Roles, memberships and tablespaces of a server, as one JSON document (globals.json), and
 * roles back from it. Tablespaces are recorded but never created: they need a directory.
 */
#ifndef PG_PG_GLOBALS_H
#define PG_PG_GLOBALS_H

#include "base/vec.h"
#include "pg/pg_conn.h"
#include "pg/pg_refused.h"

/* Appends the document. *ret_passwords: the server let us read the roles' password hashes
 * (pg_authid; managed services do not). Client encoding must be UTF8. */
MUST_CHECK int pg_globals_read(struct pg_conn *conn, struct buf *json,
			       bool *ret_passwords, struct err *err);

struct pg_globals_counts {
	uint64_t created, kept, replaced;
};

/*
 * Creates the roles that are missing, with attributes, password, comment, settings, labels
 * and what they are members of. Existing ones are not touched, unless `replace`: then those
 * are altered to what is recorded (but not the role that is connected), and get the recorded
 * memberships too; none is taken away. What the server refuses is added to `refused`; a
 * role is then made without the attributes that the connected one may not give.
 */
MUST_CHECK int pg_globals_restore(struct pg_conn *conn, const char *json, bool replace,
				  struct pg_refused *refused,
				  struct pg_globals_counts *counts, struct err *err);

/* SQL text, for both kinds of settings: the value column `v` of a setting named `n` as what
 * stands behind "SET name TO". Settings that are lists of names are stored quoted and must
 * be taken apart. */
#define PG_SETTING_SQL(n, v)                                                             \
	"CASE WHEN lower(" n ") IN ('local_preload_libraries', 'search_path',"           \
	" 'session_preload_libraries', 'shared_preload_libraries',"                      \
	" 'temp_tablespaces', 'unix_socket_directories') THEN COALESCE((SELECT"          \
	" string_agg(quote_literal(COALESCE(replace(m.part[1], '\"\"', '\"'), "          \
	"m.part[2])),"                                                                   \
	" ', ' ORDER BY m.at) FROM regexp_matches(" v                                    \
	", '\"((?:[^\"]|\"\")*)\"|([^\",[:space:]]+)', 'g')"                             \
	" WITH ORDINALITY m(part, at)), '''''') ELSE quote_literal(" v ") END"

#endif
