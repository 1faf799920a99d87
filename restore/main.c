/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/cli.h"
#include "restore.h"

static const struct cmd *const commands[] = {
	&cmd_plan, &cmd_run, &cmd_get, &cmd_export, NULL,
};

static const struct program program = {
	.name = "quipu-restore",
	.version = QUIPU_VERSION,
	.date = "2026-11-25",
	.summary = "bring backups back",
	.description =
		"Restores files and databases from a Quipu repository, or shows what a "
		"restore would do. Needs recovery.key or a reader's key.",
	.commands = commands,
	.common = cli_common_options,
};

int main(int argc, char *argv[])
{
	return cli_run(&program, argc, argv);
}
