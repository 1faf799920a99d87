/* SPDX-License-Identifier: Apache-2.0 */
#include "backup.h"
#include "cli/cli.h"

static const struct cmd *const commands[] = {
	&cmd_init,	 &cmd_run,	  &cmd_list,	   &cmd_show,	  &cmd_find,
	&cmd_diff,	 &cmd_stats,	  &cmd_check,	   &cmd_key_list, &cmd_key_add,
	&cmd_key_remove, &cmd_key_rotate, &cmd_key_passwd, NULL,
};

static const struct program program = {
	.name = "quipu-backup",
	.version = QUIPU_VERSION,
	.date = "2026-11-25",
	.summary = "make and look after encrypted, deduplicated, signed backups",
	.description = "Backs up files, command output and PostgreSQL databases into a "
		       "repository that its own keys cannot read.",
	.commands = commands,
	.common = cli_common_options,
};

int main(int argc, char *argv[])
{
	return cli_run(&program, argc, argv);
}
