/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A flag that asks running work to stop: set by a signal handler (async-signal-safe) or by
 * a failing stage, polled by loops and waits. Passed in; there is no global one in lib/.
 */
#ifndef BASE_CANCEL_H
#define BASE_CANCEL_H

#include <stdatomic.h>
#include <stdbool.h>

#include "base/err.h"

struct cancel {
	atomic_int
		signal; /* 0 = go on; SIGHUP, SIGINT, SIGTERM, or -1 = stopped from inside */
};

void cancel_init(struct cancel *cancel);
void cancel_set(struct cancel *cancel, int signal);
bool cancel_is_set(const struct cancel *cancel);

/* 0, or -1 with ERR_INTERRUPTED "interrupted by SIGINT" (err.signal is set). NULL = 0. */
MUST_CHECK int cancel_check(const struct cancel *cancel, struct err *err);

#endif
