/* SPDX-License-Identifier: Apache-2.0 */
/* A source, a repository and a stream composed into one snapshot. */
#ifndef JOB_BACKUP_JOB_H
#define JOB_BACKUP_JOB_H

#include "base/pattern.h"
#include "job/job_repo.h"
#include "report/run_report.h"

enum backup_source { BACKUP_FILES, BACKUP_STDIN, BACKUP_COMMAND, BACKUP_POSTGRES };

/* All borrowed. */
struct backup_job {
	const char *stream;
	enum backup_source source;
	const struct strings *roots;	   /* BACKUP_FILES */
	const char *files_from0;	   /* BACKUP_FILES; may be NULL */
	const struct selection *selection; /* may be NULL */
	bool exclude_caches, one_file_system;
	const char *file_name; /* BACKUP_STDIN, BACKUP_COMMAND */
	const char *command;
	const char *conninfo;	    /* BACKUP_POSTGRES */
	const struct strings *tags; /* "KEY=VALUE"; may be NULL */
	int compression;	    /* 0 = default */
	unsigned n_threads;	    /* 0 = processors */
	uint64_t memory_bytes;	    /* 0 = 64 MiB */
	bool dry_run;
	const char *cache_directory; /* of all repositories; NULL = none is kept */
	const char *host, *user, *program;
};

/*
 * *ret_report is filled on success; `warnings` (initialised by the caller) gets the first
 * texts. exit_code in the report is 3 when something below a root could not be read, else 0.
 */
MUST_CHECK int backup_job_run(const struct job_repo *repo, const struct backup_job *job,
			      const struct job_env *env, struct strings *warnings,
			      struct run_report *ret_report, struct err *err);

#endif
