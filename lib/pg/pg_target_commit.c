/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The last step of a restore: the database gets its name. Where there is an old one, a single
 * transaction renames both. For that the server locks the old database, so that nobody can
 * connect to it any more, and then waits 5 s for who is connected to go; meanwhile another
 * session disconnects them. So whatever happens, to us, to the connection or to the server,
 * nothing has to be undone: either both have their new names, or nothing has changed. (Closing
 * the old one with ALLOW_CONNECTIONS would have to be undone by somebody who may be dead.)
 *
 * Nothing here looks at the cancel. It takes seconds, what was done shall be told for sure, and
 * a DROP DATABASE that is interrupted leaves a broken one. Locks are not waited for for long.
 * When the connection is lost, the names tell what the server did without being able to answer.
 */
#include "base/mem.h"
#include "base/quote.h"
#include "pg/pg_name.h"
#include "pg/pg_target_internal.h"

enum {
	RENAME_ATTEMPTS = 3, /* each waits 5 s for others inside the server */
	END_ATTEMPTS = 150,  /* 0.2 s each, for a command whose client is gone */
};

static int open_steady(const struct pg_target *target, struct pg_conn **ret_conn,
		       struct err *err)
{
	CLEANUP(pg_conn_freep) struct pg_conn *conn = NULL;

	if (target_open_maintenance(target, NULL, &conn, err) < 0 ||
	    pg_exec(conn, "SET lock_timeout = '15s'", err) < 0)
		return -1;
	*ret_conn = STEAL(conn);
	return 0;
}

/* Adds to the message; code and hint stay. */
static void add_to(struct err *err, const char *what, const char *why)
{
	struct err before = *err;

	(void)err_set(err, before.code, "%s; %s%s%s", before.msg, what,
		      why != NULL ? ": " : "", why != NULL ? why : "");
	err->signal = before.signal;
	memcpy(err->hint, before.hint, sizeof(err->hint));
}

/* SQL with the names of databases in it: each "%" of `format` is the next name, quoted. */
static void format_named(struct buf *sql, const char *format, const char *const *names)
{
	for (; *format != '\0'; format++) {
		if (*format == '%')
			pg_name_quote(sql, *names++);
		else
			buf_append_byte(sql, (uint8_t)*format);
	}
}

static int exec_named(struct pg_conn *conn, const char *format, const char *name,
		      struct err *err)
{
	CLEANUP(buf_release) struct buf sql;

	buf_init(&sql, 0);
	format_named(&sql, format, &name);
	return pg_exec(conn, buf_string(&sql), err);
}

static int ask(struct pg_conn *conn, const char *sql, int n_values,
	       const char *const *values, bool *ret_yes, struct err *err)
{
	CLEANUP(mem_freep) char *answer = NULL;

	if (pg_query_text(conn, sql, n_values, values, &answer, err) < 0)
		return -1;
	*ret_yes = answer != NULL && *answer == 't';
	return 0;
}

/* Dropping. */

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

	if (target_open_database(params, database, NULL, &conn, err) < 0 ||
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
	struct err ignored;
	bool has = false;

	return ask(conn,
		   "SELECT EXISTS (SELECT FROM pg_subscription s JOIN pg_database d"
		   " ON d.oid = s.subdbid WHERE d.datname = $1)",
		   1, &database, &has, &ignored) == 0 &&
	       has;
}

static int drop_database(struct pg_conn *conn, const struct pg_params *params,
			 const char *database, bool forget_slots, struct err *err)
{
	if (has_subscriptions(conn, database) &&
	    (exec_named(conn, "ALTER DATABASE % ALLOW_CONNECTIONS true", database, err) <
		     0 ||
	     drop_subscriptions(params, database, forget_slots, err) < 0))
		return -1;
	return exec_named(conn, "DROP DATABASE % WITH (FORCE)", database, err);
}

/* Who did not say --replace agreed to lose nothing, so the database that was empty is looked at
 * once more: who was connected is gone, and nobody knows its new name. */
static bool has_stayed_empty(const struct pg_target *target, const char *old,
			     struct strings *warnings)
{
	CLEANUP(mem_freep) char *object = NULL, *text = NULL;
	char shown[QUOTE_TEXT_MAX], old_shown[QUOTE_TEXT_MAX];
	struct err failure = {0};

	if (target_find_object(target, old, NULL, &object, &failure) == 0 &&
	    object == NULL)
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

static void drop_old(const struct pg_target *target, const char *old,
		     struct strings *warnings)
{
	CLEANUP(pg_conn_freep) struct pg_conn *conn = NULL;
	CLEANUP(mem_freep) char *text = NULL;
	struct err failure = {0};
	char shown[QUOTE_TEXT_MAX];

	if (!target->replace && !has_stayed_empty(target, old, warnings))
		return;
	if (open_steady(target, &conn, &failure) == 0 &&
	    drop_database(conn, &target->params, old, false, &failure) == 0)
		return;
	text = mem_printf("the replaced database is still there as %s: %s",
			  quote_string(old, shown), failure.msg);
	strings_add(warnings, text);
}

/* Naming. */

/* Not the server's own workers: it ends them itself, and not everybody may. */
static void disconnect_others(struct pg_conn *conn, const char *const databases[2],
			      struct err *ret_refused)
{
	CLEANUP(mem_freep) char *ignored = NULL;

	err_clear(ret_refused);
	if (pg_query_text(conn,
			  "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
			  " WHERE datname IN ($1, $2) AND usesysid IS NOT NULL",
			  2, databases, &ignored, ret_refused) < 0)
		return; /* it is told when the renaming fails */
}

/* Renames by `conn`, while `other` disconnects who is in the way. */
static int rename_once(struct pg_conn *conn, struct pg_conn *other, const char *sql,
		       const char *const databases[2], struct err *err)
{
	struct err refused = {0};
	bool done = false;

	if (pg_exec_begin(conn, sql, err) < 0)
		return -1;
	for (;;) {
		if (pg_exec_step(conn, &done, err) < 0)
			break;
		if (done)
			return 0;
		disconnect_others(other, databases, &refused);
	}
	if (refused.code != ERR_NONE)
		add_to(err, "cannot disconnect others", refused.msg);
	return -1;
}

/* The new one gets its name, and the one that has it, if any, the name `old`. */
static int rename_all(const struct pg_target *target, struct pg_conn *conn,
		      const char *old, struct err *err)
{
	const char *const away[] = {target->name, old};
	const char *const in[] = {target->work_name, target->name};
	const char *const both[] = {old != NULL ? target->name : target->work_name,
				    target->work_name};
	CLEANUP(pg_conn_freep) struct pg_conn *other = NULL;
	CLEANUP(buf_release) struct buf sql;

	buf_init(&sql, 0);
	if (old != NULL)
		format_named(&sql, "ALTER DATABASE % RENAME TO %; ", away);
	format_named(&sql, "ALTER DATABASE % RENAME TO %", in);
	if (open_steady(target, &other, err) < 0)
		return -1;
	for (int attempt = 1;; attempt++) {
		if (rename_once(conn, other, buf_string(&sql), both, err) == 0)
			return 0;
		if (attempt == RENAME_ATTEMPTS || err->code != ERR_FAILED)
			return -1;
	}
}

/* Waits for a command about the working database whose client is gone: it may still succeed. */
static int await_end(const struct pg_target *target, struct pg_conn *conn,
		     struct err *err)
{
	const char *values[] = {target->work_name};
	bool runs = true;

	for (int attempt = 1; runs && attempt <= END_ATTEMPTS; attempt++) {
		CLEANUP(mem_freep) char *slept = NULL;

		if (ask(conn,
			"SELECT EXISTS (SELECT FROM pg_stat_activity WHERE state = "
			"'active'"
			" AND pid <> pg_backend_pid() AND strpos(query, $1) > 0)",
			1, values, &runs, err) < 0 ||
		    (runs && pg_query_text(conn, "SELECT pg_sleep(0.2)", 0, NULL, &slept,
					   err) < 0))
			return -1;
	}
	return runs ? err_set(err, ERR_TRANSIENT, "it is still at it") : 0;
}

static int ask_names(const struct pg_target *target, bool *ret_renamed, struct err *err)
{
	const char *values[] = {target->work_name, target->name};
	CLEANUP(pg_conn_freep) struct pg_conn *conn = NULL;

	if (open_steady(target, &conn, err) < 0 || await_end(target, conn, err) < 0)
		return -1;
	return ask(conn,
		   "SELECT NOT EXISTS (SELECT FROM pg_database WHERE datname = $1)"
		   " AND EXISTS (SELECT FROM pg_database WHERE datname = $2)",
		   2, values, ret_renamed, err);
}

/* True when the server did it, but the answer did not arrive. */
static bool was_renamed(const struct pg_target *target, struct err *failure)
{
	struct err blind = {0};
	bool renamed = false;

	if (failure->code != ERR_TRANSIENT)
		return false;
	if (ask_names(target, &renamed, &blind) < 0)
		add_to(failure, "cannot see whether the server did it", blind.msg);
	return renamed;
}

/* Before anybody is disconnected. Somebody who is about to make something is in time for the
 * look after. */
static int refuse_filled(const struct pg_target *target, const struct cancel *cancel,
			 struct err *err)
{
	CLEANUP(mem_freep) char *object = NULL;
	char shown[QUOTE_TEXT_MAX];

	if (target_find_object(target, target->name, cancel, &object, err) < 0)
		return -1;
	if (object == NULL)
		return 0;
	return err_set(err, ERR_TARGET,
		       "database %s was empty, and since the restore began it got %s",
		       quote_string(target->name, shown), object);
}

/* Like the working name, whose number is free. */
static char *name_old(const struct pg_target *target)
{
	const char *number = strrchr(target->work_name, '-');
	char *old = pg_target_work_name(target->name, "old", 0);

	memcpy(strrchr(old, '-'), number, strlen(number));
	return old;
}

static int give_name(struct pg_target *target, const struct cancel *cancel,
		     struct strings *warnings, struct err *err)
{
	CLEANUP(pg_conn_freep) struct pg_conn *conn = NULL;
	CLEANUP(mem_freep) char *old = NULL;
	struct err failure = {0};

	if (target->mode == PG_TARGET_REPLACE) {
		if (!target->replace && refuse_filled(target, cancel, err) < 0)
			return -1;
		old = name_old(target);
	}
	if (open_steady(target, &conn, err) < 0)
		return -1;
	if (rename_all(target, conn, old, &failure) < 0 &&
	    !was_renamed(target, &failure)) {
		*err = failure;
		return err_wrap(err, old != NULL ? "swap with the old database"
						 : "name the restored database");
	}
	target->made = false;
	if (old != NULL)
		drop_old(target, old, warnings);
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

/* When it got no name. */

static void tell(struct err *err, const char *what, const char *name, const char *why)
{
	char shown[QUOTE_TEXT_MAX];
	CLEANUP(mem_freep)
	char *text = mem_printf("%s %s", what, quote_string(name, shown));

	add_to(err, text, why);
}

void pg_target_keep(struct pg_target *target, struct err *err)
{
	tell(err, "what was restored is kept as database", target->work_name, NULL);
	target->made = false;
}

/* *ret_was_there: false when the server has not made it after all. */
static int drop_made(const struct pg_target *target, bool *ret_was_there, struct err *err)
{
	const char *name = target->work_name;
	CLEANUP(pg_conn_freep) struct pg_conn *conn = NULL;

	if (open_steady(target, &conn, err) < 0 || await_end(target, conn, err) < 0 ||
	    ask(conn, "SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)", 1,
		&name, ret_was_there, err) < 0)
		return -1;
	if (!*ret_was_there)
		return 0;
	if (exec_named(conn, "ALTER DATABASE % IS_TEMPLATE false", name, err) < 0)
		return -1;
	return drop_database(conn, &target->params, name, true, err);
}

void pg_target_discard(struct pg_target *target, struct err *err)
{
	struct err failure = {0};
	bool was_there = true;

	if (!target->made)
		return;
	if (drop_made(target, &was_there, &failure) < 0)
		tell(err, "could not drop the half-made database", target->work_name,
		     failure.msg);
	else if (was_there)
		tell(err, "dropped the half-made database", target->work_name, NULL);
	target->made = false;
}
