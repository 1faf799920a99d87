/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>

#include "backup.h"
#include "base/mem.h"
#include "base/quote.h"
#include "browse.h"
#include "format/encoding.h"
#include "report/snapshot_report.h"

struct showing {
	struct cli *cli;
	struct json_writer w;
};

static int show_entry(void *arg, const char *path, const struct entry *entry,
		      struct err *err)
{
	struct showing *showing = arg;
	struct report_fact facts[ENTRY_FACTS_MAX];
	struct report_entry row = browse_entry(path, entry, facts);

	if (showing->cli->common->json)
		report_entry_json(&showing->w, &row);
	else
		report_entry_line(&showing->cli->output, &row);
	return cli_output_row(showing->cli, err);
}

static int show_path(struct cli *cli, struct job_tree *tree, const char *named,
		     struct err *err)
{
	struct showing showing = {.cli = cli};
	CLEANUP(mem_freep) char *path = job_tree_path(named, err);

	if (path == NULL)
		return -1;
	json_writer_init(&showing.w, &cli->output, JSON_COMPACT);
	if (cli->common->json)
		json_begin_array(&showing.w);
	if (browse_job_list(tree, path, show_entry, &showing, err) < 0)
		return -1;
	if (cli->common->json) {
		json_end_array(&showing.w);
		buf_append_byte(&cli->output, '\n');
	}
	return 0;
}

static void put_warnings(struct json_writer *w, const struct strings *warnings)
{
	json_write_key(w, "warnings");
	json_begin_array(w);
	for (size_t i = 0; i < strings_count(warnings); i++)
		json_write_string(w, strings_at(warnings, i));
	json_end_array(w);
}

static void snapshot_json(struct cli *cli, const struct job_tree *tree)
{
	const struct snapshot_header *header = tree->header;
	const struct snapshot_body *body = &tree->body;
	char time[CLOCK_TEXT_MAX];
	struct json_writer w;

	json_writer_init(&w, &cli->output, JSON_COMPACT);
	json_begin_object(&w);
	json_put_hex(&w, "id", slice_of(header->id, 32));
	json_put_string(&w, "stream", header->stream);
	json_put_uint(&w, "seq", header->seq);
	json_put_string(&w, "time", clock_format(header->time_nsec, time));
	json_put_string(&w, "start", clock_format(header->start_nsec, time));
	json_put_uint(&w, "files", header->files);
	json_put_uint(&w, "bytes", header->bytes);
	json_put_uint(&w, "packs", header->n_packs);
	json_put_string(&w, "source", body->source_kind);
	json_put_string(&w, "host", body->host);
	json_put_string(&w, "user", body->user);
	json_put_string(&w, "program", body->program);
	report_paths_json(&w, &body->paths);
	json_write_key(&w, "tags");
	json_begin_object(&w);
	for (size_t i = 0; i < body->tags.n; i++) {
		const struct body_tag *tag = vec_at(&body->tags, i);

		json_put_string(&w, tag->key, tag->value);
	}
	json_end_object(&w);
	put_warnings(&w, &body->warnings);
	json_end_object(&w);
	buf_append_byte(&cli->output, '\n');
}

/* What the machine that was backed up chose is not to steer the reader's terminal. */
static void text_line(struct buf *text, const char *label, const char *sentence)
{
	buf_printf(text, "%-10s", label);
	quote_sentence(sentence, text);
	buf_append_byte(text, '\n');
}

static void source_line(struct buf *text, const struct snapshot_body *body)
{
	CLEANUP(mem_freep)
	char *source = mem_printf("%s on %s by %s (%s)", body->source_kind, body->host,
				  body->user, body->program);

	text_line(text, "source", source);
}

static void snapshot_text(struct cli *cli, const struct job_tree *tree)
{
	const struct snapshot_header *header = tree->header;
	const struct snapshot_body *body = &tree->body;
	char time[CLOCK_TEXT_MAX];
	char hex[65];

	buf_printf(&cli->output, "snapshot  %s\n",
		   hex_encode(slice_of(header->id, 32), hex, sizeof(hex)));
	buf_printf(&cli->output, "stream    %s, number %" PRIu64 "\n", header->stream,
		   header->seq);
	buf_printf(&cli->output, "time      %s\n", clock_format(header->time_nsec, time));
	source_line(&cli->output, body);
	buf_printf(&cli->output,
		   "content   %" PRIu64 " files, %" PRIu64 " bytes, %" PRIu64 " packs\n",
		   header->files, header->bytes, header->n_packs);
	for (size_t i = 0; i < strings_count(&body->paths); i++)
		text_line(&cli->output, "path", strings_at(&body->paths, i));
	for (size_t i = 0; i < body->tags.n; i++) {
		const struct body_tag *tag = vec_at(&body->tags, i);

		CLEANUP(mem_freep) char *pair = mem_printf("%s=%s", tag->key, tag->value);
		text_line(&cli->output, "tag", pair);
	}
	for (size_t i = 0; i < strings_count(&body->warnings); i++)
		text_line(&cli->output, "warning", strings_at(&body->warnings, i));
}

static int show(struct cli *cli, const struct job_repo *repo,
		const struct browse_options *options, const struct strings *operands,
		struct err *err)
{
	CLEANUP(job_tree_freep) struct job_tree *tree = NULL;

	if (browse_tree_open(cli, options, repo, strings_at(operands, 0), &tree, err) < 0)
		return -1;
	if (strings_count(operands) > 1) {
		int code = show_path(cli, tree, strings_at(operands, 1), err);

		return code < 0 ? -1 : job_tree_exit(tree, code);
	}
	if (cli->common->json)
		snapshot_json(cli, tree);
	else
		snapshot_text(cli, tree);
	return job_tree_exit(tree, 0);
}

static int run(void *context, void *arg, const struct strings *operands, struct err *err)
{
	struct cli *cli = context;
	struct job_repo repo;

	if (cli_repo_open(cli, &repo, err) < 0)
		return -1;
	int result = show(cli, &repo, arg, operands, err);
	job_repo_release(&repo);
	return result;
}

static const struct opt *const tables[] = {browse_opts, NULL};
static const struct cmd_example examples[] = {
	{"quipu-backup show latest:files/etc", "where a snapshot came from"},
	{"quipu-backup show latest:files/etc /etc/ssh", "what is in a directory"},
	{0},
};

const struct cmd cmd_show = {
	.name = "show",
	.operands = "SNAPSHOT [PATH]",
	.min_operands = 1,
	.max_operands = 2,
	.tables = tables,
	.options_len = sizeof(struct browse_options),
	.run = run,
	.summary = "show a snapshot, or a path in it",
	.description = "Needs a key that reads: recovery.key or a reader's.",
	.examples = examples,
};
