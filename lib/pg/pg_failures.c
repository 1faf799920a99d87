/* SPDX-License-Identifier: Apache-2.0 */
#include "pg/pg_failures.h"

#include <ctype.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/units.h"

#define PREFIX	"pg_restore: "
#define ERROR	"error: "
#define QUERY	"could not execute query: "
#define COMMAND "Command was: "
#define IGNORED "warning: errors ignored on restore: "

enum {
	SHOWN_MAX =
		1023, /* bytes of a command: pg_restore cuts there (DB_MAX_ERR_STMT) */
	TITLE_MAX = 120,
};

struct pg_failure {
	char *message;
	struct buf command;
	unsigned n_commands;
};

void pg_failures_init(struct pg_failures *failures)
{
	*failures = (struct pg_failures){0};
	vec_init(&failures->vec, sizeof(struct pg_failure));
}

void pg_failures_release(struct pg_failures *failures)
{
	for (size_t i = 0; i < failures->vec.n; i++) {
		struct pg_failure *failure = vec_at(&failures->vec, i);

		mem_free(failure->message);
		buf_release(&failure->command);
	}
	vec_release(&failures->vec);
}

/* What follows `prefix`, or NULL. */
static const char *behind(const char *text, const char *prefix)
{
	size_t len = strlen(prefix);

	return strncmp(text, prefix, len) == 0 ? text + len : NULL;
}

static void add_failure(struct pg_failures *failures, const char *text)
{
	struct pg_failure *failure = vec_push(&failures->vec, NULL);
	const char *query = behind(text, QUERY);

	failure->message = mem_strdup(query != NULL ? query : text);
	buf_init(&failure->command, 0);
	failures->is_open = true;
}

static void take_own_line(struct pg_failures *failures, const char *line)
{
	const char *error = behind(line, ERROR), *ignored = behind(line, IGNORED);
	struct err strange;

	failures->is_open = false;
	if (error != NULL)
		add_failure(failures, error);
	else if (ignored != NULL && units_parse_count("errors", ignored, 0, INT64_MAX,
						      &failures->n_told, &strange) < 0)
		failures->n_told = 0;
}

void pg_failures_line(void *state, const char *line)
{
	struct pg_failures *failures = state;
	const char *own = behind(line, PREFIX), *command = behind(line, COMMAND);
	struct pg_failure *failure;

	if (own != NULL) {
		take_own_line(failures, own);
		return;
	}
	if (!failures->is_open)
		return;
	failure = vec_at(&failures->vec, failures->vec.n - 1);
	failure->n_commands += command != NULL;
	if (failure->n_commands == 0)
		return; /* a detail or a hint */
	if (failure->command.len > 0)
		buf_append_byte(&failure->command, '\n');
	buf_append_string(&failure->command, command != NULL ? command : line);
}

size_t pg_failures_count(const struct pg_failures *failures)
{
	return failures->vec.n;
}

bool pg_failures_are_commands(const struct pg_failures *failures)
{
	for (size_t i = 0; i < failures->vec.n; i++) {
		const struct pg_failure *failure = vec_at(&failures->vec, i);

		if (failure->n_commands != 1)
			return false;
	}
	return failures->vec.n > 0 && failures->vec.n == failures->n_told;
}

const char *pg_failures_message(const struct pg_failures *failures, size_t i)
{
	const struct pg_failure *failure = vec_at(&failures->vec, i);

	return failure->message;
}

const char *pg_failures_command(const struct pg_failures *failures, size_t i)
{
	const struct pg_failure *failure = vec_at(&failures->vec, i);

	if (failure->command.len >= SHOWN_MAX)
		return NULL;
	return buf_string(&failure->command);
}

char *pg_failures_title(const struct pg_failures *failures, size_t i)
{
	const struct pg_failure *failure = vec_at(&failures->vec, i);
	const char *text = buf_string(&failure->command);
	size_t len = strcspn(text, "\n'$(;");

	len = len < TITLE_MAX ? len : TITLE_MAX;
	while (len > 0 && isspace((unsigned char)text[len - 1]))
		len--;
	return mem_strndup(text, len);
}
