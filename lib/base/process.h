/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Child programs: own process group, pipes, bounded stderr capture. No shell unless argv[0]
 * is one. The environment is the caller's plus/minus what is said; argv never holds secrets.
 * The child starts with default signal dispositions, nothing blocked, and no file of ours
 * but its three. Programs ignore SIGPIPE, so that writing to a child that died is an error
 * (EPIPE) and not our end; SIGCHLD must not be ignored.
 */
#ifndef BASE_PROCESS_H
#define BASE_PROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/buf.h"
#include "base/cancel.h"

struct process_options {
	const char *const *argv;      /* NULL-terminated; argv[0] is looked up in PATH */
	const char *const *set_env;   /* NULL or NULL-terminated "NAME=value" to add */
	const char *const *unset_env; /* NULL or NULL-terminated names to remove */
	bool want_stdin;	      /* else /dev/null */
	bool want_stdout;	      /* else /dev/null */
	int stdin_fd;		      /* with want_stdin false: this fd when > 0 */
	int stdout_fd;		      /* with want_stdout false: this fd when > 0 */
	bool stdout_to_stderr;	      /* with want_stdout false: where stderr goes */
	bool keep_stderr; /* inherit; else the last PROCESS_STDERR_MAX bytes are kept */
	/* Without keep_stderr: told each line of it by another thread, as it comes and before
	 * process_wait() returns, cut at PROCESS_LINE_MAX bytes. May be NULL. */
	void (*stderr_line)(void *state, const char *line);
	void *stderr_line_state;
	/* Once set, process_free() kills without patience. Borrowed until then; may be NULL. */
	const struct cancel *no_patience;
};

enum { PROCESS_STDERR_MAX = 16 * 1024, PROCESS_LINE_MAX = 2048 };

struct process;

/* The path of a program by the shell's rule for PATH, without its fallbacks; NULL when no
 * directory has it. The caller frees. */
char *process_find(const char *name);

/* ERR_NOT_FOUND with the program's name when it cannot be executed for lack of it. */
MUST_CHECK int process_start(const struct process_options *options,
			     struct process **ret_process, struct err *err);
int process_stdin(const struct process *process);  /* write end, -1 if not wanted */
int process_stdout(const struct process *process); /* read end, -1 if not wanted */
void process_close_stdin(struct process *process);

/* Closes stdin and waits. *ret_status: exit status 0..255, or 128 + signal. Who wants stdout
 * reads it to its end before, else a child that writes much never ends. ERR_INTERRUPTED when
 * *cancel (may be NULL) is set first: the child then still runs, and process_free() ends it. */
MUST_CHECK int process_wait(struct process *process, const struct cancel *cancel,
			    int *ret_status, struct err *err);

/* After process_wait(): 0 for status 0, else ERR_FAILED "NAME: exit status 3: last line of
 * stderr" or "NAME: killed by SIGKILL: ...". */
MUST_CHECK int process_check(struct process *process, struct err *err);

/* What it wrote to stderr so far (end of it), trimmed; after process_wait() all of it. */
const char *process_stderr(struct process *process);

/* SIGTERM to the group, SIGKILL after 5 s or by `no_patience`, reaped; frees. NULL is fine. */
void process_free(struct process *process);
void process_freep(struct process **process);

/* Runs to the end; stdout into *ret_output (max bytes, ERR_LIMIT). A status other than 0 is
 * that of process_check(). `cancel` may be NULL. *ret_output is made here and must
 * hold nothing before; the caller releases it. */
MUST_CHECK int process_run(const char *const *argv, size_t max, struct buf *ret_output,
			   const struct cancel *cancel, struct err *err);

#endif
