/* SPDX-License-Identifier: Apache-2.0 */
#include "base/mem.h"
#include "cli/cli_patterns.h"
#include "job/restore_job.h"
#include "report/restore_report.h"
#include "restore.h"

struct run_options {
	struct read_options read;
	const char *to, *to_postgres;
	const char *globals;
};

static int check_options(const struct run_options *options, struct err *err)
{
	if ((options->to != NULL) == (options->to_postgres != NULL)) {
		(void)err_set(err, ERR_USAGE,
			      "expected exactly one of --to and --to-postgres");
		return err_hint(
			err, "--to DIR for files, --to-postgres CONNINFO for a database");
	}
	if (options->to != NULL && (options->read.replace || options->globals != NULL))
		return err_set(err, ERR_USAGE,
			       "--replace and --globals belong to "
			       "--to-postgres");
	if (options->to_postgres != NULL && options->read.existing != NULL)
		return err_set(err, ERR_USAGE, "--existing belongs to --to");
	return 0;
}

static void print(struct cli *cli, const struct opened *opened, const char *target,
		  const struct restore_result *result, uint64_t nsec)
{
	CLEANUP(mem_freep)
	struct report_table *tables = mem_calloc(result->tables.n + 1, sizeof(*tables));
	struct json_writer w;

	for (size_t i = 0; i < result->tables.n; i++) {
		const struct restored_table *table = vec_at(&result->tables, i);

		tables[i] = (struct report_table){table->path, table->rows,
						  table->is_equal, table->reason};
	}
	struct restore_report report = {
		.snapshot = opened->tree->header->id,
		.stream = opened->tree->header->stream,
		.time_nsec = opened->tree->header->time_nsec,
		.target = target,
		.files = result->files,
		.directories = result->directories,
		.specials = result->specials,
		.bytes = result->bytes,
		.already_done = result->already_done,
		.skipped = result->skipped,
		.lost = result->lost,
		.metadata = result->metadata,
		.nsec = nsec,
		.warnings = &result->warnings,
		.tables = result->is_database ? tables : NULL,
		.n_tables = result->tables.n,
		.refused = result->refused,
	};
	cli->output_is_summary = true;
	if (!cli->common->json) {
		restore_report_text(&cli->output, &report);
		return;
	}
	json_writer_init(&w, &cli->output, JSON_COMPACT);
	restore_report_json(&w, &report);
	buf_append_byte(&cli->output, '\n');
}

static int restore(struct cli *cli, struct opened *opened,
		   const struct run_options *options, struct err *err)
{
	struct restore_job job = {
		.target = options->to != NULL ? options->to : options->to_postgres,
		.selection = opened->selection,
		.scratch_directory = cli_scratch_directory(),
		.existing = read_options_existing(&options->read),
		.replace = options->read.replace,
		.replace_globals = options->globals != NULL &&
				   strcmp(options->globals, "replace") == 0,
	};
	struct job_env env = cli_job_env(cli);
	uint64_t start = cli->clock.monotonic_nsec(&cli->clock);
	struct restore_result result;

	restore_result_init(&result);
	if (cli->common->json && opened->tree->is_doubtful) {
		CLEANUP(mem_freep)
		char *doubt = mem_printf(JOB_TREE_DOUBT, opened->tree->header->stream);

		strings_add(&result.warnings, doubt);
	}
	int done = options->to != NULL
			   ? restore_job_files(opened->tree, &job, &env, &result, err)
			   : restore_job_postgres(opened->tree, &job, &env, &result, err);
	/* a JSON report has them, but there is none of a failure */
	for (size_t i = 0;
	     (done < 0 || !cli->common->json) && i < strings_count(&result.warnings); i++)
		log_warning(&cli->log, "%s", strings_at(&result.warnings, i));
	if (done == 0)
		print(cli, opened, job.target, &result,
		      cli->clock.monotonic_nsec(&cli->clock) - start);
	if (done == 0 && (report_metadata_failed(&result.metadata) || result.refused > 0))
		done = err_code_exit(ERR_PARTIAL);
	restore_result_release(&result);
	return done;
}

static int run(void *context, void *arg, const struct strings *operands, struct err *err)
{
	struct cli *cli = context;
	const struct run_options *options = arg;
	struct opened opened;

	if (check_options(options, err) < 0 ||
	    opened_open(cli, &options->read, strings_at(operands, 0), &opened, err) < 0)
		return -1;
	int result = restore(cli, &opened, options, err);
	return opened_close(cli, &opened, result);
}

static const char *const globals_words[] = {"keep", "replace", NULL};
static const struct opt opts[] = {
	{.name = "to",
	 .type = OPT_TEXT,
	 .offset = offsetof(struct run_options, to),
	 .value = "DIR",
	 .complete = "dir",
	 .help = "restore files below this directory; it is made if missing",
	 .more = "A file goes to DIR/<its path without the leading slash>. A target that "
		 "an interrupted restore of the same snapshot left is continued."},
	{.name = "to-postgres",
	 .type = OPT_TEXT,
	 .offset = offsetof(struct run_options, to_postgres),
	 .value = "CONNINFO",
	 .help = "restore a database, made under the dbname that this (or its service) "
		 "names"},
	{.name = "globals",
	 .type = OPT_TEXT,
	 .offset = offsetof(struct run_options, globals),
	 .value = "HOW",
	 .choices = globals_words,
	 .help = "roles that exist: keep them as they are, or replace what they are "
		 "allowed"},
	{0},
};
static const struct opt *const tables[] = {opts, existing_opts, select_opts, read_opts,
					   NULL};
static const struct cmd_example examples[] = {
	{"quipu-restore run latest:files/etc --to /mnt/restored",
	 "everything of a snapshot"},
	{"quipu-restore run files/etc@2026-11-24T06:00:00Z --to /tmp/x --include "
	 "/etc/nginx",
	 "one directory as it was"},
	{"quipu-restore run latest:db/orders --to-postgres 'service=prod "
	 "dbname=orders_restored'",
	 "a database under another name"},
	{0},
};

const struct cmd cmd_run = {
	.name = "run",
	.operands = "SNAPSHOT",
	.min_operands = 1,
	.max_operands = 1,
	.tables = tables,
	.options_len = sizeof(struct run_options),
	.run = run,
	.summary = "restore a snapshot, or part of it",
	.description = "Every chunk is verified before it is written: its place in the "
		       "signed pack list, its tag and its id. A file has its name only "
		       "when it is whole and on disk. Rows of restored tables are "
		       "counted and summed again and compared with what the backup "
		       "recorded.\n\n"
		       "Exit code 14: the target was refused and nothing was written to "
		       "it; a database that others filled while it was restored is kept "
		       "beside the restored one, which the message names. "
		       "Exit code 13: something is damaged; all that could be verified "
		       "was restored. Exit code 3: all files are there, but some could "
		       "not be given their owner, mode, extended attributes or "
		       "modification time; or all rows of a database are there and "
		       "proved, but the server refused an owner, a right or an object. "
		       "Owners and attributes that only root may set are left, with a "
		       "warning, when a restore does not run as root; that is no "
		       "failure.",
	.sections = cli_pattern_sections,
	.examples = examples,
};
