/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The database that a restore fills. A new one is made under a working name ("app.restore-1f2e")
 * and gets its own at the end, so that no half-made database ever has the name that was asked
 * for. Where there is one of that name already, the two swap names in one transaction, and
 * the old one is dropped after: with `replace` whatever it holds, else only when it has no
 * user objects, neither when the restore begins nor before the swap nor after it. An empty one
 * that cannot be replaced (it is in use, it is "postgres" or a template, the role may not
 * create databases) is filled as it is.
 *
 * --replace refuses to start while others are connected to the old database. Who connects
 * while the restore runs is disconnected at the swap. That is one transaction: nobody can connect
 * while it runs, and at every moment either both databases have their old names or both their
 * new ones.
 */
#ifndef PG_PG_TARGET_H
#define PG_PG_TARGET_H

#include "base/rng.h"
#include "base/vec.h"
#include "pg/pg_conn.h"
#include "pg/pg_members.h"
#include "pg/pg_refused.h"

enum pg_target_mode { PG_TARGET_CREATE, PG_TARGET_ADOPT, PG_TARGET_REPLACE };

struct pg_target {
	enum pg_target_mode mode;
	struct pg_params params; /* dbname = work_name */
	struct pg_conn *conn;	 /* to another database of the server; UTF8 */
	char *name, *work_name;	 /* the same when adopted */
	struct strings joined;	 /* roles: see pg_members.h */
	bool replace;		 /* whatever the old one holds may go */
	bool made; /* the working database is, or may be, there and ours to drop */
};

/*
 * Connects to database postgres (or template1) of the server, and decides. ERR_TARGET with
 * hint: the database has user objects (the first is named) and `replace` is false; it is
 * in use; it is a template. Nothing is written. *ret_target is initialised here.
 */
MUST_CHECK int pg_target_open(const struct pg_params *params, bool replace,
			      struct rng *rng, const struct cancel *cancel,
			      struct pg_target *ret_target, struct err *err);
void pg_target_release(struct pg_target *target);

/* A role that is no superuser joins the owners of what is restored, before anything is made for
 * them, and leaves them when all is done, whatever the cancel says. */
MUST_CHECK int pg_target_join(struct pg_target *target, const struct pg_owners *owners,
			      struct err *err);
void pg_target_leave(struct pg_target *target, struct pg_refused *refused);

/* A connection to the working database. */
MUST_CHECK int pg_target_connect(const struct pg_target *target,
				 const struct cancel *cancel, struct pg_conn **ret_conn,
				 struct err *err);
/* Makes the working database, unless adopted; for a role that may not give it to its owner it is
 * that role's own. After a failure pg_target_discard() cleans up. */
MUST_CHECK int pg_target_create(struct pg_target *target, const char *database_json,
				struct pg_refused *refused, struct err *err);
/*
 * Gives it its name. The cancel is looked at only before the first change. What cannot be cleaned up is a warning, and so is an old database that was
 * found to have user objects only after the swap: it is kept, under another name. ERR_TARGET
 * when it has them before: nothing is changed then. After a failure the restored database is
 * whole and worth keeping; the hint says how to take it.
 */
MUST_CHECK int pg_target_commit(struct pg_target *target, const struct cancel *cancel,
				struct strings *warnings, struct err *err);
/* Leaves the working database where it is; adds its name to *err. */
void pg_target_keep(struct pg_target *target, struct err *err);
/* After a failure: drops what was made, if anything, whatever the cancel says, and adds to *err
 * what has become of it. */
void pg_target_discard(struct pg_target *target, struct err *err);

/* The working name: `name` cut at a character to leave room, ".", `word`, "-", hex digits. At
 * most 63 bytes. Caller frees. */
char *pg_target_work_name(const char *name, const char *word, uint32_t number);

#endif
