/* SPDX-License-Identifier: Apache-2.0 */
/* Modification times of tar entries, in nanoseconds since 1970, as decimal fractions. */
#ifndef FORMAT_TAR_TIME_H
#define FORMAT_TAR_TIME_H

#include "base/buf.h"

struct archive_entry;

void tar_time_set(struct archive_entry *to, int64_t nsec);

/* Of times that libarchive cannot write, the entry's bytes are to be mended: those that it
 * wrote for the header, from the start of the pax header on. */
bool tar_time_needs_mending(int64_t nsec);
void tar_time_mend(struct buf *header);

#endif
