/* SPDX-License-Identifier: Apache-2.0 */
#include "backup.h"
#include "base/fd.h"
#include "base/mem.h"
#include "cli/cli_passphrase.h"
#include "format/json.h"
#include "key_verbs.h"

static void tell(struct cli *cli, const char *verb, const char *name, const char *advice)
{
	struct json_writer w;

	if (!cli->common->json) {
		buf_printf(&cli->output, "%s %s\n%s", verb, name, advice);
		return;
	}
	json_writer_init(&w, &cli->output, JSON_COMPACT);
	json_begin_object(&w);
	json_put_string(&w, "done", verb);
	json_put_string(&w, "name", name);
	json_end_object(&w);
	buf_append_byte(&cli->output, '\n');
}

static int work_add(const struct key_admin *admin, struct cli *cli,
		    const struct key_options *options, const struct strings *operands,
		    struct err *err)
{
	CLEANUP(secret_release) struct secret passphrase = {0};
	const char *name = strings_at(operands, 0);

	if (strcmp(options->role, "writer") == 0) {
		if (key_add_writer(admin, name, options->out, &options->streams, "",
				   err) < 0)
			return -1;
		tell(cli, "added writer", name,
		     "It adds to the repository and reads nothing; it has a "
		     "deduplication of its "
		     "own.\n");
		return 0;
	}
	if (key_new_passphrase(cli, options, options->out, true, &passphrase, err) < 0 ||
	    key_add_reader(admin, name, options->out, &passphrase, err) < 0)
		return -1;
	tell(cli, "added reader", name,
	     "It opens everything that was and will be written, until it is removed.\n");
	return 0;
}

static int run_add(void *context, void *arg, const struct strings *operands,
		   struct err *err)
{
	const struct key_options *options = arg;

	if (options->role == NULL || options->out == NULL) {
		(void)err_set(err, ERR_USAGE, "--role and --out are needed");
		return err_hint(
			err, "for example `quipu-backup key add --role reader ops --out "
			     "reader-ops.key`");
	}
	if (strcmp(options->role, "reader") == 0 && strings_count(&options->streams) > 0)
		return err_set(err, ERR_USAGE,
			       "--stream limits writers; a reader opens all");
	return key_work(context, options, operands, work_add, err);
}

static int work_remove(const struct key_admin *admin, struct cli *cli,
		       const struct key_options *options, const struct strings *operands,
		       struct err *err)
{
	const char *name = strings_at(operands, 0);
	enum key_role role;

	(void)options;
	if (key_remove(admin, name, &role, err) < 0)
		return -1;
	tell(cli, role == KEY_WRITER ? "revoked writer" : "removed reader", name,
	     role == KEY_WRITER
		     ? "Its snapshots up to now stay valid; later ones will be refused.\n"
		     : "What is written from now on is closed to it. What it could open "
		       "so far, "
		       "it can still\nopen if it kept the key and copies of the "
		       "repository's "
		       "objects.\n");
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
	tell(cli, "new epoch", number,
	     "New packs are sealed to it. Packs that exist stay readable with the old "
	     "keys; no "
	     "pack was\nrewritten. The deduplication secret does not rotate.\n");
	return 0;
}

static int run_rotate(void *context, void *arg, const struct strings *operands,
		      struct err *err)
{
	return key_work(context, arg, operands, work_rotate, err);
}

static int run_passwd(void *context, void *arg, const struct strings *operands,
		      struct err *err)
{
	struct cli *cli = context;
	const struct key_options *options = arg;
	CLEANUP(secret_release) struct secret text = {0}; /* only whether it is there */
	CLEANUP(secret_release) struct secret old = {0};
	CLEANUP(secret_release) struct secret new = {0};
	struct scrypt_params params = {0};

	(void)operands;
	if (options->common.key == NULL)
		return err_set(err, ERR_USAGE, "no key file is named; give --key FILE");
	if (job_key_file_read(options->common.key, &text, err) < 0 ||
	    cli_passphrase_get(cli, options->common.passphrase_file, options->common.key,
			       false, &old, err) < 0 ||
	    key_new_passphrase(cli, options, "the new passphrase", false, &new, err) <
		    0 ||
	    key_passwd(options->common.key, &old, &new, params, &cli->rng, err) < 0)
		return -1;
	tell(cli, "changed the passphrase of", options->common.key,
	     "Copies of the file that were made before still open with the old one.\n");
	return 0;
}

static const struct opt none[] = {{0}};
static const char *const roles[] = {"reader", "writer", NULL};
static const struct opt add_opts[] = {
	{.name = "role",
	 .type = OPT_TEXT,
	 .offset = offsetof(struct key_options, role),
	 .value = "ROLE",
	 .choices = roles,
	 .help = "what the new key may do: reader or writer"},
	{.name = "out",
	 .letter = 'o',
	 .type = OPT_TEXT,
	 .offset = offsetof(struct key_options, out),
	 .value = "FILE",
	 .complete = "file",
	 .help = "the new key file; an existing one is never overwritten"},
	{.name = "stream",
	 .letter = 's',
	 .type = OPT_LIST,
	 .offset = offsetof(struct key_options, streams),
	 .value = "PATTERN",
	 .help = "streams that a writer may write to, all when not "
		 "given"},
	{.name = "new-passphrase-file",
	 .type = OPT_TEXT,
	 .offset = offsetof(struct key_options, new_passphrase_file),
	 .value = "FILE",
	 .complete = "file",
	 .help = "passphrase of the new key file; that of --passphrase-file when not "
		 "given"},
	{0},
};
static const struct opt passwd_opts[] = {
	{.name = "new-passphrase-file",
	 .type = OPT_TEXT,
	 .offset = offsetof(struct key_options, new_passphrase_file),
	 .value = "FILE",
	 .complete = "file",
	 .help = "file whose first line is the new passphrase; a terminal is asked"},
	{0},
};
static const struct opt *const add_tables[] = {add_opts, NULL};
static const struct opt *const passwd_tables[] = {passwd_opts, NULL};
static const struct opt *const no_tables[] = {none, NULL};

const struct cmd cmd_key_add = {
	.name = "key add",
	.operands = "NAME",
	.min_operands = 1,
	.max_operands = 1,
	.tables = add_tables,
	.options_len = sizeof(struct key_options),
	.run = run_add,
	.summary = "make a key file for another reader or writer",
	.description = "Needs recovery.key. No pack is rewritten: a reader gets wrapped "
		       "copies of "
		       "the keys that packs are sealed to, a writer a certificate.",
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
		       "what the key "
		       "could read before.",
};

const struct cmd cmd_key_rotate = {
	.name = "key rotate",
	.operands = "",
	.tables = no_tables,
	.options_len = sizeof(struct key_options),
	.run = run_rotate,
	.summary = "begin a new key period for all readers",
	.description = "Needs recovery.key.",
};

const struct cmd cmd_key_passwd = {
	.name = "key passwd",
	.operands = "",
	.tables = passwd_tables,
	.options_len = sizeof(struct key_options),
	.run = run_passwd,
	.summary = "change the passphrase of a key file",
	.description = "Replaces the file that --key names, atomically.",
};
