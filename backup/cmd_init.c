/* SPDX-License-Identifier: Apache-2.0 */
#include "backup.h"

#include "cli/cli_job.h"
#include "cli/cli_passphrase.h"
#include "format/json.h"
#include "job/init_place.h"

struct init_options {
	struct common_options common;
	const char *keys;
};

static void explain(const struct init_options *options, bool resumed, struct buf *text)
{
	buf_printf(text,
		   "%s repository at %s\n"
		   "\n"
		   "%s/recovery.key  opens everything. Keep it and its passphrase "
		   "offline, in two\n"
		   "    places that cannot burn down together: without it nothing can be "
		   "restored.\n"
		   "%s/writer.key    belongs on the machine that makes backups. It adds "
		   "to the\n"
		   "    repository and deduplicates, but cannot read what is in it.\n"
		   "%s/audit.pub     is for the auditor: verifies everything, reads "
		   "nothing.\n",
		   resumed ? "finished the" : "created the", options->common.repo,
		   options->keys, options->keys, options->keys);
}

static void tell_json(const struct init_options *options, bool resumed, struct buf *text)
{
	struct json_writer w;

	json_writer_init(&w, text, JSON_COMPACT);
	json_begin_object(&w);
	json_put_string(&w, "repository", options->common.repo);
	json_put_string(&w, "keys", options->keys);
	json_put_bool(&w, "resumed", resumed);
	json_end_object(&w);
	buf_append_byte(text, '\n');
}

static int create(struct cli *cli, const struct init_options *options,
		  const struct secret *passphrase, bool *ret_resumed, struct err *err)
{
	CLEANUP(store_freep) struct store *store = NULL;
	struct repo_init_options init = {
		.key_directory = options->keys,
		.passphrase = passphrase,
		.params = {.chunk = {CHUNK_MIN_DEFAULT, CHUNK_AVG_DEFAULT,
				     CHUNK_MAX_DEFAULT},
			   .pack_size = PACK_SIZE_DEFAULT},
		.rng = &cli->rng,
		.clock = &cli->clock,
	};
	bool exists;

	if (store_open(options->common.repo, true, &cli->rng, &store, err) < 0 ||
	    repo_exists(store, &exists, err) < 0)
		return -1;
	if (exists) {
		(void)err_set(err, ERR_EXISTS, "there is a repository at %s already",
			      options->common.repo);
		return err_hint(err, "nothing was changed; use it with --repo, or name "
				     "another place");
	}
	return repo_init(store, &init, ret_resumed, err);
}

static int run(void *context, void *arg, const struct strings *operands, struct err *err)
{
	struct cli *cli = context;
	const struct init_options *options = arg;
	CLEANUP(secret_release) struct secret passphrase = {0};
	CLEANUP(init_place_release) struct init_place place = {0};
	bool resumed = false;

	(void)operands;
	if (cli_need_repo(cli, err) < 0)
		return -1;
	if (options->keys == NULL) {
		(void)err_set(err, ERR_USAGE, "no directory for the keys is named");
		return err_hint(err, "give --keys DIR");
	}
	if (init_place_check(options->common.repo, options->keys, &place, err) < 0 ||
	    cli_passphrase_get(cli, options->common.passphrase_file, "recovery.key", true,
			       &passphrase, err) < 0)
		return -1;
	if (create(cli, options, &passphrase, &resumed, err) < 0) {
		init_place_undo(&place);
		return -1;
	}
	cli->output_is_summary = true;
	if (options->common.json)
		tell_json(options, resumed, &cli->output);
	else
		explain(options, resumed, &cli->output);
	return 0;
}

static const struct opt opts[] = {
	{.name = "keys",
	 .type = OPT_TEXT,
	 .offset = offsetof(struct init_options, keys),
	 .value = "DIR",
	 .complete = "dir",
	 .help = "directory that gets writer.key, recovery.key and audit.pub",
	 .more = "Key files are never overwritten. They are on disk before the "
		 "repository exists; after an interruption the same command goes on with "
		 "them. They may not lie in the repository: whoever copies it would have "
		 "them."},
	{0},
};
static const struct opt *const tables[] = {opts, NULL};
static const struct cmd_example examples[] = {
	{"quipu-backup init --repo file:///srv/backup --keys keys --passphrase-file pass",
	 "a new repository on this machine"},
	{0},
};

const struct cmd cmd_init = {
	.name = "init",
	.operands = "",
	.tables = tables,
	.options_len = sizeof(struct init_options),
	.run = run,
	.summary = "create a repository and its keys",
	.description =
		"Creates an encrypted repository, in a directory of its own, and three "
		"key files. The recovery key is protected by a passphrase, which is read "
		"from --passphrase-file or asked for on a terminal.",
	.examples = examples,
};
