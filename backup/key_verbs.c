/* SPDX-License-Identifier: Apache-2.0 */
#include "key_verbs.h"

#include "cli/cli_passphrase.h"
#include "format/json.h"

int key_work(struct cli *cli, const struct key_options *options,
	     const struct strings *operands, key_work_fn *work, struct err *err)
{
	const struct owner_key *owner;
	struct job_repo repo;
	int result = -1;

	if (cli_repo_open(cli, &repo, err) < 0)
		return -1;
	if (job_repo_need_owner(&repo, &owner, err) == 0 &&
	    keylog_check_whole(repo.repo->keylog, err) == 0) {
		struct key_admin admin = {.repo = repo.repo,
					  .owner = owner,
					  .rng = &cli->rng,
					  .clock = &cli->clock};

		result = work(&admin, cli, options, operands, err);
	}
	job_repo_release(&repo);
	return result;
}

bool key_shares_passphrase(const struct key_options *options)
{
	return options->new_passphrase_file == NULL &&
	       options->common.passphrase_file != NULL;
}

int key_new_passphrase(const struct cli *cli, const struct key_options *options,
		       const char *what, bool same_as_old, struct secret *ret_passphrase,
		       struct err *err)
{
	const char *file = options->new_passphrase_file;

	if (same_as_old && key_shares_passphrase(options))
		file = options->common.passphrase_file;
	if (cli_passphrase_get(cli, file, what, true, ret_passphrase, err) == 0)
		return 0;
	if (file == NULL && err->code == ERR_USAGE)
		(void)err_hint(err, "give --new-passphrase-file FILE");
	return -1;
}

void key_tell(struct cli *cli, const char *verb, const char *name, const char *advice)
{
	struct json_writer w;

	cli->output_is_summary = true;
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
