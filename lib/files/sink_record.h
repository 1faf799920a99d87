/* SPDX-License-Identifier: Apache-2.0 */
/* A path and its entry as bytes, for what the files sink keeps outside of memory while it
 * runs. Not a stored format: it never outlives the process. */
#ifndef FILES_SINK_RECORD_H
#define FILES_SINK_RECORD_H

#include "flow/entry.h"

struct sink_record {
	char *path;
	struct entry
		entry; /* without facts and names of owners, which a restore has no use for */
	uint64_t extra; /* the caller's */
};

/* Appends. */
void sink_record_encode(const char *path, const struct entry *entry, uint64_t extra,
			struct buf *out);
MUST_CHECK int sink_record_decode(struct slice bytes, struct sink_record *ret_record,
				  struct err *err);
void sink_record_release(struct sink_record *record);

#endif
