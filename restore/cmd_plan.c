/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/cli_patterns.h"
#include "job/restore_job.h"
#include "report/restore_report.h"
#include "restore.h"

static bool is_conninfo(const char *target)
{
	return strchr(target, '=') != NULL || strstr(target, "://") != NULL;
}

/* What the restore would refuse, and what it would do. */
static int look(struct cli *cli, struct opened *opened,
		const struct read_options *options, const char *target,
		struct restore_plan_result *ret_result, struct err *err)
{
	struct restore_job job = {.target = target,
				  .selection = opened->selection,
				  .existing = read_options_existing(options),
				  .replace = options->replace,
				  .scratch_directory = cli_scratch_directory()};
	struct job_env env = cli_job_env(cli);

	if (target != NULL && is_conninfo(target)) {
		if (restore_job_check_postgres(opened->tree, &job, &env, err) < 0)
			return -1;
		job.target = NULL; /* nothing to look at on this disk */
	}
	return restore_job_plan(opened->tree, &job, &env, ret_result, err);
}

static int plan(struct cli *cli, struct opened *opened,
		const struct read_options *options, const char *target, struct err *err)
{
	struct restore_plan_result result;
	struct json_writer w;

	if (look(cli, opened, options, target, &result, err) < 0)
		return -1;
	struct plan_report report = {
		.snapshot = opened->tree->header->id,
		.stream = opened->tree->header->stream,
		.time_nsec = opened->tree->header->time_nsec,
		.source_kind = opened->tree->body.source_kind,
		.target = target,
		.files = result.files,
		.directories = result.directories,
		.specials = result.specials,
		.write_bytes = result.write_bytes,
		.fetch_bytes = result.fetch_bytes,
		.requests = result.requests,
		.lost = result.lost,
		.estimated_nsec = plan_report_estimate(
			result.write_bytes, result.fetch_bytes, result.requests),
	};
	if (cli->common->json) {
		json_writer_init(&w, &cli->output, JSON_COMPACT);
		plan_report_json(&w, &report);
		buf_append_byte(&cli->output, '\n');
	} else {
		plan_report_text(&cli->output, &report);
	}
	return result.lost > 0 ? err_code_exit(ERR_CORRUPT) : 0;
}

static int run(void *context, void *arg, const struct strings *operands, struct err *err)
{
	struct cli *cli = context;
	struct opened opened;
	const char *target = strings_count(operands) > 1 ? strings_at(operands, 1) : NULL;

	if (opened_open(cli, arg, strings_at(operands, 0), &opened, err) < 0)
		return -1;
	int result = plan(cli, &opened, arg, target, err);
	return opened_close(cli, &opened, result);
}

static const struct opt *const tables[] = {existing_opts, select_opts, read_opts, NULL};
static const struct cmd_example examples[] = {
	{"quipu-restore plan latest:files/etc /mnt/restored",
	 "what a restore to there would do"},
	{"quipu-restore plan latest:db/orders dbname=orders_restored",
	 "the same of a database"},
	{0},
};

const struct cmd cmd_plan = {
	.name = "plan",
	.operands = "SNAPSHOT [TARGET]",
	.min_operands = 1,
	.max_operands = 2,
	.tables = tables,
	.options_len = sizeof(struct read_options),
	.run = run,
	.summary = "show what a restore would write, its size and how long it may take",
	.description =
		"SNAPSHOT is an id or the beginning of one, latest:STREAM, or "
		"STREAM@TIME (RFC 3339) for the newest one at or before a time. Nothing "
		"is written. With a target, a directory or a connection string, what a "
		"restore would refuse is refused, with exit code 14.\n\n"
		"Exit code 13: the lists of directories or of a file's content are "
		"damaged in part; the plan is of the rest. Content itself is not read.",
	.sections = cli_pattern_sections,
	.examples = examples,
};
