/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/mem.h"
#include "pg/pg_conn.h"
#include "support/fake_session.h"

#include <signal.h>

static const struct fake_rule rules[] = {
	{"SELECT two", FAKE_ROWS, "a\tb\nc\t\\N", 0},
	{"SELECT nobody", FAKE_ERROR, "42P01 relation does not exist", 0},
	{"COPY out", FAKE_COPY_OUT, "1\n2\n", 0},
	{"COPY in", FAKE_COPY_IN, NULL, 0},
	{"COPY bad", FAKE_COPY_IN, "23514 row violates a check", 0},
	{"SELECT wait", FAKE_SILENCE, NULL, 0},
	{"SELECT crash", FAKE_HANG_UP, NULL, 0},
	{NULL, 0, NULL, 0},
};

static void test_pg_conn_open__knows_the_server(void **state)
{
	struct fake_session s;

	fake_session_open(&s, state, rules);
	assert_int_equal(pg_conn_major(s.conn), 15);
	assert_string_equal(pg_conn_version(s.conn), "15.20 (fake)");
	assert_string_equal(pg_conn_server_encoding(s.conn), "UTF8");
	assert_true(fake_postgres_got(&s.fake, "SET search_path = ''"));
	fake_session_close(&s);
}

static void test_pg_conn_open__tells_why_it_was_refused(void **state)
{
	struct fake_postgres fake;
	struct pg_conn *conn = NULL;
	struct err err = {0};

	fake_postgres_start(&fake, *state, rules,
			    "3D000 database \"app\" does not exist");
	assert_int_equal(pg_conn_open(&fake.params, NULL, &conn, &err), -1);
	assert_int_equal(err.code, ERR_NOT_FOUND);
	assert_non_null(strstr(err.msg, "database app at "));
	assert_non_null(strstr(err.msg, ": database \"app\" does not exist"));
	assert_null(conn);
	fake_postgres_stop(&fake);
}

static void test_pg_conn_open__tells_that_nobody_listens(void **state)
{
	CLEANUP(pg_params_release) struct pg_params params;
	struct pg_conn *conn = NULL;
	struct err err = {0};

	pg_params_init(&params);
	pg_params_set(&params, "host", *state);
	pg_params_set(&params, "dbname", "app");
	assert_int_equal(pg_conn_open(&params, NULL, &conn, &err), -1);
	assert_int_equal(err.code, ERR_TRANSIENT);
	assert_non_null(strstr(err.msg, "No such file or directory"));
	assert_non_null(strstr(err.hint, "is the server running"));
}

static void test_pg_conn_open__can_be_interrupted(void **state)
{
	struct fake_postgres fake;
	struct pg_conn *conn = NULL;
	struct cancel cancel;
	struct err err = {0};

	cancel_init(&cancel);
	cancel_set(&cancel, SIGINT);
	fake_postgres_start(&fake, *state, rules, NULL);
	assert_int_equal(pg_conn_open(&fake.params, &cancel, &conn, &err), -1);
	assert_int_equal(err.code, ERR_INTERRUPTED);
	fake_postgres_stop(&fake);
}

static void test_pg_query__gives_rows_and_nulls(void **state)
{
	CLEANUP(pg_result_freep) struct pg_result *rows = NULL;
	struct fake_session s;

	fake_session_open(&s, state, rules);
	assert_int_equal(pg_query(s.conn, "SELECT two", 0, NULL, &rows, &s.err), 0);
	assert_int_equal(pg_rows(rows), 2);
	assert_string_equal(pg_value(rows, 0, 1), "b");
	assert_string_equal(pg_value(rows, 1, 0), "c");
	assert_null(pg_value(rows, 1, 1));
	assert_false(pg_bool(rows, 1, 1));
	fake_session_close(&s);
}

static void test_pg_exec__can_go_on_after_an_error(void **state)
{
	CLEANUP(mem_freep) char *text = NULL;
	struct fake_session s;

	fake_session_open(&s, state, rules);
	assert_int_equal(pg_exec(s.conn, "SELECT nobody", &s.err), -1);
	assert_int_equal(s.err.code, ERR_NOT_FOUND);
	assert_string_equal(s.err.msg, "relation does not exist");
	assert_int_equal(pg_query_text(s.conn, "SELECT two", 0, NULL, &text, &s.err), 0);
	assert_string_equal(text, "a");
	fake_session_close(&s);
}

static void test_pg_exec__tells_a_lost_connection(void **state)
{
	struct fake_session s;

	fake_session_open(&s, state, rules);
	assert_int_equal(pg_exec(s.conn, "SELECT crash", &s.err), -1);
	assert_int_equal(s.err.code, ERR_TRANSIENT);
	assert_non_null(strstr(s.err.msg, "server closed the connection unexpectedly"));
	fake_session_close(&s);
}

static void test_pg_exec__cancels_on_the_server(void **state)
{
	struct fake_session s;

	fake_session_open(&s, state, rules);
	cancel_set(&s.cancel, SIGTERM);
	assert_int_equal(pg_exec(s.conn, "SELECT wait", &s.err), -1);
	assert_int_equal(s.err.code, ERR_INTERRUPTED);
	assert_int_equal(s.err.signal, SIGTERM);
	assert_true(fake_postgres_got(&s.fake, "cancelled"));
	fake_session_close(&s);
}

static void test_pg_exec_step__tells_when_it_is_done(void **state)
{
	struct fake_session s;
	bool done = false;

	fake_session_open(&s, state, rules);
	assert_int_equal(pg_exec_begin(s.conn, "SET a = b; SET c = d", &s.err), 0);
	while (!done)
		assert_int_equal(pg_exec_step(s.conn, &done, &s.err), 0);
	assert_int_equal(pg_exec(s.conn, "SET e = f", &s.err), 0);
	fake_session_close(&s);
}

static void test_pg_exec_step__returns_while_the_server_is_at_it(void **state)
{
	struct fake_session s;
	bool done = true;

	fake_session_open(&s, state, rules);
	assert_int_equal(pg_exec_begin(s.conn, "SELECT wait", &s.err), 0);
	assert_int_equal(pg_exec_step(s.conn, &done, &s.err), 0);
	assert_false(done);
	cancel_set(&s.cancel, SIGTERM);
	assert_int_equal(pg_exec_step(s.conn, &done, &s.err), -1);
	assert_int_equal(s.err.code, ERR_INTERRUPTED);
	assert_true(fake_postgres_got(&s.fake, "cancelled"));
	fake_session_close(&s);
}

static void test_pg_exec_step__fails_as_the_command_does(void **state)
{
	struct fake_session s;
	bool done = false;
	int result = 0;

	fake_session_open(&s, state, rules);
	assert_int_equal(pg_exec_begin(s.conn, "SELECT crash", &s.err), 0);
	while (!done && result == 0)
		result = pg_exec_step(s.conn, &done, &s.err);
	assert_int_equal(s.err.code, ERR_TRANSIENT);
	assert_int_equal(pg_exec_begin(s.conn, "SELECT 1", &s.err), -1);
	assert_int_equal(s.err.code, ERR_TRANSIENT);
	fake_session_close(&s);
}

static void test_pg_copy_out_row__gives_each_row_then_the_end(void **state)
{
	struct fake_session s;
	struct slice row = {0};
	bool end = true;

	fake_session_open(&s, state, rules);
	assert_int_equal(pg_copy_out_begin(s.conn, "COPY out", &s.err), 0);
	assert_int_equal(pg_copy_out_row(s.conn, &row, &end, &s.err), 0);
	assert_true(slice_equal(row, slice_of_string("1\n")));
	assert_false(end);
	assert_int_equal(pg_copy_out_row(s.conn, &row, &end, &s.err), 0);
	assert_true(slice_equal(row, slice_of_string("2\n")));
	assert_int_equal(pg_copy_out_row(s.conn, &row, &end, &s.err), 0);
	assert_true(end);
	assert_int_equal(pg_exec(s.conn, "SELECT two", &s.err), 0);
	fake_session_close(&s);
}

static void test_pg_copy_out_begin__wants_a_copy(void **state)
{
	struct fake_session s;

	fake_session_open(&s, state, rules);
	assert_int_equal(pg_copy_out_begin(s.conn, "SELECT two", &s.err), -1);
	assert_int_equal(s.err.code, ERR_BUG);
	fake_session_close(&s);
}

static void test_pg_copy_in_write__sends_all_bytes(void **state)
{
	struct fake_session s;
	uint64_t rows = 0;

	fake_session_open(&s, state, rules);
	assert_int_equal(pg_copy_in_begin(s.conn, "COPY in", &s.err), 0);
	assert_int_equal(pg_copy_in_write(s.conn, slice_of_string("one\n"), &s.err), 0);
	assert_int_equal(pg_copy_in_write(s.conn, slice_of_string("two\n"), &s.err), 0);
	assert_int_equal(pg_copy_in_end(s.conn, &rows, &s.err), 0);
	assert_int_equal(rows, 2);
	assert_true(fake_postgres_got(&s.fake, "data: one\ndata: two\n"));
	assert_int_equal(pg_exec(s.conn, "SELECT two", &s.err), 0);
	fake_session_close(&s);
}

static void test_pg_copy_in_end__tells_what_the_server_refused(void **state)
{
	struct fake_session s;
	uint64_t rows = 7;

	fake_session_open(&s, state, rules);
	assert_int_equal(pg_copy_in_begin(s.conn, "COPY bad", &s.err), 0);
	assert_int_equal(pg_copy_in_write(s.conn, slice_of_string("one\n"), &s.err), 0);
	assert_int_equal(pg_copy_in_end(s.conn, &rows, &s.err), -1);
	assert_string_equal(s.err.msg, "row violates a check");
	assert_int_equal(rows, 7);
	fake_session_close(&s);
}

static void test_pg_conn_child_params__pin_the_server(void **state)
{
	CLEANUP(pg_params_release) struct pg_params given, child;
	struct fake_session s;

	fake_session_open(&s, state, rules);
	pg_params_copy(&given, &s.fake.params);
	pg_params_set(&given, "host", "/nowhere,/elsewhere");
	pg_params_set(&given, "client_encoding", "LATIN1");
	pg_params_set(&given, "target_session_attrs", "read-write");
	pg_conn_child_params(s.conn, &given, "Europe/Berlin", &child);
	assert_string_equal(pg_params_get(&child, "host"), *state);
	assert_string_equal(pg_params_get(&child, "port"), "5432");
	assert_string_equal(pg_params_get(&child, "dbname"), "app");
	assert_null(pg_params_get(&child, "client_encoding"));
	assert_null(pg_params_get(&child, "target_session_attrs"));
	assert_non_null(
		strstr(pg_params_get(&child, "options"), "-c timezone=Europe/Berlin"));
	fake_session_close(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		tempdir_test(test_pg_conn_open__knows_the_server),
		tempdir_test(test_pg_conn_open__tells_why_it_was_refused),
		tempdir_test(test_pg_conn_open__tells_that_nobody_listens),
		tempdir_test(test_pg_conn_open__can_be_interrupted),
		tempdir_test(test_pg_query__gives_rows_and_nulls),
		tempdir_test(test_pg_exec__can_go_on_after_an_error),
		tempdir_test(test_pg_exec__tells_a_lost_connection),
		tempdir_test(test_pg_exec__cancels_on_the_server),
		tempdir_test(test_pg_exec_step__tells_when_it_is_done),
		tempdir_test(test_pg_exec_step__returns_while_the_server_is_at_it),
		tempdir_test(test_pg_exec_step__fails_as_the_command_does),
		tempdir_test(test_pg_copy_out_row__gives_each_row_then_the_end),
		tempdir_test(test_pg_copy_out_begin__wants_a_copy),
		tempdir_test(test_pg_copy_in_write__sends_all_bytes),
		tempdir_test(test_pg_copy_in_end__tells_what_the_server_refused),
		tempdir_test(test_pg_conn_child_params__pin_the_server),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
