/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Time is passed in: whoever needs "now" gets a struct clock. Wall times are nanoseconds
 * since 1970-01-01 UTC in an int64_t (years 1678 to 2262); text is RFC 3339.
 */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdint.h>

#include "base/err.h"

struct clock {
	int64_t (*now_nsec)(const struct clock *clock);	       /* wall time */
	uint64_t (*monotonic_nsec)(const struct clock *clock); /* for durations */
	void *state;
};

struct clock clock_system(void);

/* A clock that stands still at *now_nsec, for tests; monotonic_nsec() is the same number. */
struct clock clock_fixed(int64_t *now_nsec);

enum { CLOCK_TEXT_MAX = 40 };

/* "2026-11-25T05:06:07Z", or with the nanoseconds "…07.123456789Z" when they are not 0.
 * Returns `out`. */
const char *clock_format(int64_t nsec, char out[static CLOCK_TEXT_MAX]);

/* RFC 3339 date-time with any offset, 'T', 't' or a space between, up to 9 fraction digits; a
 * bare date means 00:00:00Z; second 60 only where it is legal. ERR_USAGE otherwise. */
MUST_CHECK int clock_parse(const char *text, int64_t *ret_nsec, struct err *err);

#endif
