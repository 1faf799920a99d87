/* SPDX-License-Identifier: Apache-2.0 */
/* An auditor's high-water marks: what was there at the last clean verify, as JSON on the
 * auditor's own disk. They are what makes rollback and lost newest snapshots visible. */
#ifndef REPO_AUDIT_STATE_H
#define REPO_AUDIT_STATE_H

#include "base/vec.h"
#include "repo/keys.h"

enum { AUDIT_STATE_MAX = 64 * 1024 * 1024 };

/* A head of a stream. */
struct audit_mark {
	char *stream;
	uint64_t seq;
	uint8_t id[32];
};

struct audit_state {
	uint64_t keylog_seq;
	uint8_t keylog_head[32];
	struct vec marks; /* of struct audit_mark */
};

struct audit;

/* *ret_found = false when there is no file. ERR_KEY: of another repository; ERR_USAGE:
 * not such a file, with a hint, since it is not the repository that is damaged. */
MUST_CHECK int audit_state_load(const char *path, const struct repo_identity *identity,
				struct audit_state *ret_state, bool *ret_found,
				struct err *err);
void audit_state_release(struct audit_state *state); /* a zeroed one is fine */

/* Adds an alarm for every mark that the repository has fallen behind. */
void audit_state_compare(const struct audit_state *state, const struct audit *audit);

/* Writes the marks of what was just verified, atomically. */
MUST_CHECK int audit_state_store(const char *path, const struct audit *audit,
				 struct err *err);

#endif
