/* SPDX-License-Identifier: Apache-2.0 */
/* What a server refuses a restore, and what the restore goes on without: each is a warning, and
 * they are counted. */
#ifndef PG_PG_REFUSED_H
#define PG_PG_REFUSED_H

#include <stdint.h>

#include "base/err.h"
#include "base/vec.h"

struct pg_refused {
	struct strings *warnings; /* borrowed */
	uint64_t n;
};

/* Takes a failure as "what: why"; with `refused` NULL nobody is told. An interruption or a lost connection is none to go on after: it
 * becomes *err, and -1 is returned. */
MUST_CHECK int pg_refused_add(struct pg_refused *refused, const char *what,
			      const struct err *why, struct err *err);

#endif
