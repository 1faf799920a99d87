/* SPDX-License-Identifier: Apache-2.0 */
/* The hooks of a job: commands of the configuration that run around it. */
#ifndef JOB_JOB_HOOKS_H
#define JOB_JOB_HOOKS_H

#include "base/cancel.h"
#include "base/log.h"
#include "base/vec.h"
#include "report/run_report.h"

/* What a hook is about. All borrowed. */
struct hook_context {
	const char *kind; /* "before", "after", "failed" */
	const char *job, *stream;
	const struct run_report *report; /* of the job so far; NULL before it began */
	const struct log *log;
	const struct cancel *second_cancel; /* kills a hook at once; may be NULL */
};

/*
 * Runs the commands one after the other by /bin/sh -c, until one fails (ERR_FAILED "hook
 * before: ...") or *cancel is set, which asks it to end, and kills it some seconds later. They
 * find QUIPU_JOB and QUIPU_STREAM in their environment; with a report QUIPU_EXIT_CODE,
 * QUIPU_SNAPSHOT when one was made and QUIPU_ERROR when the job failed. What they print goes to
 * the log line by line, "JOB: hook before: LINE": as information, and as warnings once one
 * failed whose lines the log dropped.
 */
MUST_CHECK int hooks_run(const struct strings *commands,
			 const struct hook_context *context, const struct cancel *cancel,
			 struct err *err);

#endif
