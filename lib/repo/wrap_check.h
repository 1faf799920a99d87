/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether each recipient that counts has a wrap of every epoch. Nobody but the recipient can open
 * one, so what is looked at is that it is there and has the right form.
 */
#ifndef REPO_WRAP_CHECK_H
#define REPO_WRAP_CHECK_H

#include "repo/repo.h"

/* Gets what is wrong with one wrap; `is_missing`: it is not there. */
typedef void wrap_finding_fn(void *arg, bool is_missing, const char *text);

/* Fails only when the store does. */
MUST_CHECK int wraps_check(const struct repo *repo, wrap_finding_fn *found, void *arg,
			   struct err *err);

#endif
