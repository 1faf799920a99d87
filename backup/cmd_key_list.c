/* SPDX-License-Identifier: Apache-2.0 */
#include "backup.h"
#include "format/encoding.h"
#include "format/json.h"
#include "key_verbs.h"

enum { ID_LEN = 32, SHORT_ID_LEN = 5, STATE_WIDTH = 7 };

static void entry_json(struct json_writer *w, const struct key_entry *entry)
{
	json_begin_object(w);
	json_put_string(w, "name", entry->name);
	json_put_string(w, "role", key_role_name(entry->role));
	json_put_bool(w, "active", entry->active);
	json_put_hex(w, "id", slice_of(entry->id, ID_LEN));
	json_write_key(w, "streams");
	json_begin_array(w);
	for (size_t i = 0; entry->streams != NULL && i < strings_count(entry->streams);
	     i++)
		json_write_string(w, strings_at(entry->streams, i));
	json_end_array(w);
	json_end_object(w);
}

static void entry_line(struct buf *text, const struct key_entry *entry)
{
	const char *state = entry->active ? "active" : "removed";
	int gap = STATE_WIDTH - (int)strlen(state) + 2;
	char hex[2 * SHORT_ID_LEN + 1];

	buf_printf(text, "%s  %-8s  %-20s  %s",
		   hex_encode(slice_of(entry->id, SHORT_ID_LEN), hex, sizeof(hex)),
		   key_role_name(entry->role), entry->name, state);
	for (size_t i = 0; entry->streams != NULL && i < strings_count(entry->streams);
	     i++, gap = 2)
		buf_printf(text, "%*s%s", gap, "", strings_at(entry->streams, i));
	buf_append_byte(text, '\n');
}

static void print(struct cli *cli, const struct vec *entries)
{
	struct json_writer w;

	json_writer_init(&w, &cli->output, JSON_COMPACT);
	if (cli->common->json)
		json_begin_array(&w);
	else if (entries->n > 0)
		buf_printf(&cli->output, "%-10s  %-8s  %-20s  %-*s  %s\n", "ID", "ROLE",
			   "NAME", STATE_WIDTH, "STATE", "STREAMS");
	for (size_t i = 0; i < entries->n; i++) {
		if (cli->common->json)
			entry_json(&w, vec_at(entries, i));
		else
			entry_line(&cli->output, vec_at(entries, i));
	}
	if (cli->common->json) {
		json_end_array(&w);
		buf_append_byte(&cli->output, '\n');
	}
}

static int run(void *context, void *arg, const struct strings *operands, struct err *err)
{
	struct cli *cli = context;
	struct job_repo repo;
	struct vec entries;

	(void)arg;
	(void)operands;
	if (cli_repo_open(cli, &repo, err) < 0)
		return -1;
	vec_init(&entries, sizeof(struct key_entry));
	key_entries(repo.repo->keylog, &entries);
	print(cli, &entries);
	vec_release(&entries);
	job_repo_release(&repo);
	return 0;
}

static const struct opt none[] = {{0}};
static const struct opt *const tables[] = {none, NULL};

static const struct cmd_example examples[] = {
	{"quipu-backup key list --key keys/audit.pub", "who may read and who may write"},
	{0},
};

const struct cmd cmd_key_list = {
	.name = "key list",
	.operands = "",
	.tables = tables,
	.options_len = sizeof(struct key_options),
	.run = run,
	.summary = "list readers and writers of the repository",
	.description = "From the owner-signed key log; any key file will do.",
	.examples = examples,
};
