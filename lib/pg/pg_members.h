/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A role that is no superuser gives a thing to another role only as its member. One that may
 * make itself a member (CREATEROLE, or from 16 on the role that made the other) does so for as
 * long as a restore runs. What was there before stays, and so does everything about superusers.
 */
#ifndef PG_PG_MEMBERS_H
#define PG_PG_MEMBERS_H

#include "base/vec.h"
#include "pg/pg_conn.h"
#include "pg/pg_refused.h"

/* What names the roles that own something; `listing` is pg_restore's, whose lines end with them. */
struct pg_owners {
	const char *globals_json, *database_json, *listing;
};

/* Adds to `joined` (initialised) the owners that the connected role is a member of from now on.
 * A server that refuses will refuse their owner too, so that is not told here. After a failure
 * they have to be left as well. */
MUST_CHECK int pg_members_join(struct pg_conn *conn, const struct pg_owners *owners,
			       struct strings *joined, struct err *err);

/* Ends these memberships. A failure is the first one; all are tried. `conn` had better look at no
 * cancel. */
MUST_CHECK int pg_members_leave(struct pg_conn *conn, const struct strings *joined,
				struct err *err);

#endif
