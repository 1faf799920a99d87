/* SPDX-License-Identifier: Apache-2.0 */
/* A snapshot, or part of one, back to files or into PostgreSQL; or only the plan of it. */
#ifndef JOB_RESTORE_JOB_H
#define JOB_RESTORE_JOB_H

#include "base/pattern.h"
#include "files/file_sink.h"
#include "job/job_tree.h"
#include "report/restore_report.h"

/* All borrowed. */
struct restore_job {
	const char *target;		   /* directory or connection string */
	const struct selection *selection; /* NULL: everything */
	enum file_existing existing;	   /* files */
	bool replace, replace_globals;	   /* PostgreSQL */
	const char *scratch_directory;
};

struct restored_table {
	char *path;
	uint64_t rows;
	bool is_equal;
	char *reason; /* NULL, or why it has no rows in the snapshot */
};

struct restore_result {
	uint64_t files, directories, specials, bytes;
	uint64_t already_done, skipped, lost;
	struct report_metadata metadata; /* of files */
	struct vec tables;		 /* of struct restored_table */
	bool is_database;
	uint64_t refused; /* see pg_sink_report */
	struct strings warnings;
};

void restore_result_init(struct restore_result *result);
void restore_result_release(struct restore_result *result);

/* ERR_TARGET before anything is written; ERR_CORRUPT when something could not be restored: all
 * the rest is, and *result tells, also of metadata that files could not be given. */
MUST_CHECK int restore_job_files(struct job_tree *tree, const struct restore_job *job,
				 const struct job_env *env, struct restore_result *result,
				 struct err *err);
MUST_CHECK int restore_job_postgres(struct job_tree *tree, const struct restore_job *job,
				    const struct job_env *env,
				    struct restore_result *result, struct err *err);

/* Only what restore_job_postgres() would refuse before it writes: connection, target, programs. */
MUST_CHECK int restore_job_check_postgres(struct job_tree *tree,
					  const struct restore_job *job,
					  const struct job_env *env, struct err *err);

/* What a restore would do. With a target directory (not for databases), what it would refuse is
 * refused. What the tree shows to be lost is logged and counted, and the plan goes on. */
struct restore_plan_result {
	uint64_t files, directories, specials;
	uint64_t write_bytes, fetch_bytes, requests;
	uint64_t lost; /* files and directories that cannot be restored completely */
};
MUST_CHECK int restore_job_plan(struct job_tree *tree, const struct restore_job *job,
				const struct job_env *env,
				struct restore_plan_result *ret_plan, struct err *err);

#endif
