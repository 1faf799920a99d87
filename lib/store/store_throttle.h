/* SPDX-License-Identifier: Apache-2.0 */
/* The pacing behind store_throttle_take(). */
#ifndef STORE_STORE_THROTTLE_H
#define STORE_STORE_THROTTLE_H

#include <stdint.h>

struct pace {
	uint64_t bytes_per_sec;
	uint64_t next_nsec; /* when what was let through so far is paid for */
};

/* How long to wait at `now_nsec` before `bytes` may go. */
uint64_t pace_delay(struct pace *pace, uint64_t bytes, uint64_t now_nsec);

#endif
