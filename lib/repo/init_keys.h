/* SPDX-License-Identifier: Apache-2.0 */
/* The part of repo_init() that happens on disk: key files, and the records that follow from
 * them. */
#ifndef REPO_INIT_KEYS_H
#define REPO_INIT_KEYS_H

#include "repo/repo.h"

/* Records of the key log that init makes, in this order, seq 1 to 3. */
enum { INIT_RECIPIENT, INIT_CERTIFICATE, INIT_EPOCH, INIT_RECORDS };

struct init_keys {
	struct key *recovery; /* opened */
	struct key *writer;
	struct dh_private *epoch; /* number 1 */
	int64_t time_nsec;	  /* of the records */
	struct buf records[INIT_RECORDS];
	bool resumed;	      /* recovery.key was there */
	char *unfinished_url; /* where an init that did not end was to make it; else NULL */
};

/* Opens recovery.key when it is there. Else nothing is set, and no other key file may be
 * there (ERR_EXISTS). */
MUST_CHECK int init_keys_find(const struct repo_init_options *options,
			      struct init_keys *ret_keys, struct err *err);

/* Makes the key files that are missing, opens all. Until init_keys_end() a file beside them says
 * that the repository at `url` is not finished. */
MUST_CHECK int init_keys_complete(const struct repo_init_options *options,
				  const char *url, struct init_keys *keys,
				  struct err *err);
void init_keys_end(const struct repo_init_options *options);
void init_keys_release(struct init_keys *keys);

#endif
