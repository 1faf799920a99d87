/* SPDX-License-Identifier: Apache-2.0 */
/* How pg_restore is called, and what a partial restore leaves out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "pg/pg_sink_internal.h"
#include "support/pg_sink_run.h"

static const struct fake_rule rules[] = {PG_SINK_RULES};

static void test_sink_restore_section__names_section_and_database(void **state)
{
	CLEANUP(mem_freep) char *noted = NULL;
	struct sink_run run;

	fake_program(*state, "pg_restore", PG_RESTORE_NOTES);
	sink_run_init(&run, state, rules);
	assert_int_equal(sink_run(&run), 0);
	noted = sink_run_noted(state);
	assert_non_null(strstr(noted, "--section=pre-data"));
	assert_non_null(strstr(noted, "--section=data"));
	assert_non_null(strstr(noted, "--section=post-data"));
	assert_non_null(strstr(noted, "dbname='app.restore-"));
	assert_non_null(strstr(noted, "--exit-on-error"));
	assert_null(strstr(noted, "--no-tablespaces"));
	assert_null(strstr(noted, "--use-list"));
	sink_run_release(&run);
}

static void test_sink_restore_section__feeds_the_whole_dump(void **state)
{
	CLEANUP(mem_freep) char *noted = NULL;
	struct sink_run run;

	fake_program(*state, "pg_restore", "cat >>\"$(dirname \"$0\")\"/args");
	sink_run_init(&run, state, rules);
	assert_int_equal(sink_run(&run), 0);
	noted = sink_run_noted(state);
	assert_string_equal(noted, "DUMPDUMPDUMP");
	sink_run_release(&run);
}

static void test_sink_restore_section__may_stop_reading_early(void **state)
{
	struct sink_run run;

	fake_program(*state, "pg_restore", "exit 0");
	sink_run_init(&run, state, rules);
	if (sink_run(&run) < 0)
		fail_msg("%s", run.err.msg);
	sink_run_release(&run);
}

static void test_sink_restore_section__maps_absent_tablespaces(void **state)
{
	static const struct fake_rule absent[] = {
		{"SELECT d.encoding", FAKE_ROWS, "UTF8\tUTC\tt\tt\tfast\t\\N", 0},
		PG_SINK_RULES};
	CLEANUP(mem_freep) char *noted = NULL;
	struct sink_run run;

	fake_program(*state, "pg_restore", PG_RESTORE_NOTES);
	sink_run_init(&run, state, absent);
	assert_int_equal(sink_run(&run), 0);
	noted = sink_run_noted(state);
	assert_non_null(strstr(noted, "--no-tablespaces"));
	assert_non_null(strstr(strings_at(&run.report.warnings, 0), "fast"));
	sink_run_release(&run);
}

static void test_sink_restore_section__passes_warnings_on(void **state)
{
	struct sink_run run;

	fake_program(*state, "pg_restore",
		     "cat >/dev/null; echo 'pg_restore: warning: odd' >&2");
	sink_run_init(&run, state, rules);
	assert_int_equal(sink_run(&run), 0);
	assert_int_equal(strings_count(&run.report.warnings), 3);
	assert_string_equal(strings_at(&run.report.warnings, 0), "odd");
	sink_run_release(&run);
}

/* Of two tablespaces one is here: its tables go back while they are empty, then its indexes. */
static void test_sink_restore_section__places_what_has_a_tablespace(void **state)
{
	static const struct fake_rule mixed[] = {
		{"SELECT d.encoding", FAKE_ROWS, "UTF8\tUTC\tt\tt\tgone\there", 0},
		{"SELECT format('%s %I.%I', r.what", FAKE_ROWS,
		 "TABLE s.t\tALTER TABLE s.t SET TABLESPACE here", 1},
		{"SELECT format('%s %I.%I', r.what", FAKE_ROWS,
		 "INDEX s.i\tALTER INDEX s.i SET TABLESPACE here", 1},
		{"ALTER INDEX", FAKE_ERROR, "53100 no space", 0},
		PG_SINK_RULES};
	struct sink_run run;

	fake_program(*state, "pg_restore", PG_RESTORE_NOTES);
	sink_run_init(&run, state, mixed);
	if (sink_run(&run) < 0)
		fail_msg("%s", run.err.msg);
	assert_true(fake_postgres_got(&run.fake, "ALTER TABLE s.t SET TABLESPACE here"));
	assert_int_equal(strings_count(&run.report.warnings), 2);
	assert_string_equal(strings_at(&run.report.warnings, 1),
			    "tablespace of INDEX s.i: no space");
	sink_run_release(&run);
}

static void test_sink_restore_section__tells_a_damaged_dump(void **state)
{
	struct sink_run run;

	fake_program(*state, "pg_restore", PG_RESTORE_NOTES);
	sink_run_init(&run, state, rules);
	run.source.fail_path = "schema.dump";
	assert_int_equal(sink_run(&run), -1);
	assert_int_equal(run.err.code, ERR_CORRUPT);
	assert_non_null(strstr(run.err.msg, "section pre-data"));
	sink_run_release(&run);
}

static void test_sink_entry_needs_all_rows__knows_what_depends(void **state)
{
	static const char *const needs[] = {
		"3245; 2606 16400 FK CONSTRAINT app chicken chicken_egg postgres",
		"3300; 3466 16500 EVENT TRIGGER - no_ddl postgres",
		"3301; 6104 16501 PUBLICATION - all_tables postgres",
		"3302; 6100 16502 SUBSCRIPTION - other_side postgres",
		"3303; 0 16503 MATERIALIZED VIEW DATA app z_first postgres",
		"3304; 0 0 COMMENT app CONSTRAINT chicken_egg ON chicken postgres",
		"3305; 0 0 COMMENT - EVENT TRIGGER no_ddl postgres"};
	static const char *const needs_not[] = {
		"; Archive created at 2024-01-01 00:00:00 UTC",
		"3200; 1259 16390 TABLE app chicken postgres",
		"3201; 2606 16391 CONSTRAINT app chicken chicken_pkey postgres",
		"3202; 1259 16392 MATERIALIZED VIEW app z_first postgres",
		"3203; 0 0 COMMENT app COLUMN kinds.j postgres",
		""};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(needs); i++)
		if (!sink_entry_needs_all_rows(needs[i]))
			fail_msg("kept: %s", needs[i]);
	for (size_t i = 0; i < ARRAY_SIZE(needs_not); i++)
		if (sink_entry_needs_all_rows(needs_not[i]))
			fail_msg("left out: %s", needs_not[i]);
}

static void test_sink_choose_entries__restores_by_a_list(void **state)
{
	static const char *const list =
		"for a in \"$@\"; do case $a in --file=*) echo '7; 1 2 TABLE app t me' "
		">\"${a#--file=}\"; echo '8; 1 2 FK CONSTRAINT app t f me' "
		">>\"${a#--file=}\";; --use-list=*) cat \"${a#--use-list=}\" "
		">\"$(dirname "
		"\"$0\")\"/args;; esac; done; cat >/dev/null";
	CLEANUP(mem_freep) char *noted = NULL;
	struct sink_run run;

	fake_program(*state, "pg_restore", list);
	sink_run_init(&run, state, rules);
	assert_int_equal(
		selection_include(run.selection, "tables/public/t.copy", &run.err), 0);
	if (sink_run(&run) < 0)
		fail_msg("%s", run.err.msg);
	noted = sink_run_noted(state);
	assert_string_equal(noted, "7; 1 2 TABLE app t me\n");
	assert_int_equal(run.report.tables.n, 1);
	assert_false(fake_postgres_got(&run.fake, "\"other\" (\"a\") FROM STDIN"));
	assert_non_null(strstr(strings_at(&run.report.warnings, 0),
			       "only some tables are restored"));
	sink_run_release(&run);
}

static void test_sink_choose_entries__needs_a_place_for_the_list(void **state)
{
	struct sink_run run;

	fake_program(*state, "pg_restore", PG_RESTORE_NOTES);
	sink_run_init(&run, state, rules);
	run.options.temp_directory = "/nowhere";
	assert_int_equal(
		selection_include(run.selection, "tables/public/t.copy", &run.err), 0);
	assert_int_equal(sink_run(&run), -1);
	assert_non_null(strstr(run.err.msg, "cannot make a temporary file in /nowhere"));
	sink_run_release(&run);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		tempdir_test(test_sink_restore_section__names_section_and_database),
		tempdir_test(test_sink_restore_section__feeds_the_whole_dump),
		tempdir_test(test_sink_restore_section__may_stop_reading_early),
		tempdir_test(test_sink_restore_section__maps_absent_tablespaces),
		tempdir_test(test_sink_restore_section__passes_warnings_on),
		tempdir_test(test_sink_restore_section__places_what_has_a_tablespace),
		tempdir_test(test_sink_restore_section__tells_a_damaged_dump),
		cmocka_unit_test(test_sink_entry_needs_all_rows__knows_what_depends),
		tempdir_test(test_sink_choose_entries__restores_by_a_list),
		tempdir_test(test_sink_choose_entries__needs_a_place_for_the_list),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
