/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The server writes the document (json_agg) and takes it apart again (json_to_recordset), and
 * it makes the statements with format(%I, %L): so names and values are quoted by who reads
 * them. Reading and restoring of each list stand below each other.
 *
 *   {"format": 1, "passwords": true,
 *    "roles": [{"name", "superuser", "inherit", "create_role", "create_db", "login",
 *               "replication", "bypass_rls", "connection_limit", "valid_until", "password",
 *               "comment", "settings": [{"name", "value"}], "labels": [{"provider", "label"}]}],
 *    "settings": [{"name", "value"}] of ALTER ROLE ALL,
 *    "memberships": [{"role", "member", "grantor", "admin", "inherit", "set"}],
 *    "parameters": [{"name", "grantee", "privilege", "grantable"}],
 *    "tablespaces": [{"name", "owner", "location", "options", "comment"}]}
 *
 * Catalog columns that some versions lack are read as to_jsonb(row) ->> 'column': null there.
 *
 * Roles are listed in the order of their oids, and made in it: some lists of roles (those of
 * policies) are kept sorted by oid, and so come back as they were.
 *
 * Password hashes pass through here. The caller wipes the document; what libpq keeps of it (results,
 * parameters, its buffers to and from the server) is freed as it is, for libpq offers no way to
 * wipe that. So no other copies are made.
 *
 * A failed statement is a warning: on a managed service a superuser cannot be created, and
 * yet the database may come back without it. Such a role is made with the attributes that it can
 * be given, so that it owns what it owned.
 */
#include "pg/pg_globals.h"

#include "base/mem.h"
#include "base/quote.h"

/* clang-format off */
static const char read_sql[] =
	"SELECT json_build_object('format', 1, 'passwords', $1::bool,"
	" 'roles', (SELECT COALESCE(json_agg(to_jsonb(r) - 'oid' ORDER BY r.oid), '[]') FROM"
	" (SELECT"
	"  oid, rolname AS name, rolsuper AS superuser, rolinherit AS inherit,"
	"  rolcreaterole AS create_role, rolcreatedb AS create_db, rolcanlogin AS login,"
	"  rolreplication AS replication, rolbypassrls AS bypass_rls,"
	"  rolconnlimit AS connection_limit, rolvaliduntil::text AS valid_until,"
	"  %s AS password, shobj_description(roles.oid, 'pg_authid') AS comment,"
	"  (SELECT COALESCE(json_agg(json_build_object('name', split_part(c, '=', 1),"
	"   'value', substr(c, strpos(c, '=') + 1)) ORDER BY at), '[]')"
	"   FROM pg_db_role_setting s, unnest(s.setconfig) WITH ORDINALITY u(c, at)"
	"   WHERE s.setrole = roles.oid AND s.setdatabase = 0) AS settings,"
	"  (SELECT COALESCE(json_agg(json_build_object('provider', l.provider,"
	"   'label', l.label) ORDER BY l.provider), '[]') FROM pg_shseclabel l"
	"   WHERE l.classoid = 'pg_authid'::regclass AND l.objoid = roles.oid) AS labels"
	"  FROM %s roles WHERE rolname !~ '^pg_') r),"
	" 'settings', (SELECT COALESCE(json_agg(json_build_object('name', split_part(c, '=', 1),"
	"  'value', substr(c, strpos(c, '=') + 1)) ORDER BY at), '[]')"
	"  FROM pg_db_role_setting s, unnest(s.setconfig) WITH ORDINALITY u(c, at)"
	"  WHERE s.setrole = 0 AND s.setdatabase = 0),"
	" 'memberships', (SELECT COALESCE(json_agg(m ORDER BY m.role, m.member, m.grantor),"
	"  '[]') FROM (SELECT pg_get_userbyid(m.roleid) AS role,"
	"  pg_get_userbyid(m.member) AS member, g.rolname AS grantor,"
	"  m.admin_option AS admin, (to_jsonb(m) ->> 'inherit_option')::bool AS inherit,"
	"  (to_jsonb(m) ->> 'set_option')::bool AS set"
	"  FROM pg_auth_members m LEFT JOIN pg_roles g ON g.oid = m.grantor"
	"  WHERE pg_get_userbyid(m.member) !~ '^pg_') m),"
	" 'parameters', %s,"
	" 'tablespaces', (SELECT COALESCE(json_agg(json_build_object('name', t.spcname,"
	"  'owner', pg_get_userbyid(t.spcowner), 'location', pg_tablespace_location(t.oid),"
	"  'options', t.spcoptions,"
	"  'comment', shobj_description(t.oid, 'pg_tablespace')) ORDER BY t.spcname), '[]')"
	"  FROM pg_tablespace t WHERE t.spcname !~ '^pg_'))";
/* clang-format on */

/* clang-format off */
/* Rights on settings came with 15. */
static const char *const parameters_sql =
	"(SELECT COALESCE(json_agg(json_build_object('name', p.parname, 'grantee',"
	" CASE WHEN a.grantee <> 0 THEN pg_get_userbyid(a.grantee) END,"
	" 'privilege', a.privilege_type, 'grantable', a.is_grantable)"
	" ORDER BY p.parname, a.grantee, a.privilege_type), '[]')"
	" FROM pg_parameter_acl p, aclexplode(p.paracl) a)";
/* clang-format on */

int pg_globals_read(struct pg_conn *conn, struct buf *json, bool *ret_passwords,
		    struct err *err)
{
	CLEANUP(mem_freep) char *readable = NULL;
	CLEANUP(pg_result_freep) struct pg_result *document = NULL;
	CLEANUP(buf_release) struct buf sql;
	const char *values[1];
	bool passwords;

	buf_init(&sql, 0);
	if (pg_query_text(conn, "SELECT has_table_privilege('pg_authid', 'SELECT')", 0,
			  NULL, &readable, err) < 0)
		return -1;
	passwords = readable != NULL && *readable == 't';
	values[0] = readable;
	buf_printf(&sql, read_sql, passwords ? "rolpassword" : "NULL::text",
		   passwords ? "pg_authid" : "pg_roles",
		   pg_conn_major(conn) >= 15 ? parameters_sql : "'[]'::json");
	if (pg_query(conn, buf_string(&sql), 1, values, &document, err) < 0)
		return err_wrap(err, "roles of the server");
	buf_append_string(json, pg_value(document, 0, 0));
	*ret_passwords = passwords;
	return 0;
}

/* clang-format off */
/*
 * Rows: role, does it exist, is it the connected one, attribute, kind, statement. Of a role the first
 * is "whole": it makes the role (or alters it, when it exists) with all its attributes. "base" is
 * the same without those that not everybody may give, which "attribute" gives one by one where
 * the role does not have them; "more" needs the role.
 */
static const char *const roles_sql =
	"SELECT r.name, p.oid IS NOT NULL, r.name = CURRENT_USER,"
	" u.word, u.kind, u.sql"
	" FROM ROWS FROM (json_to_recordset($1::json -> 'roles') AS (name text,"
	"  superuser bool, inherit bool, create_role bool, create_db bool, login bool,"
	"  replication bool, bypass_rls bool, connection_limit int, valid_until text,"
	"  password text, comment text, settings json, labels json)) WITH ORDINALITY"
	"  r(name, superuser, inherit, create_role, create_db, login, replication,"
	"  bypass_rls, connection_limit, valid_until, password, comment, settings, labels,"
	"  at)"
	" LEFT JOIN pg_roles p ON p.rolname = r.name"
	" CROSS JOIN LATERAL (SELECT CASE WHEN p.oid IS NULL THEN 'CREATE' ELSE 'ALTER' END ||"
	"  format(' ROLE %I WITH %s %s CONNECTION LIMIT %s%s%s', r.name,"
	"  CASE WHEN r.inherit THEN '' ELSE 'NO' END || 'INHERIT',"
	"  CASE WHEN r.login THEN '' ELSE 'NO' END || 'LOGIN',"
	"  r.connection_limit, ' PASSWORD ' || quote_literal(r.password),"
	"  ' VALID UNTIL ' || quote_literal(r.valid_until))) base(sql)"
	" CROSS JOIN LATERAL (SELECT array_agg(CASE WHEN wanted THEN '' ELSE 'NO' END || word),"
	"  array_agg(CASE WHEN wanted THEN '' ELSE 'NO' END || word)"
	"   FILTER (WHERE wanted IS DISTINCT FROM COALESCE(has, false))"
	"  FROM (VALUES (r.superuser, p.rolsuper, 'SUPERUSER'),"
	"   (r.create_role, p.rolcreaterole, 'CREATEROLE'), (r.create_db, p.rolcreatedb, 'CREATEDB'),"
	"   (r.replication, p.rolreplication, 'REPLICATION'),"
	"   (r.bypass_rls, p.rolbypassrls, 'BYPASSRLS')) v(wanted, has, word)) a(all_words, lacking)"
	" CROSS JOIN LATERAL (SELECT 1 AS step, 0::bigint AS at, 'whole' AS kind, NULL AS word,"
	"   base.sql || ' ' || array_to_string(a.all_words, ' ') AS sql"
	"  UNION ALL SELECT 2, 0, 'base', NULL, base.sql"
	"  UNION ALL SELECT 3, w.at, 'attribute', w.word, format('ALTER ROLE %I %s', r.name, w.word)"
	"   FROM unnest(a.lacking) WITH ORDINALITY w(word, at)"
	"  UNION ALL SELECT 4, 0, 'more', NULL, format('COMMENT ON ROLE %I IS %L', r.name, r.comment)"
	"   WHERE r.comment IS NOT NULL OR p.oid IS NOT NULL"
	"  UNION ALL SELECT 5, 0, 'more', NULL, format('ALTER ROLE %I RESET ALL', r.name)"
	"   WHERE p.oid IS NOT NULL"
	"  UNION ALL SELECT 6, s.at, 'more', NULL, format('ALTER ROLE %I SET %I TO ', r.name, s.name) ||"
	"   " PG_SETTING_SQL("s.name", "s.value")
	"   FROM ROWS FROM (json_to_recordset(r.settings) AS (name text, value text))"
	"    WITH ORDINALITY s(name, value, at)"
	"  UNION ALL SELECT 7, 0, 'more', NULL, format('SECURITY LABEL FOR %I ON ROLE %I IS %L',"
	"   l.provider, r.name, l.label) FROM json_to_recordset(r.labels) l(provider text, label text)"
	" ) u WHERE u.sql IS NOT NULL ORDER BY r.at, u.step, u.at";
/* clang-format on */

struct restoring {
	struct pg_conn *conn;
	const char *json;
	bool replace;
	struct pg_refused *refused;
	struct strings made; /* roles that are now as they are recorded */
	struct pg_globals_counts *counts;
};

/* A refused statement is told unless `quiet`, for another one follows. */
static int try_statement(struct restoring *r, const char *what, const char *sql,
			 bool quiet, bool *ret_done, struct err *err)
{
	struct err why = {0};

	*ret_done = pg_exec(r->conn, sql, &why) == 0;
	if (*ret_done)
		return 0;
	return pg_refused_add(quiet ? NULL : r->refused, what, &why, err);
}

static void count_role(struct restoring *r, bool exists, bool wanted)
{
	if (!exists)
		r->counts->created++;
	else if (wanted)
		r->counts->replaced++;
	else
		r->counts->kept++;
}

enum { ROLE_NAME, ROLE_EXISTS, ROLE_IS_OURS, ROLE_ATTRIBUTE, ROLE_KIND, ROLE_SQL };

/* A role that is being restored: what has become of it so far. */
struct role_state {
	bool is_made;
	bool is_reduced; /* the whole of it was refused */
};

static bool is_wanted_now(const struct role_state *role, const char *kind)
{
	if (strcmp(kind, "whole") == 0)
		return true;
	if (strcmp(kind, "base") == 0)
		return role->is_reduced;
	if (strcmp(kind, "attribute") == 0)
		return role->is_made && role->is_reduced;
	return role->is_made;
}

static char *describe_role(const struct pg_result *rows, size_t at)
{
	const char *attribute = pg_value(rows, at, ROLE_ATTRIBUTE);
	char shown[QUOTE_TEXT_MAX];

	quote_string(pg_value(rows, at, ROLE_NAME), shown);
	if (attribute == NULL)
		return mem_printf("role %s", shown);
	return mem_printf("attribute %s of role %s", attribute, shown);
}

static int restore_statement(struct restoring *r, struct role_state *role,
			     const struct pg_result *rows, size_t at, struct err *err)
{
	const char *kind = pg_value(rows, at, ROLE_KIND);
	bool is_whole = strcmp(kind, "whole") == 0, done;
	CLEANUP(mem_freep) char *what = NULL;

	if (!is_wanted_now(role, kind))
		return 0;
	what = describe_role(rows, at);
	if (try_statement(r, what, pg_value(rows, at, ROLE_SQL), is_whole, &done, err) <
	    0)
		return -1;
	role->is_made = role->is_made || done;
	role->is_reduced = role->is_reduced || (is_whole && !done);
	return 0;
}

/* All statements of one role, which start at row *at. */
static int restore_role(struct restoring *r, const struct pg_result *rows, size_t *at,
			struct err *err)
{
	const char *name = pg_value(rows, *at, ROLE_NAME);
	bool exists = pg_bool(rows, *at, ROLE_EXISTS);
	bool wanted = !exists || (r->replace && !pg_bool(rows, *at, ROLE_IS_OURS));
	struct role_state role = {0};

	for (; *at < pg_rows(rows) && strcmp(pg_value(rows, *at, ROLE_NAME), name) == 0;
	     ++*at)
		if (wanted && restore_statement(r, &role, rows, *at, err) < 0)
			return -1;
	if (role.is_made)
		strings_add(&r->made, name);
	if (role.is_made || exists)
		count_role(r, exists, role.is_made);
	return 0;
}

static int restore_roles(struct restoring *r, struct err *err)
{
	CLEANUP(pg_result_freep) struct pg_result *rows = NULL;

	if (pg_query(r->conn, roles_sql, 1, &r->json, &rows, err) < 0)
		return err_wrap(err, "globals.json");
	for (size_t at = 0; at < pg_rows(rows);)
		if (restore_role(r, rows, &at, err) < 0)
			return -1;
	return 0;
}

/* clang-format off */
/*
 * Rows: what, statement with the recorded grantor, statement without; those who may grant come
 * first. Only for members in $2 (an array of names that were made now): who existed before
 * keeps what he had; and what everybody may is changed with `replace` ($3) only.
 */
static const char *const memberships_sql =
	"SELECT u.what, u.granted, u.plain FROM ("
	" SELECT CASE WHEN m.admin THEN 1 ELSE 2 END AS step,"
	"  format('membership of role %I in %I', m.member, m.role) AS what,"
	"  g.sql || COALESCE(' GRANTED BY ' || quote_ident(p.rolname), '') AS granted,"
	"  g.sql AS plain"
	" FROM json_to_recordset($1::json -> 'memberships') m(role text, member text,"
	"  grantor text, admin bool, inherit bool, set bool)"
	" LEFT JOIN pg_roles p ON p.rolname = m.grantor"
	" CROSS JOIN LATERAL (SELECT format('GRANT %I TO %I', m.role, m.member) ||"
	"  CASE WHEN current_setting('server_version_num')::int >= 160000"
	"   AND m.inherit IS NOT NULL THEN format(' WITH ADMIN %s, INHERIT %s, SET %s',"
	"   m.admin, m.inherit, m.set) WHEN m.admin THEN ' WITH ADMIN OPTION'"
	"   ELSE '' END) g(sql)"
	" WHERE m.member = ANY ($2::text[])"
	" UNION ALL SELECT 3, format('right of role %s on setting %s', p.grantee, p.name),"
	"  g.sql, g.sql FROM (SELECT name, COALESCE(quote_ident(grantee), 'PUBLIC') AS grantee,"
	"   privilege, grantable FROM json_to_recordset($1::json -> 'parameters') r(name text,"
	"    grantee text, privilege text, grantable bool)"
	"   WHERE CASE WHEN grantee IS NULL THEN $3::bool ELSE grantee = ANY ($2::text[]) END) p"
	"  CROSS JOIN LATERAL (SELECT format('GRANT %s ON PARAMETER %I TO %s%s', p.privilege,"
	"   p.name, p.grantee, CASE WHEN p.grantable THEN ' WITH GRANT OPTION' ELSE '' END)) g(sql)"
	") u ORDER BY u.step, u.what";
/* clang-format on */

/* {"a","b"}: the text of an array. */
static void format_array(const struct strings *names, struct buf *text)
{
	buf_append_byte(text, '{');
	for (size_t i = 0; i < strings_count(names); i++) {
		buf_append_string(text, i > 0 ? ",\"" : "\"");
		for (const char *c = strings_at(names, i); *c != '\0'; c++) {
			if (*c == '"' || *c == '\\')
				buf_append_byte(text, '\\');
			buf_append_byte(text, (uint8_t)*c);
		}
		buf_append_byte(text, '"');
	}
	buf_append_byte(text, '}');
}

static int restore_memberships(struct restoring *r, struct err *err)
{
	CLEANUP(pg_result_freep) struct pg_result *rows = NULL;
	CLEANUP(buf_release) struct buf names;
	const char *values[3] = {r->json, NULL, r->replace ? "true" : "false"};

	buf_init(&names, 0);
	format_array(&r->made, &names);
	values[1] = buf_string(&names);
	if (pg_query(r->conn, memberships_sql, 3, values, &rows, err) < 0)
		return err_wrap(err, "globals.json");
	for (size_t i = 0; i < pg_rows(rows); i++) {
		const char *what = pg_value(rows, i, 0);
		bool done;

		if (try_statement(r, what, pg_value(rows, i, 1), true, &done, err) < 0)
			return -1;
		if (!done &&
		    try_statement(r, what, pg_value(rows, i, 2), false, &done, err) < 0)
			return -1;
	}
	return 0;
}

/* Settings for all roles that are not as recorded. They concern roles that exist, so without
 * `replace` they are only told. */
/* clang-format off */
static const char *const settings_sql =
	"SELECT s.name, format('ALTER ROLE ALL SET %I TO ', s.name) ||"
	"  " PG_SETTING_SQL("s.name", "s.value")
	" FROM json_to_recordset(COALESCE($1::json -> 'settings', '[]')) s(name text, value text)"
	" WHERE NOT EXISTS (SELECT FROM pg_db_role_setting d, unnest(d.setconfig) c"
	"  WHERE d.setrole = 0 AND d.setdatabase = 0 AND c = s.name || '=' || s.value)";
/* clang-format on */

static int restore_settings(struct restoring *r, struct err *err)
{
	CLEANUP(pg_result_freep) struct pg_result *rows = NULL;

	if (pg_query(r->conn, settings_sql, 1, &r->json, &rows, err) < 0)
		return err_wrap(err, "globals.json");
	for (size_t i = 0; i < pg_rows(rows); i++) {
		CLEANUP(mem_freep)
		char *what = mem_printf("setting %s of all roles", pg_value(rows, i, 0));
		bool done;

		if (!r->replace) {
			CLEANUP(mem_freep)
			char *text = mem_printf("%s: left as it is here", what);

			strings_add(r->refused->warnings, text);
		} else if (try_statement(r, what, pg_value(rows, i, 1), false, &done,
					 err) < 0) {
			return -1;
		}
	}
	return 0;
}

int pg_globals_restore(struct pg_conn *conn, const char *json, bool replace,
		       struct pg_refused *refused, struct pg_globals_counts *counts,
		       struct err *err)
{
	struct restoring r = {.conn = conn,
			      .json = json,
			      .replace = replace,
			      .refused = refused,
			      .counts = counts};
	int result;

	strings_init(&r.made);
	result = restore_roles(&r, err);
	if (result == 0)
		result = restore_memberships(&r, err);
	if (result == 0)
		result = restore_settings(&r, err);
	strings_release(&r.made);
	return result;
}
