/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/cli_job.h"

#include <stdlib.h>

#include "base/mem.h"
#include "base/path.h"
#include "cli/cli_passphrase.h"

static int ask_passphrase(void *state, const char *what, struct secret *ret_passphrase,
			  struct err *err)
{
	const struct cli *cli = state;

	return cli_passphrase_get(cli, cli->common->passphrase_file, what, false,
				  ret_passphrase, err);
}

struct job_env cli_job_env(struct cli *cli)
{
	return (struct job_env){
		.clock = &cli->clock,
		.rng = &cli->rng,
		.log = &cli->log,
		.cancel = &cli->cancel,
		.second_cancel = &cli->second_cancel,
		.progress = &cli->progress,
		.passphrase = ask_passphrase,
		.passphrase_state = cli,
	};
}

int cli_repo_open(struct cli *cli, struct job_repo *ret_repo, struct err *err)
{
	struct job_repo_options options = {.url = cli->common->repo,
					   .key_file = cli->common->key};
	struct job_env env = cli_job_env(cli);

	return job_repo_open(&options, &env, ret_repo, err);
}

/* An empty one is none: the working directory is no cache. */
static bool is_named(const char *directory)
{
	return directory != NULL && directory[0] != '\0';
}

char *cli_cache_directory(const struct cli *cli, const char *option)
{
	const char *base = getenv("XDG_CACHE_HOME");
	const char *home = getenv("HOME");

	if (is_named(option))
		return mem_strdup(option);
	if (is_named(cli->config.repository.cache_directory))
		return mem_strdup(cli->config.repository.cache_directory);
	if (base != NULL && base[0] == '/')
		return path_join(base, "quipu");
	if (home != NULL && home[0] == '/')
		return mem_printf("%s/.cache/quipu", home);
	return NULL;
}

const char *cli_scratch_directory(void)
{
	const char *directory = getenv("TMPDIR");

	return directory != NULL && directory[0] == '/' ? directory : "/var/tmp";
}
