/* SPDX-License-Identifier: Apache-2.0 */
/* Text of sizes, rates, durations and counts, both ways. Parsers give ERR_USAGE with the
 * expected form; none accepts a sign, white space or trailing text. */
#ifndef BASE_UNITS_H
#define BASE_UNITS_H

#include <stdint.h>

#include "base/err.h"

enum { UNITS_TEXT_MAX = 32 };

/* "4096", "16MiB", "16M" (= MiB), "1GB" (= 10^9), "1.5GiB"; K M G T with iB, B or nothing. */
MUST_CHECK int units_parse_size(const char *text, uint64_t *ret_bytes, struct err *err);

/* A size per second, "/s" optional: "10MiB/s", "800K". */
MUST_CHECK int units_parse_rate(const char *text, uint64_t *ret_bytes_per_sec,
				struct err *err);

/* "90s", "15m", "24h", "7d", "2w", "1h30m"; result in seconds. */
MUST_CHECK int units_parse_duration(const char *text, uint64_t *ret_sec, struct err *err);

/* Decimal only, with a range. `what` names it in the error: "--threads: expected 1 to 256". */
MUST_CHECK int units_parse_count(const char *what, const char *text, uint64_t min,
				 uint64_t max, uint64_t *ret_value, struct err *err);

/* "0 B", "999 B", "1.00 KiB", "12.3 MiB", "2.04 GiB": three significant digits. */
const char *units_format_size(uint64_t bytes, char out[static UNITS_TEXT_MAX]);

/* "32MiB", "1KiB", "1000": without loss, as units_parse_size() takes it. */
const char *units_format_exact_size(uint64_t bytes, char out[static UNITS_TEXT_MAX]);

/* "0.4s", "12s", "3m05s", "2h07m", "3d04h". */
const char *units_format_duration(uint64_t nsec, char out[static UNITS_TEXT_MAX]);

#endif
