/* SPDX-License-Identifier: Apache-2.0 */
/* What every job is handed: the world outside of it. All borrowed. */
#ifndef JOB_JOB_ENV_H
#define JOB_JOB_ENV_H

#include "base/cancel.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/rng.h"
#include "base/secret.h"
#include "flow/progress.h"

/* What jobs take as a bound: below this memory they need more than they are told anyway. */
enum { JOB_MEMORY_MIN = 32 * 1024 * 1024, JOB_UPLOAD_MIN = 1024 };

struct job_env {
	const struct clock *clock;
	struct rng *rng; /* safe to share between threads */
	const struct log *log;
	const struct cancel *cancel;
	/* Set when somebody insists: ends what goes on after `cancel`. NULL: nothing does. */
	const struct cancel *second_cancel;
	struct progress *progress;
	/* Asks for a key file's passphrase; called only when the file needs one. */
	int (*passphrase)(void *state, const char *what, struct secret *ret_passphrase,
			  struct err *err);
	void *passphrase_state;
};

#endif
