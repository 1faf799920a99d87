/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "pg/pg_globals.h"
#include "support/fake_session.h"
#include "support/file_tree.h"

static void test_pg_globals_read__takes_passwords_where_it_may(void **state)
{
	static const struct fake_rule rules[] = {
		{"has_table_privilege", FAKE_ROWS, "t", 0},
		{"json_build_object", FAKE_ROWS, "{}", 0},
		{NULL, 0, NULL, 0}};
	CLEANUP(buf_release) struct buf json;
	struct fake_session s;
	bool passwords = false;

	buf_init(&json, 0);
	fake_session_open(&s, state, rules);
	assert_int_equal(pg_globals_read(s.conn, &json, &passwords, &s.err), 0);
	assert_true(passwords);
	assert_string_equal(buf_string(&json), "{}");
	assert_true(fake_postgres_got(&s.fake, "rolpassword AS password"));
	fake_session_close(&s);
}

static void test_pg_globals_read__does_without_passwords(void **state)
{
	static const struct fake_rule rules[] = {
		{"has_table_privilege", FAKE_ROWS, "f", 0},
		{"json_build_object", FAKE_ROWS, "{}", 0},
		{NULL, 0, NULL, 0}};
	CLEANUP(buf_release) struct buf json;
	struct fake_session s;
	bool passwords = true;

	buf_init(&json, 0);
	fake_session_open(&s, state, rules);
	assert_int_equal(pg_globals_read(s.conn, &json, &passwords, &s.err), 0);
	assert_false(passwords);
	assert_false(fake_postgres_got(&s.fake, "rolpassword"));
	fake_session_close(&s);
}

/* name, exists, connected, attribute, kind, statement */
static const struct fake_rule roles[] = {
	{"-> 'roles'", FAKE_ROWS,
	 "new\tf\tf\t\\N\twhole\tCREATE ROLE new\n"
	 "new\tf\tf\t\\N\tbase\tCREATE ROLE new less\n"
	 "new\tf\tf\tCREATEDB\tattribute\tALTER ROLE new CREATEDB\n"
	 "new\tf\tf\t\\N\tmore\tALTER ROLE new SET a TO b\n"
	 "old\tt\tf\t\\N\twhole\tALTER ROLE old WITH x\n"
	 "me\tt\tt\t\\N\twhole\tALTER ROLE me WITH NOSUPERUSER\n"
	 "forbidden\tf\tf\t\\N\twhole\tCREATE ROLE forbidden\n"
	 "forbidden\tf\tf\t\\N\tbase\tCREATE ROLE forbidden less\n"
	 "forbidden\tf\tf\t\\N\tmore\tCOMMENT ON ROLE forbidden",
	 0},
	{"-> 'memberships'", FAKE_ROWS,
	 "membership of new\tGRANT g TO new GRANTED BY x\tGRANT g TO new", 0},
	{"-> 'settings'", FAKE_ROWS, "work_mem\tALTER ROLE ALL SET work_mem TO '4MB'", 0},
	{"CREATE ROLE forbidden", FAKE_ERROR, "42501 must be superuser", 0},
	{"GRANTED BY", FAKE_ERROR, "42501 not the grantor", 0},
	{NULL, 0, NULL, 0}};

struct restored {
	struct fake_session s;
	struct strings warnings;
	struct pg_refused refused;
	struct pg_globals_counts counts;
};

static void restore_by(struct restored *r, void **state, const struct fake_rule *rules,
		       bool replace)
{
	*r = (struct restored){0};
	strings_init(&r->warnings);
	r->refused.warnings = &r->warnings;
	fake_session_open(&r->s, state, rules);
	if (pg_globals_restore(r->s.conn, "{}", replace, &r->refused, &r->counts,
			       &r->s.err) < 0)
		fail_msg("%s", r->s.err.msg);
}

static void restore(struct restored *r, void **state, bool replace)
{
	restore_by(r, state, roles, replace);
}

static void release(struct restored *r)
{
	strings_release(&r->warnings);
	fake_session_close(&r->s);
}

static void test_pg_globals_restore__touches_no_existing_role(void **state)
{
	struct restored r;

	restore(&r, state, false);
	assert_int_equal(r.counts.created, 1);
	assert_int_equal(r.counts.kept, 2);
	assert_int_equal(r.counts.replaced, 0);
	assert_true(fake_postgres_got(&r.s.fake, "ALTER ROLE new SET a TO b"));
	assert_false(fake_postgres_got(&r.s.fake, "ALTER ROLE old"));
	release(&r);
}

static void test_pg_globals_restore__replaces_all_but_the_connected_one(void **state)
{
	struct restored r;

	restore(&r, state, true);
	assert_int_equal(r.counts.replaced, 1);
	assert_int_equal(r.counts.kept, 1);
	assert_true(fake_postgres_got(&r.s.fake, "ALTER ROLE old"));
	assert_false(fake_postgres_got(&r.s.fake, "ALTER ROLE me"));
	release(&r);
}

static void test_pg_globals_restore__warns_of_what_is_refused(void **state)
{
	struct restored r;

	restore(&r, state, false);
	assert_int_equal(strings_count(&r.warnings), 2);
	assert_string_equal(strings_at(&r.warnings, 0),
			    "role forbidden: must be superuser");
	assert_false(fake_postgres_got(&r.s.fake, "COMMENT ON ROLE forbidden"));
	assert_false(fake_postgres_got(&r.s.fake, "CREATE ROLE new less"));
	assert_false(fake_postgres_got(&r.s.fake, "ALTER ROLE new CREATEDB"));
	release(&r);
}

static void test_pg_globals_restore__makes_a_role_without_what_is_refused(void **state)
{
	static const struct fake_rule rules[] = {
		{"-> 'roles'", FAKE_ROWS,
		 "r\tf\tf\t\\N\twhole\tCREATE ROLE r SUPERUSER CREATEDB\n"
		 "r\tf\tf\t\\N\tbase\tCREATE ROLE r\n"
		 "r\tf\tf\tSUPERUSER\tattribute\tALTER ROLE r "
		 "SUPERUSER\n"
		 "r\tf\tf\tCREATEDB\tattribute\tALTER ROLE r "
		 "CREATEDB\n"
		 "r\tf\tf\t\\N\tmore\tCOMMENT ON ROLE r",
		 0},
		{"r SUPERUSER", FAKE_ERROR, "42501 must be superuser", 0},
		{NULL, 0, NULL, 0}};
	struct restored r;

	restore_by(&r, state, rules, false);
	assert_int_equal(r.counts.created, 1);
	assert_int_equal(r.refused.n, 1);
	assert_int_equal(strings_count(&r.warnings), 1);
	assert_string_equal(strings_at(&r.warnings, 0),
			    "attribute SUPERUSER of role r: must be superuser");
	assert_true(fake_postgres_got(&r.s.fake, "ALTER ROLE r CREATEDB"));
	assert_true(fake_postgres_got(&r.s.fake, "COMMENT ON ROLE r"));
	release(&r);
}

static void
test_pg_globals_restore__changes_what_all_roles_have_when_told_to(void **state)
{
	CLEANUP(mem_freep) char *socket_path = tree_path(*state, ".s.PGSQL.5432");
	struct restored r;

	restore(&r, state, false);
	assert_string_equal(strings_at(&r.warnings, 1),
			    "setting work_mem of all roles: left as it is here");
	assert_false(fake_postgres_got(&r.s.fake, "\nALTER ROLE ALL SET work_mem"));
	release(&r);
	assert_int_equal(unlink(socket_path), 0);
	restore(&r, state, true);
	assert_true(fake_postgres_got(&r.s.fake, "\nALTER ROLE ALL SET work_mem"));
	release(&r);
}

static void test_pg_globals_restore__grants_without_the_grantor_at_need(void **state)
{
	struct restored r;

	restore(&r, state, false);
	assert_true(fake_postgres_got(&r.s.fake, "GRANTED BY x\nGRANT g TO new\n"));
	release(&r);
}

static void test_pg_globals_restore__ends_with_the_connection(void **state)
{
	static const struct fake_rule rules[] = {
		{"-> 'roles'", FAKE_ROWS, "new\tf\tf\t\\N\twhole\tCREATE ROLE new", 0},
		{"CREATE ROLE", FAKE_HANG_UP, NULL, 0},
		{NULL, 0, NULL, 0}};
	CLEANUP(strings_release) struct strings warnings;
	struct pg_refused refused = {.warnings = &warnings};
	struct pg_globals_counts counts = {0};
	struct fake_session s;

	strings_init(&warnings);
	fake_session_open(&s, state, rules);
	assert_int_equal(
		pg_globals_restore(s.conn, "{}", false, &refused, &counts, &s.err), -1);
	assert_int_equal(s.err.code, ERR_TRANSIENT);
	assert_non_null(strstr(s.err.msg, "role new: connection to the server is lost"));
	fake_session_close(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		tempdir_test(test_pg_globals_read__takes_passwords_where_it_may),
		tempdir_test(test_pg_globals_read__does_without_passwords),
		tempdir_test(test_pg_globals_restore__touches_no_existing_role),
		tempdir_test(test_pg_globals_restore__replaces_all_but_the_connected_one),
		tempdir_test(test_pg_globals_restore__warns_of_what_is_refused),
		tempdir_test(
			test_pg_globals_restore__makes_a_role_without_what_is_refused),
		tempdir_test(
			test_pg_globals_restore__changes_what_all_roles_have_when_told_to),
		tempdir_test(test_pg_globals_restore__grants_without_the_grantor_at_need),
		tempdir_test(test_pg_globals_restore__ends_with_the_connection),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
