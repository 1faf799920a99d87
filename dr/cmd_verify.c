/* SPDX-License-Identifier: Apache-2.0 */
#include "base/mem.h"
#include "cli/cli_job.h"
#include "dr.h"
#include "repo/audit.h"
#include "repo/keyfile_format.h"
#include "report/verify_report.h"

struct verify_options {
	struct common_options common;
	const char *audit_key;
	bool read_data;
	const char *state;
};

static int open_audit_key(const struct verify_options *options, struct key **ret_key,
			  struct err *err)
{
	CLEANUP(secret_release) struct secret text = {0};
	CLEANUP(key_freep) struct key *key = NULL;
	const char *path =
		options->audit_key != NULL ? options->audit_key : options->common.key;

	if (path == NULL) {
		(void)err_set(err, ERR_USAGE, "no audit key is named");
		return err_hint(err, "give --audit-key DIR/audit.pub");
	}
	if (job_key_file_read(path, &text, err) < 0)
		return -1;
	if (key_open(secret_slice(&text), NULL, &key, err) < 0)
		return err_wrap(err, "key file %s", path);
	if (key->audit == NULL)
		return err_set(err, ERR_KEY, "%s is a %s key; expected an audit key",
			       path, key_role_name(key->role));
	*ret_key = STEAL(key);
	return 0;
}

static void print(struct cli *cli, const struct verify_options *options,
		  const struct audit_result *result, uint64_t nsec)
{
	CLEANUP(mem_freep)
	struct report_finding *findings =
		mem_calloc(result->findings.n + 1, sizeof(*findings));
	struct json_writer w;

	for (size_t i = 0; i < result->findings.n; i++) {
		const struct audit_finding *finding = vec_at(&result->findings, i);

		findings[i] = (struct report_finding){audit_kind_name(finding->kind),
						      finding->text};
	}
	struct verify_report report = {
		.repository = options->common.repo,
		.clean = audit_is_clean(result),
		.data_read = options->read_data,
		.first_look = result->first_look,
		.state_advanced = result->state_advanced,
		.n_streams = result->n_streams,
		.n_snapshots = result->n_snapshots,
		.n_expired = result->n_expired,
		.n_packs = result->n_packs,
		.n_bodies = result->n_bodies,
		.bytes = result->bytes,
		.bytes_read = result->bytes_read,
		.nsec = nsec,
		.findings = findings,
		.n_findings = result->findings.n,
	};
	cli->output_is_summary = true;
	if (!cli->common->json) {
		verify_report_text(&cli->output, &report);
		return;
	}
	json_writer_init(&w, &cli->output, JSON_COMPACT);
	verify_report_json(&w, &report);
	buf_append_byte(&cli->output, '\n');
}

static int verify(struct cli *cli, const struct verify_options *options,
		  const struct key *key, struct err *err)
{
	CLEANUP(store_freep) struct store *store = NULL;
	uint64_t start = cli->clock.monotonic_nsec(&cli->clock);
	struct audit_result result;

	if (store_open(options->common.repo, false, &cli->rng, &store, err) < 0)
		return -1;
	struct audit_options audit = {
		.store = store,
		.key = key->audit,
		.read_data = options->read_data,
		.state_path = options->state,
		.rng = &cli->rng,
		.clock = &cli->clock,
		.cancel = &cli->cancel,
		.progress = &cli->progress,
	};
	progress_phase(&cli->progress, "verifying");
	if (audit_run(&audit, &result, err) < 0)
		return -1;
	print(cli, options, &result, cli->clock.monotonic_nsec(&cli->clock) - start);
	int code = result.n_of[AUDIT_ALARM] > 0 ? err_code_exit(ERR_ALARM)
		   : audit_is_clean(&result)	? 0
						: err_code_exit(ERR_CORRUPT);
	audit_result_release(&result);
	return code;
}

static int run(void *context, void *arg, const struct strings *operands, struct err *err)
{
	struct cli *cli = context;
	const struct verify_options *options = arg;
	CLEANUP(key_freep) struct key *key = NULL;

	(void)operands;
	if (cli_need_repo(cli, err) < 0 || open_audit_key(options, &key, err) < 0)
		return -1;
	return verify(cli, options, key, err);
}

static const struct opt opts[] = {
	{.name = "audit-key",
	 .type = OPT_TEXT,
	 .offset = offsetof(struct verify_options, audit_key),
	 .value = "FILE",
	 .complete = "file",
	 .help = "the auditor's file, audit.pub: a public key and the repository's id"},
	{.name = "read-data",
	 .type = OPT_FLAG,
	 .offset = offsetof(struct verify_options, read_data),
	 .help = "read and hash every byte of packs and bodies, not only their sizes"},
	{.name = "state",
	 .type = OPT_TEXT,
	 .offset = offsetof(struct verify_options, state),
	 .value = "FILE",
	 .complete = "file",
	 .help = "the auditor's memory: newest snapshots seen; moved on by a clean "
		 "verify",
	 .more = "Without it a rollback to an older state, and newest snapshots that are "
		 "lost, cannot be seen on a first look."},
	{0},
};
static const struct opt *const tables[] = {opts, NULL};
static const struct cmd_example examples[] = {
	{"quipu-dr verify --repo file:///srv/backup --audit-key audit.pub --state "
	 "auditor.json",
	 "what an auditor runs every week"},
	{0},
};

const struct cmd cmd_verify = {
	.name = "verify",
	.operands = "",
	.tables = tables,
	.options_len = sizeof(struct verify_options),
	.run = run,
	.summary = "prove that what was signed is there, in order and unaltered",
	.description =
		"Needs no key that opens or signs anything. It does not prove that a "
		"snapshot restores, nor that the writer read everything: drills do.\n\n"
		"Exit code 15: a signature or chain does not hold, or something signed "
		"is gone. Exit code 13: data is damaged or missing.",
	.examples = examples,
};
