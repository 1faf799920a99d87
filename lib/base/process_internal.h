/* SPDX-License-Identifier: Apache-2.0 */
/* Parts of process.c: making the child (process_child.c) and keeping the end of what it
 * says (process_stderr.c). */
#ifndef BASE_PROCESS_INTERNAL_H
#define BASE_PROCESS_INTERNAL_H

#include <sys/types.h>

#include "base/process.h"

/* Looks argv[0] up, forks, and returns once the new program runs. child_fds are the child's
 * stdin, stdout and stderr; they stay the caller's. */
MUST_CHECK int process_spawn(const struct process_options *options,
			     const int child_fds[static 3], pid_t *ret_pid,
			     struct err *err);

/* Reads a pipe in a thread of its own, keeps the last PROCESS_STDERR_MAX bytes and tells each
 * line where options->stderr_line says. */
struct stderr_tail;
/* Takes fd over, also on failure. */
MUST_CHECK int stderr_tail_new_take(int fd, const struct process_options *options,
				    struct stderr_tail **ret_tail, struct err *err);
/* Takes what is in the pipe, then ends the thread, even if somebody holds the pipe open. */
void stderr_tail_stop(struct stderr_tail *tail);
/* A copy of the end, trimmed, NUL bytes as spaces; the caller frees. */
char *stderr_tail_text(struct stderr_tail *tail);
void stderr_tail_free(struct stderr_tail *tail);

#endif
