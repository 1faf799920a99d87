/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The configuration file: one [repository], any number of [[job]] (schemas/config.schema.json
 * is generated from the same tables). Relative paths in it are relative to the working
 * directory, like those on the command line.
 */
#ifndef JOB_CONFIG_H
#define JOB_CONFIG_H

#include "base/buf.h"
#include "base/err.h"
#include "base/vec.h"

enum { CONFIG_FILE_MAX = 1024 * 1024, CONFIG_JOBS_MAX = 10000 };

struct config_repository {
	char *url;
	char *key;
	char *passphrase_file;
	char *cache_directory;
};

struct config_hooks {
	struct strings before; /* commands for /bin/sh -c; one that fails fails the job */
	struct strings after;  /* after success; likewise, but the snapshot exists */
	struct strings failed; /* after a failure */
};

struct config_metrics {
	char *textfile; /* Prometheus, replaced after each run */
};

struct config_job {
	char *name;
	char *stream; /* NULL: the name */
	/* exactly one of these four: */
	struct strings files;
	char *files_from0;
	char *command;
	char *postgres;
	char *file_name; /* of a command's output */
	struct strings exclude, include, exclude_files;
	bool exclude_caches, one_file_system;
	struct strings tags; /* "KEY=VALUE" */
	int64_t compression;
	int64_t threads;
	uint64_t memory, limit_upload;
	struct config_hooks hooks;
};

struct config {
	struct config_repository repository;
	struct config_metrics metrics;
	struct vec jobs; /* of struct config_job */
	/* What is wrong in [metrics] and [[job]], which then count for nothing: ERR_USAGE
	 * "FILE:LINE:COL: job.strem: unknown key", with a hint. */
	struct err jobs_error;
};

/* ERR_USAGE likewise for all else, and when the file cannot be read. A mistake in a job alone is
 * left to config_check_jobs(): it must not keep anybody from restoring. */
MUST_CHECK int config_load(const char *path, struct config *ret_config, struct err *err);
MUST_CHECK int config_parse(struct slice text, const char *file_name,
			    struct config *ret_config, struct err *err);
void config_release(struct config *config);

/* 0, or jobs_error: before jobs and metrics are looked at. */
MUST_CHECK int config_check_jobs(const struct config *config, struct err *err);

/* ERR_USAGE with "did you mean". */
MUST_CHECK int config_job_find(const struct config *config, const char *name,
			       const struct config_job **ret_job, struct err *err);

/* The published JSON Schema. */
void config_schema(struct buf *text);

#endif
