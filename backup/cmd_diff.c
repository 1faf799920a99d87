/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>

#include "backup.h"
#include "base/quote.h"
#include "browse.h"

struct comparing {
	struct cli *cli;
	struct json_writer w;
	uint64_t n[DIFF_TYPE + 1];
};

static const char marks[] = {
	[DIFF_ADDED] = '+',    [DIFF_REMOVED] = '-', [DIFF_CONTENT] = 'M',
	[DIFF_METADATA] = 'U', [DIFF_TYPE] = 'T',
};
static const char *const words[] = {
	[DIFF_ADDED] = "added",	    [DIFF_REMOVED] = "removed",
	[DIFF_CONTENT] = "content", [DIFF_METADATA] = "metadata",
	[DIFF_TYPE] = "type",
};

static int tell(void *arg, const struct diff_item *item, struct err *err)
{
	struct comparing *comparing = arg;
	const struct entry *entry = item->after != NULL ? item->after : item->before;
	struct report_fact facts[ENTRY_FACTS_MAX];
	struct report_entry row = browse_entry(item->path, entry, facts);
	char shown[QUOTE_TEXT_MAX];

	comparing->n[item->kind]++;
	if (!comparing->cli->common->json) {
		buf_printf(&comparing->cli->output, "%c  %s%s\n", marks[item->kind],
			   quote_rooted(item->path, shown),
			   entry->type == ENTRY_DIRECTORY ? "/" : "");
		return cli_output_row(comparing->cli, err);
	}
	json_begin_object(&comparing->w);
	json_put_string(&comparing->w, "change", words[item->kind]);
	report_entry_members(&comparing->w, &row);
	json_end_object(&comparing->w);
	return cli_output_row(comparing->cli, err);
}

static void tell_counts(const struct comparing *comparing)
{
	const uint64_t *n = comparing->n;

	log_info(&comparing->cli->log,
		 "%" PRIu64 " added, %" PRIu64 " removed, %" PRIu64
		 " with other content, %" PRIu64 " with other metadata, %" PRIu64
		 " of another type",
		 n[DIFF_ADDED], n[DIFF_REMOVED], n[DIFF_CONTENT], n[DIFF_METADATA],
		 n[DIFF_TYPE]);
}

static int compare(struct cli *cli, const struct browse_options *options,
		   const struct job_repo *repo, const struct strings *operands,
		   struct err *err)
{
	CLEANUP(job_tree_freep) struct job_tree *before = NULL;
	CLEANUP(job_tree_freep) struct job_tree *after = NULL;
	struct comparing comparing = {.cli = cli};

	if (browse_tree_open(cli, options, repo, strings_at(operands, 0), &before, err) <
		    0 ||
	    browse_tree_open(cli, options, repo, strings_at(operands, 1), &after, err) <
		    0)
		return -1;
	json_writer_init(&comparing.w, &cli->output, JSON_COMPACT);
	if (cli->common->json)
		json_begin_array(&comparing.w);
	if (browse_job_diff(before, after, &cli->cancel, tell, &comparing, err) < 0)
		return -1;
	if (cli->common->json) {
		json_end_array(&comparing.w);
		buf_append_byte(&cli->output, '\n');
	} else {
		tell_counts(&comparing);
	}
	return job_tree_exit(before, job_tree_exit(after, 0));
}

static int run(void *context, void *arg, const struct strings *operands, struct err *err)
{
	struct cli *cli = context;
	struct job_repo repo;

	if (cli_repo_open(cli, &repo, err) < 0)
		return -1;
	int result = compare(cli, arg, &repo, operands, err);
	job_repo_release(&repo);
	return result;
}

static const struct opt *const tables[] = {browse_opts, NULL};
static const struct cmd_example examples[] = {
	{"quipu-backup diff files/etc@2026-11-01 latest:files/etc",
	 "what changed this month"},
	{0},
};

const struct cmd cmd_diff = {
	.name = "diff",
	.operands = "A B",
	.min_operands = 2,
	.max_operands = 2,
	.tables = tables,
	.options_len = sizeof(struct browse_options),
	.run = run,
	.summary = "show what changed between two snapshots",
	.description =
		"One line an entry: + added, - removed, M other content, U other "
		"metadata, T another type. Directories that are the same are not read. "
		"Needs a key that reads.",
	.examples = examples,
};
