/* SPDX-License-Identifier: Apache-2.0 */
#include "pg/pg_target.h"

#include <inttypes.h>

#include "base/mem.h"
#include "base/quote.h"
#include "pg/pg_database.h"
#include "pg/pg_session.h"
#include "pg/pg_target_internal.h"

enum {
	NAME_BYTES_MAX = 63, /* NAMEDATALEN - 1 */
	SUFFIX_BYTES_MAX = 20,
	STATE_ATTEMPTS = 6,
};

char *pg_target_work_name(const char *name, const char *word, uint32_t number)
{
	struct slice left = slice_of_string(name);
	size_t len = 0;

	while (left.len > 0) {
		size_t step = utf8_sequence(left);

		step = step == 0 ? 1 : step;
		if (len + step > NAME_BYTES_MAX - SUFFIX_BYTES_MAX)
			break;
		len += step;
		left = slice_of(left.data + step, left.len - step);
	}
	return mem_printf("%.*s.%s-%08" PRIx32, (int)len, name, word, number);
}

/* clang-format off */
/* Objects that a user made: those whose oid is not from initdb. Catalogs with a column for the
 * name of the kind, in the order in which they tell most. */
static const char *const user_object_sql =
	"SELECT pg_describe_object(o.class, o.oid, 0) FROM ("
	" SELECT 1 AS at, 'pg_class'::regclass AS class, c.oid FROM pg_class c"
	"  JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname !~ '^pg_'"
	" UNION ALL SELECT 2, 'pg_proc'::regclass, oid FROM pg_proc"
	" UNION ALL SELECT 3, 'pg_namespace'::regclass, oid FROM pg_namespace"
	"  WHERE nspname !~ '^pg_' AND nspname <> 'public'"
	" UNION ALL SELECT 4, 'pg_extension'::regclass, oid FROM pg_extension"
	"  WHERE extname <> 'plpgsql'"
	" UNION ALL SELECT 5, 'pg_type'::regclass, t.oid FROM pg_type t"
	"  JOIN pg_namespace n ON n.oid = t.typnamespace WHERE n.nspname !~ '^pg_'"
	" UNION ALL SELECT 6, 'pg_largeobject'::regclass, oid FROM pg_largeobject_metadata"
	" UNION ALL SELECT 7, 'pg_operator'::regclass, oid FROM pg_operator"
	" UNION ALL SELECT 7, 'pg_collation'::regclass, oid FROM pg_collation"
	" UNION ALL SELECT 7, 'pg_cast'::regclass, oid FROM pg_cast"
	" UNION ALL SELECT 7, 'pg_ts_config'::regclass, oid FROM pg_ts_config"
	" UNION ALL SELECT 7, 'pg_ts_dict'::regclass, oid FROM pg_ts_dict"
	" UNION ALL SELECT 7, 'pg_event_trigger'::regclass, oid FROM pg_event_trigger"
	" UNION ALL SELECT 7, 'pg_publication'::regclass, oid FROM pg_publication"
	" UNION ALL SELECT 7, 'pg_foreign_data_wrapper'::regclass, oid"
	"  FROM pg_foreign_data_wrapper"
	" UNION ALL SELECT 7, 'pg_foreign_server'::regclass, oid FROM pg_foreign_server"
	" UNION ALL SELECT 7, 'pg_default_acl'::regclass, oid FROM pg_default_acl"
	" UNION ALL SELECT 7, 'pg_conversion'::regclass, oid FROM pg_conversion"
	" UNION ALL SELECT 7, 'pg_opclass'::regclass, oid FROM pg_opclass"
	" UNION ALL SELECT 7, 'pg_opfamily'::regclass, oid FROM pg_opfamily"
	" UNION ALL SELECT 7, 'pg_ts_parser'::regclass, oid FROM pg_ts_parser"
	" UNION ALL SELECT 7, 'pg_ts_template'::regclass, oid FROM pg_ts_template"
	" UNION ALL SELECT 7, 'pg_language'::regclass, oid FROM pg_language"
	" UNION ALL SELECT 7, 'pg_transform'::regclass, oid FROM pg_transform"
	" UNION ALL SELECT 7, 'pg_am'::regclass, oid FROM pg_am) o WHERE o.oid >= 16384 AND"
	" NOT EXISTS (SELECT FROM pg_depend d"
	"  JOIN pg_extension e ON e.oid = d.refobjid AND e.extname = 'plpgsql'"
	"  WHERE d.classid = o.class AND d.objid = o.oid AND d.deptype = 'e')"
	" ORDER BY o.at, o.oid LIMIT 1";
/* clang-format on */

int target_open_database(const struct pg_params *params, const char *database,
			 const struct cancel *cancel, struct pg_conn **ret_conn,
			 struct err *err)
{
	CLEANUP(pg_conn_freep) struct pg_conn *conn = NULL;
	CLEANUP(pg_params_release) struct pg_params other;

	pg_params_copy(&other, params);
	pg_params_set(&other, "dbname", database);
	if (pg_conn_open(&other, cancel, &conn, err) < 0 ||
	    pg_session_pin(conn, "UTF8", NULL, err) < 0)
		return -1;
	*ret_conn = STEAL(conn);
	return 0;
}

int target_open_maintenance(const struct pg_target *target, const struct cancel *cancel,
			    struct pg_conn **ret_conn, struct err *err)
{
	const struct pg_params *params = &target->params;
	struct err first = {0};

	if (strcmp(target->name, "postgres") != 0) {
		if (target_open_database(params, "postgres", cancel, ret_conn, &first) ==
		    0)
			return 0;
		if (first.code != ERR_NOT_FOUND && first.code != ERR_DENIED) {
			*err = first;
			return -1;
		}
	}
	if (target_open_database(params, "template1", cancel, ret_conn, err) == 0)
		return 0;
	if (first.code == ERR_DENIED)
		*err = first;
	return -1;
}

static int refuse_used(const char *shown, const char *sessions, struct err *err)
{
	(void)err_set(err, ERR_TARGET,
		      "database %s is in use by %s sessions; expected none, since it is "
		      "to be replaced",
		      shown, sessions);
	return err_hint(err,
			"stop what uses it, or restore into another database; to see "
			"them: SELECT * FROM pg_stat_activity WHERE datname = ...");
}

/* It would be found out when all is restored. */
static int refuse_foreign(const char *shown, const char *owner, struct err *err)
{
	char shown_owner[QUOTE_TEXT_MAX];

	(void)err_set(err, ERR_TARGET,
		      "database %s belongs to role %s; only who has its rights and may "
		      "create databases can replace it",
		      shown, quote_string(owner, shown_owner));
	return err_hint(err,
			"restore as such a role, make the role a member of the owner "
			"(GRANT owner TO role), or restore into another database");
}

int target_find_object(const struct pg_target *target, const char *database,
		       const struct cancel *cancel, char **ret_object, struct err *err)
{
	CLEANUP(pg_conn_freep) struct pg_conn *conn = NULL;

	if (target_open_database(&target->params, database, cancel, &conn, err) < 0)
		return -1;
	return pg_query_text(conn, user_object_sql, 0, NULL, ret_object, err);
}

static int check_empty(const struct pg_target *target, const struct cancel *cancel,
		       const char *shown, struct err *err)
{
	CLEANUP(mem_freep) char *object = NULL;

	if (target_find_object(target, target->name, cancel, &object, err) < 0)
		return -1;
	if (object == NULL)
		return 0;
	(void)err_set(err, ERR_TARGET, "database %s is not empty: it has %s", shown,
		      object);
	return err_hint(err, "name a database that does not exist yet, or give --replace "
			     "to have this one replaced when the restore has succeeded");
}

/* clang-format off */
/*
 * Sessions: workers of the server itself (those without a user) come and go, and end when they are
 * in the way. Of sessions of others not everybody sees the type: such a one counts. Then: may this
 * role make a database in the place of an empty one? Database postgres is what everybody connects
 * to, so it stays. May it rename the database and make another one, and whose is it?
 */
static const char *const state_sql =
	"SELECT d.datistemplate, (SELECT count(*) FROM pg_stat_activity a"
	"  WHERE a.datid = d.oid AND a.pid <> pg_backend_pid()"
	"  AND a.usesysid IS NOT NULL"
	"  AND COALESCE(a.backend_type, 'client backend') IN ('client backend', 'walsender')),"
	" d.datname <> 'postgres' AND NOT d.datistemplate AND m.may, m.may,"
	" pg_get_userbyid(d.datdba)"
	" FROM pg_database d, pg_roles r, LATERAL (SELECT r.rolsuper OR (r.rolcreatedb"
	"  AND pg_has_role(d.datdba, 'USAGE'))) m(may)"
	" WHERE d.datname = $1 AND r.rolname = current_user";
/* clang-format on */

static int decide_existing(struct pg_target *target, const struct pg_result *state,
			   const struct cancel *cancel, struct err *err)
{
	const char *sessions = pg_value(state, 0, 1);
	bool is_used = strcmp(sessions, "0") != 0;
	char shown[QUOTE_TEXT_MAX];

	quote_string(target->name, shown);
	if (!target->replace) {
		bool may_replace = pg_bool(state, 0, 2) && !is_used;

		target->mode = may_replace ? PG_TARGET_REPLACE : PG_TARGET_ADOPT;
		return check_empty(target, cancel, shown, err);
	}
	if (pg_bool(state, 0, 0)) {
		(void)err_set(err, ERR_TARGET, "database %s is a template", shown);
		return err_hint(err, "restore into another database");
	}
	target->mode = PG_TARGET_REPLACE;
	if (!pg_bool(state, 0, 3))
		return refuse_foreign(shown, pg_value(state, 0, 4), err);
	return is_used ? refuse_used(shown, sessions, err) : 0;
}

/* Asks again for a second when somebody is connected: who has just left is still seen. */
static int ask_state(struct pg_target *target, struct pg_result **ret_state,
		     struct err *err)
{
	const char *values[] = {target->name};

	for (int attempt = 1;; attempt++) {
		CLEANUP(pg_result_freep) struct pg_result *state = NULL;
		CLEANUP(mem_freep) char *slept = NULL;

		if (pg_query(target->conn, state_sql, 1, values, &state, err) < 0)
			return -1;
		if (attempt == STATE_ATTEMPTS || pg_rows(state) == 0 ||
		    strcmp(pg_value(state, 0, 1), "0") == 0) {
			*ret_state = STEAL(state);
			return 0;
		}
		if (pg_query_text(target->conn, "SELECT pg_sleep(0.2)", 0, NULL, &slept,
				  err) < 0)
			return -1;
	}
}

static int need_createdb(struct pg_target *target, struct err *err)
{
	static const char *const sql = "SELECT rolsuper OR rolcreatedb FROM pg_roles"
				       " WHERE rolname = current_user";
	CLEANUP(mem_freep) char *may = NULL;
	char shown[QUOTE_TEXT_MAX];

	if (pg_query_text(target->conn, sql, 0, NULL, &may, err) < 0)
		return -1;
	if (may == NULL || *may == 't')
		return 0;
	(void)err_set(
		err, ERR_DENIED,
		"database %s does not exist, and this role may not create databases",
		quote_string(target->name, shown));
	return err_hint(err,
			"restore as a role with CREATEDB, or into an empty database");
}

static int decide(struct pg_target *target, const struct cancel *cancel, struct err *err)
{
	CLEANUP(pg_result_freep) struct pg_result *state = NULL;

	if (ask_state(target, &state, err) < 0)
		return -1;
	if (pg_rows(state) > 0)
		return decide_existing(target, state, cancel, err);
	target->mode = PG_TARGET_CREATE;
	return need_createdb(target, err);
}

static void use_work_name(struct pg_target *target, struct rng *rng)
{
	uint32_t number;

	if (target->mode == PG_TARGET_ADOPT)
		return;
	rng_fill(rng, &number, sizeof(number));
	mem_free(target->work_name);
	target->work_name = pg_target_work_name(target->name, "restore", number);
	pg_params_set(&target->params, "dbname", target->work_name);
}

int pg_target_open(const struct pg_params *params, bool replace, struct rng *rng,
		   const struct cancel *cancel, struct pg_target *ret_target,
		   struct err *err)
{
	CLEANUP(pg_target_release) struct pg_target target = {0};

	pg_params_copy(&target.params, params);
	target.name = mem_strdup(pg_params_get(params, "dbname"));
	target.work_name = mem_strdup(target.name);
	target.replace = replace;
	if (strlen(target.name) > NAME_BYTES_MAX)
		return err_set(err, ERR_USAGE,
			       "database name is %zu bytes long; expected at most %d",
			       strlen(target.name), NAME_BYTES_MAX);
	if (target_open_maintenance(&target, cancel, &target.conn, err) < 0 ||
	    decide(&target, cancel, err) < 0)
		return -1;
	use_work_name(&target, rng);
	*ret_target = target;
	target = (struct pg_target){0};
	pg_params_init(&target.params);
	return 0;
}

void pg_target_release(struct pg_target *target)
{
	pg_conn_free(target->conn);
	pg_params_release(&target->params);
	mem_free(target->name);
	mem_free(target->work_name);
	strings_release(&target->joined);
	*target = (struct pg_target){0};
}

int pg_target_join(struct pg_target *target, const struct pg_owners *owners,
		   struct err *err)
{
	if (pg_conn_is_superuser(target->conn))
		return 0;
	return pg_members_join(target->conn, owners, &target->joined, err);
}

void pg_target_leave(struct pg_target *target, struct pg_refused *refused)
{
	CLEANUP(pg_conn_freep) struct pg_conn *conn = NULL;
	CLEANUP(mem_freep) char *text = NULL;
	struct err why = {0};

	if (strings_count(&target->joined) == 0 ||
	    (target_open_maintenance(target, NULL, &conn, &why) == 0 &&
	     pg_members_leave(conn, &target->joined, &why) == 0))
		return;
	text = mem_printf(
		"the restoring role is still a member of roles that it joined to "
		"give them what is theirs: %s",
		why.msg);
	strings_add(refused->warnings, text);
	refused->n++;
}

int pg_target_connect(const struct pg_target *target, const struct cancel *cancel,
		      struct pg_conn **ret_conn, struct err *err)
{
	return pg_conn_open(&target->params, cancel, ret_conn, err);
}

/* Without an answer it may be there, or soon; nobody else has this name. */
static int create(struct pg_target *target, const char *database_json, bool with_owner,
		  struct err *err)
{
	int result = pg_database_create(target->conn, database_json, target->work_name,
					with_owner, err);

	target->made =
		result == 0 || err->code == ERR_INTERRUPTED || err->code == ERR_TRANSIENT;
	return result;
}

int pg_target_create(struct pg_target *target, const char *database_json,
		     struct pg_refused *refused, struct err *err)
{
	struct err why = {0};

	if (target->mode == PG_TARGET_ADOPT ||
	    create(target, database_json, true, &why) == 0)
		return 0;
	if (pg_conn_is_superuser(target->conn) ||
	    (why.code != ERR_DENIED && why.code != ERR_NOT_FOUND)) {
		*err = why;
		return -1;
	}
	if (create(target, database_json, false, err) < 0)
		return -1;
	return pg_refused_add(refused,
			      "owner of the database, which the restoring role has now",
			      &why, err);
}
