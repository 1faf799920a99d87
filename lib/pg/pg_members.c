/* SPDX-License-Identifier: Apache-2.0 */
#include "pg/pg_members.h"

#include "base/mem.h"
#include "base/quote.h"
#include "pg/pg_name.h"

/* clang-format off */
/*
 * Rows: role, does it own the database, statement. Only roles that exist, that are recorded, and
 * whose rights the connected one does not have. From 16 on a membership is by its grantor: one
 * that we gave before, with other options, would be changed and then taken away, so it stays.
 */
static const char *const candidates_sql =
	"SELECT p.rolname, p.rolname = $2::json ->> 'owner',"
	"  format('GRANT %I TO CURRENT_USER', p.rolname) ||"
	"  CASE WHEN v.n >= 160000 THEN ' WITH INHERIT TRUE, SET TRUE' ELSE '' END"
	" FROM json_to_recordset($1::json -> 'roles') r(name text)"
	"  JOIN pg_roles p ON p.rolname = r.name,"
	"  (SELECT current_setting('server_version_num')::int) v(n)"
	" WHERE NOT p.rolsuper AND CASE WHEN v.n < 160000 THEN NOT pg_has_role(p.oid, 'MEMBER')"
	"  ELSE NOT (pg_has_role(p.oid, 'USAGE') AND pg_has_role(p.oid, 'SET'))"
	"   AND NOT EXISTS (SELECT FROM pg_auth_members m WHERE m.roleid = p.oid"
	"    AND m.member = m.grantor AND pg_get_userbyid(m.member) = current_user) END";
/* clang-format on */

/* Does a line end with it? The listing shows line ends in names as blanks; such an owner is not
 * found. */
static bool is_listed(const char *listing, const char *role)
{
	CLEANUP(mem_freep) char *end = mem_printf(" %s\n", role);

	return strstr(listing, end) != NULL;
}

int pg_members_join(struct pg_conn *conn, const struct pg_owners *owners,
		    struct strings *joined, struct err *err)
{
	const char *values[] = {owners->globals_json, owners->database_json};
	CLEANUP(pg_result_freep) struct pg_result *rows = NULL;

	if (pg_query(conn, candidates_sql, 2, values, &rows, err) < 0)
		return err_wrap(err, "globals.json");
	for (size_t i = 0; i < pg_rows(rows); i++) {
		const char *role = pg_value(rows, i, 0);
		struct err why = {0};

		if (!pg_bool(rows, i, 1) && !is_listed(owners->listing, role))
			continue;
		if (pg_exec(conn, pg_value(rows, i, 2), &why) == 0) {
			strings_add(joined, role);
		} else if (pg_refused_add(NULL, "membership", &why, err) < 0) {
			strings_add(joined, role); /* it may have been done */
			return -1;
		}
	}
	return 0;
}

static int leave(struct pg_conn *conn, const char *role, struct err *err)
{
	CLEANUP(buf_release) struct buf sql;
	char shown[QUOTE_TEXT_MAX];

	buf_init(&sql, 0);
	buf_append_string(&sql, "REVOKE ");
	pg_name_quote(&sql, role);
	buf_append_string(&sql, " FROM CURRENT_USER");
	if (pg_exec(conn, buf_string(&sql), err) < 0)
		return err_wrap(err, "role %s", quote_string(role, shown));
	return 0;
}

int pg_members_leave(struct pg_conn *conn, const struct strings *joined, struct err *err)
{
	struct err first = {0};

	for (size_t i = 0; i < strings_count(joined); i++) {
		struct err failure = {0};

		if (leave(conn, strings_at(joined, i), &failure) < 0 &&
		    first.code == ERR_NONE)
			first = failure;
	}
	if (first.code == ERR_NONE)
		return 0;
	*err = first;
	return -1;
}
