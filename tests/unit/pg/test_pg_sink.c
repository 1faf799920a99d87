/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "pg/pg_sink_internal.h"
#include "support/pg_sink_run.h"

static const struct fake_rule rules[] = {PG_SINK_RULES};

/* The text of the log from the first place that has `text` on; fails without one. */
static const char *behind(const char *log, const char *text)
{
	const char *found = strstr(log, text);

	if (found == NULL)
		fail_msg("not in this order: %s", text);
	return found;
}

static void test_pg_sink_run__restores_in_order(void **state)
{
	static const char *const order[] = {
		"CREATE DATABASE made",
		"TRUNCATE ONLY \"public\".\"other\"",
		"COPY \"public\".\"other\" (\"a\") FROM STDIN WITH (FREEZE)",
		"data: 3\n4\n",
		"COPY \"public\".\"t\" (\"a\") FROM STDIN",
		"ANALYZE",
		"COPY \"public\".\"t\" (\"a\") TO STDOUT",
		"RENAME TO \"app\""};
	CLEANUP(buf_release) struct buf log = {0};
	struct sink_run run;
	const char *at;

	fake_program(*state, "pg_restore", PG_RESTORE_NOTES);
	sink_run_init(&run, state, rules);
	if (sink_run(&run) < 0)
		fail_msg("%s", run.err.msg);
	assert_int_equal(file_read(run.fake.log, 1 << 20, &log, &run.err), 0);
	at = buf_string(&log);
	for (size_t i = 0; i < ARRAY_SIZE(order); i++)
		at = behind(at, order[i]);
	sink_run_release(&run);
}

static void test_pg_sink_run__reports_what_it_proved(void **state)
{
	const struct pg_table_report *table;
	struct sink_run run;

	fake_program(*state, "pg_restore", PG_RESTORE_NOTES);
	sink_run_init(&run, state, rules);
	assert_int_equal(sink_run(&run), 0);
	assert_string_equal(run.report.database, "app");
	assert_int_equal(run.report.tables.n, 2);
	table = vec_at(&run.report.tables, 1);
	assert_string_equal(table->path, "tables/public/t.copy");
	assert_int_equal(table->rows, 2);
	assert_true(table->is_equal);
	assert_int_equal(run.report.bytes, 8);
	assert_int_equal(strings_count(&run.report.warnings), 0);
	sink_run_release(&run);
}

static void test_pg_sink_run__says_what_has_no_sum(void **state)
{
	static const struct fake_rule foreign[] = {{"json_array_elements($1", FAKE_ROWS,
						    "tables/x/away.copy\tforeign: away",
						    0},
						   PG_SINK_RULES};
	const struct pg_table_report *table;
	struct sink_run run;

	fake_program(*state, "pg_restore", PG_RESTORE_NOTES);
	sink_run_init(&run, state, foreign);
	assert_int_equal(sink_run(&run), 0);
	assert_int_equal(run.report.tables.n, 3);
	table = vec_at(&run.report.tables, 0);
	assert_string_equal(table->path, "tables/x/away.copy");
	assert_string_equal(table->without_rows, "foreign: away");
	assert_null(table->sum);
	sink_run_release(&run);
}

static void test_pg_sink_run__goes_on_without_what_only_the_report_needs(void **state)
{
	struct sink_run run;

	fake_program(*state, "pg_restore", PG_RESTORE_NOTES);
	sink_run_init(&run, state, rules);
	run.source.fail_path = "tables.json";
	if (sink_run(&run) < 0)
		fail_msg("%s", run.err.msg);
	assert_int_equal(run.report.tables.n, 2);
	assert_int_equal(strings_count(&run.report.warnings), 1);
	assert_non_null(strstr(strings_at(&run.report.warnings, 0), "tables.json: "));
	assert_non_null(strstr(strings_at(&run.report.warnings, 0),
			       "it is not told which tables have no rows"));
	sink_run_release(&run);
}

static void test_pg_sink_run__refuses_a_strange_list_before_it_writes(void **state)
{
	static const struct fake_rule strange[] = {
		{"json_array_elements($1", FAKE_ERROR,
		 "22P02 invalid input syntax for type json", 0},
		PG_SINK_RULES};
	struct sink_run run;

	fake_program(*state, "pg_restore", PG_RESTORE_NOTES);
	sink_run_init(&run, state, strange);
	assert_int_equal(sink_run(&run), -1);
	assert_string_equal(run.err.msg,
			    "tables.json: invalid input syntax for type json");
	assert_false(fake_postgres_got(&run.fake, "CREATE DATABASE"));
	assert_false(fake_postgres_got(&run.fake, "-> 'roles'"));
	sink_run_release(&run);
}

static void test_pg_sink_run__drops_what_it_made_when_it_fails(void **state)
{
	struct sink_run run;

	fake_program(
		*state, "pg_restore",
		"cat >/dev/null; echo 'pg_restore: error: no such type' >&2; exit 1");
	sink_run_init(&run, state, rules);
	assert_int_equal(sink_run(&run), -1);
	assert_int_equal(run.err.code, ERR_FAILED);
	assert_non_null(strstr(run.err.msg,
			       "section pre-data: pg_restore ended with status 1: no "
			       "such type; dropped the half-made database app.restore-"));
	assert_true(fake_postgres_got(&run.fake, "DROP DATABASE \"app.restore-"));
	assert_false(fake_postgres_got(&run.fake, "RENAME"));
	sink_run_release(&run);
}

static void test_pg_sink_run__drops_what_was_made_without_an_answer(void **state)
{
	static const struct fake_rule lost[] = {
		{"CREATE DATABASE made", FAKE_HANG_UP, NULL, 0}, PG_SINK_RULES};
	struct sink_run run;

	fake_program(*state, "pg_restore", PG_RESTORE_NOTES);
	sink_run_init(&run, state, lost);
	assert_int_equal(sink_run(&run), -1);
	assert_int_equal(run.err.code, ERR_TRANSIENT);
	assert_true(fake_postgres_got(&run.fake, "DROP DATABASE \"app.restore-"));
	sink_run_release(&run);
}

static void test_pg_sink_run__keeps_what_differs_under_its_working_name(void **state)
{
	static const struct fake_rule changed[] = {
		{"\"t\" (\"a\") TO STDOUT", FAKE_COPY_OUT, "1\n9\n", 0}, PG_SINK_RULES};
	const struct pg_table_report *table;
	struct sink_run run;

	fake_program(*state, "pg_restore", PG_RESTORE_NOTES);
	sink_run_init(&run, state, changed);
	assert_int_equal(sink_run(&run), -1);
	assert_int_equal(run.err.code, ERR_CORRUPT);
	assert_non_null(strstr(
		run.err.msg,
		"1 restored table differs from the snapshot: "
		"tables/public/t.copy: 2 rows, recorded are 2 with another sum; what was "
		"restored is kept as database app.restore-"));
	table = vec_at(&run.report.tables, 1);
	assert_false(table->is_equal);
	assert_false(fake_postgres_got(&run.fake, "DROP DATABASE"));
	assert_false(fake_postgres_got(&run.fake, "RENAME"));
	sink_run_release(&run);
}

static void test_pg_sink_run__refuses_a_tree_of_files(void **state)
{
	struct record_sink *files = record_sink_new();
	struct sink_run run;

	pg_tree_open(files, "");
	pg_tree_close(files);
	sink_run_init(&run, state, rules);
	record_source_init(&run.source, files);
	assert_int_equal(sink_run(&run), -1);
	assert_int_equal(run.err.code, ERR_NOT_FOUND);
	assert_string_equal(
		run.err.msg,
		"snapshot holds no PostgreSQL database: it has no schema.dump");
	record_sink_free(files);
	sink_run_release(&run);
}

static void test_pg_sink_run__refuses_a_connection_without_database(void **state)
{
	struct sink_run run;

	sink_run_init(&run, state, rules);
	run.options.conninfo = "host=/nowhere";
	assert_int_equal(sink_run(&run), -1);
	assert_int_equal(run.err.code, ERR_USAGE);
	assert_string_equal(run.err.msg, "connection string names no database");
	sink_run_release(&run);
}

static void test_pg_sink_run__refuses_to_lack_pg_restore(void **state)
{
	struct sink_run run;

	sink_run_init(&run, state, rules);
	assert_int_equal(setenv("PATH", *state, 1), 0);
	assert_int_equal(sink_run(&run), -1);
	assert_int_equal(run.err.code, ERR_NOT_FOUND);
	assert_string_equal(run.err.msg, "pg_restore: no such program in PATH");
	sink_run_release(&run);
}

/* A text that moves when it grows leaves copies of password hashes in the heap. */
static void test_sink_read_text__reads_into_one_place(void **state)
{
	enum { LENGTH = 300 * 1024, STEP = 64 * 1024 };
	struct record_sink *record = record_sink_new();
	CLEANUP(mem_freep) char *long_text = mem_alloc(LENGTH + 1);
	CLEANUP(buf_release) struct buf text;
	struct record_source source;
	struct pg_sink s = {.source = &source.source};
	struct err err = {0};

	(void)state;
	memset(long_text, 'x', LENGTH);
	long_text[LENGTH] = '\0';
	pg_tree_open(record, "");
	pg_tree_file(record, "globals.json", long_text);
	pg_tree_close(record);
	record_source_init(&source, record);
	buf_init(&text, 0);
	assert_int_equal(sink_read_text(&s, "globals.json", &text, &err), 0);
	assert_string_equal(buf_string(&text), long_text);
	assert_int_equal(text.capacity, LENGTH + STEP + 1);
	record_sink_free(record);
}

static void test_pg_sink_check__writes_nothing(void **state)
{
	struct sink_run run;

	fake_program(*state, "pg_restore", PG_RESTORE_NOTES);
	sink_run_init(&run, state, rules);
	assert_int_equal(pg_sink_check(&run.options, &run.source.source, NULL, &run.err),
			 0);
	assert_false(fake_postgres_got(&run.fake, "CREATE"));
	assert_false(fake_postgres_got(&run.fake, "COPY"));
	assert_false(tree_exists(*state, "args"));
	sink_run_release(&run);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		tempdir_test(test_pg_sink_run__restores_in_order),
		tempdir_test(test_pg_sink_run__reports_what_it_proved),
		tempdir_test(test_pg_sink_run__says_what_has_no_sum),
		tempdir_test(
			test_pg_sink_run__goes_on_without_what_only_the_report_needs),
		tempdir_test(test_pg_sink_run__refuses_a_strange_list_before_it_writes),
		tempdir_test(test_pg_sink_run__drops_what_it_made_when_it_fails),
		tempdir_test(test_pg_sink_run__drops_what_was_made_without_an_answer),
		tempdir_test(test_pg_sink_run__keeps_what_differs_under_its_working_name),
		tempdir_test(test_pg_sink_run__refuses_a_tree_of_files),
		tempdir_test(test_pg_sink_run__refuses_a_connection_without_database),
		tempdir_test(test_pg_sink_run__refuses_to_lack_pg_restore),
		cmocka_unit_test(test_sink_read_text__reads_into_one_place),
		tempdir_test(test_pg_sink_check__writes_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
