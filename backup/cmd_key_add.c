/* SPDX-License-Identifier: Apache-2.0 */
#include "backup.h"
#include "key_verbs.h"

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
		key_tell(cli, "added writer", name,
			 "It adds to the repository and reads nothing; it has a "
			 "deduplication of its own.\n");
		return 0;
	}
	if (key_new_passphrase(cli, options, options->out, true, &passphrase, err) < 0 ||
	    key_add_reader(admin, name, options->out, &passphrase, err) < 0)
		return -1;
	key_tell(cli, "added reader", name,
		 key_shares_passphrase(options)
			 ? "It opens everything that was and will be written, until it "
			   "is removed. Its\npassphrase is that of the recovery key; "
			   "`key passwd` changes it.\n"
			 : "It opens everything that was and will be written, until it "
			   "is removed.\n");
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
static const struct opt *const add_tables[] = {add_opts, NULL};
static const struct cmd_example examples[] = {
	{"quipu-backup key add ops --role reader --out reader-ops.key "
	 "--new-passphrase-file ops.pass",
	 "another person who may restore"},
	{"quipu-backup key add ci --role writer --out writer-ci.key --stream 'ci/**'",
	 "a machine that backs up to its own streams only"},
	{0},
};

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
		       "copies of the keys that packs are sealed to, a writer a "
		       "certificate.",
	.examples = examples,
};
