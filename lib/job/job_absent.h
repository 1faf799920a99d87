/* SPDX-License-Identifier: Apache-2.0 */
/* What to say of that which a snapshot, or what is backed up, does not hold. */
#ifndef JOB_JOB_ABSENT_H
#define JOB_JOB_ABSENT_H

#include "base/pattern.h"
#include "job/job_tree.h"

/* Gives an error that there is no `path` ("a/b") a hint: the path that it may be a slip of, if a
 * directory on its way has a name that is nearly the missing one. Returns -1. */
int job_absent_path(struct job_tree *tree, const char *path, struct err *err);

/* Ends what a selection left nothing to do for, after a walk by it: ERR_NOT_FOUND, with the hint
 * that one of its includes gives. Returns -1. */
int job_absent_selection(struct job_tree *tree, const struct selection *selection,
			 struct err *err);

/* Adds what to warn of for each rule that covered nothing: "include X takes nothing", and why
 * that may be. */
void job_absent_rules(const struct selection *selection, enum selection_rules which,
		      struct strings *texts);

#endif
