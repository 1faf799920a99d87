/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a role that is no superuser could not do in a pass of pg_restore is tried once more by
 * ourselves, in the same order. Some of it works now: a table is not given to a role that may not
 * make tables in its schema, and pg_restore gives it that right after all tables. The rest tells
 * us why, by its SQLSTATE and not by a text in the server's language, so that only refusals, and
 * what is missing because of one, are left out with a warning.
 *
 * Grants of who is not the owner need SET SESSION AUTHORIZATION in a dump, which only superusers
 * may; as a member of that role, SET ROLE does the same. Where that fails too, the owner's own
 * grants and revocations, which stand in the same command, are done without them.
 */
#include <inttypes.h>

#include "base/mem.h"
#include "pg/pg_session.h"
#include "pg/pg_sink_internal.h"

static bool begins(const char *text, const char *with)
{
	return strncmp(text, with, strlen(with)) == 0;
}

/* The command with SET ROLE; or, without `others`, without what it does in another role. */
static char *without_authorization(const char *command, bool others)
{
	static const char set[] = "SET SESSION AUTHORIZATION ";
	static const char reset[] = "RESET SESSION AUTHORIZATION;";
	CLEANUP(buf_release) struct buf text;
	bool is_other = false;

	buf_init(&text, 0);
	while (*command != '\0') {
		size_t len = strcspn(command, "\n");
		bool begin = begins(command, set), end = begins(command, reset);

		len += command[len] == '\n';
		is_other = is_other || begin;
		if (begin && others)
			buf_printf(&text, "SET ROLE %.*s", (int)(len - strlen(set)),
				   command + strlen(set));
		else if (end && others)
			buf_append_string(&text, "RESET ROLE;\n");
		else if (!is_other || others)
			buf_append(&text, command, len);
		is_other = is_other && !end;
		command += len;
	}
	return buf_steal_string(&text);
}

static int exec_again(struct pg_conn *conn, const char *command, struct err *err)
{
	CLEANUP(mem_freep) char *whole = without_authorization(command, true);
	CLEANUP(mem_freep) char *part = without_authorization(command, false);
	struct err ignored = {0};

	if (begins(command, "COPY ")) { /* its rows are gone */
		if (pg_copy_in_begin(conn, command, err) < 0)
			return -1;
		return err_set(err, ERR_FAILED, "pg_restore could not copy its rows");
	}
	if (pg_exec(conn, whole, err) == 0)
		return 0;
	if (strcmp(whole, command) == 0 || err->code != ERR_DENIED ||
	    pg_exec(conn, part, &ignored) < 0) /* the first failure tells as much */
		return -1;
	return err_wrap(err, "what another role granted");
}

/* The owner in "ALTER ... OWNER TO x;", as SQL has it; NULL for other commands. Caller frees. */
static char *owner_in(const char *command)
{
	static const char mark[] = " OWNER TO ";
	const char *found = NULL;

	if (command == NULL || !begins(command, "ALTER "))
		return NULL;
	for (const char *c = strstr(command, mark); c != NULL; c = strstr(c + 1, mark))
		found = c + strlen(mark);
	return found == NULL ? NULL : mem_strndup(found, strcspn(found, ";\n"));
}

static void add_ungiven(struct pg_sink *s, const char *owner, const char *title,
			const char *why)
{
	for (size_t i = 0; i < s->ungiven.n; i++) {
		struct sink_ungiven *known = vec_at(&s->ungiven, i);

		if (strcmp(known->owner, owner) == 0) {
			known->n++;
			return;
		}
	}
	struct sink_ungiven added = {.owner = mem_strdup(owner),
				     .first = mem_strdup(title),
				     .why = mem_strdup(why),
				     .n = 1};

	vec_push(&s->ungiven, &added);
}

/* A sequence that is linked to a table by now has the table's owner, whatever is asked. */
static bool is_ungiven(const char *owner, const struct err *why)
{
	return owner != NULL && (why->code == ERR_DENIED || why->code == ERR_UNSUPPORTED);
}

static int leave_out(struct pg_sink *s, const struct pg_failures *failures, size_t i,
		     const struct err *why, struct err *err)
{
	CLEANUP(mem_freep) char *title = pg_failures_title(failures, i);
	CLEANUP(mem_freep) char *owner = owner_in(pg_failures_command(failures, i));
	bool follows = why->code == ERR_NOT_FOUND && s->refused.n > 0;

	if (is_ungiven(owner, why)) {
		add_ungiven(s, owner, title, why->msg);
		s->refused.n++;
		return 0;
	}
	if (why->code == ERR_DENIED || follows)
		return pg_refused_add(&s->refused, title, why, err);
	*err = *why;
	return err_wrap(err, "%s", title);
}

static int try_one(struct pg_sink *s, struct pg_conn *conn,
		   const struct pg_failures *failures, size_t i, struct err *err)
{
	const char *command = pg_failures_command(failures, i);
	struct err why = {0};

	if (command == NULL) { /* it was cut: there is only the text */
		const char *said = pg_failures_message(failures, i);

		(void)err_set(&why, pg_tool_code(said), "%s", said);
	} else if (exec_again(conn, command, &why) == 0) {
		return 0;
	}
	return leave_out(s, failures, i, &why, err);
}

int sink_try_again(struct pg_sink *s, const struct pg_failures *failures, struct err *err)
{
	CLEANUP(pg_conn_freep) struct pg_conn *conn = NULL;

	if (pg_failures_count(failures) == 0)
		return 0;
	if (pg_target_connect(&s->target, s->cancel, &conn, err) < 0 ||
	    pg_session_pin(conn, s->facts.encoding, s->facts.time_zone, err) < 0 ||
	    pg_exec(conn, "SET check_function_bodies = off", err) < 0)
		return -1;
	for (size_t i = 0; i < pg_failures_count(failures); i++)
		if (try_one(s, conn, failures, i, err) < 0)
			return -1;
	return 0;
}

void sink_tell_ungiven(struct pg_sink *s)
{
	for (size_t i = 0; i < s->ungiven.n; i++) {
		const struct sink_ungiven *ungiven = vec_at(&s->ungiven, i);
		CLEANUP(mem_freep)
		char *text = mem_printf(
			"%" PRIu64 " object%s of role %s belong%s to the restoring role "
			"now; the first: %s: %s",
			ungiven->n, ungiven->n == 1 ? "" : "s", ungiven->owner,
			ungiven->n == 1 ? "s" : "", ungiven->first, ungiven->why);

		strings_add(s->refused.warnings, text);
	}
}

void sink_ungiven_release(struct vec *ungiven)
{
	for (size_t i = 0; i < ungiven->n; i++) {
		struct sink_ungiven *row = vec_at(ungiven, i);

		mem_free(row->owner);
		mem_free(row->first);
		mem_free(row->why);
	}
	vec_release(ungiven);
}
