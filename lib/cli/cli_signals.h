/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SIGINT and SIGTERM as a cancel flag, without a handler: the signals are blocked in all
 * threads and one thread waits for them. The first asks running work to stop; the second one
 * ends the process the way the signal does by default.
 */
#ifndef CLI_CLI_SIGNALS_H
#define CLI_CLI_SIGNALS_H

#include "base/cancel.h"

struct cli_signals;

/* Before any other thread exists. SIGPIPE is ignored from here on. */
MUST_CHECK int cli_signals_start(struct cancel *cancel, struct cli_signals **ret_signals,
				 struct err *err);
void cli_signals_stop(struct cli_signals *signals);

#endif
