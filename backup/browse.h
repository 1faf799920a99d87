/* SPDX-License-Identifier: Apache-2.0 */
/* What list, show, find, diff and stats share. */
#ifndef BACKUP_BROWSE_H
#define BACKUP_BROWSE_H

#include "cli/cli_job.h"
#include "cli/cli_output.h"
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
/* The same of a snapshot that was found before; its header outlives the tree. */
MUST_CHECK int browse_header_open(struct cli *cli, const struct browse_options *options,
				  const struct job_repo *repo,
				  const struct snapshot_header *header,
				  struct job_tree **ret_tree, struct err *err);

/* Tells, also with --quiet, of headers and chains that are not as they should be. What there
 * is is shown all the same: returns the exit code that tells of them, 0 when there are none. */
int browse_tell_alarms(struct cli *cli, const struct snapshot_list *list);

#endif
