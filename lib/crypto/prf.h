/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The chunker's keyed function: AES-256 in CBC-MAC form over exactly 64 bytes (4 blocks), for
 * several windows at once, since one CBC chain is latency-bound and windows are independent.
 */
#ifndef CRYPTO_PRF_H
#define CRYPTO_PRF_H

#include <stdint.h>

#include "base/secret.h"

enum { PRF_WINDOW_LEN = 64, PRF_BATCH_MAX = 32 };

struct prf;				       /* one object per thread */
struct prf *prf_new(const struct secret *key); /* 32 bytes */
void prf_free(struct prf *prf);
void prf_freep(struct prf **prf);

/* For each of n <= PRF_BATCH_MAX windows the first 8 bytes of the last CBC block, read as a
 * little-endian number. */
void prf_windows(struct prf *prf, const uint8_t *const windows[], unsigned n,
		 uint64_t out[static 1]);

#endif
