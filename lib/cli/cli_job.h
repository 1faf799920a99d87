/* SPDX-License-Identifier: Apache-2.0 */
/* From a command's common options to what jobs need: environment, repository, directories. */
#ifndef CLI_CLI_JOB_H
#define CLI_CLI_JOB_H

#include "cli/cli.h"
#include "job/job_repo.h"

/* A job's world out of the program's. The result borrows from `cli`. */
struct job_env cli_job_env(struct cli *cli);

/* The repository that the common options name, opened with the key. */
MUST_CHECK int cli_repo_open(struct cli *cli, struct job_repo *ret_repo, struct err *err);

/* --cache-dir, the configuration's, $XDG_CACHE_HOME/quipu or ~/.cache/quipu; NULL without a
 * home. Caller frees. */
char *cli_cache_directory(const struct cli *cli, const char *option);

/* $TMPDIR or /var/tmp: for what does not fit into memory. Borrowed. */
const char *cli_scratch_directory(void);

#endif
