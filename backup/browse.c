/* SPDX-License-Identifier: Apache-2.0 */
#include "browse.h"

#include "base/mem.h"

const struct opt browse_opts[] = {
	{.name = "cache-dir",
	 .type = OPT_TEXT,
	 .offset = offsetof(struct browse_options, cache_dir),
	 .value = "DIR",
	 .env = "QUIPU_CACHE_DIR",
	 .complete = "dir",
	 .help = "local cache of the index; losing it costs time only"},
	{0},
};

struct report_entry browse_entry(const char *path, const struct entry *entry,
				 struct report_fact facts[static ENTRY_FACTS_MAX])
{
	size_t n = entry->facts.n < ENTRY_FACTS_MAX ? entry->facts.n : ENTRY_FACTS_MAX;

	for (size_t i = 0; i < n; i++) {
		const struct fact *fact = vec_at(&entry->facts, i);

		facts[i] = (struct report_fact){fact->key, fact->value};
	}
	return (struct report_entry){
		.path = path,
		.type = (char)entry->type,
		.mode = entry->mode,
		.uid = entry->uid,
		.gid = entry->gid,
		.user = entry->user,
		.group = entry->group,
		.size = entry->size,
		.mtime_nsec = entry->mtime_nsec,
		.target = entry->target,
		.facts = facts,
		.n_facts = n,
	};
}

static int open_tree(struct cli *cli, const struct browse_options *options,
		     const struct job_repo *repo, struct job_tree_options *tree_options,
		     struct job_tree **ret_tree, struct err *err)
{
	CLEANUP(mem_freep) char *cache = cli_cache_directory(cli, options->cache_dir);
	struct job_env env = cli_job_env(cli);

	tree_options->cache_directory = cache;
	return job_tree_open(repo, tree_options, &env, ret_tree, err);
}

int browse_tree_open(struct cli *cli, const struct browse_options *options,
		     const struct job_repo *repo, const char *snapshot,
		     struct job_tree **ret_tree, struct err *err)
{
	struct job_tree_options tree_options = {.snapshot = snapshot};

	return open_tree(cli, options, repo, &tree_options, ret_tree, err);
}

int browse_header_open(struct cli *cli, const struct browse_options *options,
		       const struct job_repo *repo, const struct snapshot_header *header,
		       struct job_tree **ret_tree, struct err *err)
{
	struct job_tree_options tree_options = {.header = header};

	return open_tree(cli, options, repo, &tree_options, ret_tree, err);
}

int browse_tell_alarms(struct cli *cli, const struct snapshot_list *list)
{
	job_tell_alarms(&list->alarms, &cli->log);
	return strings_count(&list->alarms) > 0 ? err_code_exit(ERR_ALARM) : 0;
}
