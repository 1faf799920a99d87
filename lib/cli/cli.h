/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the programs share between main() and a command: signals, messages, options that mean
 * the same everywhere, how results and errors leave the process. A command fills `output`;
 * it goes to stdout after the command succeeded, so that stdout is complete or empty, unless
 * it grows long: see cli_output.h. Commands whose data is a stream (get, export) write to
 * stdout themselves.
 */
#ifndef CLI_CLI_H
#define CLI_CLI_H

#include "base/cancel.h"
#include "base/clock.h"
#include "base/cmd.h"
#include "base/log.h"
#include "base/rng.h"
#include "flow/progress.h"
#include "job/config.h"

/* Must stand first in every command's option struct. cli_common_options fills it, and what is
 * absent then comes from the configuration. */
struct common_options {
	const char *repo;
	const char *key;
	const char *passphrase_file;
	const char *config;
	bool json;
	bool quiet;
};
extern const struct opt cli_common_options[];

/* Flags of a struct cmd. */
enum {
	/* Mistakes in the jobs and metrics of the configuration fail the command; others only
	 * warn of them. */
	CLI_RUNS_JOBS = 1,
};

struct cli {
	struct clock clock;
	struct rng rng;
	struct log log;
	struct cancel cancel;	     /* by the first signal */
	struct cancel second_cancel; /* by the second one, a moment before it kills */
	struct progress progress;
	const struct common_options *common;
	struct config config; /* that --config names, or an empty one */
	struct buf output;    /* goes to stdout when the command succeeds */
	/* The command's data is stdout itself: `output` (its report) goes to stderr. */
	bool data_on_stdout;
	/* `output` only says that what was to be done is done: nothing with --quiet, when the
	 * exit code is 0, or 3, for which warnings say why, and no document was asked for. */
	bool output_is_summary;
	struct cli_progress *display; /* NULL: no progress is shown */
};

/* The body of every main(): parses, runs the command, prints, tells the exit code. The
 * command's context is a struct cli. Called once in a process, before any thread exists. */
int cli_run(const struct program *program, int argc, char *argv[]);

/* --help and errors for one required common option: ERR_USAGE with a hint. */
MUST_CHECK int cli_need_repo(const struct cli *cli, struct err *err);

#endif
