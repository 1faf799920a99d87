/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "pg/pg_members.h"
#include "support/fake_session.h"

/* role, does it own the database, statement */
static const struct fake_rule candidates[] = {
	{"-> 'roles'", FAKE_ROWS,
	 "base\tt\tGRANT base TO me\n"
	 "own er\tf\tGRANT \"own er\" TO me\n"
	 "owner\tf\tGRANT owner TO me\n"
	 "forbidden\tf\tGRANT forbidden TO me\n"
	 "idle\tf\tGRANT idle TO me",
	 0},
	{"GRANT forbidden", FAKE_ERROR, "42501 must have admin option", 0},
	{NULL, 0, NULL, 0}};

static const struct pg_owners owners = {"{}", "{}",
					"215; 1259 16400 TABLE public t owner\n"
					"216; 1259 16401 TABLE public idle own er\n"
					"217; 1259 16402 TABLE public x forbidden\n"};

static void test_pg_members_join__is_for_those_who_own_something(void **state)
{
	CLEANUP(strings_release) struct strings joined;
	struct fake_session s;

	strings_init(&joined);
	fake_session_open(&s, state, candidates);
	assert_int_equal(pg_members_join(s.conn, &owners, &joined, &s.err), 0);
	assert_int_equal(strings_count(&joined), 3);
	assert_string_equal(strings_at(&joined, 0), "base");
	assert_string_equal(strings_at(&joined, 1), "own er");
	assert_string_equal(strings_at(&joined, 2), "owner");
	assert_false(fake_postgres_got(&s.fake, "GRANT idle"));
	fake_session_close(&s);
}

static void test_pg_members_join__ends_with_the_connection(void **state)
{
	static const struct fake_rule rules[] = {
		{"-> 'roles'", FAKE_ROWS, "base\tt\tGRANT base TO me", 0},
		{"GRANT base", FAKE_HANG_UP, NULL, 0},
		{NULL, 0, NULL, 0}};
	CLEANUP(strings_release) struct strings joined;
	struct fake_session s;

	strings_init(&joined);
	fake_session_open(&s, state, rules);
	assert_int_equal(pg_members_join(s.conn, &owners, &joined, &s.err), -1);
	assert_int_equal(s.err.code, ERR_TRANSIENT);
	assert_string_equal(strings_at(&joined, 0), "base"); /* who knows */
	fake_session_close(&s);
}

static void test_pg_members_leave__tries_all(void **state)
{
	static const struct fake_rule rules[] = {
		{"REVOKE \"a\"", FAKE_ERROR, "42704 role a does not exist", 0},
		{NULL, 0, NULL, 0}};
	CLEANUP(strings_release) struct strings joined;
	struct fake_session s;

	strings_init(&joined);
	strings_add(&joined, "a");
	strings_add(&joined, "b\"c");
	fake_session_open(&s, state, rules);
	assert_int_equal(pg_members_leave(s.conn, &joined, &s.err), -1);
	assert_string_equal(s.err.msg, "role a: role a does not exist");
	assert_true(fake_postgres_got(&s.fake, "REVOKE \"b\"\"c\" FROM CURRENT_USER"));
	fake_session_close(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		tempdir_test(test_pg_members_join__is_for_those_who_own_something),
		tempdir_test(test_pg_members_join__ends_with_the_connection),
		tempdir_test(test_pg_members_leave__tries_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
