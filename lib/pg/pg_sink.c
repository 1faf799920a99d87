/* SPDX-License-Identifier: Apache-2.0 */
#include "pg/pg_sink.h"

#include <unistd.h>

#include "base/mem.h"
#include "base/quote.h"
#include "pg/pg_globals.h"
#include "pg/pg_session.h"
#include "pg/pg_sink_internal.h"

enum { TEXT_MAX = 64 * 1024 * 1024, READ_STEP = 64 * 1024 };

void pg_sink_report_init(struct pg_sink_report *report)
{
	*report = (struct pg_sink_report){0};
	vec_init(&report->tables, sizeof(struct pg_table_report));
	strings_init(&report->warnings);
}

void pg_sink_report_release(struct pg_sink_report *report)
{
	for (size_t i = 0; i < report->tables.n; i++) {
		struct pg_table_report *table = vec_at(&report->tables, i);

		mem_free(table->path);
		mem_free(table->sum);
		mem_free(table->without_rows);
	}
	vec_release(&report->tables);
	strings_release(&report->warnings);
	mem_free(report->database);
	report->database = NULL;
}

static void sink_init(struct pg_sink *s)
{
	pg_params_init(&s->params);
	pg_params_init(&s->target.params);
	buf_init(&s->database_json, TEXT_MAX + READ_STEP);
	buf_init(&s->globals_json, TEXT_MAX + READ_STEP);
	buf_init(&s->tables_json, TEXT_MAX + READ_STEP);
	vec_init(&s->tables, sizeof(struct sink_table));
	vec_init(&s->ungiven, sizeof(struct sink_ungiven));
	if (s->report != NULL)
		s->refused.warnings = &s->report->warnings;
	s->is_partial = s->options->selection != NULL &&
			!selection_is_empty(s->options->selection);
}

static void sink_release(struct pg_sink *s)
{
	if (s->list_path != NULL)
		(void)unlink(s->list_path); /* it is in a temporary directory */
	mem_free(s->list_path);
	pg_target_release(&s->target);
	pg_params_release(&s->params);
	pg_tool_release(&s->restore);
	pg_database_facts_release(&s->facts);
	buf_wipe(&s->globals_json); /* it has password hashes */
	buf_release(&s->globals_json);
	buf_release(&s->database_json);
	buf_release(&s->tables_json);
	mem_free(s->tables_lost);
	sink_tables_release(&s->tables);
	sink_ungiven_release(&s->ungiven);
}

static void warn(struct pg_sink *s, const char *text)
{
	strings_add(&s->report->warnings, text);
}

static int read_content(struct pg_sink *s, struct byte_reader *reader, struct buf *text,
			struct err *err)
{
	size_t len;

	do {
		uint8_t *room = buf_extend(text, READ_STEP);

		if (s->source->ops->read(reader, room, READ_STEP, &len, err) < 0)
			return -1;
		text->len -= READ_STEP - len;
		text->data[text->len] = '\0';
		if (text->len > TEXT_MAX)
			return err_set(err, ERR_LIMIT, "is longer than %d bytes",
				       TEXT_MAX);
	} while (len > 0);
	return 0;
}

/* At once for all, because a text that grows leaves copies in the heap, and one of them has
 * password hashes. */
static int reserve(struct pg_sink *s, const char *path, struct buf *text, struct err *err)
{
	struct entry entry;
	uint64_t size;

	if (s->source->ops->lookup(s->source, path, &entry, err) < 0)
		return -1;
	size = entry.size;
	entry_release(&entry);
	if (size > TEXT_MAX)
		return err_set(err, ERR_LIMIT, "%s: is longer than %d bytes", path,
			       TEXT_MAX);
	buf_reserve(text, (size_t)size + READ_STEP);
	return 0;
}

int sink_read_text(struct pg_sink *s, const char *path, struct buf *text, struct err *err)
{
	struct byte_reader *reader;
	int result;

	if (reserve(s, path, text, err) < 0 ||
	    s->source->ops->open_content(s->source, path, &reader, err) < 0)
		return -1;
	result = read_content(s, reader, text, err);
	s->source->ops->close_content(reader);
	return result < 0 ? err_wrap(err, "%s", path) : 0;
}

/* The dump's entry tells which pg_dump wrote it, so that pg_restore is not older. */
static int read_dump_major(struct pg_sink *s, unsigned *ret_major, struct err *err)
{
	struct err failure = {0};
	CLEANUP(mem_freep) char *text = NULL;
	CLEANUP(mem_freep) char *version = NULL;
	struct entry entry;
	const char *fact;
	int result = 0;

	if (s->source->ops->lookup(s->source, "schema.dump", &entry, &failure) < 0) {
		*err = failure;
		if (failure.code != ERR_NOT_FOUND)
			return -1;
		return err_set(err, ERR_NOT_FOUND,
			       "snapshot holds no PostgreSQL database: it has no "
			       "schema.dump");
	}
	fact = entry_fact(&entry, "pg_dump");
	text = mem_printf("(PostgreSQL) %s", fact == NULL ? "" : fact);
	if (!pg_tool_parse_version(text, &version, ret_major))
		result = err_set(
			err, ERR_CORRUPT,
			"schema.dump: the version of its pg_dump is not recorded");
	entry_release(&entry);
	return result;
}

/* What only the report needs is no reason to restore nothing when it is damaged: that is told. */
static int read_tables(struct pg_sink *s, struct err *err)
{
	struct err failure = {0};

	if (sink_read_text(s, "tables.json", &s->tables_json, &failure) == 0)
		return 0;
	if (failure.code == ERR_INTERRUPTED || failure.code == ERR_TRANSIENT) {
		*err = failure;
		return -1;
	}
	s->tables_lost = mem_strdup(failure.msg);
	return 0;
}

/* All that can be refused, before anything is written. */
static int prepare(struct pg_sink *s, struct err *err)
{
	unsigned dump_major = 0;

	if (pg_params_parse(s->options->conninfo, &s->params, err) < 0 ||
	    read_dump_major(s, &dump_major, err) < 0 ||
	    pg_tool_find("pg_restore", dump_major, "dump", &s->restore, err) < 0 ||
	    sink_read_text(s, "database.json", &s->database_json, err) < 0 ||
	    sink_read_text(s, "globals.json", &s->globals_json, err) < 0 ||
	    read_tables(s, err) < 0 || sink_list_tables(s, err) < 0)
		return -1;
	return pg_target_open(&s->params, s->options->replace, s->options->rng, s->cancel,
			      &s->target, err);
}

static void report_table_without_rows(struct pg_sink *s, const char *path,
				      const char *why)
{
	struct pg_table_report *table;

	if (!sink_is_selected(s, path))
		return;
	table = vec_push(&s->report->tables, NULL);
	table->path = mem_strdup(path);
	table->without_rows = mem_strdup(why);
}

/* What has no rows in the snapshot has no sum either, and the report says so. */
static int report_without_rows(struct pg_sink *s, struct err *err)
{
	static const char *const sql = "SELECT t ->> 'path', t ->> 'without_rows'"
				       " FROM json_array_elements($1::json) t"
				       " WHERE t ->> 'without_rows' !~ '^partitioned'";
	CLEANUP(pg_result_freep) struct pg_result *rows = NULL;
	const char *values[] = {buf_string(&s->tables_json)};

	if (s->tables_lost != NULL) {
		CLEANUP(mem_freep)
		char *text = mem_printf("%s; so it is not told which tables have no rows "
					"in the snapshot",
					s->tables_lost);

		warn(s, text);
		return 0;
	}
	if (pg_query(s->target.conn, sql, 1, values, &rows, err) < 0)
		return err_wrap(err, "tables.json");
	for (size_t i = 0; i < pg_rows(rows); i++)
		report_table_without_rows(s, pg_value(rows, i, 0), pg_value(rows, i, 1));
	return 0;
}

static int restore_roles(struct pg_sink *s, struct err *err)
{
	struct pg_globals_counts counts = {0};
	struct pg_sink_report *report = s->report;
	int result = pg_globals_restore(s->target.conn, buf_string(&s->globals_json),
					s->options->replace_globals, &s->refused, &counts,
					err);

	report->roles_created = counts.created;
	report->roles_kept = counts.kept;
	report->roles_replaced = counts.replaced;
	return result;
}

static int drop_default(struct pg_sink *s, struct pg_conn *conn, const char *sql,
			struct err *err)
{
	struct err why = {0};

	if (pg_exec(conn, sql, &why) == 0)
		return 0;
	if (s->is_lenient && why.code == ERR_DENIED)
		return pg_refused_add(&s->refused, sql, &why, err);
	*err = why;
	return -1;
}

/* What template0 gives and the source had not. */
static int drop_defaults(struct pg_sink *s, struct err *err)
{
	CLEANUP(pg_conn_freep) struct pg_conn *conn = NULL;

	if (s->facts.has_public_schema && s->facts.has_plpgsql)
		return 0;
	if (pg_target_connect(&s->target, s->cancel, &conn, err) < 0 ||
	    pg_session_pin(conn, "UTF8", NULL, err) < 0)
		return -1;
	if (!s->facts.has_public_schema &&
	    drop_default(s, conn, "DROP SCHEMA IF EXISTS public", err) < 0)
		return -1;
	if (!s->facts.has_plpgsql &&
	    drop_default(s, conn, "DROP EXTENSION IF EXISTS plpgsql", err) < 0)
		return -1;
	return 0;
}

static int place_relations(struct pg_sink *s, bool indexes, struct err *err)
{
	CLEANUP(pg_conn_freep) struct pg_conn *conn = NULL;
	struct err refused = {0};

	if (!s->facts.places_relations)
		return 0;
	if (pg_target_connect(&s->target, s->cancel, &conn, err) < 0 ||
	    pg_session_pin(conn, "UTF8", NULL, err) < 0)
		return -1;
	/* Event triggers of the database are none of this; not everybody may say so. */
	if (pg_exec(conn, "SET session_replication_role = replica", &refused) < 0 &&
	    refused.code == ERR_INTERRUPTED) {
		*err = refused;
		return -1;
	}
	return pg_database_place(conn, buf_string(&s->database_json), indexes,
				 &s->refused, err);
}

/* Statistics are comfort: a function in an index may fail under an empty search_path. */
static int analyze(struct pg_sink *s, struct err *err)
{
	CLEANUP(pg_conn_freep) struct pg_conn *conn = NULL;
	struct err failure = {0};

	if (pg_target_connect(&s->target, s->cancel, &conn, err) < 0 ||
	    pg_session_pin(conn, "UTF8", NULL, err) < 0)
		return -1;
	if (pg_exec(conn, "ANALYZE", &failure) == 0)
		return 0;
	if (failure.code == ERR_INTERRUPTED) {
		*err = failure;
		return -1;
	}
	{
		CLEANUP(mem_freep) char *text = mem_printf("analyze: %s", failure.msg);

		warn(s, text);
	}
	return 0;
}

static int fill(struct pg_sink *s, struct err *err)
{
	struct progress *progress = s->options->progress;

	progress_phase(progress, "restoring the schema");
	if (drop_defaults(s, err) < 0 ||
	    (s->is_partial && sink_choose_entries(s, err) < 0) ||
	    sink_restore_section(s, "pre-data", err) < 0 ||
	    place_relations(s, false, err) < 0)
		return -1;
	progress_phase(progress, "restoring rows");
	if (sink_insert_rows(s, err) < 0 || sink_restore_section(s, "data", err) < 0)
		return -1;
	progress_phase(progress, "restoring indexes and constraints");
	if (sink_restore_section(s, "post-data", err) < 0 ||
	    place_relations(s, true, err) < 0 || analyze(s, err) < 0)
		return -1;
	progress_phase(progress, "verifying rows");
	if (sink_verify_rows(s, err) < 0)
		return -1;
	return pg_database_describe(s->target.conn, buf_string(&s->database_json),
				    s->target.work_name,
				    s->target.mode == PG_TARGET_ADOPT, &s->refused, err);
}

/* What the dump says of owners is only asked for where it matters. */
static int join_owners(struct pg_sink *s, struct err *err)
{
	CLEANUP(buf_release) struct buf listing;

	buf_init(&listing, 0);
	if (!s->is_lenient)
		return 0;
	if (sink_read_list(s, &listing, err) < 0)
		return -1;
	return pg_target_join(
		&s->target,
		&(struct pg_owners){.globals_json = buf_string(&s->globals_json),
				    .database_json = buf_string(&s->database_json),
				    .listing = buf_string(&listing)},
		err);
}

static int restore_database(struct pg_sink *s, struct err *err)
{
	const char *json = buf_string(&s->database_json);

	if (s->is_partial)
		warn(s, "only some tables are restored: foreign keys, event triggers, "
			"publications, subscriptions and refreshes of materialised views "
			"are left out");
	if (pg_target_create(&s->target, json, &s->refused, err) < 0 ||
	    fill(s, err) < 0) {
		if (s->is_different || s->target.mode == PG_TARGET_ADOPT)
			pg_target_keep(&s->target, err);
		else
			pg_target_discard(&s->target, err);
		return -1;
	}
	if (pg_target_commit(&s->target, s->cancel, &s->report->warnings, err) < 0) {
		pg_target_keep(&s->target, err);
		return -1;
	}
	return 0;
}

static int restore(struct pg_sink *s, struct err *err)
{
	int result;

	s->is_lenient = !pg_conn_is_superuser(s->target.conn);
	progress_phase(s->options->progress, "restoring roles");
	if (pg_database_facts(s->target.conn, buf_string(&s->database_json), &s->facts,
			      &s->report->warnings, err) < 0 ||
	    report_without_rows(s, err) < 0 || restore_roles(s, err) < 0)
		return -1;
	result = join_owners(s, err);
	if (result == 0)
		result = restore_database(s, err);
	sink_tell_ungiven(s);
	pg_target_leave(&s->target, &s->refused);
	s->report->refused = s->refused.n;
	return result;
}

int pg_sink_run(const struct pg_sink_options *options, struct tree_source *source,
		struct pg_sink_report *report, const struct cancel *cancel,
		struct err *err)
{
	struct pg_sink s = {
		.options = options, .source = source, .report = report, .cancel = cancel};
	int result;

	sink_init(&s);
	result = prepare(&s, err);
	if (result == 0) {
		report->database = mem_strdup(s.target.name);
		result = restore(&s, err);
	}
	sink_release(&s);
	return result;
}

int pg_sink_check(const struct pg_sink_options *options, struct tree_source *source,
		  const struct cancel *cancel, struct err *err)
{
	struct pg_sink s = {.options = options, .source = source, .cancel = cancel};
	int result;

	sink_init(&s);
	result = prepare(&s, err);
	sink_release(&s);
	return result;
}
