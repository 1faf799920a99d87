/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "backup.h"
#include "browse.h"
#include "repo/body_reader.h"
#include "report/snapshot_report.h"

struct list_options {
	struct common_options common;
	const char *stream;
	bool expired;
};

static int compare_time(const void *a, const void *b)
{
	const struct snapshot_header *x = *(const struct snapshot_header *const *)a;
	const struct snapshot_header *y = *(const struct snapshot_header *const *)b;

	if (x->time_nsec != y->time_nsec)
		return x->time_nsec < y->time_nsec ? -1 : 1;
	return x->seq < y->seq ? -1 : x->seq > y->seq;
}

/* Oldest first, expired ones only when asked for. */
static void choose(const struct snapshot_list *list, bool expired, struct vec *ret_chosen)
{
	vec_init(ret_chosen, sizeof(const struct snapshot_header *));
	for (size_t i = 0; i < list->headers.n; i++) {
		const struct snapshot_header *header = vec_at(&list->headers, i);

		if (expired || !header->expired)
			vec_push(ret_chosen, &header);
	}
	vec_sort(ret_chosen, compare_time);
}

static struct report_snapshot row_of(const struct job_repo *repo,
				     const struct snapshot_header *header)
{
	const struct certificate *writer =
		keylog_certificate_of(repo->repo->keylog, &header->writer);

	return (struct report_snapshot){
		.id = header->id,
		.stream = header->stream,
		.seq = header->seq,
		.time_nsec = header->time_nsec,
		.start_nsec = header->start_nsec,
		.files = header->files,
		.bytes = header->bytes,
		.new_bytes = header->new_bytes,
		.stored_bytes = header->stored_bytes,
		.warnings = header->warnings,
		.writer = writer != NULL ? writer->name : NULL,
		.expired = header->expired,
	};
}

/* Host and paths are in the body, which takes a key that reads and a request a snapshot: only
 * JSON has them. A body that cannot be read leaves them null. */
static bool read_body(const struct job_repo *repo, const struct snapshot_header *header,
		      struct snapshot_body *ret_body)
{
	const struct reader_key *key = key_reader(repo->key);
	struct err err = {0};

	if (key == NULL || header->expired)
		return false;
	CLEANUP(epoch_keys_freep)
	struct epoch_keys *epochs = epoch_keys_new(repo->repo, key, header);
	return body_read(repo->repo, key, epochs, header, ret_body, &err) == 0;
}

static void print_json(const struct job_repo *repo, const struct snapshot_header *header,
		       struct json_writer *w)
{
	struct report_snapshot row = row_of(repo, header);
	CLEANUP(snapshot_body_release) struct snapshot_body body = {0};

	if (read_body(repo, header, &body)) {
		row.host = body.host;
		row.paths = &body.paths;
	}
	report_snapshot_json(w, &row);
}

static void print_line(const struct job_repo *repo, const struct snapshot_header *header,
		       struct buf *text)
{
	struct report_snapshot row = row_of(repo, header);

	report_snapshot_line(text, &row);
}

static int print(struct cli *cli, const struct job_repo *repo, const struct vec *chosen,
		 struct err *err)
{
	struct json_writer w;

	json_writer_init(&w, &cli->output, JSON_COMPACT);
	if (cli->common->json)
		json_begin_array(&w);
	else if (chosen->n > 0)
		report_snapshot_heading(&cli->output);
	for (size_t i = 0; i < chosen->n; i++) {
		const struct snapshot_header *header =
			*(const struct snapshot_header *const *)vec_at(chosen, i);

		if (cli->common->json)
			print_json(repo, header, &w);
		else
			print_line(repo, header, &cli->output);
		if (cli_output_row(cli, err) < 0)
			return -1;
	}
	if (cli->common->json) {
		json_end_array(&w);
		buf_append_byte(&cli->output, '\n');
	}
	return 0;
}

/* An empty list is no error, but a mistyped name must not look like "no backups yet". */
static void tell_why_empty(const struct cli *cli, const char *stream,
			   const struct snapshot_list *list)
{
	if (list->headers.n > 0)
		log_info(&cli->log, "all snapshots have expired; --expired lists them");
	else if (stream != NULL)
		log_info(&cli->log, "there is no snapshot of a stream %s", stream);
	else
		log_info(&cli->log, "there is no snapshot");
}

static int list_open(struct cli *cli, const struct job_repo *repo,
		     const struct list_options *options, struct err *err)
{
	struct snapshot_list list;
	struct vec chosen;

	if (options->stream != NULL && stream_name_check(options->stream, err) < 0)
		return err_wrap(err, "--stream");
	if (snapshot_list_load(repo->repo, options->stream, &cli->cancel, &list, err) < 0)
		return -1;
	choose(&list, options->expired, &chosen);
	int printed = print(cli, repo, &chosen, err);
	if (chosen.n == 0)
		tell_why_empty(cli, options->stream, &list);
	vec_release(&chosen);
	int result = browse_tell_alarms(cli, &list);
	snapshot_list_release(&list);
	return printed < 0 ? -1 : result;
}

static int run(void *context, void *arg, const struct strings *operands, struct err *err)
{
	struct cli *cli = context;
	struct job_repo repo;

	(void)operands;
	if (cli_repo_open(cli, &repo, err) < 0)
		return -1;
	int result = list_open(cli, &repo, arg, err);
	job_repo_release(&repo);
	return result;
}

static const struct opt opts[] = {
	{.name = "stream",
	 .letter = 's',
	 .type = OPT_TEXT,
	 .offset = offsetof(struct list_options, stream),
	 .value = "NAME",
	 .help = "only this stream"},
	{.name = "expired",
	 .type = OPT_FLAG,
	 .offset = offsetof(struct list_options, expired),
	 .help = "also those that have expired"},
	{0},
};
static const struct opt *const tables[] = {opts, NULL};
static const struct cmd_example examples[] = {
	{"quipu-backup list --repo file:///srv/backup --key keys/audit.pub",
	 "all snapshots, with the key that reads nothing"},
	{0},
};

const struct cmd cmd_list = {
	.name = "list",
	.operands = "",
	.tables = tables,
	.options_len = sizeof(struct list_options),
	.run = run,
	.summary = "list snapshots, oldest first",
	.description = "Lists snapshots from their signed headers. Any key file will do.",
	.examples = examples,
};
