/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "pg/pg_target.h"
#include "support/fake_session.h"

#include "base/mem.h"
#include "base/quote.h"

static void assert_work_name(const char *name, const char *expected)
{
	CLEANUP(mem_freep) char *work = pg_target_work_name(name, "restore", 0x1f2e);

	assert_string_equal(work, expected);
	assert_true(strlen(work) <= 63);
}

static void test_pg_target_work_name__fits_and_stays_utf8(void **state)
{
	(void)state;
	assert_work_name("app", "app.restore-00001f2e");
	assert_work_name(
		"sixty_three_bytes_sixty_three_bytes_sixty_three_bytes_sixty_thr",
		"sixty_three_bytes_sixty_three_bytes_sixty_t.restore-00001f2e");
	assert_work_name("üüüüüüüüüüüüüüüüüüüüüüüüüüüüüüü",
			 "üüüüüüüüüüüüüüüüüüüüü.restore-00001f2e");
}

struct opened {
	struct fake_postgres fake;
	struct pg_target target;
	struct rng rng;
	struct strings warnings;
	struct pg_refused refused;
	struct err err;
};

static int open_target(struct opened *o, void **state, const struct fake_rule *rules,
		       bool replace)
{
	*o = (struct opened){.rng = rng_seeded(1)};
	strings_init(&o->warnings);
	o->refused.warnings = &o->warnings;
	pg_params_init(&o->target.params);
	fake_postgres_start(&o->fake, *state, rules, NULL);
	return pg_target_open(&o->fake.params, replace, &o->rng, NULL, &o->target,
			      &o->err);
}

static void release(struct opened *o)
{
	pg_target_release(&o->target);
	strings_release(&o->warnings);
	fake_postgres_stop(&o->fake);
}

/* is_template, sessions, may an empty one be replaced, may any, owner */
#define STATE "SELECT d.datistemplate"
static const struct fake_rule absent[] = {
	{"SELECT format('CREATE DATABASE", FAKE_ROWS, "CREATE DATABASE made", 0},
	{"SELECT EXISTS (SELECT FROM pg_database", FAKE_ROWS, "t", 0},
	{NULL, 0, NULL, 0}};

static void test_pg_target_open__makes_what_is_absent_under_another_name(void **state)
{
	struct opened o;

	assert_int_equal(open_target(&o, state, absent, false), 0);
	assert_int_equal(o.target.mode, PG_TARGET_CREATE);
	assert_string_equal(o.target.name, "app");
	assert_true(strncmp(o.target.work_name, "app.restore-", 12) == 0);
	assert_string_equal(pg_params_get(&o.target.params, "dbname"),
			    o.target.work_name);
	assert_int_equal(pg_target_create(&o.target, "{}", &o.refused, &o.err), 0);
	assert_true(o.target.made);
	assert_int_equal(pg_target_commit(&o.target, NULL, &o.warnings, &o.err), 0);
	assert_true(fake_postgres_got(&o.fake, "RENAME TO \"app\""));
	assert_false(o.target.made);
	release(&o);
}

static void test_pg_target_create__keeps_what_it_may_not_give_away(void **state)
{
	static const struct fake_rule rules[] = {
		{"is_superuser", FAKE_PARAMETER, "off", 0},
		{"SELECT format('CREATE DATABASE", FAKE_ROWS, "CREATE DATABASE theirs",
		 1},
		{"SELECT format('CREATE DATABASE", FAKE_ROWS, "CREATE DATABASE ours", 0},
		{"theirs", FAKE_ERROR, "42501 must be member of role x", 0},
		{NULL, 0, NULL, 0}};
	struct opened o;

	assert_int_equal(open_target(&o, state, rules, false), 0);
	assert_int_equal(pg_target_create(&o.target, "{}", &o.refused, &o.err), 0);
	assert_true(o.target.made);
	assert_true(fake_postgres_got(&o.fake, "\nCREATE DATABASE ours"));
	assert_int_equal(o.refused.n, 1);
	assert_non_null(strstr(strings_at(&o.warnings, 0), "must be member of role x"));
	release(&o);
}

static void test_pg_target_create__is_the_owner_s_for_a_superuser(void **state)
{
	static const struct fake_rule rules[] = {
		{"SELECT format('CREATE DATABASE", FAKE_ROWS, "CREATE DATABASE theirs",
		 0},
		{"theirs", FAKE_ERROR, "42501 must be member of role x", 0},
		{NULL, 0, NULL, 0}};
	struct opened o;

	assert_int_equal(open_target(&o, state, rules, false), 0);
	assert_int_equal(pg_target_create(&o.target, "{}", &o.refused, &o.err), -1);
	assert_int_equal(o.err.code, ERR_DENIED);
	assert_false(o.target.made);
	release(&o);
}

static void test_pg_target_leave__tells_what_it_could_not_leave(void **state)
{
	static const struct fake_rule rules[] = {
		{"is_superuser", FAKE_PARAMETER, "off", 0},
		{"-> 'roles'", FAKE_ROWS, "x\tt\tGRANT x\ny\tt\tGRANT y", 0},
		{"REVOKE \"x\"", FAKE_ERROR, "42501 permission denied", 0},
		{NULL, 0, NULL, 0}};
	const struct pg_owners owners = {"{}", "{}", ""};
	struct opened o;

	assert_int_equal(open_target(&o, state, rules, false), 0);
	assert_int_equal(pg_target_join(&o.target, &owners, &o.err), 0);
	pg_target_leave(&o.target, &o.refused);
	assert_true(fake_postgres_got(&o.fake, "REVOKE \"y\" FROM CURRENT_USER"));
	assert_int_equal(o.refused.n, 1);
	assert_non_null(
		strstr(strings_at(&o.warnings, 0), ": role x: permission denied"));
	release(&o);
}

static int open_existing(struct opened *o, void **state, const char *row)
{
	const struct fake_rule rules[] = {{STATE, FAKE_ROWS, row, 0}, {NULL, 0, NULL, 0}};

	return open_target(o, state, rules, false);
}

static void test_pg_target_open__replaces_an_empty_database(void **state)
{
	struct opened o;

	assert_int_equal(open_existing(&o, state, "f\t0\tt\tt\tboss"), 0);
	assert_int_equal(o.target.mode, PG_TARGET_REPLACE);
	assert_string_not_equal(o.target.work_name, "app");
	release(&o);
}

static void test_pg_target_open__fills_an_empty_database_in_use(void **state)
{
	struct opened o;

	assert_int_equal(open_existing(&o, state, "f\t1\tt\tt\tboss"), 0);
	assert_int_equal(o.target.mode, PG_TARGET_ADOPT);
	release(&o);
}

static void test_pg_target_open__fills_an_empty_database_at_need(void **state)
{
	struct opened o;

	assert_int_equal(open_existing(&o, state, "f\t0\tf\tt\tboss"), 0);
	assert_int_equal(o.target.mode, PG_TARGET_ADOPT);
	assert_string_equal(o.target.work_name, "app");
	assert_int_equal(pg_target_create(&o.target, "{}", &o.refused, &o.err), 0);
	assert_int_equal(pg_target_commit(&o.target, NULL, &o.warnings, &o.err), 0);
	assert_false(fake_postgres_got(&o.fake, "RENAME"));
	release(&o);
}

static void test_pg_target_open__refuses_user_objects(void **state)
{
	static const struct fake_rule rules[] = {
		{STATE, FAKE_ROWS, "f\t0\tt\tt\tboss", 0},
		{"pg_describe_object", FAKE_ROWS, "table orders", 0},
		{NULL, 0, NULL, 0}};
	struct opened o;

	assert_int_equal(open_target(&o, state, rules, false), -1);
	assert_int_equal(o.err.code, ERR_TARGET);
	assert_string_equal(o.err.msg, "database app is not empty: it has table orders");
	assert_non_null(strstr(o.err.hint, "--replace"));
	release(&o);
}

static void test_pg_target_open__refuses_to_replace_what_is_used(void **state)
{
	static const struct fake_rule rules[] = {
		{STATE, FAKE_ROWS, "f\t3\tt\tt\tboss", 0}, {NULL, 0, NULL, 0}};
	struct opened o;

	assert_int_equal(open_target(&o, state, rules, true), -1);
	assert_int_equal(o.err.code, ERR_TARGET);
	assert_string_equal(o.err.msg,
			    "database app is in use by 3 sessions; expected none, "
			    "since it is to be replaced");
	release(&o);
}

static void test_pg_target_open__waits_for_who_is_leaving(void **state)
{
	static const struct fake_rule rules[] = {
		{STATE, FAKE_ROWS, "f\t1\tt\tt\tboss", 2},
		{STATE, FAKE_ROWS, "f\t0\tt\tt\tboss", 0},
		{NULL, 0, NULL, 0}};
	struct opened o;

	assert_int_equal(open_target(&o, state, rules, true), 0);
	assert_int_equal(o.target.mode, PG_TARGET_REPLACE);
	release(&o);
}

static void test_pg_target_open__refuses_to_replace_a_template(void **state)
{
	static const struct fake_rule rules[] = {
		{STATE, FAKE_ROWS, "t\t0\tf\tt\tboss", 0}, {NULL, 0, NULL, 0}};
	struct opened o;

	assert_int_equal(open_target(&o, state, rules, true), -1);
	assert_int_equal(o.err.code, ERR_TARGET);
	assert_string_equal(o.err.msg, "database app is a template");
	release(&o);
}

static const struct fake_rule replaced[] = {
	{STATE, FAKE_ROWS, "f\t0\tt\tt\tboss", 0},
	{"SELECT format('CREATE DATABASE", FAKE_ROWS, "CREATE DATABASE made", 0},
	{"SELECT EXISTS (SELECT FROM pg_database", FAKE_ROWS, "t", 0},
	{"DROP DATABASE", FAKE_ERROR, "55006 it is being used", 0},
	{NULL, 0, NULL, 0}};

static void test_pg_target_commit__swaps_and_warns_of_what_stays(void **state)
{
	struct opened o;

	assert_int_equal(open_target(&o, state, replaced, true), 0);
	assert_int_equal(o.target.mode, PG_TARGET_REPLACE);
	assert_int_equal(pg_target_create(&o.target, "{}", &o.refused, &o.err), 0);
	assert_int_equal(pg_target_commit(&o.target, NULL, &o.warnings, &o.err), 0);
	assert_true(fake_postgres_got(&o.fake,
				      "ALTER DATABASE \"app\" RENAME TO \"app.old-"));
	assert_int_equal(strings_count(&o.warnings), 1);
	assert_non_null(strstr(strings_at(&o.warnings, 0), "is still there as app.old-"));
	release(&o);
}

static void test_pg_target_commit__changes_nothing_when_it_fails(void **state)
{
	static const struct fake_rule rules[] = {
		{STATE, FAKE_ROWS, "f\t0\tt\tt\tboss", 0},
		{"RENAME TO", FAKE_ERROR, "55006 is being accessed by other users", 0},
		{NULL, 0, NULL, 0}};
	struct opened o;

	assert_int_equal(open_target(&o, state, rules, true), 0);
	assert_int_equal(pg_target_commit(&o.target, NULL, &o.warnings, &o.err), -1);
	assert_string_equal(
		o.err.msg,
		"swap with the old database: is being accessed by other users");
	assert_false(fake_postgres_got(&o.fake, "ALLOW_CONNECTIONS"));
	assert_false(fake_postgres_got(&o.fake, "DROP DATABASE"));
	release(&o);
}

/* No answer: the connection is lost. */
static int commit_unheard(struct opened *o, void **state, const char *renamed)
{
	const struct fake_rule rules[] = {{STATE, FAKE_ROWS, "f\t0\tt\tt\tboss", 0},
					  {"RENAME TO", FAKE_HANG_UP, NULL, 0},
					  {"state = 'active'", FAKE_ROWS, "t", 1},
					  {"SELECT NOT EXISTS", FAKE_ROWS, renamed, 0},
					  {NULL, 0, NULL, 0}};

	assert_int_equal(open_target(o, state, rules, true), 0);
	return pg_target_commit(&o->target, NULL, &o->warnings, &o->err);
}

static void test_pg_target_commit__sees_what_the_server_did_unheard(void **state)
{
	struct opened o;

	assert_int_equal(commit_unheard(&o, state, "t"), 0);
	assert_true(fake_postgres_got(&o.fake, "SELECT pg_sleep"));
	assert_true(fake_postgres_got(&o.fake, "DROP DATABASE \"app.old-"));
	assert_int_equal(strings_count(&o.warnings), 0);
	release(&o);
}

static void test_pg_target_commit__fails_with_the_connection(void **state)
{
	struct opened o;

	assert_int_equal(commit_unheard(&o, state, "f"), -1);
	assert_int_equal(o.err.code, ERR_TRANSIENT);
	assert_non_null(strstr(o.err.msg, "swap with the old database: connection to "
					  "the server is lost"));
	assert_false(fake_postgres_got(&o.fake, "DROP DATABASE"));
	release(&o);
}

static const struct fake_rule filled_meanwhile[] = {
	{STATE, FAKE_ROWS, "f\t0\tt\tt\tboss", 0},
	{"pg_describe_object", FAKE_ROWS, "", 1},
	{"pg_describe_object", FAKE_ROWS, "table orders", 0},
	{NULL, 0, NULL, 0}};

static void test_pg_target_commit__refuses_a_database_that_was_filled(void **state)
{
	struct opened o;

	assert_int_equal(open_target(&o, state, filled_meanwhile, false), 0);
	assert_int_equal(o.target.mode, PG_TARGET_REPLACE);
	assert_int_equal(pg_target_commit(&o.target, NULL, &o.warnings, &o.err), -1);
	assert_int_equal(o.err.code, ERR_TARGET);
	assert_string_equal(o.err.msg, "database app was empty, and since the restore "
				       "began it got table orders");
	assert_non_null(strstr(o.err.hint, "RENAME TO"));
	assert_false(fake_postgres_got(&o.fake, "ALTER DATABASE"));
	assert_false(fake_postgres_got(&o.fake, "pg_terminate_backend"));
	assert_false(fake_postgres_got(&o.fake, "DROP DATABASE"));
	release(&o);
}

static void test_pg_target_commit__keeps_what_was_filled_in_the_last_moment(void **state)
{
	static const struct fake_rule rules[] = {
		{STATE, FAKE_ROWS, "f\t0\tt\tt\tboss", 0},
		{"pg_describe_object", FAKE_ROWS, "", 2},
		{"pg_describe_object", FAKE_ROWS, "table orders", 0},
		{NULL, 0, NULL, 0}};
	struct opened o;

	assert_int_equal(open_target(&o, state, rules, false), 0);
	assert_int_equal(pg_target_commit(&o.target, NULL, &o.warnings, &o.err), 0);
	assert_false(fake_postgres_got(&o.fake, "DROP DATABASE"));
	assert_int_equal(strings_count(&o.warnings), 1);
	assert_non_null(strstr(strings_at(&o.warnings, 0),
			       "the database that was named app until now is kept as "
			       "app.old-"));
	assert_non_null(strstr(strings_at(&o.warnings, 0),
			       ": since the restore began it got table orders; look "
			       "into it, then drop it"));
	release(&o);
}

static void test_pg_target_commit__keeps_what_it_cannot_look_into(void **state)
{
	static const struct fake_rule rules[] = {
		{STATE, FAKE_ROWS, "f\t0\tt\tt\tboss", 0},
		{"pg_describe_object", FAKE_ROWS, "", 2},
		{"pg_describe_object", FAKE_ERROR, "42501 permission denied", 0},
		{NULL, 0, NULL, 0}};
	struct opened o;

	assert_int_equal(open_target(&o, state, rules, false), 0);
	assert_int_equal(pg_target_commit(&o.target, NULL, &o.warnings, &o.err), 0);
	assert_false(fake_postgres_got(&o.fake, "DROP DATABASE"));
	assert_non_null(
		strstr(strings_at(&o.warnings, 0),
		       "cannot see whether it is still empty: permission denied"));
	release(&o);
}

static void test_pg_target_commit__drops_what_is_still_empty(void **state)
{
	struct opened o;

	assert_int_equal(open_existing(&o, state, "f\t0\tt\tt\tboss"), 0);
	assert_int_equal(pg_target_commit(&o.target, NULL, &o.warnings, &o.err), 0);
	assert_true(fake_postgres_got(&o.fake, "DROP DATABASE \"app.old-"));
	assert_int_equal(strings_count(&o.warnings), 0);
	release(&o);
}

static void test_pg_target_discard__drops_what_was_made_and_says_so(void **state)
{
	struct opened o;

	assert_int_equal(open_target(&o, state, absent, false), 0);
	assert_int_equal(pg_target_create(&o.target, "{}", &o.refused, &o.err), 0);
	(void)err_set(&o.err, ERR_IO, "it broke");
	(void)err_hint(&o.err, "mend it");
	pg_target_discard(&o.target, &o.err);
	assert_int_equal(o.err.code, ERR_IO);
	assert_non_null(strstr(o.err.msg, "it broke; dropped the half-made database "
					  "app.restore-"));
	assert_string_equal(o.err.hint, "mend it");
	assert_true(fake_postgres_got(&o.fake, "DROP DATABASE \"app.restore-"));
	release(&o);
}

static void test_pg_target_discard__says_when_it_cannot_drop(void **state)
{
	struct opened o;

	assert_int_equal(open_target(&o, state, replaced, true), 0);
	assert_int_equal(pg_target_create(&o.target, "{}", &o.refused, &o.err), 0);
	(void)err_set(&o.err, ERR_IO, "it broke");
	pg_target_discard(&o.target, &o.err);
	assert_non_null(strstr(o.err.msg, "could not drop the half-made database "
					  "app.restore-"));
	assert_non_null(strstr(o.err.msg, ": it is being used"));
	release(&o);
}

/* The server gives no answer to CREATE DATABASE. `there`: is the database there afterwards? */
static void create_unheard(struct opened *o, void **state, const char *there)
{
	const struct fake_rule rules[] = {
		{"SELECT format('CREATE DATABASE", FAKE_ROWS, "CREATE DATABASE made", 0},
		{"CREATE DATABASE made", FAKE_HANG_UP, NULL, 0},
		{"state = 'active'", FAKE_ROWS, "t", 1},
		{"SELECT EXISTS (SELECT FROM pg_database", FAKE_ROWS, there, 0},
		{NULL, 0, NULL, 0}};

	assert_int_equal(open_target(o, state, rules, false), 0);
	assert_int_equal(pg_target_create(&o->target, "{}", &o->refused, &o->err), -1);
	assert_int_equal(o->err.code, ERR_TRANSIENT);
	pg_target_discard(&o->target, &o->err);
	assert_true(fake_postgres_got(&o->fake, "SELECT pg_sleep"));
}

static void test_pg_target_open__replaces_nothing_of_others(void **state)
{
	static const struct fake_rule rules[] = {
		{STATE, FAKE_ROWS, "f\t0\tf\tf\tboss", 0}, {NULL, 0, NULL, 0}};
	struct opened o;

	assert_int_equal(open_target(&o, state, rules, true), -1);
	assert_int_equal(o.err.code, ERR_TARGET);
	assert_non_null(strstr(o.err.msg, "database app belongs to role boss; "));
	release(&o);
}

static void test_pg_target_open__asks_whether_it_may_create_one(void **state)
{
	static const struct fake_rule rules[] = {
		{"SELECT rolsuper OR rolcreatedb", FAKE_ROWS, "f", 0},
		{NULL, 0, NULL, 0}};
	struct opened o;

	assert_int_equal(open_target(&o, state, rules, false), -1);
	assert_int_equal(o.err.code, ERR_DENIED);
	assert_non_null(strstr(o.err.msg, "this role may not create databases"));
	release(&o);
}

static void test_pg_target_discard__drops_what_was_made_unheard(void **state)
{
	struct opened o;

	create_unheard(&o, state, "t");
	assert_true(fake_postgres_got(&o.fake, "DROP DATABASE \"app.restore-"));
	assert_non_null(strstr(o.err.msg, "; dropped the half-made database "));
	release(&o);
}

static void test_pg_target_discard__is_silent_when_nothing_was_made(void **state)
{
	struct opened o;

	create_unheard(&o, state, "f");
	assert_false(fake_postgres_got(&o.fake, "DROP DATABASE"));
	assert_null(strstr(o.err.msg, "half-made"));
	release(&o);
}

static void test_pg_target_discard__drops_nothing_that_it_could_not_make(void **state)
{
	static const struct fake_rule rules[] = {
		{"SELECT format('CREATE DATABASE", FAKE_ROWS, "CREATE DATABASE made", 0},
		{"CREATE DATABASE made", FAKE_ERROR, "42P04 already exists", 0},
		{"SELECT EXISTS (SELECT FROM pg_database", FAKE_ROWS, "t", 0},
		{NULL, 0, NULL, 0}};
	struct opened o;

	assert_int_equal(open_target(&o, state, rules, false), 0);
	assert_int_equal(pg_target_create(&o.target, "{}", &o.refused, &o.err), -1);
	pg_target_discard(&o.target, &o.err);
	assert_false(fake_postgres_got(&o.fake, "DROP DATABASE"));
	release(&o);
}

static void test_pg_target_discard__leaves_what_was_there(void **state)
{
	struct pg_target target = {.mode = PG_TARGET_ADOPT};
	struct err err = {0};

	(void)state;
	(void)err_set(&err, ERR_IO, "it broke");
	pg_target_discard(&target, &err);
	assert_string_equal(err.msg, "it broke");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pg_target_work_name__fits_and_stays_utf8),
		tempdir_test(
			test_pg_target_open__makes_what_is_absent_under_another_name),
		tempdir_test(test_pg_target_create__keeps_what_it_may_not_give_away),
		tempdir_test(test_pg_target_create__is_the_owner_s_for_a_superuser),
		tempdir_test(test_pg_target_leave__tells_what_it_could_not_leave),
		tempdir_test(test_pg_target_open__replaces_nothing_of_others),
		tempdir_test(test_pg_target_open__asks_whether_it_may_create_one),
		tempdir_test(test_pg_target_open__replaces_an_empty_database),
		tempdir_test(test_pg_target_open__fills_an_empty_database_in_use),
		tempdir_test(test_pg_target_open__fills_an_empty_database_at_need),
		tempdir_test(test_pg_target_open__refuses_user_objects),
		tempdir_test(test_pg_target_open__refuses_to_replace_what_is_used),
		tempdir_test(test_pg_target_open__waits_for_who_is_leaving),
		tempdir_test(test_pg_target_open__refuses_to_replace_a_template),
		tempdir_test(test_pg_target_commit__swaps_and_warns_of_what_stays),
		tempdir_test(test_pg_target_commit__changes_nothing_when_it_fails),
		tempdir_test(test_pg_target_commit__sees_what_the_server_did_unheard),
		tempdir_test(test_pg_target_commit__fails_with_the_connection),
		tempdir_test(test_pg_target_commit__refuses_a_database_that_was_filled),
		tempdir_test(
			test_pg_target_commit__keeps_what_was_filled_in_the_last_moment),
		tempdir_test(test_pg_target_commit__keeps_what_it_cannot_look_into),
		tempdir_test(test_pg_target_commit__drops_what_is_still_empty),
		tempdir_test(test_pg_target_discard__drops_what_was_made_and_says_so),
		tempdir_test(test_pg_target_discard__says_when_it_cannot_drop),
		tempdir_test(test_pg_target_discard__drops_what_was_made_unheard),
		tempdir_test(test_pg_target_discard__is_silent_when_nothing_was_made),
		tempdir_test(
			test_pg_target_discard__drops_nothing_that_it_could_not_make),
		cmocka_unit_test(test_pg_target_discard__leaves_what_was_there),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
