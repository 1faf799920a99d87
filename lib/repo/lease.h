/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A hint that a run is under way, so that the next run knows whether the last one was cut off
 * and from when on its packs are to be looked for. Nothing depends on it: a lost, stale or
 * false lease costs a listing or stores some chunks again.
 *
 * leases/<hex SHA-256 of writer public key || stream>: the text "quipu lease 1 running\n" or
 * "quipu lease 1 done\n". Its time is the storage's own.
 */
#ifndef REPO_LEASE_H
#define REPO_LEASE_H

#include "repo/keys.h"
#include "store/store.h"

enum { LEASE_KEY_LEN = 80 };

struct lease {
	struct store *store; /* borrowed */
	char key[LEASE_KEY_LEN];
};

/* Says that a run begins. *ret_cut_off_nsec = storage time at which the last run began if it
 * did not end properly, else 0. */
MUST_CHECK int lease_begin(struct store *store, const struct writer_key *writer,
			   const char *stream, struct lease *ret_lease,
			   int64_t *ret_cut_off_nsec, struct err *err);

/* The run committed. */
MUST_CHECK int lease_end(const struct lease *lease, struct err *err);

#endif
