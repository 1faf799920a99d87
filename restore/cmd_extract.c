/* SPDX-License-Identifier: Apache-2.0 */
/* get and export: the verbs whose data is stdout itself. */
#include <stdio.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mem.h"
#include "cli/cli_patterns.h"
#include "format/json.h"
#include "job/extract_job.h"
#include "restore.h"

static int to_stdout(void *state, struct slice bytes, struct err *err)
{
	(void)state;
	if (fd_write_all(STDOUT_FILENO, bytes.data, bytes.len, err) < 0)
		return err_wrap(err, "stdout");
	return 0;
}

/* With --json the report is stderr's last line. */
static void report(struct cli *cli, const struct opened *opened,
		   const struct extract_result *result)
{
	struct json_writer w;

	cli->data_on_stdout = true;
	if (!cli->common->json)
		return;
	json_writer_init(&w, &cli->output, JSON_COMPACT);
	json_begin_object(&w);
	json_put_hex(&w, "snapshot", slice_of(opened->tree->header->id, 32));
	json_put_string(&w, "stream", opened->tree->header->stream);
	json_put_uint(&w, "files", result->files);
	json_put_uint(&w, "bytes", result->bytes);
	json_end_object(&w);
	buf_append_byte(&cli->output, '\n');
}

static int run_get(void *context, void *arg, const struct strings *operands,
		   struct err *err)
{
	struct cli *cli = context;
	struct extract_job job = {.write = to_stdout};
	struct extract_result result;
	struct opened opened;
	struct job_env env = cli_job_env(cli);
	CLEANUP(mem_freep) char *path = job_tree_path(strings_at(operands, 1), err);

	if (path == NULL ||
	    opened_open(cli, arg, strings_at(operands, 0), &opened, err) < 0)
		return -1;
	int done = extract_job_get(opened.tree, path, &job, &env, &result, err);
	if (done == 0)
		report(cli, &opened, &result);
	return opened_close(cli, &opened, done);
}

static int run_export(void *context, void *arg, const struct strings *operands,
		      struct err *err)
{
	struct cli *cli = context;
	struct extract_job job = {.write = to_stdout};
	struct extract_result result;
	struct opened opened;
	struct job_env env = cli_job_env(cli);

	if (isatty(STDOUT_FILENO) == 1) {
		(void)err_set(err, ERR_USAGE, "a tar archive is not for a terminal");
		return err_hint(err, "send stdout to a file or a pipe");
	}
	if (opened_open(cli, arg, strings_at(operands, 0), &opened, err) < 0)
		return -1;
	job.selection = opened.selection;
	int done = extract_job_export(opened.tree, &job, &env, &result, err);
	if (done == 0)
		report(cli, &opened, &result);
	return opened_close(cli, &opened, done);
}

static const struct opt *const get_tables[] = {read_opts, NULL};
static const struct opt *const export_tables[] = {select_opts, read_opts, NULL};
static const struct cmd_example get_examples[] = {
	{"quipu-restore get latest:files/etc /etc/fstab", "one file, on stdout"},
	{"quipu-restore get latest:db/orders tables/public/item.copy",
	 "the rows of one table"},
	{0},
};
static const struct cmd_example export_examples[] = {
	{"quipu-restore export latest:files/etc | tar -xf - -C /tmp/x", "through a pipe"},
	{0},
};

const struct cmd cmd_get = {
	.name = "get",
	.operands = "SNAPSHOT PATH",
	.min_operands = 2,
	.max_operands = 2,
	.tables = get_tables,
	.options_len = sizeof(struct read_options),
	.run = run_get,
	.summary = "print one file of a snapshot",
	.description =
		"Writes the file's verified content to stdout. A stream that breaks off "
		"has a non-zero exit code.",
	.examples = get_examples,
};

const struct cmd cmd_export = {
	.name = "export",
	.operands = "SNAPSHOT",
	.min_operands = 1,
	.max_operands = 1,
	.tables = export_tables,
	.options_len = sizeof(struct read_options),
	.run = run_export,
	.summary = "print a snapshot as a tar archive",
	.description =
		"A plain tar (pax format) on stdout, with owners, times, attributes, "
		"hard links and sparse files. GNU tar restores ACLs with --acls, "
		"attributes with --xattrs --xattrs-include='*'. An archive that breaks "
		"off has a non-zero exit code and lacks tar's end blocks.",
	.sections = cli_pattern_sections,
	.examples = export_examples,
};
