/* SPDX-License-Identifier: Apache-2.0 */
#include "pg/pg_tables.h"

#include "base/mem.h"
#include "base/quote.h"
#include "base/units.h"
#include "pg/pg_name.h"

enum { LOCK_BATCH = 200 };

/* clang-format off */
/*
 * The test for hash partitions by enum is pg_dump's: an operator class named enum_ops anywhere
 * up the partition tree. Enum values hash by their oids, which a restore does not keep.
 */
static const char *const tables_sql =
	"SELECT c.relkind, c.relpersistence = 'u', n.nspname, c.relname,"
	" (SELECT string_agg('\"' || replace(a.attname::text, '\"', '\"\"') || '\"', ', '"
	"   ORDER BY a.attnum) FROM pg_attribute a WHERE a.attrelid = c.oid"
	"   AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''),"
	" pg_table_size(c.oid), rn.nspname, r.relname"
	" FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
	" LEFT JOIN (pg_class r JOIN pg_namespace rn ON rn.oid = r.relnamespace)"
	"  ON c.relispartition AND r.oid = pg_partition_root(c.oid) AND EXISTS ("
	"  SELECT FROM pg_partition_ancestors(c.oid) up(relid)"
	"  JOIN pg_partitioned_table p ON p.partrelid = up.relid AND p.partstrat = 'h'"
	"  CROSS JOIN unnest(p.partclass::oid[]) used(opclass)"
	"  JOIN pg_opclass o ON o.oid = used.opclass AND o.opcname = 'enum_ops')"
	" WHERE c.relkind IN ('r', 'p', 'f') AND c.relpersistence <> 't'"
	" AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'"
	" AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.deptype = 'e'"
	"  AND d.classid = 'pg_class'::regclass AND d.objid = c.oid)";
/* clang-format on */

void pg_tables_init(struct pg_tables *tables)
{
	vec_init(&tables->vec, sizeof(struct pg_table));
}

void pg_tables_release(struct pg_tables *tables)
{
	for (size_t i = 0; i < tables->vec.n; i++) {
		struct pg_table *table = vec_at(&tables->vec, i);

		mem_free(table->schema);
		mem_free(table->name);
		mem_free(table->columns);
		mem_free(table->root_schema);
		mem_free(table->root_name);
		mem_free(table->directory);
		mem_free(table->file);
	}
	vec_release(&tables->vec);
}

static int name_files(struct pg_table *table, struct err *err)
{
	CLEANUP(buf_release) struct buf text;
	char shown[QUOTE_TEXT_MAX];

	buf_init(&text, 0);
	if (pg_name_encode(table->schema, &text, err) < 0)
		return err_wrap(err, "schema %s", quote_string(table->schema, shown));
	table->directory = buf_steal_string(&text);
	if (pg_name_encode(table->name, &text, err) < 0)
		return err_wrap(err, "table %s", quote_string(table->name, shown));
	buf_append_string(&text, PG_FILE_SUFFIX);
	table->file = buf_steal_string(&text);
	return 0;
}

static enum pg_table_kind kind_of(const char *relkind)
{
	if (*relkind == 'p')
		return PG_TABLE_PARTITIONED;
	return *relkind == 'f' ? PG_TABLE_FOREIGN : PG_TABLE_PLAIN;
}

static int add_table(struct pg_tables *tables, const struct pg_result *rows, size_t i,
		     struct err *err)
{
	struct pg_table *table = vec_push(&tables->vec, NULL);
	const char *columns = pg_value(rows, i, 4), *size = pg_value(rows, i, 5);

	table->kind = kind_of(pg_value(rows, i, 0));
	table->unlogged = pg_bool(rows, i, 1);
	table->schema = mem_strdup(pg_value(rows, i, 2));
	table->name = mem_strdup(pg_value(rows, i, 3));
	table->columns = mem_strdup(columns == NULL ? "" : columns);
	table->root_schema = mem_strdup(pg_value(rows, i, 6));
	table->root_name = mem_strdup(pg_value(rows, i, 7));
	if (size != NULL && units_parse_count("pg_table_size", size, 0, INT64_MAX,
					      &table->size_bytes, err) < 0)
		return -1;
	return name_files(table, err);
}

static int compare_tables(const void *a, const void *b)
{
	const struct pg_table *x = a, *y = b;
	int order = strcmp(x->directory, y->directory);

	return order != 0 ? order : strcmp(x->file, y->file);
}

int pg_tables_read(struct pg_conn *conn, struct pg_tables *tables, struct err *err)
{
	CLEANUP(pg_result_freep) struct pg_result *rows = NULL;

	if (pg_query(conn, tables_sql, 0, NULL, &rows, err) < 0)
		return err_wrap(err, "list of tables");
	for (size_t i = 0; i < pg_rows(rows); i++)
		if (add_table(tables, rows, i, err) < 0)
			return -1;
	vec_sort(&tables->vec, compare_tables);
	return 0;
}

static bool is_in(const struct pg_tables *sorted, const struct pg_table *table)
{
	size_t low = 0, high = sorted == NULL ? 0 : sorted->vec.n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = compare_tables(table, vec_at(&sorted->vec, middle));

		if (order == 0)
			return true;
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return false;
}

static int lock_batch(struct pg_conn *conn, struct buf *sql, struct err *err)
{
	buf_append_string(sql, " IN ACCESS SHARE MODE");
	if (pg_exec(conn, buf_string(sql), err) < 0) {
		if (err->code == ERR_DENIED)
			(void)err_hint(err, "a backup needs to read every table: connect "
					    "as a superuser or as a role with "
					    "pg_read_all_data and BYPASSRLS");
		return err_wrap(err, "lock tables");
	}
	buf_clear(sql);
	return 0;
}

int pg_tables_lock(struct pg_conn *conn, const struct pg_tables *tables,
		   const struct pg_tables *but, struct err *err)
{
	CLEANUP(buf_release) struct buf sql;
	size_t n = 0;

	buf_init(&sql, 0);
	for (size_t i = 0; i < tables->vec.n; i++) {
		const struct pg_table *table = vec_at(&tables->vec, i);

		if (table->kind == PG_TABLE_FOREIGN || is_in(but, table))
			continue;
		buf_append_string(&sql, sql.len == 0 ? "LOCK TABLE ONLY " : ", ONLY ");
		pg_name_quote_pair(&sql, table->schema, table->name);
		if (++n % LOCK_BATCH == 0 && lock_batch(conn, &sql, err) < 0)
			return -1;
	}
	return sql.len > 0 ? lock_batch(conn, &sql, err) : 0;
}

static void copy_sql(struct buf *sql, const char *schema, const char *name,
		     const char *columns)
{
	buf_append_string(sql, "COPY ");
	pg_name_quote_pair(sql, schema, name);
	if (*columns != '\0')
		buf_printf(sql, " (%s)", columns);
}

void pg_copy_out_sql(struct buf *sql, const char *schema, const char *name,
		     const char *columns)
{
	copy_sql(sql, schema, name, columns);
	buf_append_string(sql, " TO STDOUT");
}

void pg_copy_in_sql(struct buf *sql, const char *schema, const char *name,
		    const char *columns)
{
	copy_sql(sql, schema, name, columns);
	buf_append_string(sql, " FROM STDIN");
}
