/* SPDX-License-Identifier: Apache-2.0 */
#include "backup.h"
#include "cli/cli_passphrase.h"
#include "key_verbs.h"

static int work_remove(const struct key_admin *admin, struct cli *cli,
		       const struct key_options *options, const struct strings *operands,
		       struct err *err)
{
	const char *name = strings_at(operands, 0);
	enum key_role role;

	(void)options;
	if (key_remove(admin, name, &role, err) < 0)
		return -1;
	key_tell(cli, role == KEY_WRITER ? "revoked writer" : "removed reader", name,
		 role == KEY_WRITER
			 ? "Its snapshots up to now stay valid; later ones will be "
			   "refused.\n"
			 : "What is written from now on is closed to it. What it could "
			   "open so far, it can still\nopen if it kept the key and "
			   "copies of the repository's objects.\n");
	return 0;
}

static int run_remove(void *context, void *arg, const struct strings *operands,
		      struct err *err)
{
	return key_work(context, arg, operands, work_remove, err);
}

static int work_rotate(const struct key_admin *admin, struct cli *cli,
		       const struct key_options *options, const struct strings *operands,
		       struct err *err)
{
	char number[16];
	uint32_t epoch;

	(void)options;
	(void)operands;
	if (key_rotate(admin, &epoch, err) < 0)
		return -1;
	(void)snprintf(number, sizeof(number), "%u", epoch);
	key_tell(
		cli, "new epoch", number,
		"New packs are sealed to it. Packs that exist stay readable with the old "
		"keys; no pack was\nrewritten. The deduplication secret does not "
		"rotate.\n");
	return 0;
}

static int run_rotate(void *context, void *arg, const struct strings *operands,
		      struct err *err)
{
	return key_work(context, arg, operands, work_rotate, err);
}

/* Before anything is asked. */
static int check_protected(const char *path, struct err *err)
{
	CLEANUP(secret_release) struct secret text = {0};
	enum key_role role;
	bool is_protected;

	if (job_key_file_read(path, &text, err) < 0)
		return -1;
	if (key_file_role(secret_slice(&text), &role, &is_protected, err) < 0)
		return err_wrap(err, "key file %s", path);
	if (is_protected)
		return 0;
	(void)err_set(err, ERR_KEY, "key file %s: a key of role %s has no passphrase",
		      path, key_role_name(role));
	return err_hint(err, "recovery.key and the keys of readers have one");
}

static int run_passwd(void *context, void *arg, const struct strings *operands,
		      struct err *err)
{
	struct cli *cli = context;
	const struct key_options *options = arg;
	CLEANUP(secret_release) struct secret old = {0};
	CLEANUP(secret_release) struct secret new = {0};
	struct scrypt_params params = {0};

	(void)operands;
	if (options->common.key == NULL)
		return err_set(err, ERR_USAGE, "no key file is named; give --key FILE");
	if (check_protected(options->common.key, err) < 0 ||
	    cli_passphrase_get(cli, options->common.passphrase_file, options->common.key,
			       false, &old, err) < 0 ||
	    key_new_passphrase(cli, options, options->common.key, false, &new, err) < 0 ||
	    key_passwd(options->common.key, &old, &new, params, &cli->rng, err) < 0)
		return -1;
	key_tell(cli, "changed the passphrase of", options->common.key,
		 "Copies of the file that were made before still open with the old "
		 "one.\n");
	return 0;
}

static const struct opt none[] = {{0}};
static const struct opt passwd_opts[] = {
	{.name = "new-passphrase-file",
	 .type = OPT_TEXT,
	 .offset = offsetof(struct key_options, new_passphrase_file),
	 .value = "FILE",
	 .complete = "file",
	 .help = "file whose first line is the new passphrase; a terminal is asked"},
	{0},
};
static const struct opt *const passwd_tables[] = {passwd_opts, NULL};
static const struct opt *const no_tables[] = {none, NULL};

static const struct cmd_example remove_examples[] = {
	{"quipu-backup key remove ops", "when somebody leaves, or a key file is lost"},
	{0},
};
static const struct cmd_example rotate_examples[] = {
	{"quipu-backup key rotate --key keys/recovery.key", "once a year, say"},
	{0},
};
static const struct cmd_example passwd_examples[] = {
	{"quipu-backup key passwd --key reader-ops.key --passphrase-file ops.pass "
	 "--new-passphrase-file new.pass",
	 "without a terminal"},
	{0},
};

const struct cmd cmd_key_remove = {
	.name = "key remove",
	.operands = "NAME",
	.min_operands = 1,
	.max_operands = 1,
	.tables = no_tables,
	.options_len = sizeof(struct key_options),
	.run = run_remove,
	.summary = "take a reader or writer off",
	.description = "Needs recovery.key. Protects what is written afterwards, not "
		       "what the key could read before.",
	.examples = remove_examples,
};

const struct cmd cmd_key_rotate = {
	.name = "key rotate",
	.operands = "",
	.tables = no_tables,
	.options_len = sizeof(struct key_options),
	.run = run_rotate,
	.summary = "begin a new key period for all readers",
	.description = "Needs recovery.key.",
	.examples = rotate_examples,
};

const struct cmd cmd_key_passwd = {
	.name = "key passwd",
	.operands = "",
	.tables = passwd_tables,
	.options_len = sizeof(struct key_options),
	.run = run_passwd,
	.summary = "change the passphrase of a key file",
	.description = "Replaces the file that --key names, atomically.",
	.examples = passwd_examples,
};
