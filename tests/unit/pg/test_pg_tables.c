/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "pg/pg_tables.h"
#include "support/fake_session.h"

/* relkind, unlogged, schema, table, columns, size, root */
static const struct fake_rule rules[] = {
	{"FROM pg_class", FAKE_ROWS,
	 "r\tf\tpublic\tz\t\"a\", \"b\"\t8192\t\\N\t\\N\n"
	 "p\tf\tpublic\tparts\t\"a\"\t0\t\\N\t\\N\n"
	 "f\tf\tpublic\taway\t\"a\"\t0\t\\N\t\\N\n"
	 "r\tt\tpublic\ta\t\\N\t\\N\t\\N\t\\N\n"
	 "r\tf\ta/b\tleaf\t\"m\"\t1\tpublic\tparts",
	 0},
	{NULL, 0, NULL, 0}};

static const struct pg_table *at(const struct pg_tables *tables, size_t i)
{
	return vec_at(&tables->vec, i);
}

static void read_tables(struct fake_session *s, void **state, struct pg_tables *tables)
{
	fake_session_open(s, state, rules);
	pg_tables_init(tables);
	assert_int_equal(pg_tables_read(s->conn, tables, &s->err), 0);
}

static void test_pg_tables_read__sorts_by_file_names(void **state)
{
	static const char *const expected[] = {"a%2Fb/leaf.copy", "public/a.copy",
					       "public/away.copy", "public/parts.copy",
					       "public/z.copy"};
	CLEANUP(pg_tables_release) struct pg_tables tables;
	struct fake_session s;

	read_tables(&s, state, &tables);
	assert_int_equal(tables.vec.n, ARRAY_SIZE(expected));
	for (size_t i = 0; i < ARRAY_SIZE(expected); i++) {
		char path[100];

		(void)snprintf(path, sizeof(path), "%s/%s", at(&tables, i)->directory,
			       at(&tables, i)->file);
		assert_string_equal(path, expected[i]);
	}
	fake_session_close(&s);
}

static void test_pg_tables_read__knows_kinds_columns_and_roots(void **state)
{
	CLEANUP(pg_tables_release) struct pg_tables tables;
	struct fake_session s;

	read_tables(&s, state, &tables);
	assert_string_equal(at(&tables, 0)->root_name, "parts");
	assert_true(at(&tables, 1)->unlogged);
	assert_string_equal(at(&tables, 1)->columns, "");
	assert_int_equal(at(&tables, 2)->kind, PG_TABLE_FOREIGN);
	assert_int_equal(at(&tables, 3)->kind, PG_TABLE_PARTITIONED);
	assert_int_equal(at(&tables, 4)->kind, PG_TABLE_PLAIN);
	assert_string_equal(at(&tables, 4)->columns, "\"a\", \"b\"");
	assert_int_equal(at(&tables, 4)->size_bytes, 8192);
	assert_null(at(&tables, 4)->root_name);
	fake_session_close(&s);
}

static void test_pg_tables_lock__takes_all_but_foreign_ones(void **state)
{
	CLEANUP(pg_tables_release) struct pg_tables tables;
	struct fake_session s;

	read_tables(&s, state, &tables);
	assert_int_equal(pg_tables_lock(s.conn, &tables, NULL, &s.err), 0);
	assert_true(fake_postgres_got(
		&s.fake,
		"LOCK TABLE ONLY \"a/b\".\"leaf\", ONLY \"public\".\"a\", ONLY "
		"\"public\".\"parts\", ONLY \"public\".\"z\" IN ACCESS SHARE MODE"));
	fake_session_close(&s);
}

static void test_pg_tables_lock__leaves_out_what_is_locked(void **state)
{
	CLEANUP(pg_tables_release) struct pg_tables tables;
	struct fake_session s;

	read_tables(&s, state, &tables);
	assert_int_equal(pg_tables_lock(s.conn, &tables, &tables, &s.err), 0);
	assert_false(fake_postgres_got(&s.fake, "LOCK TABLE"));
	fake_session_close(&s);
}

static void test_pg_tables_lock__tells_who_may(void **state)
{
	static const struct fake_rule refuse[] = {
		{"LOCK TABLE", FAKE_ERROR, "42501 permission denied for table z", 0},
		{"FROM pg_class", FAKE_ROWS, "r\tf\tpublic\tz\t\"a\"\t0\t\\N\t\\N", 0},
		{NULL, 0, NULL, 0}};
	CLEANUP(pg_tables_release) struct pg_tables tables;
	struct fake_session s;

	fake_session_open(&s, state, refuse);
	pg_tables_init(&tables);
	assert_int_equal(pg_tables_read(s.conn, &tables, &s.err), 0);
	assert_int_equal(pg_tables_lock(s.conn, &tables, NULL, &s.err), -1);
	assert_int_equal(s.err.code, ERR_DENIED);
	assert_string_equal(s.err.msg, "lock tables: permission denied for table z");
	assert_non_null(strstr(s.err.hint, "BYPASSRLS"));
	fake_session_close(&s);
}

static void test_pg_copy_sql__quotes_and_lists(void **state)
{
	CLEANUP(buf_release) struct buf sql;

	(void)state;
	buf_init(&sql, 0);
	pg_copy_out_sql(&sql, "s", "t\"x", "\"a\", \"b\"");
	assert_string_equal(buf_string(&sql),
			    "COPY \"s\".\"t\"\"x\" (\"a\", \"b\") TO STDOUT");
	buf_clear(&sql);
	pg_copy_in_sql(&sql, "s", "t", "");
	assert_string_equal(buf_string(&sql), "COPY \"s\".\"t\" FROM STDIN");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		tempdir_test(test_pg_tables_read__sorts_by_file_names),
		tempdir_test(test_pg_tables_read__knows_kinds_columns_and_roots),
		tempdir_test(test_pg_tables_lock__takes_all_but_foreign_ones),
		tempdir_test(test_pg_tables_lock__leaves_out_what_is_locked),
		tempdir_test(test_pg_tables_lock__tells_who_may),
		cmocka_unit_test(test_pg_copy_sql__quotes_and_lists),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
