/* SPDX-License-Identifier: Apache-2.0 */
/* The body of a snapshot header (docs/format/signed.md). */
#ifndef REPO_SNAPSHOT_FORMAT_H
#define REPO_SNAPSHOT_FORMAT_H

#include "repo/keylog_format.h"
#include "repo/snapshots.h"

enum { EPOCHS_MAX = 1024, HEADER_WRAP_MAX = 1024, LOG_CHECKPOINT_MAX = 4096 };

/* Empty lists, ready to be filled. */
void snapshot_header_init(struct snapshot_header *header);

void snapshot_header_encode(const struct snapshot_header *header, struct buf *out);

/* Fills in what the body holds; the rest of an initialised header stays. On failure the
 * header may be half filled: release it. */
MUST_CHECK int snapshot_header_decode(struct slice body, struct snapshot_header *header,
				      struct err *err);

#endif
