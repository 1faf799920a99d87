/* SPDX-License-Identifier: Apache-2.0 */
/* Content of a snapshot as a stream: one file, or a tar of everything that is selected. */
#ifndef JOB_EXTRACT_JOB_H
#define JOB_EXTRACT_JOB_H

#include "base/pattern.h"
#include "job/job_tree.h"

/* Takes the next bytes; its error ends the extraction. */
typedef int extract_write_fn(void *state, struct slice bytes, struct err *err);

struct extract_job {
	extract_write_fn *write;
	void *write_state;
	const struct selection *selection; /* export only; NULL: everything */
};

struct extract_result {
	uint64_t files, bytes;
};

/* The file at `path`, holes as zeroes. ERR_NOT_FOUND; ERR_USAGE when it is another kind of
 * entry. */
MUST_CHECK int extract_job_get(struct job_tree *tree, const char *path,
			       const struct extract_job *job, const struct job_env *env,
			       struct extract_result *ret_result, struct err *err);

/* A tar (pax). After a failure it has no end blocks. Hard links are told apart by a table in
 * memory, about 100 bytes a linked file. */
MUST_CHECK int extract_job_export(struct job_tree *tree, const struct extract_job *job,
				  const struct job_env *env,
				  struct extract_result *ret_result, struct err *err);

#endif
