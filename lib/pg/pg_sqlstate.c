/* SPDX-License-Identifier: Apache-2.0 */
#include "pg/pg_sqlstate.h"

#include <ctype.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/quote.h"

enum { SQLSTATE_LEN = 5 };

struct state_row {
	const char *prefix; /* of the SQLSTATE; the longest match is first in the table */
	enum err_code code;
};

/* PostgreSQL's documentation, appendix A. */
static const struct state_row state_rows[] = {
	{"08", ERR_TRANSIENT},	 /* connection */
	{"0A", ERR_UNSUPPORTED}, /* feature not supported */
	{"28", ERR_DENIED},	 /* password, role, pg_hba.conf */
	{"3D", ERR_NOT_FOUND},	 /* database */
	{"3F", ERR_NOT_FOUND},	 /* schema */
	{"40", ERR_TRANSIENT},	 /* deadlock, serialisation */
	{"42501", ERR_DENIED},	  {"42704", ERR_NOT_FOUND}, /* any other object */
	{"42710", ERR_EXISTS},	  {"42P01", ERR_NOT_FOUND}, /* table */
	{"42P04", ERR_EXISTS},				    /* database */
	{"53100", ERR_NO_SPACE},  {"53300", ERR_TRANSIENT}, /* too many connections */
	{"55P03", ERR_TRANSIENT},			    /* lock not available */
	{"57P", ERR_TRANSIENT},				    /* shutting down, starting */
};

enum err_code pg_sqlstate_code(const char *sqlstate)
{
	for (size_t i = 0; sqlstate != NULL && i < ARRAY_SIZE(state_rows); i++)
		if (strncmp(sqlstate, state_rows[i].prefix,
			    strlen(state_rows[i].prefix)) == 0)
			return state_rows[i].code;
	return ERR_FAILED;
}

char *pg_first_line(const char *text)
{
	size_t len;
	char *line;
	char shown[QUOTE_TEXT_MAX];

	text += strspn(text, " \t\n");
	len = strcspn(text, "\n");
	while (len > 0 && isspace((unsigned char)text[len - 1]))
		len--;
	line = mem_strndup(text, len);
	for (char *c = line; *c != '\0'; c++)
		if (iscntrl((unsigned char)*c))
			*c = ' ';
	if (utf8_valid(slice_of_string(line)))
		return line;
	quote_string(line, shown);
	mem_free(line);
	return mem_strdup(shown);
}

/* "COPY t, line 3, column c: "value"" without what follows the line's number: that is data. */
static void append_place(struct buf *text, const char *context)
{
	const char *place = context == NULL ? NULL : strstr(context, "COPY ");
	const char *line = place == NULL ? NULL : strstr(place, ", line ");
	size_t len;

	if (line == NULL)
		return;
	len = (size_t)(line - place) + strlen(", line ");
	len += strspn(place + len, "0123456789");
	buf_printf(text, " (%.*s)", (int)len, place);
}

/* The detail of a violated constraint (class 23) is the row. */
static bool shows_data(const char *sqlstate)
{
	return sqlstate != NULL && strncmp(sqlstate, "23", 2) == 0;
}

int pg_server_error_set(const struct pg_server_error *error, struct err *err)
{
	CLEANUP(mem_freep) char *message = pg_first_line(error->message);
	CLEANUP(buf_release) struct buf more = {0};

	buf_init(&more, 0);
	if (error->detail != NULL && !shows_data(error->sqlstate)) {
		CLEANUP(mem_freep) char *detail = pg_first_line(error->detail);

		buf_printf(&more, ": %s", detail);
	}
	append_place(&more, error->context);
	(void)err_set(err, pg_sqlstate_code(error->sqlstate), "%s%s", message,
		      buf_string(&more));
	if (error->hint != NULL) {
		CLEANUP(mem_freep) char *hint = pg_first_line(error->hint);

		(void)err_hint(err, "%s", hint);
	}
	return -1;
}

/* Five digits and capitals before ": ", but no word such as FATAL. */
static bool is_sqlstate(const char *text)
{
	bool has_digit = false;

	for (int i = 0; i < SQLSTATE_LEN; i++) {
		bool digit = isdigit((unsigned char)text[i]) != 0;

		if (!digit && !isupper((unsigned char)text[i]))
			return false;
		has_digit = has_digit || digit;
	}
	return has_digit && text[SQLSTATE_LEN] == ':' && text[SQLSTATE_LEN + 1] == ' ';
}

/* Finds "FATAL:  28P01: " (the word is translated by some servers); returns what follows. */
static const char *find_sqlstate(const char *text, char ret_state[SQLSTATE_LEN + 1])
{
	for (const char *c = strchr(text, ':'); c != NULL; c = strchr(c + 1, ':')) {
		const char *state = c + 1 + strspn(c + 1, " ");

		if (!is_sqlstate(state))
			continue;
		memcpy(ret_state, state, SQLSTATE_LEN);
		ret_state[SQLSTATE_LEN] = '\0';
		return state + SQLSTATE_LEN + 2;
	}
	return NULL;
}

static const char *connect_hint(enum err_code code)
{
	switch (code) {
	case ERR_DENIED:
		return "the password is read from PGPASSFILE (~/.pgpass), a service file "
		       "or PGPASSWORD; who may connect is decided by the server's "
		       "pg_hba.conf";
	case ERR_NOT_FOUND:
		return "list the databases with: psql -l";
	default:
		return "is the server running, and are host and port of the connection "
		       "string right?";
	}
}

int pg_connect_error(const char *text, bool needs_password, struct err *err)
{
	char state[SQLSTATE_LEN + 1] = "";
	const char *spoken = find_sqlstate(text, state);
	CLEANUP(mem_freep) char *line = pg_first_line(spoken != NULL ? spoken : text);
	enum err_code code = spoken != NULL ? pg_sqlstate_code(state) : ERR_TRANSIENT;

	if (needs_password)
		code = ERR_DENIED;
	(void)err_set(err, code, "%s", line);
	return err_hint(err, "%s", connect_hint(code));
}
