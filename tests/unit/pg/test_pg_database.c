/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "pg/pg_database.h"
#include "support/fake_session.h"

/* encoding, zone, schema public, plpgsql, absent tablespaces, present ones */
#define FACTS "UTF8\tEurope/Paris\tt\tf\tfast\tslow"

static void test_pg_database_facts__warns_of_absent_tablespaces(void **state)
{
	static const struct fake_rule rules[] = {{"json_to_record", FAKE_ROWS, FACTS, 0},
						 {NULL, 0, NULL, 0}};
	CLEANUP(pg_database_facts_release) struct pg_database_facts facts = {0};
	CLEANUP(strings_release) struct strings warnings;
	struct fake_session s;

	strings_init(&warnings);
	fake_session_open(&s, state, rules);
	assert_int_equal(pg_database_facts(s.conn, "{}", &facts, &warnings, &s.err), 0);
	assert_string_equal(facts.encoding, "UTF8");
	assert_string_equal(facts.time_zone, "Europe/Paris");
	assert_true(facts.has_public_schema);
	assert_false(facts.has_plpgsql);
	assert_true(facts.maps_tablespaces);
	assert_true(facts.places_relations);
	assert_string_equal(strings_at(&warnings, 0),
			    "tablespaces fast do not exist on this server or may not be "
			    "used: what lay in "
			    "them is in pg_default now");
	fake_session_close(&s);
}

static void test_pg_database_facts__refuses_what_is_no_record(void **state)
{
	static const struct fake_rule rules[] = {
		{"json_to_record", FAKE_ROWS, "\\N\t\\N\t\\N\t\\N\t\\N\t\\N", 0},
		{NULL, 0, NULL, 0}};
	CLEANUP(strings_release) struct strings warnings;
	struct pg_database_facts facts = {0};
	struct fake_session s;

	strings_init(&warnings);
	fake_session_open(&s, state, rules);
	assert_int_equal(pg_database_facts(s.conn, "{}", &facts, &warnings, &s.err), -1);
	assert_int_equal(s.err.code, ERR_CORRUPT);
	assert_string_equal(s.err.msg, "database.json: has no encoding");
	fake_session_close(&s);
}

static void test_pg_database_create__runs_what_the_server_made_of_it(void **state)
{
	static const struct fake_rule rules[] = {{"SELECT format('CREATE DATABASE",
						  FAKE_ROWS, "CREATE DATABASE x OWNER y",
						  0},
						 {NULL, 0, NULL, 0}};
	struct fake_session s;

	fake_session_open(&s, state, rules);
	assert_int_equal(pg_database_create(s.conn, "{}", "x", true, &s.err), 0);
	assert_true(fake_postgres_got(&s.fake, "\nCREATE DATABASE x OWNER y\n"));
	fake_session_close(&s);
}

static void test_pg_database_create__tells_why_not(void **state)
{
	static const struct fake_rule rules[] = {
		{"SELECT format('CREATE DATABASE", FAKE_ROWS, "CREATE DATABASE x", 0},
		{"CREATE DATABASE x", FAKE_ERROR, "42501 permission denied to create", 0},
		{NULL, 0, NULL, 0}};
	struct fake_session s;

	fake_session_open(&s, state, rules);
	assert_int_equal(pg_database_create(s.conn, "{}", "x", true, &s.err), -1);
	assert_int_equal(s.err.code, ERR_DENIED);
	assert_string_equal(s.err.msg, "create database x: permission denied to create");
	fake_session_close(&s);
}

static const struct fake_rule describe[] = {
	{"v(what, here, recorded)", FAKE_ROWS, "encoding\tLATIN1\tUTF8", 0},
	{"ORDER BY u.step", FAKE_ROWS,
	 "privileges\tREVOKE x\tt\nsetting a\tALTER DATABASE x SET a\tf\n"
	 "comment\tCOMMENT ON x\tf",
	 0},
	{"ALTER DATABASE x SET a", FAKE_ERROR, "42704 unrecognized parameter a", 0},
	{"REVOKE x", FAKE_ERROR, "42501 permission denied", 0},
	{NULL, 0, NULL, 0}};

static void test_pg_database_describe__insists_on_privileges(void **state)
{
	CLEANUP(strings_release) struct strings warnings;
	struct pg_refused refused = {.warnings = &warnings};
	struct fake_session s;

	strings_init(&warnings);
	fake_session_open(&s, state, describe);
	assert_int_equal(pg_database_describe(s.conn, "{}", "x", false, &refused, &s.err),
			 -1);
	assert_string_equal(s.err.msg, "privileges of the database: permission denied");
	fake_session_close(&s);
}

static void test_pg_database_describe__adopts_as_far_as_it_may(void **state)
{
	CLEANUP(strings_release) struct strings warnings;
	struct pg_refused refused = {.warnings = &warnings};
	struct fake_session s;

	strings_init(&warnings);
	fake_session_open(&s, state, describe);
	assert_int_equal(pg_database_describe(s.conn, "{}", "x", true, &refused, &s.err),
			 0);
	assert_int_equal(strings_count(&warnings), 3);
	assert_int_equal(refused.n, 2);
	assert_string_equal(
		strings_at(&warnings, 0),
		"encoding of the database: it is LATIN1, the source's was UTF8");
	assert_string_equal(strings_at(&warnings, 1),
			    "privileges of the database: permission denied");
	assert_string_equal(strings_at(&warnings, 2),
			    "setting a of the database: unrecognized parameter a");
	assert_true(fake_postgres_got(&s.fake, "COMMENT ON x"));
	fake_session_close(&s);
}

static void test_pg_database_read__appends_what_the_server_says(void **state)
{
	static const struct fake_rule rules[] = {
		{"json_build_object", FAKE_ROWS, "{\"format\" : 1}", 0},
		{NULL, 0, NULL, 0}};
	CLEANUP(buf_release) struct buf json;
	struct fake_session s;

	buf_init(&json, 0);
	fake_session_open(&s, state, rules);
	assert_int_equal(pg_database_read(s.conn, &json, &s.err), 0);
	assert_string_equal(buf_string(&json), "{\"format\" : 1}");
	fake_session_close(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		tempdir_test(test_pg_database_facts__warns_of_absent_tablespaces),
		tempdir_test(test_pg_database_facts__refuses_what_is_no_record),
		tempdir_test(test_pg_database_create__runs_what_the_server_made_of_it),
		tempdir_test(test_pg_database_create__tells_why_not),
		tempdir_test(test_pg_database_describe__insists_on_privileges),
		tempdir_test(test_pg_database_describe__adopts_as_far_as_it_may),
		tempdir_test(test_pg_database_read__appends_what_the_server_says),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
