/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "pg/pg_snapshot.h"
#include "support/fake_session.h"

#define ONE_TABLE "r\tf\tpublic\tt\t\"a\"\t0\t\\N\t\\N"

static void test_pg_snapshot_begin__locks_before_it_looks(void **state)
{
	static const struct fake_rule rules[] = {
		{"pg_is_in_recovery", FAKE_ROWS, "f", 0},
		{"pg_control_system", FAKE_ROWS, "7000000000000000001", 0},
		{"pg_export_snapshot", FAKE_ROWS, "00000003-0000001B-1", 0},
		{"pg_current_wal_lsn", FAKE_ROWS, "0/1234", 0},
		{"FROM pg_class", FAKE_ROWS, ONE_TABLE, 0},
		{NULL, 0, NULL, 0}};
	CLEANUP(pg_snapshot_release) struct pg_snapshot snapshot = {0};
	struct fake_session s;

	fake_session_open(&s, state, rules);
	assert_int_equal(pg_snapshot_begin(s.conn, &snapshot, &s.err), 0);
	assert_string_equal(snapshot.name, "00000003-0000001B-1");
	assert_string_equal(snapshot.lsn, "0/1234");
	assert_string_equal(snapshot.system_identifier, "7000000000000000001");
	assert_int_equal(snapshot.tables.vec.n, 1);
	assert_true(fake_postgres_got(
		&s.fake, "BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY\n"
			 "LOCK TABLE ONLY \"public\".\"t\" IN ACCESS SHARE MODE\n"
			 "SELECT pg_export_snapshot()\n"));
	fake_session_close(&s);
}

static void test_pg_snapshot_begin__starts_anew_when_a_table_goes(void **state)
{
	static const struct fake_rule rules[] = {
		{"pg_is_in_recovery", FAKE_ROWS, "t", 0},
		{"pg_export_snapshot", FAKE_ROWS, "name", 0},
		{"pg_last_wal_replay_lsn", FAKE_ROWS, "0/1", 0},
		{"LOCK TABLE", FAKE_ERROR, "42P01 relation public.t does not exist", 2},
		{"FROM pg_class", FAKE_ROWS, ONE_TABLE, 0},
		{NULL, 0, NULL, 0}};
	CLEANUP(pg_snapshot_release) struct pg_snapshot snapshot = {0};
	struct fake_session s;

	fake_session_open(&s, state, rules);
	assert_int_equal(pg_snapshot_begin(s.conn, &snapshot, &s.err), 0);
	assert_true(snapshot.is_standby);
	assert_null(snapshot.system_identifier);
	assert_true(fake_postgres_got(&s.fake, "ROLLBACK"));
	fake_session_close(&s);
}

static void test_pg_snapshot_begin__gives_up_some_time(void **state)
{
	static const struct fake_rule rules[] = {
		{"LOCK TABLE", FAKE_ERROR, "42P01 relation public.t does not exist", 0},
		{"FROM pg_class", FAKE_ROWS, ONE_TABLE, 0},
		{NULL, 0, NULL, 0}};
	struct pg_snapshot snapshot = {0};
	struct fake_session s;

	fake_session_open(&s, state, rules);
	assert_int_equal(pg_snapshot_begin(s.conn, &snapshot, &s.err), -1);
	assert_int_equal(s.err.code, ERR_NOT_FOUND);
	assert_string_equal(s.err.msg, "lock tables: relation public.t does not exist");
	fake_session_close(&s);
}

static void test_pg_snapshot_begin__does_without_the_system_identifier(void **state)
{
	static const struct fake_rule rules[] = {
		{"pg_control_system", FAKE_ERROR, "42501 permission denied", 0},
		{NULL, 0, NULL, 0}};
	CLEANUP(pg_snapshot_release) struct pg_snapshot snapshot = {0};
	struct fake_session s;

	fake_session_open(&s, state, rules);
	assert_int_equal(pg_snapshot_begin(s.conn, &snapshot, &s.err), 0);
	assert_null(snapshot.system_identifier);
	fake_session_close(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		tempdir_test(test_pg_snapshot_begin__locks_before_it_looks),
		tempdir_test(test_pg_snapshot_begin__starts_anew_when_a_table_goes),
		tempdir_test(test_pg_snapshot_begin__gives_up_some_time),
		tempdir_test(test_pg_snapshot_begin__does_without_the_system_identifier),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
