/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SIGINT, SIGTERM and SIGHUP as cancel flags, without a handler: the signals are blocked in all
 * threads and one thread waits for them. The first asks running work to stop; a second one,
 * which is looked at CLI_GRACE_MSEC later at the earliest, asks what goes on nevertheless, and
 * after the same grace ends the process the way the signal does by default. SIGHUP is no second
 * signal, and none at all where it was ignored when the program began.
 */
#ifndef CLI_CLI_SIGNALS_H
#define CLI_CLI_SIGNALS_H

#include "base/cancel.h"

/* Who left something odd that outlives the process, such as a terminal without echo, looks at
 * the cancel every CLI_PROMPT_MSEC and so has put it right before a second signal can kill. */
enum { CLI_PROMPT_MSEC = 50, CLI_GRACE_MSEC = 250 };

struct cli_signals;

/* Before any other thread exists. SIGPIPE is ignored from here on. */
MUST_CHECK int cli_signals_start(struct cancel *cancel, struct cancel *second_cancel,
				 struct cli_signals **ret_signals, struct err *err);
void cli_signals_stop(struct cli_signals *signals);

#endif
