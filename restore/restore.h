/* SPDX-License-Identifier: Apache-2.0 */
/* The verbs of quipu-restore, and what they share. */
#ifndef RESTORE_RESTORE_H
#define RESTORE_RESTORE_H

#include "base/cmd.h"
#include "base/pattern.h"
#include "cli/cli_job.h"
#include "files/file_sink.h"
#include "job/job_tree.h"

extern const struct cmd cmd_plan;
extern const struct cmd cmd_run;
extern const struct cmd cmd_get;
extern const struct cmd cmd_export;

/* Options of every verb that reads a snapshot; stand first in its option struct. */
struct read_options {
	struct common_options common;
	struct strings include, exclude;
	const char *existing; /* NULL, or one of what existing_opts takes */
	bool replace;	      /* a database; likewise */
	const char *cache_dir;
	uint64_t threads, memory;
};
extern const struct opt read_opts[];
extern const struct opt select_opts[]; /* of those that take a part of it */
extern const struct opt existing_opts[];
enum file_existing read_options_existing(const struct read_options *options);

/* A repository and a snapshot in it, opened by the options. */
struct opened {
	struct job_repo repo;
	struct job_tree *tree;
	struct selection *selection; /* NULL: everything */
	char *cache;
};

MUST_CHECK int opened_open(struct cli *cli, const struct read_options *options,
			   const char *snapshot, struct opened *ret_opened,
			   struct err *err);
/* Releases it. What the verb that worked with it returns: -1, or the exit code, see
 * job_tree_exit(). */
int opened_close(struct cli *cli, struct opened *opened, int result);

#endif
