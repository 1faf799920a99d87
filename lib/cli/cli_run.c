/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/cli.h"

#include <stdio.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mem.h"
#include "base/secret.h"
#include "cli/cli_output.h"
#include "cli/cli_progress.h"
#include "cli/cli_signals.h"
#include "format/json.h"
#include "report/error_report.h"

const struct opt cli_common_options[] = {
	{.name = "repo",
	 .type = OPT_TEXT,
	 .offset = offsetof(struct common_options, repo),
	 .value = "URL",
	 .env = "QUIPU_REPO",
	 .help = "repository, for example file:///srv/backup"},
	{.name = "key",
	 .type = OPT_TEXT,
	 .offset = offsetof(struct common_options, key),
	 .value = "FILE",
	 .env = "QUIPU_KEY_FILE",
	 .complete = "file",
	 .help = "key file: what it may do decides what the command can do"},
	{.name = "passphrase-file",
	 .type = OPT_TEXT,
	 .offset = offsetof(struct common_options, passphrase_file),
	 .value = "FILE",
	 .env = "QUIPU_PASSPHRASE_FILE",
	 .complete = "file",
	 .help = "file whose first line is the key file's passphrase; a terminal is "
		 "asked"},
	{.name = "config",
	 .type = OPT_TEXT,
	 .offset = offsetof(struct common_options, config),
	 .value = "FILE",
	 .env = "QUIPU_CONFIG",
	 .complete = "file",
	 .help = "configuration in TOML: repository and jobs",
	 .more = "See docs/configuration.md, installed in share/doc/quipu."},
	{.name = "json",
	 .type = OPT_FLAG,
	 .offset = offsetof(struct common_options, json),
	 .help = "print one JSON document instead of text"},
	{.name = "quiet",
	 .letter = 'q',
	 .type = OPT_FLAG,
	 .offset = offsetof(struct common_options, quiet),
	 .help = "no progress, no summary, no messages but warnings and errors",
	 .more = "What a command is there to show is printed all the same, and so is a "
		 "--json document."},
	{0},
};

static void write_message(const struct log *log, enum log_level level, const char *text)
{
	static const char *const prefixes[] = {
		[LOG_DEBUG_LEVEL] = "debug: ",
		[LOG_INFO_LEVEL] = "",
		[LOG_WARNING_LEVEL] = "warning: ",
		[LOG_ERROR_LEVEL] = "error: ",
	};

	struct cli *cli = log->state;

	cli_progress_pause(cli->display);
	(void)fprintf(stderr, "%s%s\n", prefixes[level], text);
	cli_progress_resume(cli->display);
}

static void print_error(const struct program *program, const struct err *err, bool json)
{
	CLEANUP(buf_release) struct buf text = {0};
	struct json_writer w;

	buf_init(&text, 0);
	if (json) {
		json_writer_init(&w, &text, JSON_COMPACT);
		json_begin_object(&w);
		error_report_json(&w, err);
		json_end_object(&w);
		buf_append_byte(&text, '\n');
	} else {
		buf_printf(&text, "%s: ", program->name);
		error_report_text(&text, err);
	}
	(void)fputs(buf_string(&text), stderr);
}

static int run_command(struct cli *cli, const struct cmd_line *line, struct err *err)
{
	struct cli_signals *signals = NULL;
	int result;

	if (cli_signals_start(&cli->cancel, &cli->second_cancel, &signals, err) < 0)
		return -1;
	if (!cli->common->quiet &&
	    cli_progress_start(&cli->progress, &cli->clock, &cli->display, err) < 0) {
		cli_signals_stop(signals);
		return -1;
	}
	result = line->cmd->run(cli, line->options, &line->operands, err);
	cli_progress_stop(STEAL(cli->display));
	cli_signals_stop(signals);
	if (result < 0)
		return -1;
	bool is_done = result == 0 || result == err_code_exit(ERR_PARTIAL);

	if (cli->output_is_summary && cli->common->quiet && !cli->common->json && is_done)
		buf_clear(&cli->output);
	return cli_output_write(&cli->output, cli->data_on_stdout, err) < 0 ? -1 : result;
}

/* Who restores must not have to mend a backup job before. */
static int check_jobs(const struct cli *cli, const struct cmd *cmd, struct err *err)
{
	struct err mistake = {0};

	if (config_check_jobs(&cli->config, &mistake) == 0)
		return 0;
	if ((cmd->flags & CLI_RUNS_JOBS) != 0) {
		*err = mistake;
		return -1;
	}
	log_warning(&cli->log, "%s", mistake.msg);
	return 0;
}

/* What neither an option nor the environment gives may stand in the configuration. */
static int configure(struct cli *cli, struct common_options *common, struct err *err)
{
	const struct config_repository *repository = &cli->config.repository;
	int result = common->config != NULL
			     ? config_load(common->config, &cli->config, err)
			     : config_parse(slice_of_string(""), "", &cli->config, err);

	if (result < 0)
		return -1;
	if (common->repo == NULL)
		common->repo = repository->url;
	if (common->key == NULL)
		common->key = repository->key;
	if (common->passphrase_file == NULL)
		common->passphrase_file = repository->passphrase_file;
	return 0;
}

static void cli_init(struct cli *cli, const struct common_options *common)
{
	*cli = (struct cli){
		.clock = clock_system(),
		.rng = rng_system(),
		.common = common,
		.log = {.write = write_message,
			.state = cli,
			.least = common->quiet ? LOG_WARNING_LEVEL : LOG_INFO_LEVEL},
	};
	cancel_init(&cli->cancel);
	cancel_init(&cli->second_cancel);
	progress_init(&cli->progress);
	buf_init(&cli->output, 0);
}

int cli_run(const struct program *program, int argc, char *argv[])
{
	bool json = cmd_wants_json(argc, argv);
	struct cmd_line line = {0};
	struct err err = {0};
	struct cli cli;
	int result;

	mem_few_arenas();
	if (fd_take_standard(&err) < 0 || secret_protect_process(&err) < 0 ||
	    cmd_parse(program, argc, argv, &line, &err) < 0) {
		print_error(program, &err, json);
		return err_exit_code(&err);
	}
	if (line.outcome == CMD_HELP_SHOWN) {
		result = cli_output_write(&line.text, false, &err);
		cmd_line_release(program, &line);
		return result < 0 ? 1 : 0;
	}
	cli_init(&cli, line.options);
	result = configure(&cli, line.options, &err);
	if (result == 0) {
		result = check_jobs(&cli, line.cmd, &err);
		if (result == 0)
			result = run_command(&cli, &line, &err);
		config_release(&cli.config);
	}
	if (result < 0) {
		print_error(program, &err, json);
		result = err_exit_code(&err);
	}
	buf_release(&cli.output);
	cmd_line_release(program, &line);
	return result;
}

int cli_need_repo(const struct cli *cli, struct err *err)
{
	if (cli->common->repo != NULL)
		return 0;
	(void)err_set(err, ERR_USAGE, "no repository is named");
	return err_hint(err, "give --repo URL or set QUIPU_REPO, for example "
			     "file:///srv/backup");
}
