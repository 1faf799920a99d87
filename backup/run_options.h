/* SPDX-License-Identifier: Apache-2.0 */
/* The options of `quipu-backup run`. */
#ifndef BACKUP_RUN_OPTIONS_H
#define BACKUP_RUN_OPTIONS_H

#include "cli/cli_job.h"
#include "job/config_run.h"

struct run_options {
	struct common_options common;
	const char *stream;
	bool files;
	const char *files_from0;
	const char *stdin_name;
	const char *command;
	const char *postgres;
	struct strings tags;
	struct strings exclude, include, exclude_files;
	bool exclude_caches, one_file_system;
	uint64_t compression, threads, memory, limit_upload;
	const char *cache_dir;
	bool dry_run;
};

extern const struct opt run_opts[];
extern const struct cmd_section run_sections[];

/* The job that the options and operands describe, in the shape that the configuration has and
 * without what run_options_for_all() gives. ERR_USAGE when they contradict each other. The
 * caller releases it. */
MUST_CHECK int run_options_job(const struct run_options *options,
			       const struct strings *operands, struct config_job *ret_job,
			       struct err *err);
void run_options_job_release(struct config_job *job);

/* What the options say to every job. Borrows. */
struct config_run_settings run_options_for_all(const struct run_options *options);

/* ERR_USAGE when an option was given that belongs to a source on the command line, or a tag
 * twice. */
MUST_CHECK int run_options_check_configured(const struct run_options *options,
					    struct err *err);

/* True when a source was named on the command line, so that no configuration is needed. */
bool run_options_has_source(const struct run_options *options);

#endif
