/* SPDX-License-Identifier: Apache-2.0 */
/* pg_dump and pg_restore: which one to run, and running it with its data in a pipe. */
#ifndef PG_PG_TOOLS_H
#define PG_PG_TOOLS_H

#include "base/cancel.h"
#include "base/process.h"
#include "base/vec.h"
#include "pg/pg_failures.h"
#include "pg/pg_params.h"

struct pg_tool {
	char *path;
	char *version; /* "15.20" */
	unsigned major;
};

void pg_tool_release(struct pg_tool *tool);

/*
 * The program `name` of PATH, of major version `least` or newer (`what` has that version:
 * "server"). Where PATH leads to Debian's wrapper, which serves several versions, it is the
 * lowest fitting one of those in /usr/lib/postgresql. ERR_NOT_FOUND, ERR_UNSUPPORTED, both
 * with a hint that names the package.
 */
MUST_CHECK int pg_tool_find(const char *name, unsigned least, const char *what,
			    struct pg_tool *ret_tool, struct err *err);

/* "pg_dump (PostgreSQL) 15.20 (Debian ...)" -> "15.20", 15; false for anything else. */
bool pg_tool_parse_version(const char *text, char **ret_version, unsigned *ret_major);

/*
 * Starts a tool with its arguments (argv[0] is set here), stdin or stdout in a pipe. It speaks
 * English. `failures` (NULL: of no interest) takes what a pg_restore says until it was waited for.
 * ERR_LIMIT when the arguments exceed what Linux takes (6 MiB: about 90,000 tables).
 */
enum pg_tool_pipe { PG_TOOL_READ, PG_TOOL_FEED };
MUST_CHECK int pg_tool_start(const struct pg_tool *tool, const struct strings *arguments,
			     enum pg_tool_pipe pipe, struct pg_failures *failures,
			     struct process **ret_process, struct err *err);

/* Reads up to len bytes of stdout; 0 at the end. */
MUST_CHECK int pg_tool_read(struct process *process, void *to, size_t len,
			    const struct cancel *cancel, size_t *ret_len,
			    struct err *err);
/* Writes all to stdin. *ret_closed: the child has closed it, which is no error yet. */
MUST_CHECK int pg_tool_feed(struct process *process, struct slice bytes,
			    const struct cancel *cancel, bool *ret_closed,
			    struct err *err);
/* After a good end: adds the warnings that it gave, a line each, without its name. */
void pg_tool_warnings(struct process *process, struct strings *warnings);
/* Waits for the end. Another status than 0 is ERR_FAILED with what it said last; a server that
 * cannot be reached, rights and versions get their own code. */
MUST_CHECK int pg_tool_wait(struct process *process, const char *name,
			    const struct cancel *cancel, struct err *err);

/* What a program's or server's text (in English) is about: rights, a thing that does not exist, a
 * server that cannot be reached, space, else ERR_FAILED. */
enum err_code pg_tool_code(const char *said);

#endif
