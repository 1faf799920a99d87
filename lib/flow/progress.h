/* SPDX-License-Identifier: Apache-2.0 */
/* What long work tells about itself. Counters only grow and may be added to by any thread; a
 * display reads them when it likes. */
#ifndef FLOW_PROGRESS_H
#define FLOW_PROGRESS_H

#include <stdatomic.h>
#include <stdint.h>

struct progress {
	atomic_uint_fast64_t files, bytes;		     /* done */
	atomic_uint_fast64_t expected_files, expected_bytes; /* 0 = unknown */
	atomic_uint_fast64_t new_bytes, stored_bytes;	     /* of a backup */
	atomic_uint_fast64_t warnings;
	_Atomic(const char *) phase; /* static text: "reading", "checking packs" */
};

void progress_init(struct progress *progress);
/* NULL is fine in all of these. */
void progress_add(struct progress *progress, uint64_t files, uint64_t bytes);
void progress_expect(struct progress *progress, uint64_t files, uint64_t bytes);
void progress_stored(struct progress *progress, uint64_t new_bytes,
		     uint64_t stored_bytes);
void progress_phase(struct progress *progress, const char *phase);

#endif
