/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How a result leaves the process. A command gathers it in cli->output; it is written after
 * the command succeeded, so that a short result is complete or not there. A long one would
 * take memory without bound and keep its reader waiting: it goes out in pieces, and an error
 * after the first of them leaves a part on stdout, which the exit code tells, and a JSON array
 * that no bracket closes.
 */
#ifndef CLI_CLI_OUTPUT_H
#define CLI_CLI_OUTPUT_H

#include "cli/cli.h"

enum { CLI_OUTPUT_PIECE = 64 * 1024 };

/* After each row of a result that may be long: writes what was gathered once it is a piece. */
MUST_CHECK int cli_output_row(struct cli *cli, struct err *err);

/* A result that cannot be delivered is a failure, whatever was done before. */
MUST_CHECK int cli_output_write(const struct buf *text, bool to_stderr, struct err *err);

#endif
