/* SPDX-License-Identifier: Apache-2.0 */
#include "backup.h"
#include "base/pattern.h"
#include "browse.h"
#include "format/encoding.h"
#include "repo/restore_plan.h"

struct searching {
	struct cli *cli;
	struct json_writer w;
	const struct snapshot_header *header;
	uint64_t n, n_snapshots;
	int exit_code; /* the worst of what was passed over */
};

static int found(void *arg, const char *path, const struct entry *entry, struct err *err)
{
	struct searching *searching = arg;
	struct report_fact facts[ENTRY_FACTS_MAX];
	struct report_entry row = browse_entry(path, entry, facts);
	char hex[11];

	searching->n++;
	if (searching->cli->common->json) {
		json_begin_object(&searching->w);
		json_put_hex(&searching->w, "snapshot",
			     slice_of(searching->header->id, 32));
		json_put_string(&searching->w, "stream", searching->header->stream);
		report_entry_members(&searching->w, &row);
		json_end_object(&searching->w);
		return cli_output_row(searching->cli, err);
	}
	buf_printf(&searching->cli->output, "%s ",
		   hex_encode(slice_of(searching->header->id, 5), hex, sizeof(hex)));
	report_entry_line(&searching->cli->output, &row);
	return cli_output_row(searching->cli, err);
}

/* What is lost in one snapshot or directory may be found in another. */
static int pass_over(struct searching *searching, const struct err *why, struct err *err)
{
	char hex[11];

	if (!restore_is_loss(why)) {
		*err = *why;
		return -1;
	}
	log_error(&searching->cli->log, "snapshot %s of %s: %s",
		  hex_encode(slice_of(searching->header->id, 5), hex, sizeof(hex)),
		  searching->header->stream, why->msg);
	searching->exit_code = err_worse_exit(searching->exit_code, err_exit_code(why));
	return 0;
}

static int pass_over_directory(void *arg, const char *path, const struct err *why,
			       struct err *err)
{
	(void)path; /* the text names it */
	return pass_over(arg, why, err);
}

static int search_one(struct searching *searching, const struct browse_options *options,
		      const struct job_repo *repo, const char *pattern, struct err *err)
{
	CLEANUP(job_tree_freep) struct job_tree *tree = NULL;
	struct browse_search search = {.pattern = pattern,
				       .cancel = &searching->cli->cancel,
				       .each = found,
				       .damaged = pass_over_directory,
				       .arg = searching};
	struct err why = {0};

	if (browse_header_open(searching->cli, options, repo, searching->header, &tree,
			       &why) < 0)
		return pass_over(searching, &why, err);
	return browse_job_find(tree, &search, err);
}

static bool wanted(const struct browse_options *options,
		   const struct snapshot_header *header)
{
	if (header->expired)
		return false;
	for (size_t i = 0; i < strings_count(&options->streams); i++)
		if (pattern_match(strings_at(&options->streams, i),
				  slice_of_string(header->stream)))
			return true;
	return strings_count(&options->streams) == 0;
}

static int check_patterns(const struct browse_options *options, const char *pattern,
			  struct err *err)
{
	for (size_t i = 0; i < strings_count(&options->streams); i++)
		if (pattern_check(strings_at(&options->streams, i), err) < 0)
			return err_wrap(err, "--stream");
	return pattern_check(pattern, err);
}

static int search_all(struct searching *searching, const struct browse_options *options,
		      const struct job_repo *repo, const struct snapshot_list *list,
		      const char *pattern, struct err *err)
{
	const struct snapshot_header *only = NULL;

	for (size_t i = 0; i < strings_count(&options->streams); i++)
		if (snapshot_list_check_stream(list, strings_at(&options->streams, i),
					       err) < 0)
			return -1;
	if (options->snapshot != NULL &&
	    snapshot_list_find(list, options->snapshot, &only, err) < 0)
		return -1;
	for (size_t i = 0; i < list->headers.n; i++) {
		searching->header = vec_at(&list->headers, i);
		if (only != NULL ? searching->header != only
				 : !wanted(options, searching->header))
			continue;
		searching->n_snapshots++;
		if (search_one(searching, options, repo, pattern, err) < 0)
			return -1;
	}
	return 0;
}

static int search(struct cli *cli, const struct browse_options *options,
		  const struct job_repo *repo, const char *pattern, struct err *err)
{
	struct searching searching = {.cli = cli};
	const struct reader_key *reader;
	struct snapshot_list list;

	if (check_patterns(options, pattern, err) < 0 ||
	    job_repo_need_reader(repo, &reader, err) < 0 ||
	    snapshot_list_load(repo->repo, NULL, &cli->cancel, &list, err) < 0)
		return -1;
	json_writer_init(&searching.w, &cli->output, JSON_COMPACT);
	if (cli->common->json)
		json_begin_array(&searching.w);
	searching.exit_code = browse_tell_alarms(cli, &list);
	int result = search_all(&searching, options, repo, &list, pattern, err);
	snapshot_list_release(&list);
	if (result < 0)
		return -1;
	if (cli->common->json) {
		json_end_array(&searching.w);
		buf_append_byte(&cli->output, '\n');
	}
	if (searching.n_snapshots == 0)
		log_info(&cli->log, "there is no snapshot to look into");
	else if (searching.n == 0 && !cli->common->json)
		log_info(&cli->log, "nothing matches");
	return searching.exit_code;
}

static int run(void *context, void *arg, const struct strings *operands, struct err *err)
{
	struct cli *cli = context;
	struct job_repo repo;

	if (cli_repo_open(cli, &repo, err) < 0)
		return -1;
	int result = search(cli, arg, &repo, strings_at(operands, 0), err);
	job_repo_release(&repo);
	return result;
}

static const struct opt opts[] = {
	{.name = "stream",
	 .letter = 's',
	 .type = OPT_LIST,
	 .offset = offsetof(struct browse_options, streams),
	 .value = "PATTERN",
	 .help = "only snapshots of these streams"},
	{.name = "snapshot",
	 .type = OPT_TEXT,
	 .offset = offsetof(struct browse_options, snapshot),
	 .value = "SNAPSHOT",
	 .help = "only this snapshot"},
	{0},
};
static const struct opt *const tables[] = {browse_opts, opts, NULL};
static const struct cmd_example examples[] = {
	{"quipu-backup find '*.conf'", "names, at any depth, in all snapshots"},
	{"quipu-backup find '/etc/**/ssh*' --snapshot latest:files/etc",
	 "paths in one of them"},
	{0},
};

const struct cmd cmd_find = {
	.name = "find",
	.operands = "PATTERN",
	.min_operands = 1,
	.max_operands = 1,
	.tables = tables,
	.options_len = sizeof(struct browse_options),
	.run = run,
	.summary = "find entries by name or path",
	.description =
		"A pattern with a slash is matched against whole paths, else against "
		"names. Needs a key that reads.",
	.examples = examples,
};
