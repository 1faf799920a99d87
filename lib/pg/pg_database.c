/* SPDX-License-Identifier: Apache-2.0 */
/*
 * As with globals.json the server writes the document and makes the statements from it.
 *
 *   {"format": 1, "name", "owner", "encoding", "provider": "c" | "i" | "b", "collate", "ctype",
 *    "locale", "rules", "tablespace", "connection_limit", "is_template", "comment",
 *    "acl": null | [{"grantor", "grantee" (null = PUBLIC), "privilege", "grantable"}],
 *    "settings": [{"role" (null = all), "name", "value"}], "labels": [{"provider", "label"}],
 *    "time_zone", "public_schema", "plpgsql", "tablespaces": [names in use],
 *    "placed": [{"what": "TABLE" | "MATERIALIZED VIEW" | "INDEX", "schema", "name", "tablespace"}]}
 *
 * pg_restore --create could make a database, but only under its old name.
 *
 * What comes from template0 and was dropped in the source (schema public, language plpgsql) is
 * not in a dump; the record says so, and the restore drops it again.
 */
#include "pg/pg_database.h"

#include "base/mem.h"
#include "base/quote.h"
#include "base/units.h"
#include "pg/pg_globals.h"

/* clang-format off */
static const char *const read_sql =
	"SELECT json_build_object('format', 1, 'name', d.datname,"
	" 'owner', pg_get_userbyid(d.datdba),"
	" 'encoding', pg_encoding_to_char(d.encoding),"
	" 'provider', COALESCE(to_jsonb(d) ->> 'datlocprovider', 'c'),"
	" 'collate', d.datcollate, 'ctype', d.datctype,"
	" 'locale', COALESCE(to_jsonb(d) ->> 'datlocale', to_jsonb(d) ->> 'daticulocale'),"
	" 'rules', to_jsonb(d) ->> 'daticurules',"
	" 'tablespace', t.spcname, 'connection_limit', d.datconnlimit,"
	" 'is_template', d.datistemplate, 'comment', shobj_description(d.oid, 'pg_database'),"
	" 'acl', CASE WHEN d.datacl IS NOT NULL THEN (SELECT COALESCE(json_agg("
	"  json_build_object('grantor', pg_get_userbyid(a.grantor), 'grantee',"
	"   CASE WHEN a.grantee <> 0 THEN pg_get_userbyid(a.grantee) END,"
	"   'privilege', a.privilege_type, 'grantable', a.is_grantable) ORDER BY a.at), '[]')"
	"  FROM aclexplode(d.datacl) WITH ORDINALITY"
	"   a(grantor, grantee, privilege_type, is_grantable, at)) END,"
	" 'settings', (SELECT COALESCE(json_agg(json_build_object("
	"   'role', CASE WHEN s.setrole <> 0 THEN pg_get_userbyid(s.setrole) END,"
	"   'name', split_part(c, '=', 1), 'value', substr(c, strpos(c, '=') + 1))"
	"   ORDER BY s.setrole, at), '[]')"
	"  FROM pg_db_role_setting s, unnest(s.setconfig) WITH ORDINALITY u(c, at)"
	"  WHERE s.setdatabase = d.oid),"
	" 'labels', (SELECT COALESCE(json_agg(json_build_object('provider', l.provider,"
	"   'label', l.label) ORDER BY l.provider), '[]') FROM pg_shseclabel l"
	"  WHERE l.classoid = 'pg_database'::regclass AND l.objoid = d.oid),"
	" 'time_zone', COALESCE((SELECT substr(c, 10) FROM pg_db_role_setting s,"
	"   unnest(s.setconfig) c WHERE s.setdatabase = d.oid AND s.setrole = 0"
	"   AND lower(c) LIKE 'timezone=%' LIMIT 1),"
	"  (SELECT reset_val FROM pg_settings WHERE name = 'TimeZone')),"
	" 'public_schema', EXISTS (SELECT FROM pg_namespace WHERE nspname = 'public'),"
	" 'plpgsql', EXISTS (SELECT FROM pg_extension WHERE extname = 'plpgsql'),"
	" 'placed', (SELECT COALESCE(json_agg(json_build_object('what', CASE c.relkind"
	"   WHEN 'i' THEN 'INDEX' WHEN 'I' THEN 'INDEX' WHEN 'm' THEN 'MATERIALIZED VIEW'"
	"   ELSE 'TABLE' END, 'schema', n.nspname, 'name', c.relname, 'tablespace', u.spcname)"
	"   ORDER BY n.nspname, c.relname), '[]') FROM pg_class c"
	"  JOIN pg_namespace n ON n.oid = c.relnamespace"
	"  JOIN pg_tablespace u ON u.oid = c.reltablespace"
	"  WHERE c.relkind IN ('r', 'p', 'm', 'i', 'I') AND n.nspname !~ '^pg_'"
	"  AND u.spcname !~ '^pg_'),"
	" 'tablespaces', (SELECT COALESCE(json_agg(u.spcname ORDER BY u.spcname), '[]')"
	"  FROM pg_tablespace u WHERE u.spcname !~ '^pg_' AND (u.oid = d.dattablespace"
	"  OR EXISTS (SELECT FROM pg_class c WHERE c.reltablespace = u.oid))))"
	" FROM pg_database d JOIN pg_tablespace t ON t.oid = d.dattablespace"
	" WHERE d.datname = current_database()";
/* clang-format on */

int pg_database_read(struct pg_conn *conn, struct buf *json, struct err *err)
{
	CLEANUP(mem_freep) char *text = NULL;

	if (pg_query_text(conn, read_sql, 0, NULL, &text, err) < 0)
		return err_wrap(err, "properties of the database");
	buf_append_string(json, text);
	return 0;
}

/* clang-format off */
static const char *const facts_sql =
	"SELECT d.encoding, COALESCE((SELECT name FROM pg_timezone_names"
	"  WHERE name = d.time_zone LIMIT 1), 'UTC'), d.public_schema, d.plpgsql,"
	" (SELECT string_agg(t.name, ', ' ORDER BY t.name)"
	"  FROM json_array_elements_text(d.tablespaces) t(name)"
	"  WHERE NOT EXISTS (SELECT FROM pg_tablespace p WHERE p.spcname = t.name"
	"   AND has_tablespace_privilege(p.oid, 'CREATE'))),"
	" (SELECT string_agg(t.name, ', ' ORDER BY t.name)"
	"  FROM json_array_elements_text(d.tablespaces) t(name)"
	"  WHERE EXISTS (SELECT FROM pg_tablespace p WHERE p.spcname = t.name"
	"   AND has_tablespace_privilege(p.oid, 'CREATE')))"
	" FROM json_to_record($1::json) d(encoding text, time_zone text,"
	"  public_schema bool, plpgsql bool, tablespaces json)";
/* clang-format on */

/*
 * Relations in a tablespace that exists here, when another one is missing and pg_restore put all
 * into the default one. $2: indexes, or what has rows.
 */
/* clang-format off */
static const char *const place_sql =
	"SELECT format('%s %I.%I', r.what, r.schema, r.name),"
	" format('ALTER %s %I.%I SET TABLESPACE %I', r.what, r.schema, r.name, r.tablespace)"
	" FROM json_to_recordset($1::json -> 'placed') r(what text, schema text, name text,"
	"  tablespace text) JOIN pg_tablespace t ON t.spcname = r.tablespace"
	"  AND has_tablespace_privilege(t.oid, 'CREATE')"
	" WHERE r.what IN ('TABLE', 'MATERIALIZED VIEW', 'INDEX')"
	" AND (r.what = 'INDEX') = $2::bool";
/* clang-format on */

int pg_database_place(struct pg_conn *conn, const char *json, bool indexes,
		      struct pg_refused *refused, struct err *err)
{
	const char *values[] = {json, indexes ? "true" : "false"};
	CLEANUP(pg_result_freep) struct pg_result *rows = NULL;

	if (pg_query(conn, place_sql, 2, values, &rows, err) < 0)
		return err_wrap(err, "database.json");
	for (size_t i = 0; i < pg_rows(rows); i++) {
		struct err why = {0};
		CLEANUP(mem_freep) char *what = NULL;

		if (pg_exec(conn, pg_value(rows, i, 1), &why) == 0)
			continue;
		what = mem_printf("tablespace of %s", pg_value(rows, i, 0));
		if (pg_refused_add(refused, what, &why, err) < 0)
			return -1;
	}
	return 0;
}

void pg_database_facts_release(struct pg_database_facts *facts)
{
	mem_free(facts->encoding);
	mem_free(facts->time_zone);
	*facts = (struct pg_database_facts){0};
}

static void warn_tablespaces(const char *absent, struct strings *warnings)
{
	CLEANUP(mem_freep) char *text = NULL;

	text = mem_printf("tablespaces %s do not exist on this server or may not be "
			  "used: what lay in them is in pg_default now",
			  absent);
	strings_add(warnings, text);
}

int pg_database_facts(struct pg_conn *conn, const char *json,
		      struct pg_database_facts *ret_facts, struct strings *warnings,
		      struct err *err)
{
	CLEANUP(pg_result_freep) struct pg_result *row = NULL;
	const char *absent;

	if (pg_query(conn, facts_sql, 1, &json, &row, err) < 0)
		return err_wrap(err, "database.json");
	if (pg_rows(row) != 1 || pg_value(row, 0, 0) == NULL)
		return err_set(err, ERR_CORRUPT, "database.json: has no encoding");
	absent = pg_value(row, 0, 4);
	*ret_facts = (struct pg_database_facts){
		.encoding = mem_strdup(pg_value(row, 0, 0)),
		.time_zone = mem_strdup(pg_value(row, 0, 1)),
		.has_public_schema = pg_bool(row, 0, 2),
		.has_plpgsql = pg_bool(row, 0, 3),
		.maps_tablespaces = absent != NULL,
		.places_relations = absent != NULL && pg_value(row, 0, 5) != NULL,
	};
	if (absent != NULL)
		warn_tablespaces(absent, warnings);
	return 0;
}

/* clang-format off */
/* A locale provider is named where the server knows of providers (15). */
static const char *const create_sql =
	"SELECT format('CREATE DATABASE %I TEMPLATE template0 OWNER %I ENCODING %L"
	" LC_COLLATE %L LC_CTYPE %L', $2::text, CASE WHEN $3 THEN d.owner"
	"  ELSE current_user::text END, d.encoding, d.\"collate\", d.ctype)"
	" ||"
	" CASE WHEN d.provider = 'i' THEN ' LOCALE_PROVIDER icu ICU_LOCALE ' ||"
	"   quote_literal(d.locale) || COALESCE(' ICU_RULES ' || quote_literal(d.rules), '')"
	"  WHEN d.provider = 'b' THEN ' LOCALE_PROVIDER builtin BUILTIN_LOCALE ' ||"
	"   quote_literal(d.locale)"
	"  WHEN current_setting('server_version_num')::int >= 150000"
	"   THEN ' LOCALE_PROVIDER libc' ELSE '' END ||"
	" CASE WHEN EXISTS (SELECT FROM pg_tablespace t WHERE t.spcname = d.tablespace"
	"   AND has_tablespace_privilege(t.oid, 'CREATE'))"
	"  THEN format(' TABLESPACE %I', d.tablespace) ELSE '' END"
	" FROM json_to_record($1::json) d(owner text, encoding text, \"collate\" text,"
	"  ctype text, provider text, locale text, rules text, tablespace text)";
/* clang-format on */

int pg_database_create(struct pg_conn *conn, const char *json, const char *name,
		       bool with_owner, struct err *err)
{
	const char *values[] = {json, name, with_owner ? "true" : "false"};
	CLEANUP(mem_freep) char *sql = NULL;
	char shown[QUOTE_TEXT_MAX];

	if (pg_query_text(conn, create_sql, 3, values, &sql, err) < 0)
		return err_wrap(err, "database.json");
	if (sql == NULL)
		return err_set(err, ERR_CORRUPT, "database.json: lacks a property");
	if (pg_exec(conn, sql, err) < 0)
		return err_wrap(err, "create database %s", quote_string(name, shown));
	return 0;
}

/* clang-format off */
/*
 * Rows: what, statement, is it vital. Rights: what a new database gives by default is taken away,
 * without which others could do more than before; the rest is comfort. Then each recorded one is
 * given by its grantor, the owner's first: those are given in the owner's name by whoever may,
 * or by the owner that the database has instead.
 */
static const char *const describe_sql =
	"WITH d AS (SELECT * FROM json_to_record($1::json) d(owner text, acl json,"
	"  comment text, settings json, labels json, connection_limit int,"
	"  is_template bool))"
	" SELECT u.what, u.sql, u.step = 2 FROM (SELECT 1 AS step, 0 AS at, 'owner' AS what,"
	"  format('ALTER DATABASE %I OWNER TO %I', $2::text, d.owner) AS sql FROM d WHERE $3"
	" UNION ALL SELECT 2, 0, 'privileges', format('REVOKE ALL ON DATABASE %I FROM PUBLIC', $2::text)"
	"  || COALESCE('; ' || format('REVOKE ALL ON DATABASE %I FROM %I', $2::text, o.rolname), '')"
	"  FROM d LEFT JOIN pg_roles o ON o.rolname = d.owner WHERE json_typeof(d.acl) = 'array'"
	" UNION ALL SELECT 3 + (a.grantor <> d.owner)::int, a.at,"
	"  'privilege of ' || COALESCE(a.grantee, 'PUBLIC'),"
	"  format(CASE WHEN a.grantor = d.owner THEN '%2$s' ELSE 'SET ROLE %1$I; %2$s; RESET ROLE' END,"
	"   a.grantor, format('GRANT %s ON DATABASE %I TO %s%s',"
	"  a.privilege, $2::text, COALESCE(quote_ident(a.grantee), 'PUBLIC'),"
	"  CASE WHEN a.grantable THEN ' WITH GRANT OPTION' ELSE '' END))"
	"  FROM d, ROWS FROM (json_to_recordset(CASE WHEN json_typeof(d.acl) = 'array'"
	"   THEN d.acl ELSE '[]' END)"
	"   AS (grantor text, grantee text, privilege text, grantable bool))"
	"   WITH ORDINALITY a(grantor, grantee, privilege, grantable, at)"
	" UNION ALL SELECT 5, 0, 'comment', format('COMMENT ON DATABASE %I IS %L', $2::text,"
	"  d.comment) FROM d WHERE d.comment IS NOT NULL"
	" UNION ALL SELECT 6, 0, 'security label', format('SECURITY LABEL FOR %I ON DATABASE"
	"  %I IS %L', l.provider, $2::text, l.label)"
	"  FROM d, json_to_recordset(d.labels) l(provider text, label text)"
	" UNION ALL SELECT 7, s.at, 'setting ' || s.name,"
	"  CASE WHEN s.role IS NULL THEN format('ALTER DATABASE %I', $2::text)"
	"  ELSE format('ALTER ROLE %I IN DATABASE %I', s.role, $2::text) END ||"
	"  format(' SET %I TO ', s.name) || " PG_SETTING_SQL("s.name", "s.value")
	"  FROM d, ROWS FROM (json_to_recordset(d.settings)"
	"   AS (role text, name text, value text)) WITH ORDINALITY s(role, name, value, at)"
	" UNION ALL SELECT 8, 0, 'connection limit', format('ALTER DATABASE %I CONNECTION"
	"  LIMIT %s', $2::text, d.connection_limit) FROM d WHERE d.connection_limit <> -1"
	" UNION ALL SELECT 9, 0, 'template', format('ALTER DATABASE %I IS_TEMPLATE true',"
	"  $2::text) FROM d WHERE d.is_template) u ORDER BY u.step, u.at";
/* clang-format on */

static void add_warning(struct strings *warnings, const char *what, const char *why)
{
	CLEANUP(mem_freep) char *text = mem_printf("%s of the database: %s", what, why);

	strings_add(warnings, text);
}

/* clang-format off */
static const char *const differs_sql =
	"SELECT what, here, recorded FROM json_to_record($1::json) r(encoding text,"
	"  \"collate\" text, ctype text, locale text), pg_database d,"
	" LATERAL (VALUES ('encoding', pg_encoding_to_char(d.encoding)::text, r.encoding),"
	"  ('LC_COLLATE', d.datcollate::text, r.\"collate\"), ('LC_CTYPE', d.datctype::text,"
	" r.ctype),"
	"  ('locale', COALESCE(to_jsonb(d) ->> 'datlocale', to_jsonb(d) ->> 'daticulocale'),"
	"   r.locale)) v(what, here, recorded)"
	" WHERE d.datname = $2 AND here IS DISTINCT FROM recorded";
/* clang-format on */

static int warn_differences(struct pg_conn *conn, const char *const *values,
			    struct strings *warnings, struct err *err)
{
	CLEANUP(pg_result_freep) struct pg_result *rows = NULL;

	if (pg_query(conn, differs_sql, 2, values, &rows, err) < 0)
		return -1;
	for (size_t i = 0; i < pg_rows(rows); i++) {
		const char *here = pg_value(rows, i, 1), *recorded = pg_value(rows, i, 2);
		CLEANUP(mem_freep)
		char *why = mem_printf("it is %s, the source's was %s",
				       here == NULL ? "none" : here,
				       recorded == NULL ? "none" : recorded);

		add_warning(warnings, pg_value(rows, i, 0), why);
	}
	return 0;
}

int pg_database_describe(struct pg_conn *conn, const char *json, const char *name,
			 bool adopt, struct pg_refused *refused, struct err *err)
{
	const char *values[] = {json, name, adopt ? "true" : "false"};
	CLEANUP(pg_result_freep) struct pg_result *rows = NULL;

	if (adopt && warn_differences(conn, values, refused->warnings, err) < 0)
		return -1;
	if (pg_query(conn, describe_sql, 3, values, &rows, err) < 0)
		return err_wrap(err, "database.json");
	for (size_t i = 0; i < pg_rows(rows); i++) {
		CLEANUP(mem_freep) char *what = NULL;
		struct err why = {0};

		if (pg_exec(conn, pg_value(rows, i, 1), &why) == 0)
			continue;
		what = mem_printf("%s of the database", pg_value(rows, i, 0));
		if (pg_bool(rows, i, 2) && !adopt) {
			*err = why;
			return err_wrap(err, "%s", what);
		}
		if (pg_refused_add(refused, what, &why, err) < 0)
			return -1;
	}
	return 0;
}
