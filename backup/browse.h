/* SPDX-License-Identifier: Apache-2.0 */
/* What show, find and diff share. */
#ifndef BACKUP_BROWSE_H
#define BACKUP_BROWSE_H

#include "cli/cli_job.h"
#include "format/json.h"
#include "job/browse_job.h"
#include "report/entry_report.h"

struct browse_options {
	struct common_options common;
	const char *cache_dir;
	struct strings streams; /* find */
	const char *snapshot;	/* find */
};
extern const struct opt browse_opts[];

/* An entry as the reports take it; `facts` has room for ENTRY_FACTS_MAX. */
struct report_entry browse_entry(const char *path, const struct entry *entry,
				 struct report_fact facts[static ENTRY_FACTS_MAX]);

MUST_CHECK int browse_tree_open(struct cli *cli, const struct browse_options *options,
				const struct job_repo *repo, const char *snapshot,
				struct job_tree **ret_tree, struct err *err);

#endif
