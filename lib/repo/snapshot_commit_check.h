/* SPDX-License-Identifier: Apache-2.0 */
#ifndef REPO_SNAPSHOT_COMMIT_CHECK_H
#define REPO_SNAPSHOT_COMMIT_CHECK_H

#include "repo/snapshots_internal.h"

/* The log has the record that a header names, else ERR_ALARM. */
MUST_CHECK int snapshot_keylog_check(const struct keylog *keylog,
				     const struct snapshot_header *header,
				     struct err *err);

/* The log has the writer's floor and its certificate, else ERR_ALARM; one that the owner
 * revoked: ERR_KEY. */
MUST_CHECK int snapshot_writer_check(const struct keylog *keylog,
				     const struct writer_key *key, struct err *err);

#endif
