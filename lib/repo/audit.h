/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Proof with public keys alone that what was signed is there, in order and unaltered: what
 * `quipu-dr verify` does. It needs no secret, so it can run where nothing may be read.
 */
#ifndef REPO_AUDIT_H
#define REPO_AUDIT_H

#include "base/cancel.h"
#include "flow/progress.h"
#include "repo/repo.h"

enum audit_kind {
	AUDIT_ALARM,   /* a signature or chain does not hold, something signed is gone */
	AUDIT_CORRUPT, /* an object is not what its name or its size says */
	AUDIT_MISSING, /* an object that a restore needs is not there */
	AUDIT_REPORT,  /* worth knowing, nothing wrong */
};

struct audit_finding {
	enum audit_kind kind;
	char *text;
};

struct audit_options {
	struct store *store;
	const struct audit_key *key;
	bool read_data;		/* hash every body and pack that is needed */
	const char *state_path; /* the auditor's high-water marks; NULL = none */
	struct rng *rng;
	const struct clock *clock;
	const struct cancel *cancel;
	struct progress *progress; /* may be NULL; bytes are those hashed */
};

struct audit_result {
	struct vec
		findings; /* of struct audit_finding, in the order in which they came */
	size_t n_of[AUDIT_REPORT + 1];
	uint64_t n_streams, n_snapshots, n_expired, n_records, n_packs, n_bodies;
	uint64_t bytes; /* of the packs and bodies that are needed */
	uint64_t bytes_read;
	bool first_look;     /* no marks to compare with */
	bool state_advanced; /* the marks were written */
};

/*
 * 0 whenever the repository could be looked at: what is wrong stands in the findings. -1 when
 * it could not: no repository, a key of another one, a quipu.json or key log that does not
 * verify (ERR_ALARM), a store or state file that fails. Marks are written only when there is
 * no alarm, nothing corrupt and nothing missing.
 */
MUST_CHECK int audit_run(const struct audit_options *options,
			 struct audit_result *ret_result, struct err *err);
void audit_result_release(struct audit_result *result);

/* Neither alarm nor damage. */
bool audit_is_clean(const struct audit_result *result);
const char *audit_kind_name(enum audit_kind kind); /* "alarm" */

#endif
