/* SPDX-License-Identifier: Apache-2.0 */
/* Key files as text (docs/format/keys.md): remarks, armour, an optional passphrase. What the
 * secrets mean is for keys.h. */
#ifndef REPO_KEYFILE_FORMAT_H
#define REPO_KEYFILE_FORMAT_H

#include "crypto/kdf.h"
#include "repo/keys.h"

enum {
	KEY_FILE_MAX = 512 * 1024,
	KEY_SALT_LEN = 32,
	KEY_SECRET_LEN = 32, /* of every seed, private key and D */
	KEY_FLOOR_MAX = 64 * 1024,
};

/* The parameters of docs/format/keys.md: N = 2^15, r = 8, p = 3. */
struct scrypt_params key_file_scrypt(void);

/* What a key file holds; a role leaves empty what it lacks. Owned. */
struct key_secrets {
	struct secret sign_seed; /* recovery, writer, pruner, keeper */
	struct secret recipient; /* recovery, reader */
	struct secret dedup;	 /* recovery, reader, writer */
	struct buf certificate;	 /* writer, pruner, keeper */
	struct buf floor;	 /* writer */
};
void key_secrets_release(struct key_secrets *secrets);

/* The public part. */
struct key_file_head {
	enum key_role role;
	struct repo_identity identity;
	const char *name; /* at most KEY_NAME_MAX bytes */
};

struct key_protection {
	const struct secret *passphrase;
	struct scrypt_params scrypt;
};

/*
 * The whole text, remarks included. Roles that need a passphrase (recovery, reader) must be
 * given one, asserted; the others none (`protection` NULL). *ret_text is initialised here;
 * the caller releases it.
 */
MUST_CHECK int key_file_encode(const struct key_file_head *head,
			       const struct key_secrets *secrets,
			       const struct key_protection *protection, struct rng *rng,
			       struct secret *ret_text, struct err *err);

/* A key file's form, before any passphrase. */
struct key_file {
	enum key_role role;
	bool is_protected;
	struct repo_identity identity;
	char *name;
	struct scrypt_params scrypt;
	uint8_t salt[KEY_SALT_LEN];
	struct secret bytes; /* all of it, decoded */
	size_t aad_len;	     /* bytes before the length of the secret part */
	struct slice part;   /* the secret part, sealed or not; within `bytes` */
};

/* ERR_KEY when the text is no key file, ERR_UNSUPPORTED when it is a newer one. */
MUST_CHECK int key_file_decode(struct slice text, struct key_file *ret_file,
			       struct err *err);
void key_file_release(struct key_file *file);

/* ERR_KEY: no passphrase where one is needed, a wrong one, a part that does not fit the role. */
MUST_CHECK int key_file_secrets(const struct key_file *file,
				const struct secret *passphrase,
				struct key_secrets *ret_secrets, struct err *err);

#endif
