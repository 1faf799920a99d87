/* SPDX-License-Identifier: Apache-2.0 */
#include "base/mem.h"
#include "job/job_absent.h"
#include "restore.h"

const struct opt select_opts[] = {
	{.name = "include",
	 .letter = 'i',
	 .type = OPT_LIST,
	 .offset = offsetof(struct read_options, include),
	 .value = "PATTERN",
	 .help = "take only what matches, see Patterns"},
	{.name = "exclude",
	 .letter = 'e',
	 .type = OPT_LIST,
	 .offset = offsetof(struct read_options, exclude),
	 .value = "PATTERN",
	 .help = "leave out what matches, see Patterns"},
	{0},
};

static const char *const existing_words[] = {"refuse", "skip", "replace", NULL};
const struct opt existing_opts[] = {
	{.name = "existing",
	 .type = OPT_TEXT,
	 .offset = offsetof(struct read_options, existing),
	 .value = "HOW",
	 .choices = existing_words,
	 .help = "files that exist: refuse (before anything is written), skip or "
		 "replace",
	 .more = "To replace also removes a file or symbolic link where the snapshot has "
		 "a directory, never what a link points to, and an empty directory where "
		 "it has none. One that holds anything is refused."},
	{.name = "replace",
	 .type = OPT_FLAG,
	 .offset = offsetof(struct read_options, replace),
	 .help = "replace a database that holds objects; the old one goes after success"},
	{0},
};

enum file_existing read_options_existing(const struct read_options *options)
{
	const char *word = options->existing;

	if (word != NULL && strcmp(word, "skip") == 0)
		return FILE_EXISTING_SKIP;
	if (word != NULL && strcmp(word, "replace") == 0)
		return FILE_EXISTING_REPLACE;
	return FILE_EXISTING_REFUSE;
}

const struct opt read_opts[] = {
	{.name = "cache-dir",
	 .type = OPT_TEXT,
	 .offset = offsetof(struct read_options, cache_dir),
	 .value = "DIR",
	 .env = "QUIPU_CACHE_DIR",
	 .complete = "dir",
	 .help = "local cache of the index; losing it costs time only"},
	{.name = "threads",
	 .type = OPT_COUNT,
	 .offset = offsetof(struct read_options, threads),
	 .min = 1,
	 .max = 256,
	 .value = "N",
	 .help = "threads that fetch and verify, one a processor when not given; no "
		 "more than --memory allows (8MiB each)"},
	{.name = "memory",
	 .type = OPT_SIZE,
	 .offset = offsetof(struct read_options, memory),
	 .min = JOB_MEMORY_MIN,
	 .value = "SIZE",
	 .help = "memory to use, 64MiB when not given"},
	{0},
};

/* Includes first: the last matching rule wins, and an exclude goes before an include. */
static int make_selection(const struct read_options *options,
			  struct selection **ret_selection, struct err *err)
{
	CLEANUP(selection_freep) struct selection *selection = selection_new();

	for (size_t i = 0; i < strings_count(&options->include); i++)
		if (selection_include(selection, strings_at(&options->include, i), err) <
		    0)
			return err_wrap(err, "--include");
	for (size_t i = 0; i < strings_count(&options->exclude); i++)
		if (selection_exclude(selection, strings_at(&options->exclude, i), err) <
		    0)
			return err_wrap(err, "--exclude");
	*ret_selection = selection_is_empty(selection) ? NULL : STEAL(selection);
	return 0;
}

static void release(struct opened *opened)
{
	job_tree_free(opened->tree);
	job_repo_release(&opened->repo);
	selection_free(opened->selection);
	mem_free(opened->cache);
}

int opened_open(struct cli *cli, const struct read_options *options, const char *snapshot,
		struct opened *ret_opened, struct err *err)
{
	struct opened opened = {.cache = cli_cache_directory(cli, options->cache_dir)};
	struct job_tree_options tree_options = {
		.snapshot = snapshot,
		.cache_directory = opened.cache,
		.n_threads = (unsigned)options->threads,
		.memory_bytes = options->memory,
	};
	struct job_env env = cli_job_env(cli);

	progress_phase(&cli->progress, "opening");
	if (make_selection(options, &opened.selection, err) < 0 ||
	    cli_repo_open(cli, &opened.repo, err) < 0 ||
	    job_tree_open(&opened.repo, &tree_options, &env, &opened.tree, err) < 0) {
		release(&opened);
		return -1;
	}
	*ret_opened = opened;
	return 0;
}

static void warn_of_unmatched(const struct cli *cli, const struct opened *opened)
{
	CLEANUP(strings_release) struct strings texts = {0};

	strings_init(&texts);
	if (opened->selection != NULL)
		job_absent_rules(opened->selection, SELECTION_INCLUDES, &texts);
	for (size_t i = 0; i < strings_count(&texts); i++)
		log_warning(&cli->log, "%s", strings_at(&texts, i));
}

int opened_close(struct cli *cli, struct opened *opened, int result)
{
	if (result >= 0) {
		warn_of_unmatched(cli, opened);
		result = job_tree_exit(opened->tree, result);
	}
	release(opened);
	return result;
}
