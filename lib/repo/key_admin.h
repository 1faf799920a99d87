/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Changing who may write and read. Only an owner's key has the type for it, and no pack is
 * ever rewritten: what changes protects what is written afterwards.
 */
#ifndef REPO_KEY_ADMIN_H
#define REPO_KEY_ADMIN_H

#include "repo/repo.h"

/* The repository's key log grows; nothing else may use it meanwhile. */
struct key_admin {
	struct repo *repo;
	const struct owner_key *owner;
	struct rng *rng;
	const struct clock *clock;
	struct scrypt_params scrypt; /* zeroes = keys.md's */
};

/* Letters, digits, . _ - ; at most KEY_NAME_MAX bytes; "recovery" is taken. ERR_USAGE. */
MUST_CHECK int key_name_check(const char *name, struct err *err);

/*
 * Both write a new key file (0600, never overwriting: ERR_EXISTS), then the records. A name that
 * is in use is ERR_EXISTS. When the records fail the file is removed again. The new reader
 * gets wraps of all epochs.
 */
MUST_CHECK int key_add_reader(const struct key_admin *admin, const char *name,
			      const char *path, const struct secret *passphrase,
			      struct err *err);
/* `streams`: patterns that it may write to; none = all. `shared_domain`: "" = none. */
MUST_CHECK int key_add_writer(const struct key_admin *admin, const char *name,
			      const char *path, const struct strings *streams,
			      const char *shared_domain, struct err *err);

/*
 * Takes a reader (a new epoch without it, then the removal) or a writer (a revocation that
 * names, for each stream it wrote to, the heads that are accepted) off. ERR_NOT_FOUND with
 * "did you mean"; the recovery key is refused with ERR_USAGE.
 */
MUST_CHECK int key_remove(const struct key_admin *admin, const char *name,
			  enum key_role *ret_role, struct err *err);

/* A new epoch for all recipients that there are. */
MUST_CHECK int key_rotate(const struct key_admin *admin, uint32_t *ret_epoch,
			  struct err *err);

/* Gives a key file another passphrase, in place, atomically. ERR_USAGE for roles without one
 * and for an empty new one. */
MUST_CHECK int key_passwd(const char *path, const struct secret *old_passphrase,
			  const struct secret *new_passphrase,
			  struct scrypt_params scrypt, struct rng *rng, struct err *err);

/* Whom the key log knows, in the order of their records; borrowed from it. */
struct key_entry {
	enum key_role role;
	const char *name;
	bool active; /* neither removed nor revoked */
	const uint8_t *id;
	const struct strings *streams; /* NULL for recipients */
};
void key_entries(const struct keylog *keylog,
		 struct vec *ret_entries /* of struct key_entry */);

#endif
