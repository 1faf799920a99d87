/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/cli.h"
#include "dr.h"

static const struct cmd *const commands[] = {&cmd_verify, NULL};

static const struct program program = {
	.name = "quipu-dr",
	.version = QUIPU_VERSION,
	.date = "2026-11-25",
	.summary = "prove that backups are whole",
	.description = "Verifies repositories with public keys alone.",
	.commands = commands,
	.common = cli_common_options,
};

int main(int argc, char *argv[])
{
	return cli_run(&program, argc, argv);
}
