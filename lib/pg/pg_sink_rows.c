/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rows in, and the proof that they are in. Each table is one transaction of TRUNCATE and COPY
 * with FREEZE: the server then writes rows that no later vacuum has to touch again. Constraints
 * that look at other tables, indexes and triggers come after all rows (post-data).
 *
 * A leaf whose rows may belong elsewhere (hash partitions by enum, see pg_tables.h) is copied
 * into the topmost table, and of all leaves below that the counts and sums are compared
 * together: that is what addition is for.
 *
 * Names and column lists come from the repository. They are taken apart and quoted anew, so
 * that nothing but names gets into a statement.
 */
#include <inttypes.h>

#include "base/mem.h"
#include "base/path.h"
#include "base/quote.h"
#include "base/units.h"
#include "pg/pg_name.h"
#include "pg/pg_session.h"
#include "pg/pg_sink_internal.h"
#include "pg/pg_sum.h"
#include "pg/pg_tables.h"

enum {
	READ_STEP = 256 * 1024,
	NAMED_MAX = 10,			 /* tables that one message names */
	NAMED_LEN_MAX = ERR_MSG_MAX / 2, /* it goes on with where they are kept */
};

static void release_table(struct sink_table *table)
{
	mem_free(table->path);
	mem_free(table->schema);
	mem_free(table->name);
	mem_free(table->columns);
	mem_free(table->root_schema);
	mem_free(table->root_name);
	mem_free(table->sum);
}

void sink_tables_release(struct vec *tables)
{
	for (size_t i = 0; i < tables->n; i++)
		release_table(vec_at(tables, i));
	vec_release(tables);
}

static int read_columns(const struct entry *entry, struct sink_table *table,
			struct err *err)
{
	const char *text = entry_fact(entry, "columns");
	CLEANUP(strings_release) struct strings names;
	CLEANUP(buf_release) struct buf list;

	strings_init(&names);
	buf_init(&list, 0);
	if (text == NULL)
		return err_set(err, ERR_CORRUPT, "has no list of columns");
	if (*text != '\0' && pg_name_list_parse(text, ", ", &names, err) < 0)
		return -1;
	for (size_t i = 0; i < strings_count(&names); i++) {
		if (i > 0)
			buf_append_string(&list, ", ");
		pg_name_quote(&list, strings_at(&names, i));
	}
	table->columns = buf_steal_string(&list);
	return 0;
}

static int read_root(const struct entry *entry, struct sink_table *table, struct err *err)
{
	const char *text = entry_fact(entry, "root");
	CLEANUP(strings_release) struct strings names;

	strings_init(&names);
	if (text == NULL)
		return 0;
	if (pg_name_list_parse(text, ".", &names, err) < 0)
		return -1;
	if (strings_count(&names) != 2)
		return err_set(err, ERR_CORRUPT, "root: expected schema and table");
	table->root_schema = mem_strdup(strings_at(&names, 0));
	table->root_name = mem_strdup(strings_at(&names, 1));
	return 0;
}

static int read_sum(const struct entry *entry, struct sink_table *table, struct err *err)
{
	const char *rows = entry_fact(entry, "rows"), *sum = entry_fact(entry, "sum");
	struct pg_sum ignored;

	if (rows == NULL || sum == NULL)
		return err_set(err, ERR_CORRUPT, "has no row count or sum");
	if (units_parse_count("rows", rows, 0, INT64_MAX, &table->rows, err) < 0) {
		err->code = ERR_CORRUPT;
		return -1;
	}
	if (pg_sum_parse(sum, &ignored, err) < 0)
		return -1;
	table->bytes = entry->size;
	table->sum = mem_strdup(sum);
	return 0;
}

static int read_names(const char *directory, const char *file, struct sink_table *table,
		      struct err *err)
{
	CLEANUP(buf_release) struct buf schema, name;
	size_t len = strlen(file), suffix = strlen(PG_FILE_SUFFIX);

	buf_init(&schema, 0);
	buf_init(&name, 0);
	if (len <= suffix || strcmp(file + len - suffix, PG_FILE_SUFFIX) != 0)
		return err_set(err, ERR_CORRUPT, "expected a name that ends in %s",
			       PG_FILE_SUFFIX);
	if (pg_name_decode(slice_of_string(directory), &schema, err) < 0 ||
	    pg_name_decode(slice_of(file, len - suffix), &name, err) < 0)
		return -1;
	table->schema = buf_steal_string(&schema);
	table->name = buf_steal_string(&name);
	return 0;
}

bool sink_is_selected(const struct pg_sink *s, const char *path)
{
	return !s->is_partial ||
	       selection_test(s->options->selection, slice_of_string(path), false) !=
		       SELECTION_SKIP;
}

static int add_table(struct pg_sink *s, const char *directory, const struct entry *entry,
		     struct err *err)
{
	CLEANUP(mem_freep) char *path = NULL;
	char shown[QUOTE_TEXT_MAX];
	struct sink_table *table;

	path = mem_printf("tables/%s/%s", directory, entry->name);
	if (entry->type != ENTRY_FILE)
		return 0;
	table = vec_push(&s->tables, NULL);
	if (read_names(directory, entry->name, table, err) < 0 ||
	    read_columns(entry, table, err) < 0 || read_root(entry, table, err) < 0 ||
	    read_sum(entry, table, err) < 0)
		return err_wrap(err, "%s", quote_string(path, shown));
	table->is_selected = sink_is_selected(s, path);
	table->path = STEAL(path);
	return 0;
}

typedef int visit_fn(struct pg_sink *s, const char *directory, const struct entry *entry,
		     struct err *err);

static int visit_open(struct pg_sink *s, struct tree_directory *listing,
		      const char *directory, visit_fn *visit, struct err *err)
{
	for (;;) {
		struct entry entry;
		bool end = false;
		int result;

		if (s->source->ops->next(listing, &entry, &end, err) < 0)
			return -1;
		if (end)
			return 0;
		result = visit(s, directory, &entry, err);
		entry_release(&entry);
		if (result < 0)
			return -1;
	}
}

static int visit_directory(struct pg_sink *s, const char *path, const char *directory,
			   visit_fn *visit, struct err *err)
{
	struct tree_directory *listing;
	int result;

	if (s->source->ops->open_directory(s->source, path, &listing, err) < 0)
		return -1;
	result = visit_open(s, listing, directory, visit, err);
	s->source->ops->close_directory(listing);
	return result;
}

static int add_schema(struct pg_sink *s, const char *directory, const struct entry *entry,
		      struct err *err)
{
	CLEANUP(mem_freep) char *path = path_join("tables", entry->name);

	(void)directory;
	if (entry->type != ENTRY_DIRECTORY)
		return 0;
	return visit_directory(s, path, entry->name, add_table, err);
}

static bool share_root(const struct sink_table *a, const struct sink_table *b)
{
	return a->root_name != NULL && b->root_name != NULL &&
	       strcmp(a->root_name, b->root_name) == 0 &&
	       strcmp(a->root_schema, b->root_schema) == 0;
}

/* Rows that may move between tables come back together, or they could not be proved. */
static bool is_wanted(const struct vec *tables, const struct sink_table *table)
{
	bool wanted = table->is_selected;

	for (size_t i = 0; table->root_name != NULL && i < tables->n && !wanted; i++) {
		const struct sink_table *other = vec_at(tables, i);

		wanted = other->is_selected && share_root(table, other);
	}
	return wanted;
}

static void keep_wanted(struct pg_sink *s)
{
	struct vec wanted;

	vec_init(&wanted, sizeof(struct sink_table));
	for (size_t i = 0; i < s->tables.n; i++) {
		struct sink_table *table = vec_at(&s->tables, i);

		table->is_selected = is_wanted(&s->tables, table);
	}
	for (size_t i = 0; i < s->tables.n; i++) {
		struct sink_table *table = vec_at(&s->tables, i);

		if (table->is_selected) {
			progress_expect(s->options->progress, 1, table->bytes);
			vec_push(&wanted, table);
		} else {
			release_table(table);
		}
	}
	vec_release(&s->tables);
	s->tables = wanted;
}

int sink_list_tables(struct pg_sink *s, struct err *err)
{
	if (visit_directory(s, "tables", "", add_schema, err) < 0)
		return -1;
	keep_wanted(s);
	if (!s->is_partial || s->tables.n > 0)
		return 0;
	(void)err_set(err, ERR_NOT_FOUND, "no table of the snapshot is selected");
	return err_hint(err, "tables are named by their paths in the snapshot, like "
			     "tables/public/orders.copy");
}

/* Inserting. */

static int copy_content(struct pg_sink *s, struct pg_conn *conn,
			struct byte_reader *reader, struct err *err)
{
	uint8_t *room = mem_alloc(READ_STEP);
	size_t len = 0;
	int result;

	do {
		result = s->source->ops->read(reader, room, READ_STEP, &len, err);
		if (result == 0 && len > 0)
			result = pg_copy_in_write(conn, slice_of(room, len), err);
		if (result == 0) {
			s->report->bytes += len;
			progress_add(s->options->progress, 0, len);
		}
	} while (result == 0 && len > 0);
	mem_free(room);
	return result;
}

static int begin_insert(struct pg_conn *conn, const struct sink_table *table,
			struct err *err)
{
	CLEANUP(buf_release) struct buf sql;

	buf_init(&sql, 0);
	if (table->root_name != NULL) {
		pg_copy_in_sql(&sql, table->root_schema, table->root_name,
			       table->columns);
		return pg_copy_in_begin(conn, buf_string(&sql), err);
	}
	buf_append_string(&sql, "BEGIN; TRUNCATE ONLY ");
	pg_name_quote_pair(&sql, table->schema, table->name);
	if (pg_exec(conn, buf_string(&sql), err) < 0)
		return -1;
	buf_clear(&sql);
	pg_copy_in_sql(&sql, table->schema, table->name, table->columns);
	buf_append_string(&sql, " WITH (FREEZE)");
	return pg_copy_in_begin(conn, buf_string(&sql), err);
}

static int insert_table(struct pg_sink *s, struct pg_conn *conn,
			const struct sink_table *table, struct err *err)
{
	struct byte_reader *reader;
	uint64_t rows = 0;
	int result;

	if (begin_insert(conn, table, err) < 0 ||
	    s->source->ops->open_content(s->source, table->path, &reader, err) < 0)
		return -1;
	result = copy_content(s, conn, reader, err);
	s->source->ops->close_content(reader);
	if (result < 0 || pg_copy_in_end(conn, &rows, err) < 0)
		return -1;
	if (table->root_name == NULL && pg_exec(conn, "COMMIT", err) < 0)
		return -1;
	s->report->rows += rows;
	progress_add(s->options->progress, 1, 0);
	return 0;
}

static int open_session(struct pg_sink *s, const char *time_zone,
			struct pg_conn **ret_conn, struct err *err)
{
	CLEANUP(pg_conn_freep) struct pg_conn *conn = NULL;

	if (pg_target_connect(&s->target, s->cancel, &conn, err) < 0 ||
	    pg_session_pin(conn, s->facts.encoding, time_zone, err) < 0 ||
	    pg_exec(conn, "SET synchronous_commit = off", err) < 0)
		return -1;
	*ret_conn = STEAL(conn);
	return 0;
}

int sink_insert_rows(struct pg_sink *s, struct err *err)
{
	CLEANUP(pg_conn_freep) struct pg_conn *conn = NULL;
	char shown[QUOTE_TEXT_MAX];

	if (open_session(s, s->facts.time_zone, &conn, err) < 0)
		return -1;
	for (size_t i = 0; i < s->tables.n; i++) {
		const struct sink_table *table = vec_at(&s->tables, i);

		if (insert_table(s, conn, table, err) < 0)
			return err_wrap(err, "%s", quote_string(table->path, shown));
	}
	return 0;
}

/* Verifying. */

static int sum_rows(struct pg_conn *conn, const struct sink_table *table,
		    struct hash *hash, struct pg_sum *sum, struct err *err)
{
	CLEANUP(buf_release) struct buf sql;
	struct slice row = {0};
	bool end = false;

	buf_init(&sql, 0);
	pg_copy_out_sql(&sql, table->schema, table->name, table->columns);
	if (pg_copy_out_begin(conn, buf_string(&sql), err) < 0)
		return -1;
	for (;;) {
		if (pg_copy_out_row(conn, &row, &end, err) < 0)
			return -1;
		if (end)
			return 0;
		pg_sum_row(sum, hash, row);
	}
}

static int begin_without_force(struct pg_conn *conn, const struct sink_table *table,
			       struct err *err)
{
	CLEANUP(buf_release) struct buf sql;

	buf_init(&sql, 0);
	buf_append_string(&sql, "BEGIN; ALTER TABLE ONLY ");
	pg_name_quote_pair(&sql, table->schema, table->name);
	buf_append_string(&sql, " NO FORCE ROW LEVEL SECURITY");
	return pg_exec(conn, buf_string(&sql), err);
}

/* Row security may be forced upon the owner, but not upon superusers. An owner who has to read
 * all rows lifts that in a transaction that is never committed. */
static int sum_table(struct pg_conn *conn, const struct sink_table *table,
		     struct hash *hash, struct pg_sum *sum, struct err *err)
{
	struct err refused = {0}, lifting = {0};

	if (sum_rows(conn, table, hash, sum, &refused) == 0)
		return 0;
	if (refused.code != ERR_DENIED ||
	    begin_without_force(conn, table, &lifting) < 0) {
		*err = refused;
		return -1;
	}
	if (sum_rows(conn, table, hash, sum, err) < 0)
		return -1;
	return pg_exec(conn, "ROLLBACK", err);
}

/* Of a table alone, or of all leaves whose rows may have moved between them. */
static void total(const struct pg_sink *s, const struct pg_sum *found, size_t of,
		  struct pg_sum *ret_recorded, struct pg_sum *ret_found)
{
	const struct sink_table *table = vec_at(&s->tables, of);

	*ret_recorded = *ret_found = (struct pg_sum){0};
	for (size_t i = 0; i < s->tables.n; i++) {
		const struct sink_table *other = vec_at(&s->tables, i);
		struct pg_sum recorded = {.rows = other->rows};
		struct err impossible;

		if (i != of && !share_root(table, other))
			continue;
		if (pg_sum_parse(other->sum, &recorded, &impossible) < 0)
			continue; /* it was parsed when it was read */
		pg_sum_add(ret_recorded, &recorded);
		pg_sum_add(ret_found, &found[i]);
	}
}

static void report_table(struct pg_sink *s, const struct pg_sum *found, size_t i)
{
	const struct sink_table *table = vec_at(&s->tables, i);
	struct pg_table_report *row = vec_push(&s->report->tables, NULL);
	struct pg_sum recorded, there = found[i];

	if (table->root_name != NULL) {
		total(s, found, i, &recorded, &there);
	} else {
		struct err impossible;

		recorded = (struct pg_sum){.rows = table->rows};
		if (pg_sum_parse(table->sum, &recorded, &impossible) < 0)
			recorded.rows = ~there.rows; /* it was parsed when it was read */
	}
	row->path = mem_strdup(table->path);
	row->rows = table->rows;
	row->sum = mem_strdup(table->sum);
	row->found_rows = found[i].rows;
	row->is_equal = pg_sum_equal(&recorded, &there);
}

static bool differs(const struct pg_table_report *row)
{
	return !row->is_equal && row->without_rows == NULL;
}

/* Names the table, as long as there is room. */
static bool name_difference(const struct pg_table_report *row, struct buf *text)
{
	char shown[QUOTE_TEXT_MAX];
	CLEANUP(mem_freep)
	char *item =
		mem_printf("%s: %" PRIu64 " rows, recorded are %" PRIu64 "%s",
			   quote_string(row->path, shown), row->found_rows, row->rows,
			   row->found_rows == row->rows ? " with another sum" : "");

	if (text->len > 0 && text->len + strlen(item) > NAMED_LEN_MAX)
		return false;
	buf_printf(text, "%s%s", text->len > 0 ? "; " : "", item);
	return true;
}

static int judge(struct pg_sink *s, struct err *err)
{
	CLEANUP(buf_release) struct buf named;
	uint64_t n_different = 0, n_named = 0;

	buf_init(&named, 0);
	for (size_t i = 0; i < s->report->tables.n; i++) {
		const struct pg_table_report *row = vec_at(&s->report->tables, i);

		if (!differs(row))
			continue;
		if (n_named == n_different && n_named < NAMED_MAX)
			n_named += name_difference(row, &named);
		n_different++;
	}
	if (n_different == 0)
		return 0;
	s->is_different = true;
	if (n_named < n_different)
		buf_printf(&named, "; and %" PRIu64 " more", n_different - n_named);
	(void)err_set(err, ERR_CORRUPT,
		      "%" PRIu64 " restored table%s from the snapshot: %s", n_different,
		      n_different == 1 ? " differs" : "s differ", buf_string(&named));
	return err_hint(err,
			"something on the target's server changed rows while they were "
			"restored, or shows values differently");
}

static int sum_all(struct pg_sink *s, struct pg_sum *found, struct err *err)
{
	CLEANUP(pg_conn_freep) struct pg_conn *conn = NULL;
	CLEANUP(hash_freep) struct hash *hash = hash_new();
	char shown[QUOTE_TEXT_MAX];

	if (open_session(s, NULL, &conn, err) < 0)
		return -1;
	for (size_t i = 0; i < s->tables.n; i++) {
		const struct sink_table *table = vec_at(&s->tables, i);

		if (sum_table(conn, table, hash, &found[i], err) < 0)
			return err_wrap(err, "%s", quote_string(table->path, shown));
	}
	return 0;
}

int sink_verify_rows(struct pg_sink *s, struct err *err)
{
	struct pg_sum *found = mem_calloc(s->tables.n, sizeof(*found));
	int result = sum_all(s, found, err);

	for (size_t i = 0; result == 0 && i < s->tables.n; i++)
		report_table(s, found, i);
	mem_free(found);
	return result < 0 ? -1 : judge(s, err);
}
