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
		.progress = &cli->progress,
		.passphrase = ask_passphrase,
		.passphrase_state = cli,
	};
}

int cli_config_load(const struct cli *cli, struct config *ret_config, struct err *err)
{
	if (cli->common->config != NULL)
		return config_load(cli->common->config, ret_config, err);
	return config_parse(slice_of_string(""), "", ret_config, err);
}

/* The key file's passphrase may also be named by the configuration. */
static int open_with_config(struct cli *cli, const struct config *config,
			    struct job_repo *ret_repo, struct err *err)
{
	struct common_options common = *cli->common;
	struct cli with_config = *cli;
	struct job_repo_options options;

	if (common.repo == NULL)
		common.repo = config->repository.url;
	if (common.key == NULL)
		common.key = config->repository.key;
	if (common.passphrase_file == NULL)
		common.passphrase_file = config->repository.passphrase_file;
	with_config.common = &common;
	options = (struct job_repo_options){.url = common.repo, .key_file = common.key};
	struct job_env env = cli_job_env(cli);
	env.passphrase_state = &with_config;
	return job_repo_open(&options, &env, ret_repo, err);
}

int cli_repo_open(struct cli *cli, struct job_repo *ret_repo, struct err *err)
{
	struct config config;

	if (cli_config_load(cli, &config, err) < 0)
		return -1;
	int result = open_with_config(cli, &config, ret_repo, err);
	config_release(&config);
	return result;
}

char *cli_cache_directory(const char *option, const struct config *config)
{
	const char *base = getenv("XDG_CACHE_HOME");
	const char *home = getenv("HOME");

	if (option != NULL)
		return mem_strdup(option);
	if (config != NULL && config->repository.cache_directory != NULL)
		return mem_strdup(config->repository.cache_directory);
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
