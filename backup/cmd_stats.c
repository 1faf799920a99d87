/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>

#include "backup.h"
#include "base/units.h"
#include "browse.h"

struct stats {
	uint64_t snapshots, expired, bytes;
	struct kind {
		const char *prefix;
		uint64_t objects, bytes;
	} kinds[6];
};

enum { N_KINDS = 6 };

static int count_object(void *arg, const char *key, const struct store_info *info,
			struct err *err)
{
	struct kind *kind = arg;

	(void)key;
	(void)err;
	kind->objects++;
	kind->bytes += info->size;
	return 0;
}

/* Returns the exit code, or -1. */
static int collect(struct cli *cli, const struct job_repo *repo, struct stats *stats,
		   struct err *err)
{
	static const char *const prefixes[N_KINDS] = {
		"packs/", "index/", "packlists/", "bodies/", "snapshots/", "keys/"};
	struct snapshot_list list;

	if (snapshot_list_load(repo->repo, NULL, &cli->cancel, &list, err) < 0)
		return -1;
	for (size_t i = 0; i < list.headers.n; i++) {
		const struct snapshot_header *header = vec_at(&list.headers, i);

		stats->expired += header->expired;
		stats->snapshots += !header->expired;
		stats->bytes += header->expired ? 0 : header->bytes;
	}
	int result = browse_tell_alarms(cli, &list);
	snapshot_list_release(&list);
	for (size_t i = 0; i < N_KINDS; i++) {
		stats->kinds[i].prefix = prefixes[i];
		if (store_list(repo->store, prefixes[i], count_object, &stats->kinds[i],
			       NULL, err) < 0)
			return -1;
	}
	return result;
}

static void print_json(struct cli *cli, const struct stats *stats, uint64_t total)
{
	struct json_writer w;

	json_writer_init(&w, &cli->output, JSON_COMPACT);
	json_begin_object(&w);
	json_put_uint(&w, "snapshots", stats->snapshots);
	json_put_uint(&w, "expired", stats->expired);
	json_put_uint(&w, "snapshot_bytes", stats->bytes);
	json_put_uint(&w, "repository_bytes", total);
	json_write_key(&w, "objects");
	json_begin_object(&w);
	for (size_t i = 0; i < N_KINDS; i++) {
		const struct kind *kind = &stats->kinds[i];

		json_write_key(&w, kind->prefix);
		json_begin_object(&w);
		json_put_uint(&w, "count", kind->objects);
		json_put_uint(&w, "bytes", kind->bytes);
		json_end_object(&w);
	}
	json_end_object(&w);
	json_end_object(&w);
	buf_append_byte(&cli->output, '\n');
}

static void print_text(struct cli *cli, const struct stats *stats, uint64_t total)
{
	char size[UNITS_TEXT_MAX];

	buf_printf(&cli->output, "%" PRIu64 " snapshots of %s in all", stats->snapshots,
		   units_format_size(stats->bytes, size));
	if (stats->expired > 0)
		buf_printf(&cli->output, ", %" PRIu64 " expired", stats->expired);
	buf_printf(&cli->output, "\nthe repository takes %s",
		   units_format_size(total, size));
	if (total > 0)
		buf_printf(&cli->output, " (%.1fx less)",
			   (double)stats->bytes / (double)total);
	buf_append_byte(&cli->output, '\n');
	for (size_t i = 0; i < N_KINDS; i++)
		buf_printf(&cli->output, "  %-12s %8" PRIu64 " objects  %s\n",
			   stats->kinds[i].prefix, stats->kinds[i].objects,
			   units_format_size(stats->kinds[i].bytes, size));
}

static int run(void *context, void *arg, const struct strings *operands, struct err *err)
{
	struct cli *cli = context;
	struct stats stats = {0};
	struct job_repo repo;
	uint64_t total = 0;

	(void)arg;
	(void)operands;
	if (cli_repo_open(cli, &repo, err) < 0)
		return -1;
	int result = collect(cli, &repo, &stats, err);
	job_repo_release(&repo);
	if (result < 0)
		return -1;
	for (size_t i = 0; i < N_KINDS; i++)
		total += stats.kinds[i].bytes;
	if (cli->common->json)
		print_json(cli, &stats, total);
	else
		print_text(cli, &stats, total);
	return result;
}

static const struct opt none[] = {{0}};
static const struct opt *const tables[] = {none, NULL};

static const struct cmd_example examples[] = {
	{"quipu-backup stats", "what deduplication and compression save"},
	{"quipu-backup stats --json", "the same numbers for a monitor"},
	{0},
};

const struct cmd cmd_stats = {
	.name = "stats",
	.operands = "",
	.tables = tables,
	.options_len = sizeof(struct common_options),
	.run = run,
	.summary = "show how much is stored, and in what",
	.description = "From headers and a listing; any key file will do.",
	.examples = examples,
};
