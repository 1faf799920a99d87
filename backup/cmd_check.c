/* SPDX-License-Identifier: Apache-2.0 */
#include "backup.h"
#include "base/mem.h"
#include "cli/cli_job.h"
#include "repo/check.h"
#include "report/verify_report.h"

struct check_command {
	struct common_options common;
	const char *read_data; /* "" = everything */
	const char *cache_dir;
	uint64_t threads;
};

/* Which packs a run reads, and the count that the next one goes on with. */
struct share {
	struct check_subset subset;
	char *counter; /* NULL: nothing is counted */
	uint64_t runs;
};

static void share_release(struct share *share)
{
	mem_free(share->counter);
}

/* Consecutive runs of --read-data=P% take consecutive parts. Without a place to count them
 * each would take the first one, and the rest would never be read. */
static int choose_share(const struct cli *cli, const struct check_command *options,
			const struct job_repo *repo, struct share *share, struct err *err)
{
	CLEANUP(mem_freep) char *base = cli_cache_directory(cli, options->cache_dir);
	CLEANUP(mem_freep) char *directory = job_repo_cache_directory(repo, base);

	if (options->read_data == NULL)
		return 0;
	if (check_subset_parse(options->read_data, 0, &share->subset, err) < 0)
		return -1;
	if (share->subset.of == 1 || strchr(options->read_data, '%') == NULL)
		return 0;
	if (directory == NULL) {
		(void)err_set(err, ERR_USAGE,
			      "--read-data=%s: there is no cache directory to count the "
			      "runs in",
			      options->read_data);
		return err_hint(err, "give --cache-dir, or the part yourself: "
				     "--read-data=N/M");
	}
	share->counter = mem_printf("%s/check-runs", directory);
	share->runs = check_runs_load(share->counter);
	return check_subset_parse(options->read_data, share->runs, &share->subset, err);
}

/* A run that ended early is not counted, so that its part is read by the next one. */
static int count_run(const struct cli *cli, const struct share *share)
{
	struct err err = {0};

	if (share->counter == NULL ||
	    check_runs_store(share->counter, share->runs + 1, &err) == 0)
		return 0;
	log_warning(&cli->log, "the next run reads the same part again: %s", err.msg);
	return err_exit_code(&err);
}

static int exit_code_of(const struct check_result *result)
{
	struct err worst = {0};

	return check_result_verdict(result, &worst) == 0 ? 0 : err_exit_code(&worst);
}

static void print(struct cli *cli, const struct check_result *result, uint64_t nsec)
{
	CLEANUP(mem_freep)
	struct report_finding *findings =
		mem_calloc(result->findings.n + 1, sizeof(*findings));
	struct json_writer w;

	for (size_t i = 0; i < result->findings.n; i++) {
		const struct check_finding *finding = vec_at(&result->findings, i);

		findings[i] = (struct report_finding){
			check_severity_name(finding->severity), finding->text};
	}
	struct verify_report report = {
		.repository = cli->common->repo,
		.clean = exit_code_of(result) == 0,
		/* a part of nothing was not read; the whole of nothing is everything */
		.data_read = result->packs_read > 0 || result->subset.of == 1,
		.part = result->subset.part,
		.of = result->subset.of,
		.level = check_level_name(result->level),
		.n_snapshots = result->snapshots,
		.n_expired = result->expired,
		.n_packs = result->packs,
		.n_blobs = result->blobs,
		.bytes = result->pack_bytes,
		.bytes_read = result->bytes_read,
		.nsec = nsec,
		.findings = findings,
		.n_findings = result->findings.n,
	};
	cli->output_is_summary = result->n_findings[CHECK_WARNING] == 0;
	if (!cli->common->json) {
		check_report_text(&cli->output, &report);
		return;
	}
	json_writer_init(&w, &cli->output, JSON_COMPACT);
	check_report_json(&w, &report);
	buf_append_byte(&cli->output, '\n');
}

static int check_share(struct cli *cli, const struct check_command *options,
		       const struct job_repo *repo, const struct share *share,
		       struct err *err)
{
	uint64_t start = cli->clock.monotonic_nsec(&cli->clock);
	struct check_result result;
	struct check_options check = {
		.repo = repo->repo,
		.reader = key_reader(repo->key),
		.subset = share->subset,
		.scratch_directory = cli_scratch_directory(),
		.n_threads = (unsigned)options->threads,
		.rng = &cli->rng,
		.log = &cli->log,
		.cancel = &cli->cancel,
		.progress = &cli->progress,
	};

	if (job_repo_need_dedup(repo, &check.keys, err) < 0)
		return err_hint(err, "with audit.pub use `quipu-dr verify`");
	progress_phase(&cli->progress, "checking");
	if (check_run(&check, &result, err) < 0)
		return -1;
	print(cli, &result, cli->clock.monotonic_nsec(&cli->clock) - start);
	int code = err_worse_exit(exit_code_of(&result), count_run(cli, share));
	check_result_release(&result);
	return code;
}

static int check(struct cli *cli, const struct check_command *options,
		 const struct job_repo *repo, struct err *err)
{
	struct share share = {0};
	int result = choose_share(cli, options, repo, &share, err);

	if (result == 0)
		result = check_share(cli, options, repo, &share, err);
	share_release(&share);
	return result;
}

static int run(void *context, void *arg, const struct strings *operands, struct err *err)
{
	struct cli *cli = context;
	struct job_repo repo;

	(void)operands;
	if (cli_repo_open(cli, &repo, err) < 0)
		return -1;
	int result = check(cli, arg, &repo, err);
	job_repo_release(&repo);
	return result;
}

static const struct opt opts[] = {
	{.name = "read-data",
	 .type = OPT_OPTIONAL_TEXT,
	 .offset = offsetof(struct check_command, read_data),
	 .value = "P%|N/M",
	 .help = "also read packs: all, a percentage of them, or part N of M",
	 .more = "Consecutive runs with a percentage take consecutive parts, so that "
		 "together they read everything."},
	{.name = "cache-dir",
	 .type = OPT_TEXT,
	 .offset = offsetof(struct check_command, cache_dir),
	 .value = "DIR",
	 .env = "QUIPU_CACHE_DIR",
	 .complete = "dir",
	 .help = "local cache; remembers which part was read last"},
	{.name = "threads",
	 .type = OPT_COUNT,
	 .offset = offsetof(struct check_command, threads),
	 .min = 1,
	 .max = 256,
	 .value = "N",
	 .help = "threads that read, one a processor when not given"},
	{0},
};
static const struct opt *const tables[] = {opts, NULL};
static const struct cmd_example examples[] = {
	{"quipu-backup check", "structure, with the writer key"},
	{"quipu-backup check --key keys/recovery.key --read-data=10%",
	 "every tree, and a tenth of the data; ten runs read all"},
	{0},
};

const struct cmd cmd_check = {
	.name = "check",
	.operands = "",
	.tables = tables,
	.options_len = sizeof(struct check_command),
	.run = run,
	.summary = "look for damage",
	.description =
		"With a writer key: headers, chains, pack lists, packs and their "
		"directories, index. With a reader's key also every directory and "
		"content list. With --read-data packs are hashed and, with a reader's "
		"key, every blob is opened. The level that ran is printed.\n\n"
		"Exit code 13: something is damaged or missing. Exit code 15: a "
		"signature or chain does not hold.",
	.examples = examples,
};
