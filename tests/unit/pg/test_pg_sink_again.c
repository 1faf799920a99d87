/* SPDX-License-Identifier: Apache-2.0 */
/* Restores by a role that is no superuser, with a pg_restore that fails with commands. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "pg/pg_sink_internal.h"
#include "support/pg_sink_run.h"

#define NO_SUPERUSER                                                                     \
	{                                                                                \
		"is_superuser", FAKE_PARAMETER, "off", 0                                 \
	}
#define FAILED	"pg_restore: error: could not execute query: ERROR:  no\n"
#define IGNORED "pg_restore: warning: errors ignored on restore: "

/* A pg_restore that says this in pre-data and then fails; it lists nothing. */
static void fake_failing(const char *directory, const char *said)
{
	CLEANUP(mem_freep)
	char *script =
		mem_printf("cat >/dev/null\n"
			   "case $* in *--section=pre-data*) ;; *) exit 0 ;; esac\n"
			   "echo \"$*\" >\"$(dirname \"$0\")\"/args\n"
			   "cat >&2 <<'END'\n%s\nEND\nexit 1",
			   said);

	fake_program(directory, "pg_restore", script);
}

static void test_sink_try_again__warns_of_what_is_refused(void **state)
{
	static const struct fake_rule rules[] = {
		NO_SUPERUSER,
		{"ALTER TABLE", FAKE_ERROR, "42501 must be member of role x", 0},
		{"CREATE EVENT TRIGGER", FAKE_ERROR, "42501 permission denied", 0},
		{"COMMENT ON EVENT", FAKE_ERROR, "42704 et does not exist", 0},
		PG_SINK_RULES};
	CLEANUP(mem_freep) char *noted = NULL;
	struct sink_run run;

	fake_failing(*state,
		     FAILED "Command was: CREATE EVENT TRIGGER et ON x;\n" FAILED
			    "Command was: COMMENT ON EVENT TRIGGER et IS 'x';\n" FAILED
			    "Command was: ALTER TABLE s.t OWNER TO x;\n" FAILED
			    "Command was: ALTER TABLE s.u OWNER TO x;\n" FAILED
			    "Command was: SELECT works_now();\n" IGNORED "5");
	sink_run_init(&run, state, rules);
	if (sink_run(&run) < 0)
		fail_msg("%s", run.err.msg);
	noted = sink_run_noted(state);
	assert_null(strstr(noted, "--exit-on-error"));
	assert_int_equal(run.report.refused, 4);
	assert_int_equal(strings_count(&run.report.warnings), 3);
	assert_string_equal(strings_at(&run.report.warnings, 0),
			    "CREATE EVENT TRIGGER et ON x: permission denied");
	assert_string_equal(strings_at(&run.report.warnings, 1),
			    "COMMENT ON EVENT TRIGGER et IS: et does not exist");
	assert_string_equal(
		strings_at(&run.report.warnings, 2),
		"2 objects of role x belong to the restoring role now; the "
		"first: ALTER TABLE s.t OWNER TO x: must be member of role x");
	assert_int_equal(run.report.tables.n, 2); /* and they were proved */
	sink_run_release(&run);
}

/* Of an error that is no refusal, and of a thing that is missing although nothing was refused. */
static void test_sink_try_again__fails_with_anything_else(void **state)
{
	static const char *const errors[] = {"23505 duplicate key", "42704 no such type"};

	fake_failing(*state, FAILED "Command was: CREATE TABLE s.t (a x);\n" IGNORED "1");
	for (size_t i = 0; i < ARRAY_SIZE(errors); i++) {
		CLEANUP(mem_freep)
		char *socket_path = tree_path(*state, ".s.PGSQL.5432");
		const struct fake_rule rules[] = {
			NO_SUPERUSER,
			{"CREATE TABLE s.t", FAKE_ERROR, errors[i], 0},
			PG_SINK_RULES};
		struct sink_run run;

		sink_run_init(&run, state, rules);
		assert_int_equal(sink_run(&run), -1);
		assert_non_null(
			strstr(run.err.msg, "section pre-data: CREATE TABLE s.t: "));
		assert_non_null(strstr(run.err.msg, errors[i] + 6));
		sink_run_release(&run);
		assert_int_equal(unlink(socket_path), 0);
	}
}

static void test_sink_try_again__believes_no_text_that_does_not_add_up(void **state)
{
	static const struct fake_rule rules[] = {NO_SUPERUSER, PG_SINK_RULES};
	struct sink_run run;

	fake_failing(*state, FAILED "Command was: COMMENT ON TABLE t IS 'x\n" FAILED
				    "Command was: ALTER ROLE evil SUPERUSER;\n"
				    "';\n" IGNORED "1");
	sink_run_init(&run, state, rules);
	assert_int_equal(sink_run(&run), -1);
	assert_false(fake_postgres_got(&run.fake, "ALTER ROLE evil"));
	assert_non_null(strstr(run.err.msg, "pg_restore ended with status 1"));
	sink_run_release(&run);
}

#define GRANTS                                                                           \
	"GRANT SELECT ON TABLE t TO a;\n"                                                \
	"SET SESSION AUTHORIZATION b;\n"                                                 \
	"GRANT SELECT ON TABLE t TO c;\n"                                                \
	"RESET SESSION AUTHORIZATION;\n"                                                 \
	"REVOKE ALL ON TABLE t FROM d;\n"

static void test_sink_try_again__grants_in_the_name_of_others(void **state)
{
	static const struct fake_rule rules[] = {NO_SUPERUSER, PG_SINK_RULES};
	struct sink_run run;

	fake_failing(*state, FAILED "Command was: " GRANTS IGNORED "1");
	sink_run_init(&run, state, rules);
	if (sink_run(&run) < 0)
		fail_msg("%s", run.err.msg);
	assert_true(fake_postgres_got(&run.fake, "SET ROLE b;\n"
						 "GRANT SELECT ON TABLE t TO c;\n"
						 "RESET ROLE;\n"));
	assert_false(fake_postgres_got(&run.fake, "SESSION AUTHORIZATION"));
	assert_int_equal(run.report.refused, 0);
	sink_run_release(&run);
}

static void test_sink_try_again__grants_the_rest_without_others(void **state)
{
	static const struct fake_rule rules[] = {
		NO_SUPERUSER,
		{"SET ROLE b", FAKE_ERROR, "42501 permission denied to set role", 0},
		PG_SINK_RULES};
	struct sink_run run;

	fake_failing(*state, FAILED "Command was: " GRANTS IGNORED "1");
	sink_run_init(&run, state, rules);
	if (sink_run(&run) < 0)
		fail_msg("%s", run.err.msg);
	assert_true(fake_postgres_got(&run.fake, "GRANT SELECT ON TABLE t TO a;\n"
						 "REVOKE ALL ON TABLE t FROM d;\n"));
	assert_int_equal(run.report.refused, 1);
	assert_string_equal(strings_at(&run.report.warnings, 0),
			    "GRANT SELECT ON TABLE t TO a: what another role granted: "
			    "permission denied to set role");
	sink_run_release(&run);
}

static void test_sink_try_again__starts_no_copy(void **state)
{
	static const struct fake_rule rules[] = {
		NO_SUPERUSER,
		{"COPY ext.settings", FAKE_ERROR, "42501 permission denied", 1},
		{"COPY ext.settings", FAKE_COPY_IN, NULL, 0},
		PG_SINK_RULES};
	struct sink_run run;

	fake_failing(*state, FAILED
		     "Command was: COPY ext.settings (a) FROM stdin;\n" FAILED
		     "Command was: COPY ext.settings (a) FROM stdin;\n" IGNORED "2");
	sink_run_init(&run, state, rules);
	assert_int_equal(sink_run(&run), -1);
	assert_string_equal(strings_at(&run.report.warnings, 0),
			    "COPY ext.settings: permission denied");
	assert_non_null(strstr(run.err.msg, "pg_restore could not copy its rows"));
	sink_run_release(&run);
}

static void test_sink_try_again__is_not_for_superusers(void **state)
{
	static const struct fake_rule rules[] = {PG_SINK_RULES};
	CLEANUP(mem_freep) char *noted = NULL;
	struct sink_run run;

	fake_failing(*state, FAILED "Command was: SELECT again();\n" IGNORED "1");
	sink_run_init(&run, state, rules);
	assert_int_equal(sink_run(&run), -1);
	noted = sink_run_noted(state);
	assert_non_null(strstr(noted, "--exit-on-error"));
	assert_false(fake_postgres_got(&run.fake, "SELECT again"));
	sink_run_release(&run);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		tempdir_test(test_sink_try_again__warns_of_what_is_refused),
		tempdir_test(test_sink_try_again__fails_with_anything_else),
		tempdir_test(test_sink_try_again__believes_no_text_that_does_not_add_up),
		tempdir_test(test_sink_try_again__grants_in_the_name_of_others),
		tempdir_test(test_sink_try_again__grants_the_rest_without_others),
		tempdir_test(test_sink_try_again__starts_no_copy),
		tempdir_test(test_sink_try_again__is_not_for_superusers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
