/* SPDX-License-Identifier: Apache-2.0 */
/* An opened repository: store, parameters and the verified key log. Read-only after
 * repo_open(), so it may be shared by threads. */
#ifndef REPO_REPO_H
#define REPO_REPO_H

#include "base/clock.h"
#include "base/log.h"
#include "base/rng.h"
#include "crypto/kdf.h"
#include "repo/chunker.h"
#include "repo/keylog.h"
#include "repo/keys.h"
#include "store/store.h"

enum { PACK_SIZE_DEFAULT = 8 * 1024 * 1024, PACK_SIZE_MAX = 256 * 1024 * 1024 };

struct repo_params {
	struct chunker_params chunk;
	uint64_t pack_size; /* 1 MiB .. 128 MiB: where a pack is closed */
	int64_t created_nsec;
};

struct repo {
	struct store *store; /* borrowed */
	struct repo_identity identity;
	struct repo_params params;
	struct keylog *keylog;
};

/*
 * Reads and verifies quipu.json and the key log under the pinned identity. ERR_NO_REPO when
 * there is none, ERR_KEY "key belongs to another repository", ERR_UNSUPPORTED for a newer
 * format version, ERR_CORRUPT for a quipu.json that is no such thing. What is wrong with the
 * key log is no error here: keylog_alarms() tells it, keylog_check_whole() refuses.
 */
MUST_CHECK int repo_open(struct store *store, const struct repo_identity *identity,
			 struct repo **ret_repo, struct err *err);
void repo_free(struct repo *repo);
void repo_freep(struct repo **repo);

/* True when quipu.json exists (nothing verified). */
MUST_CHECK int repo_exists(struct store *store, bool *ret_exists, struct err *err);

struct repo_init_options {
	const char *key_directory;	 /* gets writer.key, recovery.key, audit.pub */
	const struct secret *passphrase; /* for recovery.key; not empty */
	struct repo_params params;   /* its created_nsec is ignored: the clock tells */
	struct scrypt_params scrypt; /* of recovery.key; zeroes = keys.md's */
	struct rng *rng;
	const struct clock *clock;
};

/*
 * Creates keys, then the repository, in this order: key files on disk (fsynced, never
 * overwriting), key log, wraps, quipu.json last. Run again after a kill it goes on with the
 * key files that are there (recovery.key opens with the passphrase) and makes what is
 * missing. ERR_EXISTS when the repository is complete, when another's key log lies there, or
 * when the directory holds other key files without a recovery.key. *ret_resumed tells that it
 * went on.
 */
MUST_CHECK int repo_init(struct store *store, const struct repo_init_options *options,
			 bool *ret_resumed, struct err *err);

#endif
