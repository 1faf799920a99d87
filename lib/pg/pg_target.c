/* SPDX-License-Identifier: Apache-2.0 */
#include "pg/pg_target.h"

#include <inttypes.h>

#include "base/mem.h"
#include "base/quote.h"
#include "pg/pg_database.h"
#include "pg/pg_name.h"
#include "pg/pg_session.h"

enum {
	NAME_BYTES_MAX = 63, /* NAMEDATALEN - 1 */
	SUFFIX_BYTES_MAX = 20,
	STATE_ATTEMPTS = 6,
	SWAP_ATTEMPTS = 3, /* each waits 5 s for others inside the server */
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

static int open_database(const struct pg_params *params, const char *database,
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

/* Not the target itself: a database with a connection cannot be renamed. */
static int open_maintenance(const struct pg_params *params, const char *target,
			    const struct cancel *cancel, struct pg_conn **ret_conn,
			    struct err *err)
{
	struct err first = {0};

	if (strcmp(target, "postgres") != 0) {
		if (open_database(params, "postgres", cancel, ret_conn, &first) == 0)
			return 0;
		if (first.code != ERR_NOT_FOUND && first.code != ERR_DENIED) {
			*err = first;
			return -1;
		}
	}
	if (open_database(params, "template1", cancel, ret_conn, err) == 0)
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

/* The first user object of a database, described; NULL when it has none. */
static int find_object(const struct pg_target *target, const char *database,
		       const struct cancel *cancel, char **ret_object, struct err *err)
{
	CLEANUP(pg_conn_freep) struct pg_conn *conn = NULL;

	if (open_database(&target->params, database, cancel, &conn, err) < 0)
		return -1;
	return pg_query_text(conn, user_object_sql, 0, NULL, ret_object, err);
}

static int check_empty(const struct pg_target *target, const struct cancel *cancel,
		       const char *shown, struct err *err)
{
	CLEANUP(mem_freep) char *object = NULL;

	if (find_object(target, target->name, cancel, &object, err) < 0)
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
 * Sessions: workers of the server itself come and go, and end when they are in the way. The last
 * column: may this role make a database in the place of an empty one? Database postgres is
 * what everybody connects to, so it stays.
 */
static const char *const state_sql =
	"SELECT d.datistemplate, (SELECT count(*) FROM pg_stat_activity a"
	"  WHERE a.datid = d.oid AND a.pid <> pg_backend_pid()"
	"  AND a.backend_type IN ('client backend', 'walsender')),"
	" d.datname <> 'postgres' AND NOT d.datistemplate AND (r.rolsuper OR"
	"  (r.rolcreatedb AND pg_has_role(d.datdba, 'MEMBER')))"
	" FROM pg_database d, pg_roles r WHERE d.datname = $1 AND r.rolname = current_user";
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

static int decide(struct pg_target *target, const struct cancel *cancel, struct err *err)
{
	CLEANUP(pg_result_freep) struct pg_result *state = NULL;

	if (ask_state(target, &state, err) < 0)
		return -1;
	if (pg_rows(state) > 0)
		return decide_existing(target, state, cancel, err);
	target->mode = PG_TARGET_CREATE;
	return 0;
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
	if (open_maintenance(params, target.name, cancel, &target.conn, err) < 0 ||
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
	*target = (struct pg_target){0};
}

int pg_target_connect(const struct pg_target *target, const struct cancel *cancel,
		      struct pg_conn **ret_conn, struct err *err)
{
	return pg_conn_open(&target->params, cancel, ret_conn, err);
}

int pg_target_create(struct pg_target *target, const char *database_json, struct err *err)
{
	if (target->mode == PG_TARGET_ADOPT)
		return 0;
	if (pg_database_create(target->conn, database_json, target->work_name, err) < 0)
		return -1;
	target->made = true;
	return 0;
}

/* SQL with the names of databases in it: each "%" of `format` is the next name, quoted. */
static int exec_named(struct pg_conn *conn, const char *format, const char *const *names,
		      struct err *err)
{
	CLEANUP(buf_release) struct buf sql;

	buf_init(&sql, 0);
	for (; *format != '\0'; format++) {
		if (*format == '%')
			pg_name_quote(&sql, *names++);
		else
			buf_append_byte(&sql, (uint8_t)*format);
	}
	return pg_exec(conn, buf_string(&sql), err);
}

static int disconnect_others(struct pg_target *target, struct err *err)
{
	const char *name = target->name;
	CLEANUP(mem_freep) char *ignored = NULL;

	if (exec_named(target->conn, "ALTER DATABASE % ALLOW_CONNECTIONS false", &name,
		       err) < 0)
		return -1;
	return pg_query_text(target->conn,
			     "SELECT count(pg_terminate_backend(pid))"
			     " FROM pg_stat_activity WHERE datname = $1",
			     1, &name, &ignored, err);
}

static int swap(struct pg_target *target, const char *old, struct err *err)
{
	const char *const names[] = {target->name, old, target->work_name, target->name};
	struct err ignored;

	for (int attempt = 1;; attempt++) {
		if (disconnect_others(target, err) == 0 &&
		    exec_named(
			    target->conn,
			    "ALTER DATABASE % RENAME TO %; ALTER DATABASE % RENAME TO %",
			    names, err) == 0)
			return 0;
		if (attempt == SWAP_ATTEMPTS || err->code == ERR_INTERRUPTED)
			break;
	}
	(void)exec_named(target->conn, "ALTER DATABASE % ALLOW_CONNECTIONS true", names,
			 &ignored); /* the failure before is the one to tell */
	return err_wrap(err, "swap with the old database");
}

/* A database with subscriptions cannot be dropped. Those without a slot on their publisher
 * (all of them, with `forget_slots`) can go, for nothing is left behind anywhere. */
static int drop_subscriptions(const struct pg_params *params, const char *database,
			      bool forget_slots, struct err *err)
{
	static const char *const sql =
		"SELECT format('ALTER SUBSCRIPTION %1$I DISABLE;"
		" ALTER SUBSCRIPTION %1$I SET (slot_name = NONE);"
		" DROP SUBSCRIPTION %1$I', subname) FROM pg_subscription"
		" WHERE subdbid = (SELECT oid FROM pg_database"
		"  WHERE datname = current_database()) AND ($1 OR subslotname IS NULL)";
	const char *values[] = {forget_slots ? "true" : "false"};
	CLEANUP(pg_result_freep) struct pg_result *rows = NULL;
	CLEANUP(pg_conn_freep) struct pg_conn *conn = NULL;

	if (open_database(params, database, NULL, &conn, err) < 0 ||
	    pg_query(conn, sql, 1, values, &rows, err) < 0)
		return -1;
	for (size_t i = 0; i < pg_rows(rows); i++)
		if (pg_exec(conn, pg_value(rows, i, 0), err) < 0)
			return -1;
	return 0;
}

/* The oid of subscriptions shows that a database has some, without a connection to it. */
static bool has_subscriptions(struct pg_conn *conn, const char *database)
{
	CLEANUP(mem_freep) char *found = NULL;
	struct err ignored;

	return pg_query_text(
		       conn,
		       "SELECT EXISTS (SELECT FROM pg_subscription s JOIN pg_database d"
		       " ON d.oid = s.subdbid WHERE d.datname = $1)",
		       1, &database, &found, &ignored) == 0 &&
	       found != NULL && *found == 't';
}

static int drop_database(struct pg_conn *conn, const struct pg_params *params,
			 const char *database, bool forget_slots, struct err *err)
{
	if (has_subscriptions(conn, database) &&
	    (exec_named(conn, "ALTER DATABASE % ALLOW_CONNECTIONS true", &database, err) <
		     0 ||
	     drop_subscriptions(params, database, forget_slots, err) < 0))
		return -1;
	return exec_named(conn, "DROP DATABASE % WITH (FORCE)", &database, err);
}

/* Who did not say --replace agreed to lose nothing, so the database that was empty is looked at
 * once more: now nobody can be connected to it. */
static bool has_stayed_empty(struct pg_target *target, const char *old,
			     struct strings *warnings)
{
	CLEANUP(mem_freep) char *object = NULL, *text = NULL;
	char shown[QUOTE_TEXT_MAX], old_shown[QUOTE_TEXT_MAX];
	struct err failure = {0};

	if (exec_named(target->conn, "ALTER DATABASE % ALLOW_CONNECTIONS true", &old,
		       &failure) == 0 &&
	    find_object(target, old, NULL, &object, &failure) == 0 && object == NULL)
		return true;
	text = mem_printf("the database that was named %s until now is kept as %s: %s "
			  "%s; look into it, then drop it",
			  quote_string(target->name, shown), quote_string(old, old_shown),
			  object != NULL ? "since the restore began it got"
					 : "cannot see whether it is still empty:",
			  object != NULL ? object : failure.msg);
	strings_add(warnings, text);
	return false;
}

static void drop_old(struct pg_target *target, const char *old, struct strings *warnings)
{
	struct err failure = {0};
	char shown[QUOTE_TEXT_MAX];

	if (!target->replace && !has_stayed_empty(target, old, warnings))
		return;
	if (drop_database(target->conn, &target->params, old, false, &failure) < 0) {
		CLEANUP(mem_freep)
		char *text = mem_printf("the replaced database is still there as %s: %s",
					quote_string(old, shown), failure.msg);

		strings_add(warnings, text);
	}
}

static int replace_old(struct pg_target *target, struct strings *warnings,
		       struct err *err)
{
	/* The working name ends in a number that is free; the old one gets the same. */
	const char *number = strrchr(target->work_name, '-');
	CLEANUP(mem_freep) char *old = pg_target_work_name(target->name, "old", 0);

	(void)memcpy(strrchr(old, '-'), number, strlen(number));
	if (swap(target, old, err) < 0)
		return -1;
	target->made = false;
	drop_old(target, old, warnings);
	return 0;
}

/* Before anybody is disconnected. Somebody who is about to make something is in time for the
 * look after. */
static int refuse_filled(const struct pg_target *target, const struct cancel *cancel,
			 struct err *err)
{
	CLEANUP(mem_freep) char *object = NULL;
	char shown[QUOTE_TEXT_MAX];

	if (find_object(target, target->name, cancel, &object, err) < 0)
		return -1;
	if (object == NULL)
		return 0;
	return err_set(err, ERR_TARGET,
		       "database %s was empty, and since the restore began it got %s",
		       quote_string(target->name, shown), object);
}

static int give_name(struct pg_target *target, const struct cancel *cancel,
		     struct strings *warnings, struct err *err)
{
	const char *const names[] = {target->work_name, target->name};

	if (target->mode == PG_TARGET_REPLACE) {
		if (!target->replace && refuse_filled(target, cancel, err) < 0)
			return -1;
		return replace_old(target, warnings, err);
	}
	if (exec_named(target->conn, "ALTER DATABASE % RENAME TO %", names, err) < 0)
		return err_wrap(err, "name the restored database");
	target->made = false;
	return 0;
}

int pg_target_commit(struct pg_target *target, const struct cancel *cancel,
		     struct strings *warnings, struct err *err)
{
	if (target->mode == PG_TARGET_ADOPT ||
	    give_name(target, cancel, warnings, err) == 0)
		return 0;
	return err_hint(err,
			"to take what was restored: drop or rename the database that "
			"has its name, then ALTER DATABASE ... RENAME TO ...");
}

/* Adds to the message; code and hint stay. */
static void tell(struct err *err, const char *what, const char *name)
{
	struct err before = *err;
	char shown[QUOTE_TEXT_MAX];

	(void)err_set(err, before.code, "%s; %s %s", before.msg, what,
		      quote_string(name, shown));
	err->signal = before.signal;
	memcpy(err->hint, before.hint, sizeof(err->hint));
}

void pg_target_keep(struct pg_target *target, struct err *err)
{
	tell(err, "what was restored is kept as database", target->work_name);
	target->made = false;
}

void pg_target_discard(struct pg_target *target, struct err *err)
{
	const char *name = target->work_name;
	CLEANUP(pg_conn_freep) struct pg_conn *conn = NULL;
	struct err ignored;

	if (!target->made)
		return;
	if (open_maintenance(&target->params, target->name, NULL, &conn, &ignored) == 0 &&
	    exec_named(conn, "ALTER DATABASE % IS_TEMPLATE false", &name, &ignored) ==
		    0 &&
	    drop_database(conn, &target->params, name, true, &ignored) == 0)
		tell(err, "dropped the half-made database", target->work_name);
	else
		tell(err, "could not drop the half-made database", target->work_name);
	target->made = false;
}
