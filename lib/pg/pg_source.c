/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One connection holds the transaction of pg_moment.h and copies the tables one after the
 * other; pg_dump runs beside it on the same snapshot. A later version gives the tables to
 * several connections that import the snapshot: copy_table() is the seam.
 *
 * Nothing is kept on disk: pg_dump's output and COPY's rows go straight into the room that
 * the sink offers.
 */
#include "pg/pg_source.h"

#include <inttypes.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/quote.h"
#include "format/json.h"
#include "pg/pg_database.h"
#include "pg/pg_globals.h"
#include "pg/pg_moment.h"
#include "pg/pg_name.h"
#include "pg/pg_session.h"
#include "pg/pg_sum.h"

enum {
	DIRECTORY_MODE = 0700,
	FILE_MODE = 0600,
	TOLD_MAX = 1000, /* tables without rows in the facts, which have a limit */
};

struct copied {
	bool has_rows;
	struct pg_sum sum;
};

struct pg_source {
	const struct pg_source_options *options;
	struct tree_sink *sink;
	const struct cancel *cancel;
	struct pg_params params;
	struct pg_conn *conn;
	struct pg_snapshot snapshot;
	struct pg_tool dump, restore;
	struct pg_dump_options dump_options;
	struct pg_dump_run *dump_run; /* begun before anything is written */
	struct hash *hash;
	struct copied *copied; /* one for each table */
	bool has_passwords;
	int64_t now_nsec; /* the time of all entries */
};

static void source_init(struct pg_source *s)
{
	pg_params_init(&s->params);
	pg_tables_init(&s->snapshot.tables);
	s->hash = hash_new();
	s->now_nsec = s->options->clock->now_nsec(s->options->clock);
}

static void source_release(struct pg_source *s)
{
	pg_conn_free(s->conn);
	pg_snapshot_release(&s->snapshot);
	pg_params_release(&s->params);
	pg_dump_free(s->dump_run);
	pg_tool_release(&s->dump);
	pg_tool_release(&s->restore);
	hash_free(s->hash);
	mem_free(s->copied);
}

static int begin_moment(struct pg_source *s, struct err *err)
{
	s->dump_options = (struct pg_dump_options){.conn = s->conn,
						   .params = &s->params,
						   .dump = &s->dump,
						   .restore = &s->restore,
						   .cancel = s->cancel};
	progress_phase(s->options->progress, "locking tables");
	return pg_moment_begin(&s->dump_options, &s->snapshot, &s->dump_run, err);
}

/* Before anything is written. */
static int prepare(struct pg_source *s, struct err *err)
{
	if (pg_params_parse(s->options->conninfo, &s->params, err) < 0 ||
	    pg_conn_open(&s->params, s->cancel, &s->conn, err) < 0 ||
	    pg_tool_find("pg_dump", pg_conn_major(s->conn), "server", &s->dump, err) <
		    0 ||
	    pg_tool_find("pg_restore", s->dump.major, "pg_dump", &s->restore, err) < 0 ||
	    pg_session_pin(s->conn, pg_conn_server_encoding(s->conn), NULL, err) < 0 ||
	    begin_moment(s, err) < 0)
		return -1;
	s->copied = mem_calloc(s->snapshot.tables.vec.n, sizeof(*s->copied));
	return 0;
}

static const struct pg_table *table_at(const struct pg_source *s, size_t i)
{
	return vec_at(&s->snapshot.tables.vec, i);
}

static bool has_rows(const struct pg_source *s, const struct pg_table *table)
{
	return table->kind == PG_TABLE_PLAIN &&
	       !(table->unlogged && s->snapshot.is_standby);
}

static void expect_all(const struct pg_source *s)
{
	uint64_t files = 0, bytes = 0;

	for (size_t i = 0; i < s->snapshot.tables.vec.n; i++) {
		if (!has_rows(s, table_at(s, i)))
			continue;
		files++;
		bytes += table_at(s, i)->size_bytes;
	}
	s->sink->ops->expect(s->sink, files, bytes);
}

/* Entries. */

static void describe(const struct pg_source *s, enum entry_type type, const char *name,
		     struct entry *ret_entry)
{
	entry_init(ret_entry, type, name);
	ret_entry->mode = type == ENTRY_DIRECTORY ? DIRECTORY_MODE : FILE_MODE;
	ret_entry->uid = geteuid();
	ret_entry->gid = getegid();
	ret_entry->mtime_nsec = s->now_nsec;
}

static int open_directory(const struct pg_source *s, const char *name, struct err *err)
{
	CLEANUP(entry_release) struct entry entry;

	describe(s, ENTRY_DIRECTORY, name, &entry);
	return s->sink->ops->open_directory(s->sink, &entry, err);
}

static int close_directory(const struct pg_source *s, struct err *err)
{
	return s->sink->ops->close_directory(s->sink, err);
}

/* Ends a stream as content (an empty one has none) or gives it up. */
static int end_stream(const struct pg_source *s, struct stream *stream, int result,
		      uint64_t len, struct content **ret_content, struct err *err)
{
	if (result == 0 && len > 0)
		return s->sink->ops->close_stream(stream, ret_content, err);
	s->sink->ops->abandon_stream(stream);
	return result;
}

static int add_text(const struct pg_source *s, const char *name, const struct buf *text,
		    struct err *err)
{
	CLEANUP(entry_release) struct entry entry;
	struct content *content = NULL;
	struct stream *stream;
	int result;

	describe(s, ENTRY_FILE, name, &entry);
	entry.size = text->len;
	if (s->sink->ops->open_stream(s->sink, CUT_BY_CONTENT, &stream, err) < 0)
		return -1;
	result = tree_sink_write(s->sink, stream, buf_slice(text), err);
	if (end_stream(s, stream, result, text->len, &content, err) < 0)
		return -1;
	return s->sink->ops->add(s->sink, &entry, content, NULL, err);
}

/* Documents. */

/*
 * Names of roles are in the encoding of the database where they were made, which is mostly
 * UTF8; a database with another encoding may be unable to show them. So they are read where
 * pg_dumpall reads them, as long as there is such a place.
 */
static int read_globals(struct pg_source *s, struct buf *globals, struct err *err)
{
	CLEANUP(pg_params_release) struct pg_params params;
	CLEANUP(pg_conn_freep) struct pg_conn *conn = NULL;
	struct err ignored = {0};

	pg_params_copy(&params, &s->params);
	pg_params_set(&params, "dbname", "postgres");
	if (strcmp(pg_conn_server_encoding(s->conn), "UTF8") != 0 &&
	    pg_conn_open(&params, s->cancel, &conn, &ignored) == 0 &&
	    pg_session_pin(conn, "UTF8", NULL, &ignored) == 0 &&
	    pg_globals_read(conn, globals, &s->has_passwords, &ignored) == 0)
		return 0;
	buf_clear(globals);
	return pg_globals_read(s->conn, globals, &s->has_passwords, err);
}

/* For CLEANUP: of a text with password hashes. */
static void wipe_and_release(struct buf *text)
{
	buf_wipe(text);
	buf_release(text);
}

static int add_database_and_globals(struct pg_source *s, struct err *err)
{
	CLEANUP(buf_release) struct buf database;
	CLEANUP(wipe_and_release) struct buf globals;

	buf_init(&database, 0);
	buf_init(&globals, 0);
	if (pg_exec(s->conn, "SET client_encoding = 'UTF8'", err) < 0 ||
	    pg_database_read(s->conn, &database, err) < 0 ||
	    read_globals(s, &globals, err) < 0 ||
	    pg_session_pin(s->conn, pg_conn_server_encoding(s->conn), NULL, err) < 0)
		return -1;
	if (!s->has_passwords)
		s->sink->ops->warn(s->sink, WARN_NOTE, "globals.json",
				   "roles have no passwords, for this role may not read "
				   "pg_authid");
	if (add_text(s, "database.json", &database, err) < 0)
		return -1;
	return add_text(s, "globals.json", &globals, err);
}

static void write_server(const struct pg_source *s, struct json_writer *w)
{
	json_put_uint(w, "format", 1);
	json_put_string(w, "database", pg_params_get(&s->params, "dbname"));
	json_put_string(w, "server_version", pg_conn_version(s->conn));
	json_put_string(w, "pg_dump_version", s->dump.version);
	json_put_string(w, "encoding", pg_conn_server_encoding(s->conn));
	json_put_string(w, "system_identifier", s->snapshot.system_identifier);
	json_put_bool(w, "standby", s->snapshot.is_standby);
	json_put_string(w, "pg_snapshot", s->snapshot.name);
	json_put_string(w, "lsn", s->snapshot.lsn);
}

static int add_postgres(const struct pg_source *s, struct err *err)
{
	CLEANUP(buf_release) struct buf text;
	struct json_writer w;

	buf_init(&text, 0);
	json_writer_init(&w, &text, JSON_PRETTY);
	json_begin_object(&w);
	write_server(s, &w);
	json_put_uint(&w, "tables", s->snapshot.tables.vec.n);
	json_end_object(&w);
	return add_text(s, "postgres.json", &text, err);
}

/* Why a table has no rows in the snapshot; NULL when it has. */
static const char *reason_without_rows(const struct pg_source *s,
				       const struct pg_table *table)
{
	if (table->kind == PG_TABLE_PARTITIONED)
		return "partitioned: its partitions have the rows";
	if (table->kind == PG_TABLE_FOREIGN)
		return "foreign: its rows lie on another server";
	return has_rows(s, table) ? NULL : "unlogged: a standby does not have its rows";
}

static void write_table(const struct pg_source *s, size_t i, struct json_writer *w)
{
	const struct pg_table *table = table_at(s, i);
	const struct copied *copied = &s->copied[i];
	char sum[PG_SUM_TEXT_MAX];

	json_begin_object(w);
	json_write_key(w, "path");
	{
		CLEANUP(mem_freep)
		char *path = mem_printf("tables/%s/%s", table->directory, table->file);

		json_write_string(w, path);
	}
	json_put_string(w, "schema", table->schema);
	json_put_string(w, "table", table->name);
	if (copied->has_rows) {
		json_put_uint(w, "rows", copied->sum.rows);
		json_put_uint(w, "bytes", copied->sum.bytes);
		json_put_string(w, "sum", pg_sum_format(&copied->sum, sum));
	} else {
		json_put_string(w, "without_rows", reason_without_rows(s, table));
	}
	json_end_object(w);
}

static int add_tables_json(const struct pg_source *s, struct err *err)
{
	CLEANUP(buf_release) struct buf text;
	struct json_writer w;

	buf_init(&text, 0);
	json_writer_init(&w, &text, JSON_PRETTY);
	json_begin_array(&w);
	for (size_t i = 0; i < s->snapshot.tables.vec.n; i++)
		write_table(s, i, &w);
	json_end_array(&w);
	return add_text(s, "tables.json", &text, err);
}

/* schema.dump */

/* What pg_dump leaves out, it tells in passing: "subscriptions not dumped because current user
 * is not a superuser". */
static void tell_warnings(const struct pg_source *s)
{
	CLEANUP(strings_release) struct strings warnings;

	strings_init(&warnings);
	pg_dump_warnings(s->dump_run, &warnings);
	for (size_t i = 0; i < strings_count(&warnings); i++) {
		const char *text = strings_at(&warnings, i);
		bool lacks = strstr(text, "not dumped") != NULL;

		s->sink->ops->warn(s->sink, lacks ? WARN_UNREADABLE : WARN_NOTE,
				   "schema.dump", text);
	}
}

static int read_dump(const struct pg_source *s, struct stream *stream, uint64_t *ret_len,
		     struct err *err)
{
	size_t len;

	*ret_len = 0;
	do {
		size_t room = 0;
		uint8_t *to = s->sink->ops->space(stream, &room);

		if (pg_dump_read(s->dump_run, to, room, &len, err) < 0)
			return -1;
		if (len > 0 && s->sink->ops->commit(stream, len, err) < 0)
			return -1;
		*ret_len += len;
		progress_add(s->options->progress, 0, len);
	} while (len > 0);
	tell_warnings(s);
	return 0;
}

static int add_schema(const struct pg_source *s, struct err *err)
{
	CLEANUP(entry_release) struct entry entry;
	struct content *content = NULL;
	struct stream *stream;
	uint64_t len = 0;
	int result;

	describe(s, ENTRY_FILE, "schema.dump", &entry);
	entry_add_fact(&entry, "pg_dump", "%s", s->dump.version);
	progress_phase(s->options->progress, "dumping the schema");
	if (s->sink->ops->open_stream(s->sink, CUT_BY_CONTENT, &stream, err) < 0)
		return -1;
	result = read_dump(s, stream, &len, err);
	if (end_stream(s, stream, result, len, &content, err) < 0)
		return -1;
	entry.size = len;
	return s->sink->ops->add(s->sink, &entry, content, NULL, err);
}

/* Tables. */

static int copy_rows(const struct pg_source *s, const struct pg_table *table,
		     struct stream *stream, struct pg_sum *sum, struct err *err)
{
	CLEANUP(buf_release) struct buf sql;
	struct slice row = {0};
	bool end = false;

	buf_init(&sql, 0);
	pg_copy_out_sql(&sql, table->schema, table->name, table->columns);
	if (pg_copy_out_begin(s->conn, buf_string(&sql), err) < 0)
		return -1;
	for (;;) {
		if (pg_copy_out_row(s->conn, &row, &end, err) < 0)
			return -1;
		if (end)
			return 0;
		pg_sum_row(sum, s->hash, row);
		if (tree_sink_write(s->sink, stream, row, err) < 0)
			return -1;
		progress_add(s->options->progress, 0, row.len);
	}
}

static void describe_table(const struct pg_source *s, const struct pg_table *table,
			   const struct pg_sum *sum, struct entry *ret_entry)
{
	char text[PG_SUM_TEXT_MAX];

	describe(s, ENTRY_FILE, table->file, ret_entry);
	ret_entry->size = sum->bytes;
	entry_add_fact(ret_entry, "rows", "%" PRIu64, sum->rows);
	entry_add_fact(ret_entry, "sum", "%s", pg_sum_format(sum, text));
	entry_add_fact(ret_entry, "columns", "%s", table->columns);
	if (table->root_name != NULL) {
		CLEANUP(buf_release) struct buf root;

		buf_init(&root, 0);
		pg_name_quote_pair(&root, table->root_schema, table->root_name);
		entry_add_fact(ret_entry, "root", "%s", buf_string(&root));
	}
}

static int copy_table(const struct pg_source *s, const struct pg_table *table,
		      struct copied *copied, struct err *err)
{
	struct content *content = NULL;
	struct stream *stream;
	struct entry entry;
	int result;

	if (s->sink->ops->open_stream(s->sink, CUT_BY_CONTENT, &stream, err) < 0)
		return -1;
	result = copy_rows(s, table, stream, &copied->sum, err);
	if (end_stream(s, stream, result, copied->sum.bytes, &content, err) < 0)
		return -1;
	copied->has_rows = true;
	progress_add(s->options->progress, 1, 0);
	describe_table(s, table, &copied->sum, &entry);
	result = s->sink->ops->add(s->sink, &entry, content, NULL, err);
	entry_release(&entry);
	return result;
}

static void note_without_rows(const struct pg_source *s, const struct pg_table *table)
{
	const char *reason = reason_without_rows(s, table);
	char schema[QUOTE_TEXT_MAX], name[QUOTE_TEXT_MAX];
	CLEANUP(mem_freep) char *path = NULL;

	if (reason == NULL || table->kind == PG_TABLE_PARTITIONED)
		return;
	path = mem_printf("table %s.%s", quote_string(table->schema, schema),
			  quote_string(table->name, name));
	s->sink->ops->warn(s->sink, WARN_NOTE, path, reason);
}

/* The open directory of a schema; NULL when none is open. */
static int enter_schema(const struct pg_source *s, const struct pg_table *table,
			const char **open, struct err *err)
{
	if (*open != NULL && strcmp(*open, table->directory) == 0)
		return 0;
	if (*open != NULL && close_directory(s, err) < 0)
		return -1;
	*open = table->directory;
	return open_directory(s, table->directory, err);
}

static int add_tables(const struct pg_source *s, struct err *err)
{
	const char *open = NULL;
	char shown[QUOTE_TEXT_MAX];

	progress_phase(s->options->progress, "copying tables");
	if (open_directory(s, "tables", err) < 0)
		return -1;
	for (size_t i = 0; i < s->snapshot.tables.vec.n; i++) {
		const struct pg_table *table = table_at(s, i);

		note_without_rows(s, table);
		if (!has_rows(s, table))
			continue;
		if (enter_schema(s, table, &open, err) < 0)
			return -1;
		if (copy_table(s, table, &s->copied[i], err) < 0)
			return err_wrap(err, "table %s",
					quote_string(table->name, shown));
	}
	if (open != NULL && close_directory(s, err) < 0)
		return -1;
	return close_directory(s, err);
}

static bool lacks_rows(const struct pg_source *s, size_t i)
{
	return !s->copied[i].has_rows && table_at(s, i)->kind != PG_TABLE_PARTITIONED;
}

static uint64_t count_without_rows(const struct pg_source *s)
{
	uint64_t n = 0;

	for (size_t i = 0; i < s->snapshot.tables.vec.n; i++)
		n += lacks_rows(s, i);
	return n;
}

/* What the snapshot's body tells about the source without its tree. */
static void tell_facts(const struct pg_source *s)
{
	CLEANUP(buf_release) struct buf text;
	struct json_writer w;
	struct pg_sum total = {0};
	uint64_t n_copied = 0;
	unsigned n_told = 0;

	for (size_t i = 0; i < s->snapshot.tables.vec.n; i++) {
		n_copied += s->copied[i].has_rows;
		pg_sum_add(&total, &s->copied[i].sum);
	}
	buf_init(&text, 0);
	json_writer_init(&w, &text, JSON_COMPACT);
	json_begin_object(&w);
	write_server(s, &w);
	json_put_uint(&w, "tables", n_copied);
	json_put_uint(&w, "rows", total.rows);
	json_put_uint(&w, "bytes", total.bytes);
	json_put_bool(&w, "passwords", s->has_passwords);
	json_put_uint(&w, "n_without_rows", count_without_rows(s));
	json_write_key(&w, "without_rows");
	json_begin_array(&w);
	for (size_t i = 0; i < s->snapshot.tables.vec.n && n_told < TOLD_MAX; i++) {
		const struct pg_table *table = table_at(s, i);

		if (!lacks_rows(s, i))
			continue;
		n_told++;
		json_begin_object(&w);
		json_put_string(&w, "schema", table->schema);
		json_put_string(&w, "table", table->name);
		json_put_string(&w, "reason", reason_without_rows(s, table));
		json_end_object(&w);
	}
	json_end_array(&w);
	json_end_object(&w);
	s->sink->ops->facts(s->sink, buf_string(&text));
}

static int write_tree(struct pg_source *s, struct err *err)
{
	expect_all(s);
	if (open_directory(s, "", err) < 0 || add_database_and_globals(s, err) < 0 ||
	    add_postgres(s, err) < 0)
		return -1;
	if (add_schema(s, err) < 0)
		return err_wrap(err, "schema.dump");
	if (add_tables(s, err) < 0 || add_tables_json(s, err) < 0)
		return -1;
	tell_facts(s);
	return close_directory(s, err);
}

int pg_source_run(const struct pg_source_options *options, struct tree_sink *sink,
		  const struct cancel *cancel, struct err *err)
{
	struct pg_source s = {.options = options, .sink = sink, .cancel = cancel};
	int result;

	source_init(&s);
	result = prepare(&s, err);
	if (result == 0)
		result = write_tree(&s, err);
	source_release(&s);
	return result;
}
