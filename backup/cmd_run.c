/* SPDX-License-Identifier: Apache-2.0 */
#include <pwd.h>
#include <unistd.h>

#include "backup.h"
#include "base/mem.h"
#include "cli/cli_job.h"
#include "job/config_run.h"
#include "job/metrics_file.h"
#include "run_options.h"

/* Everything of one invocation. */
struct runs {
	struct cli *cli;
	struct config_run_options options;
	struct job_env env;
	struct vec reports;  /* of struct run_report */
	struct vec warnings; /* of struct strings, one a report */
};

static void run_one(struct runs *runs, const struct config_job *job)
{
	struct strings warnings;
	struct run_report report;

	strings_init(&warnings);
	config_job_run(job, &runs->options, &runs->env, &warnings, &report);
	vec_push(&runs->reports, &report);
	vec_push(&runs->warnings, &warnings);
}

static int run_configured(struct runs *runs, const struct run_options *options,
			  const struct strings *names, struct err *err)
{
	const struct config *config = &runs->cli->config;
	const struct config_job *job;

	if (config->jobs.n == 0) {
		(void)err_set(err, ERR_USAGE, "there is nothing to back up");
		return err_hint(
			err, "name a source (--files, --stdin, --command, --postgres) or "
			     "a configuration with jobs (--config)");
	}
	if (run_options_check_configured(options, err) < 0)
		return -1;
	for (size_t i = 0; i < strings_count(names); i++)
		if (config_job_find(config, strings_at(names, i), &job, err) < 0)
			return -1;
	for (size_t i = 0; i < strings_count(names); i++)
		if (config_job_find(config, strings_at(names, i), &job, err) == 0)
			run_one(runs, job);
	for (size_t i = 0; strings_count(names) == 0 && i < config->jobs.n; i++)
		run_one(runs, vec_at(&config->jobs, i));
	return 0;
}

static int run_single(struct runs *runs, const struct run_options *options,
		      const struct strings *operands, struct err *err)
{
	struct config_job job;

	if (run_options_job(options, operands, &job, err) < 0)
		return -1;
	run_one(runs, &job);
	struct run_report *report = vec_at(&runs->reports, 0);
	report->stream = options->stream; /* the job goes, the option's text stays */
	run_options_job_release(&job);
	return 0;
}

/* When all have run, since a vector that grows moves. */
static void lend_warnings(struct runs *runs)
{
	for (size_t i = 0; i < runs->reports.n; i++) {
		struct run_report *report = vec_at(&runs->reports, i);

		report->warnings = vec_at(&runs->warnings, i);
	}
}

/* A single run that failed is an error of the command; of several jobs the worst exit code
 * counts and all are reported. */
static int finish(struct runs *runs, bool single, struct err *err)
{
	const struct run_report *reports = runs->reports.data;
	struct buf *output = &runs->cli->output;
	bool json = runs->cli->common->json;
	int worst = 0;

	if (single && reports[0].failed) {
		*err = reports[0].error;
		return -1;
	}
	for (size_t i = 0; i < runs->reports.n; i++) {
		worst = err_worse_exit(worst, reports[i].exit_code);
		if (!json && (reports[i].failed || !runs->cli->common->quiet))
			run_report_text(output, &reports[i]);
	}
	if (json) {
		struct json_writer w;

		json_writer_init(&w, output, JSON_COMPACT);
		if (single)
			run_report_json(&w, &reports[0]);
		else
			run_reports_json(&w, reports, runs->reports.n);
		buf_append_byte(output, '\n');
	}
	return worst;
}

/* Gives an exit code only: the snapshots are made by now, and what they are is still to be
 * told. */
static int write_metrics(struct runs *runs)
{
	const char *path = runs->cli->config.metrics.textfile;
	const struct clock *clock = &runs->cli->clock;
	struct err err = {0};

	if (path == NULL || runs->options.dry_run ||
	    metrics_file_update(path, runs->reports.data, runs->reports.n,
				clock->now_nsec(clock), &runs->cli->cancel, &err) == 0)
		return 0;
	log_warning(&runs->cli->log, "%s", err.msg);
	return err_exit_code(&err);
}

static int run_all(struct runs *runs, const struct run_options *options,
		   const struct strings *operands, struct err *err)
{
	bool single = run_options_has_source(options);
	int result = single ? run_single(runs, options, operands, err)
			    : run_configured(runs, options, operands, err);

	if (result < 0)
		return -1;
	lend_warnings(runs);
	int metrics_code = write_metrics(runs);
	result = finish(runs, single, err);
	return result < 0 ? -1 : err_worse_exit(result, metrics_code);
}

static void runs_release(struct runs *runs)
{
	for (size_t i = 0; i < runs->warnings.n; i++)
		strings_release(vec_at(&runs->warnings, i));
	vec_release(&runs->warnings);
	vec_release(&runs->reports);
}

static int run(void *context, void *arg, const struct strings *operands, struct err *err)
{
	struct cli *cli = context;
	const struct run_options *options = arg;
	char host[256] = "";
	const struct passwd *user = getpwuid(geteuid());
	CLEANUP(mem_freep) char *cache = cli_cache_directory(cli, options->cache_dir);

	(void)gethostname(host, sizeof(host) - 1); /* an unknown host is stored as "" */
	struct runs runs = {
		.cli = cli,
		.options = {.url = cli->common->repo,
			    .key_file = cli->common->key,
			    .cache_directory = cache,
			    .dry_run = options->dry_run,
			    .settings = run_options_for_all(options),
			    .host = host,
			    .user = user != NULL ? user->pw_name : "",
			    .program = "quipu-backup " QUIPU_VERSION},
		.env = cli_job_env(cli),
	};
	vec_init(&runs.reports, sizeof(struct run_report));
	vec_init(&runs.warnings, sizeof(struct strings));
	int result = run_all(&runs, options, operands, err);
	runs_release(&runs);
	return result;
}

static const struct opt *const tables[] = {run_opts, NULL};
static const struct cmd_example examples[] = {
	{"quipu-backup run --stream files/etc --files /etc", "files, with QUIPU_REPO and "
							     "QUIPU_KEY_FILE set"},
	{"quipu-backup run --stream db/orders --postgres 'service=prod dbname=orders'",
	 "a database"},
	{"pg_dumpall -g | quipu-backup run --stream db/globals --stdin globals.sql",
	 "what comes through a pipe"},
	{"quipu-backup run --stream lists/packages --command 'dpkg -l' packages.txt",
	 "what a command prints"},
	{"quipu-backup run --config quipu.toml orders", "one job of a configuration"},
	{0},
};

const struct cmd cmd_run = {
	.name = "run",
	.operands = "[JOB...] | PATH... | NAME",
	.max_operands = CMD_ANY,
	.tables = tables,
	.options_len = sizeof(struct run_options),
	.flags = CLI_RUNS_JOBS,
	.run = run,
	.summary = "make snapshots",
	.description =
		"Makes one snapshot of the source that the options name, or one for each "
		"job of the configuration. Everything that is new is compressed, "
		"encrypted and stored once; the snapshot exists when its signed header "
		"is written, which is the last thing to happen. A run that is killed "
		"leaves nothing that counts, and the next one goes on with what it "
		"stored.\n\n"
		"Exit code 3 means that the snapshot exists, but something below a "
		"named path could not be read. What is wrong with earlier snapshots is "
		"told as an alarm and changes no exit code of a run that made its own; "
		"`quipu-backup check` ends with 15 for it.",
	.sections = run_sections,
	.examples = examples,
};
