/* SPDX-License-Identifier: Apache-2.0 */
/* What a machine remembers of the key log, in its cache: a later run notices that the log was
 * shortened, though its key file is older than what is gone. Losing it costs only that. */
#ifndef REPO_KEYLOG_MEMORY_H
#define REPO_KEYLOG_MEMORY_H

#include "repo/keylog.h"

/* Compares the log with what `directory` remembers (ERR_ALARM when a remembered record is
 * missing), then remembers its newest record. A file that is no such memory is made anew. */
MUST_CHECK int keylog_memory_check(const struct keylog *keylog, const char *directory,
				   struct err *err);

#endif
