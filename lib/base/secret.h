/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bytes that must not leak: own mapping, mlock()ed where the limit allows, MADV_DONTDUMP,
 * wiped before it is unmapped. Never printed, never in an err.
 */
#ifndef BASE_SECRET_H
#define BASE_SECRET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

struct secret {
	uint8_t *data;
	size_t len;
	size_t mapped; /* bytes of the mapping; 0 for an empty secret */
	bool locked;
};

enum { SECRET_MAX = 1024 * 1024 };

/* len zeroed bytes; len <= SECRET_MAX is asserted. */
void secret_init(struct secret *secret, size_t len);
void secret_set(struct secret *secret, const void *data, size_t len); /* init + copy */
void secret_release(
	struct secret *secret); /* wipes; leaves an empty secret; NULL is fine */
void secret_truncate(struct secret *secret,
		     size_t len); /* shorter only; wipes the rest */
struct slice secret_slice(const struct secret *secret);
bool secret_equal(const struct secret *a, const struct secret *b); /* constant time */

/* Overwrites memory in a way that the compiler keeps. */
void secret_wipe(void *data, size_t len);

/* Core dumps off, process not dumpable (prctl), so /proc/PID/mem and ptrace are closed to
 * others of the same user. Called once by main(). */
MUST_CHECK int secret_protect_process(struct err *err);

#endif
