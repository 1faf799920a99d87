/* SPDX-License-Identifier: Apache-2.0 */
/* What the `key` verbs share. */
#ifndef BACKUP_KEY_VERBS_H
#define BACKUP_KEY_VERBS_H

#include "cli/cli_job.h"
#include "repo/key_admin.h"

struct key_options {
	struct common_options common;
	const char *role;
	const char *out;
	struct strings streams;
	const char *new_passphrase_file;
};

/* Opens the repository with the owner's key; the callback does the work. */
typedef int key_work_fn(const struct key_admin *admin, struct cli *cli,
			const struct key_options *options, const struct strings *operands,
			struct err *err);
MUST_CHECK int key_work(struct cli *cli, const struct key_options *options,
			const struct strings *operands, key_work_fn *work,
			struct err *err);

/* True when a new key file gets the passphrase of --passphrase-file. */
bool key_shares_passphrase(const struct key_options *options);

/* The passphrase for a new or changed key file: --new-passphrase-file, else, where one was
 * given, that of --passphrase-file, else a terminal is asked twice. */
MUST_CHECK int key_new_passphrase(const struct cli *cli,
				  const struct key_options *options, const char *what,
				  bool same_as_old, struct secret *ret_passphrase,
				  struct err *err);

/* The verb's result: "VERB NAME" with advice, or a document without it. */
void key_tell(struct cli *cli, const char *verb, const char *name, const char *advice);

#endif
