/* SPDX-License-Identifier: Apache-2.0 */
/* Rows in and back: what is taken from the tree, and what is compared. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "support/pg_sink_run.h"

static const struct fake_rule rules[] = {PG_SINK_RULES};

static struct fact *fact_of(struct sink_run *run, const char *path, const char *key)
{
	const struct record_node *node = record_sink_find(run->record, path);

	for (size_t i = 0; i < node->entry.facts.n; i++) {
		struct fact *fact = vec_at(&node->entry.facts, i);

		if (strcmp(fact->key, key) == 0)
			return fact;
	}
	fail_msg("no fact %s", key);
	return NULL;
}

static void assert_refuses(void **state, const char *key, const char *value,
			   const char *message)
{
	CLEANUP(mem_freep) char *socket_path = tree_path(*state, ".s.PGSQL.5432");
	struct sink_run run;
	struct fact *fact;

	fake_program(*state, "pg_restore", PG_RESTORE_NOTES);
	sink_run_init(&run, state, rules);
	fact = fact_of(&run, "tables/public/t.copy", key);
	mem_free(fact->value);
	fact->value = mem_strdup(value);
	assert_int_equal(sink_run(&run), -1);
	assert_int_equal(run.err.code, ERR_CORRUPT);
	assert_string_equal(run.err.msg, message);
	assert_false(fake_postgres_got(&run.fake, "CREATE"));
	sink_run_release(&run);
	assert_int_equal(unlink(socket_path), 0);
}

static void test_sink_list_tables__takes_names_only(void **state)
{
	assert_refuses(state, "columns", "a); DROP TABLE t; --",
		       "tables/public/t.copy: \"a); DROP TABLE t; --\" is not a list "
		       "of quoted names");
	assert_refuses(state, "rows", "many",
		       "tables/public/t.copy: rows: expected 0 to 9223372036854775807, "
		       "found many");
	assert_refuses(state, "sum", "12",
		       "tables/public/t.copy: sum of a table: expected 32 hex digits");
}

static void test_sink_list_tables__refuses_a_selection_of_nothing(void **state)
{
	struct sink_run run;

	fake_program(*state, "pg_restore", PG_RESTORE_NOTES);
	sink_run_init(&run, state, rules);
	assert_int_equal(
		selection_include(run.selection, "tables/public/none.copy", &run.err), 0);
	assert_int_equal(sink_run(&run), -1);
	assert_int_equal(run.err.code, ERR_NOT_FOUND);
	assert_string_equal(run.err.msg, "no table of the snapshot is selected");
	assert_non_null(strstr(run.err.hint, "tables/public/orders.copy"));
	sink_run_release(&run);
}

static void test_sink_insert_rows__names_the_table_that_fails(void **state)
{
	static const struct fake_rule refused[] = {
		{"\"t\" (\"a\") FROM STDIN", FAKE_COPY_IN,
		 "23505 duplicate key value violates unique constraint", 0},
		PG_SINK_RULES};
	struct sink_run run;

	fake_program(*state, "pg_restore", PG_RESTORE_NOTES);
	sink_run_init(&run, state, refused);
	assert_int_equal(sink_run(&run), -1);
	assert_non_null(strstr(run.err.msg, "tables/public/t.copy: duplicate key"));
	sink_run_release(&run);
}

static void test_sink_insert_rows__stops_at_damaged_content(void **state)
{
	struct sink_run run;

	fake_program(*state, "pg_restore", PG_RESTORE_NOTES);
	sink_run_init(&run, state, rules);
	run.source.fail_path = "tables/public/t.copy";
	assert_int_equal(sink_run(&run), -1);
	assert_int_equal(run.err.code, ERR_CORRUPT);
	assert_true(fake_postgres_got(&run.fake, "DROP DATABASE \"app.restore-"));
	sink_run_release(&run);
}

/* Rows of the leaves have changed places: only their total is compared. */
static void test_sink_verify_rows__lets_rows_move_below_a_root(void **state)
{
	static const struct fake_rule moved[] = {
		{"\"leaf0\" (\"a\") TO STDOUT", FAKE_COPY_OUT, "2\n", 0},
		{"\"leaf1\" (\"a\") TO STDOUT", FAKE_COPY_OUT, "1\n3\n", 0},
		PG_SINK_RULES};
	struct record_sink *tree = record_sink_new();
	struct sink_run run;

	pg_tree_open(tree, "");
	pg_tree_file(tree, "database.json", "{}");
	pg_tree_file(tree, "globals.json", "{}");
	pg_tree_file(tree, "schema.dump", "DUMP");
	pg_tree_open(tree, "tables");
	pg_tree_open(tree, "public");
	pg_tree_table(tree, "leaf0.copy", "\"public\".\"root\"", "1\n2\n");
	pg_tree_table(tree, "leaf1.copy", "\"public\".\"root\"", "3\n");
	pg_tree_close(tree);
	pg_tree_close(tree);
	pg_tree_file(tree, "tables.json", "[]");
	pg_tree_close(tree);
	fake_program(*state, "pg_restore", PG_RESTORE_NOTES);
	sink_run_init(&run, state, moved);
	record_source_init(&run.source, tree);
	if (sink_run(&run) < 0)
		fail_msg("%s", run.err.msg);
	assert_true(fake_postgres_got(&run.fake,
				      "COPY \"public\".\"root\" (\"a\") FROM STDIN"));
	record_sink_free(tree);
	sink_run_release(&run);
}

static void test_sink_verify_rows__misses_a_row(void **state)
{
	static const struct fake_rule missing[] = {
		{"\"t\" (\"a\") TO STDOUT", FAKE_COPY_OUT, "1\n", 0}, PG_SINK_RULES};
	struct sink_run run;

	fake_program(*state, "pg_restore", PG_RESTORE_NOTES);
	sink_run_init(&run, state, missing);
	assert_int_equal(sink_run(&run), -1);
	assert_int_equal(run.err.code, ERR_CORRUPT);
	assert_non_null(
		strstr(run.err.msg, "tables/public/t.copy: 1 rows, recorded are 2"));
	sink_run_release(&run);
}

/* A database of `n` tables, each with a row that the server does not give back. */
static struct record_sink *tree_of_tables(size_t n, const char *name)
{
	struct record_sink *tree = record_sink_new();

	pg_tree_open(tree, "");
	pg_tree_file(tree, "database.json", "{}");
	pg_tree_file(tree, "globals.json", "{}");
	pg_tree_file(tree, "schema.dump", "DUMP");
	pg_tree_open(tree, "tables");
	pg_tree_open(tree, "public");
	for (size_t i = 0; i < n; i++) {
		CLEANUP(mem_freep) char *file = mem_printf("%s%02zu.copy", name, i);

		pg_tree_table(tree, file, NULL, "1\n");
	}
	pg_tree_close(tree);
	pg_tree_close(tree);
	pg_tree_file(tree, "tables.json", "[]");
	pg_tree_close(tree);
	return tree;
}

static void restore_emptied(struct sink_run *run, void **state, size_t n,
			    const char *name)
{
	static const struct fake_rule emptied[] = {{"FROM STDIN", FAKE_COPY_IN, NULL, 0},
						   {"TO STDOUT", FAKE_COPY_OUT, "", 0},
						   PG_SINK_RULES};
	struct record_sink *tree = tree_of_tables(n, name);

	fake_program(*state, "pg_restore", PG_RESTORE_NOTES);
	sink_run_init(run, state, emptied);
	record_source_init(&run->source, tree);
	assert_int_equal(sink_run(run), -1);
	assert_int_equal(run->err.code, ERR_CORRUPT);
	assert_non_null(strstr(run->err.msg,
			       " more; what was restored is kept as database "
			       "app.restore-"));
	record_sink_free(tree);
}

static void test_sink_verify_rows__names_ten_tables(void **state)
{
	struct sink_run run;

	restore_emptied(&run, state, 13, "t");
	assert_non_null(strstr(run.err.msg,
			       "13 restored tables differ from the snapshot: "
			       "tables/public/t00.copy: 0 rows, recorded are 1; "
			       "tables/public/t01.copy: 0 rows, recorded are 1; "));
	assert_non_null(strstr(run.err.msg, "tables/public/t09.copy: 0 rows, recorded "
					    "are 1; and 3 more; "));
	sink_run_release(&run);
}

static void test_sink_verify_rows__leaves_room_for_where_it_is(void **state)
{
	struct sink_run run;

	restore_emptied(&run, state, 13,
			"sixty_bytes_of_a_name_sixty_bytes_of_a_name_sixty_bytes_of_a");
	assert_non_null(strstr(run.err.msg, "_a03.copy: 0 rows, recorded are 1; and 9 "
					    "more; "));
	sink_run_release(&run);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		tempdir_test(test_sink_list_tables__takes_names_only),
		tempdir_test(test_sink_list_tables__refuses_a_selection_of_nothing),
		tempdir_test(test_sink_insert_rows__names_the_table_that_fails),
		tempdir_test(test_sink_insert_rows__stops_at_damaged_content),
		tempdir_test(test_sink_verify_rows__lets_rows_move_below_a_root),
		tempdir_test(test_sink_verify_rows__misses_a_row),
		tempdir_test(test_sink_verify_rows__names_ten_tables),
		tempdir_test(test_sink_verify_rows__leaves_room_for_where_it_is),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
