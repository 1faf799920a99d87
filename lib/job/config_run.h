/* SPDX-License-Identifier: Apache-2.0 */
/* Runs configured jobs one after the other: selection, hooks, backup, report. */
#ifndef JOB_CONFIG_RUN_H
#define JOB_CONFIG_RUN_H

#include "job/backup_job.h"
#include "job/config.h"

/* What the caller says to every job; it goes before what the job says. */
struct config_run_settings {
	const struct strings *tags; /* "KEY=VALUE", added to the job's; may be NULL */
	uint64_t compression, threads, memory, limit_upload; /* 0: as the job says */
};

struct config_run_options {
	const char *url, *key_file;
	const char *cache_directory;
	bool dry_run;
	struct config_run_settings settings;
	const char *host, *user, *program;
};

/* One job. Never fails itself: what went wrong is in the report, with its exit code. With
 * dry_run its hooks are not run, which the log is told. When env->cancel is set already the
 * job does not begin; it is reported as interrupted.
 * `warnings` is initialised by the caller and lent to the report. */
void config_job_run(const struct config_job *job,
		    const struct config_run_options *options, const struct job_env *env,
		    struct strings *warnings, struct run_report *ret_report);

#endif
