/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pg_dump is told to leave out the rows of each table that we copy, by a pattern whose quotes
 * make it literal. In its custom format it writes nothing before it has read the whole catalog,
 * and it locks the tables before that. So its first bytes, which are kept here, tell that it
 * has its locks.
 *
 * What it writes is believed when a pg_restore beside it could read it, which makes a script for
 * nobody of it: a status of 0 may be that of a wrapper that lost output, and a part of a dump
 * would show only when it is needed.
 */
#include "pg/pg_dump_run.h"

#include "base/mem.h"
#include "pg/pg_name.h"

enum { HEAD_MAX = 512 };

struct pg_dump_run {
	const struct pg_dump_options *options;
	struct process *process;
	struct process *proof; /* pg_restore */
	bool proof_closed;     /* it reads no more; its status tells why */
	uint8_t head[HEAD_MAX];
	struct slice unread; /* of head */
};

static void collect_arguments(const struct pg_dump_options *options,
			      const struct pg_snapshot *snapshot,
			      struct strings *arguments)
{
	CLEANUP(pg_params_release) struct pg_params child;
	CLEANUP(buf_release) struct buf text;

	buf_init(&text, 0);
	pg_conn_child_params(options->conn, options->params, "UTC", &child);
	buf_append_string(&text, "--dbname=");
	pg_params_format(&child, &text);
	strings_add(arguments, "--format=custom");
	strings_add(arguments, "--compress=0");
	strings_add(arguments, "--no-password");
	strings_add(arguments, buf_string(&text));
	buf_clear(&text);
	buf_printf(&text, "--lock-wait-timeout=%d", PG_LOCK_WAIT_MSEC);
	strings_add(arguments, buf_string(&text));
	buf_clear(&text);
	buf_printf(&text, "--encoding=%s", pg_conn_server_encoding(options->conn));
	strings_add(arguments, buf_string(&text));
	buf_clear(&text);
	buf_printf(&text, "--snapshot=%s", snapshot->name);
	strings_add(arguments, buf_string(&text));
	for (size_t i = 0; i < snapshot->tables.vec.n; i++) {
		const struct pg_table *table = vec_at(&snapshot->tables.vec, i);

		if (table->kind != PG_TABLE_PLAIN)
			continue;
		buf_clear(&text);
		buf_append_string(&text, "--exclude-table-data=");
		pg_name_quote_pair(&text, table->schema, table->name);
		strings_add(arguments, buf_string(&text));
	}
}

static int start_proof(struct pg_dump_run *run, struct err *err)
{
	CLEANUP(strings_release) struct strings arguments;

	strings_init(&arguments);
	strings_add(&arguments, "--file=/dev/null");
	return pg_tool_start(run->options->restore, &arguments, PG_TOOL_FEED, NULL,
			     &run->proof, err);
}

static int end_proof(struct pg_dump_run *run, struct err *err)
{
	if (pg_tool_wait(run->proof, "pg_restore", run->options->cancel, err) == 0)
		return 0;
	if (err->code == ERR_INTERRUPTED)
		return -1;
	(void)err_wrap(err, "what pg_dump wrote is not whole");
	return err_hint(err,
			"%s ended with status 0; if it is a wrapper, see that it passes "
			"on all output",
			run->options->dump->path);
}

/* 0 bytes: it has ended well. */
static int read_process(struct pg_dump_run *run, void *to, size_t len, size_t *ret_len,
			struct err *err)
{
	const struct cancel *cancel = run->options->cancel;

	if (pg_tool_read(run->process, to, len, cancel, ret_len, err) < 0)
		return -1;
	return *ret_len > 0 ? 0 : pg_tool_wait(run->process, "pg_dump", cancel, err);
}

int pg_dump_start(const struct pg_dump_options *options,
		  const struct pg_snapshot *snapshot, struct pg_dump_run **ret_run,
		  struct err *err)
{
	CLEANUP(pg_dump_freep) struct pg_dump_run *run = mem_zalloc(sizeof(*run));
	CLEANUP(strings_release) struct strings arguments;
	size_t len;

	run->options = options;
	strings_init(&arguments);
	collect_arguments(options, snapshot, &arguments);
	if (pg_tool_start(options->dump, &arguments, PG_TOOL_READ, NULL, &run->process,
			  err) < 0 ||
	    read_process(run, run->head, sizeof(run->head), &len, err) < 0)
		return -1;
	if (len == 0)
		return err_set(err, ERR_FAILED, "pg_dump wrote nothing");
	run->unread = slice_of(run->head, len);
	if (start_proof(run, err) < 0)
		return -1;
	*ret_run = STEAL(run);
	return 0;
}

static size_t take_head(struct pg_dump_run *run, void *to, size_t len)
{
	size_t n = len < run->unread.len ? len : run->unread.len;

	memcpy(to, run->unread.data, n);
	run->unread = slice_of(run->unread.data + n, run->unread.len - n);
	return n;
}

int pg_dump_read(struct pg_dump_run *run, void *to, size_t len, size_t *ret_len,
		 struct err *err)
{
	size_t n = take_head(run, to, len);

	if (n == 0 && read_process(run, to, len, &n, err) < 0)
		return -1;
	if (n == 0 && end_proof(run, err) < 0)
		return -1;
	if (n > 0 && !run->proof_closed &&
	    pg_tool_feed(run->proof, slice_of(to, n), run->options->cancel,
			 &run->proof_closed, err) < 0)
		return -1;
	*ret_len = n;
	return 0;
}

void pg_dump_warnings(struct pg_dump_run *run, struct strings *warnings)
{
	pg_tool_warnings(run->process, warnings);
}

void pg_dump_free(struct pg_dump_run *run)
{
	if (run == NULL)
		return;
	process_free(run->process);
	process_free(run->proof);
	mem_free(run);
}

void pg_dump_freep(struct pg_dump_run **run)
{
	pg_dump_free(*run);
}
