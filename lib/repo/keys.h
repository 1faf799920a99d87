/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who may do what, as types (docs/format/keys.md). Each key file opens as exactly one of
 * these; a function that needs a right takes its type, so that a writer handed to a reader's
 * function does not compile. All own their secrets and wipe them.
 */
#ifndef REPO_KEYS_H
#define REPO_KEYS_H

#include "base/buf.h"
#include "base/secret.h"
#include "crypto/dh.h"
#include "crypto/sign.h"

enum { REPO_ID_LEN = 16, KEY_NAME_MAX = 64 };

/* The trust root: pinned in every key file. */
struct repo_identity {
	uint8_t id[REPO_ID_LEN];
	struct sign_public owner;
};

enum key_role {
	KEY_RECOVERY = 1,
	KEY_READER = 2,
	KEY_WRITER = 3,
	KEY_PRUNER = 4,
	KEY_KEEPER = 5,
	KEY_AUDIT = 6,
};

/* What D gives (never D itself, once derived). */
struct dedup_keys {
	struct secret blob_id, chunker, index, cache, tree;
};
void dedup_keys_derive(const struct secret *dedup_secret,
		       const struct repo_identity *identity, struct dedup_keys *ret_keys);
void dedup_keys_release(struct dedup_keys *keys);

struct writer_key {
	struct repo_identity identity;
	char *name;
	struct sign_private *sign;
	struct buf certificate; /* a key-log frame */
	struct buf floor;	/* an epoch's key-log frame: the log must contain it */
	struct dedup_keys dedup;
};

struct reader_key {
	struct repo_identity identity;
	char *name;
	struct dh_private *recipient;
	struct dedup_keys dedup;
};

struct owner_key {
	struct repo_identity identity;
	struct sign_private *sign;
	struct reader_key reader;   /* the recovery key reads as well */
	struct secret dedup_secret; /* D, for new key files */
};

struct audit_key {
	struct repo_identity identity;
};

/* An opened key file: exactly one pointer that fits `role` is set (recovery: owner). */
struct key {
	enum key_role role;
	struct repo_identity identity;
	struct owner_key *owner;
	struct reader_key *reader;
	struct writer_key *writer;
	struct audit_key *audit;
};

/* Tells the role without a passphrase. ERR_KEY when it is no key file. */
MUST_CHECK int key_file_role(struct slice text, enum key_role *ret_role,
			     bool *ret_protected, struct err *err);

/* `passphrase` may be NULL for unprotected files. A wrong one, a damaged file: ERR_KEY.
 * Pruner and keeper keys: ERR_UNSUPPORTED for now. */
MUST_CHECK int key_open(struct slice text, const struct secret *passphrase,
			struct key **ret_key, struct err *err);
void key_free(struct key *key);
void key_freep(struct key **key);
const char *key_role_name(enum key_role role); /* "writer" */

/* For a role that reads: the reader part of a recovery or reader key, else NULL. */
const struct reader_key *key_reader(const struct key *key);
/* D's keys for roles that have them (recovery, reader, writer), else NULL. */
const struct dedup_keys *key_dedup(const struct key *key);

#endif
