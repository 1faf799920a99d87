/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "pg/pg_source.h"
#include "support/fake_program.h"
#include "support/fake_session.h"
#include "support/record_sink.h"

static const struct fake_rule rules[] = {
	{"COPY \"public\".\"t\"", FAKE_COPY_OUT, "1\n2\n", 0},
	{"COPY \"public\".\"empty\"", FAKE_COPY_OUT, "", 0},
	{"COPY \"x\".\"broken\"", FAKE_ERROR, "XX001 invalid page in block 7", 0},
	{"pg_is_in_recovery", FAKE_ROWS, "f", 0},
	{"pg_export_snapshot", FAKE_ROWS, "00000003-1", 0},
	{"has_table_privilege", FAKE_ROWS, "f", 0},
	{"json_build_object", FAKE_ROWS, "{}", 0},
	{"FROM pg_class", FAKE_ROWS,
	 "r\tf\tpublic\tt\t\"a\"\t0\t\\N\t\\N\n"
	 "f\tf\tpublic\taway\t\"a\"\t0\t\\N\t\\N\n"
	 "r\tf\tpublic\tempty\t\"a\"\t0\tpublic\troot\n"
	 "p\tf\tpublic\troot\t\"a\"\t0\t\\N\t\\N",
	 0},
	{NULL, 0, NULL, 0}};

struct run {
	struct fake_postgres fake;
	struct record_sink *record;
	int64_t now;
	struct clock clock;
	struct pg_source_options options;
	struct buf conninfo;
	struct err err;
};

static void run_init(struct run *run, void **state, const struct fake_rule *answers)
{
	*run = (struct run){.record = record_sink_new(), .now = 99};
	fake_program(*state, "pg_restore", "exec cat >/dev/null");
	fake_postgres_start(&run->fake, *state, answers, NULL);
	run->clock = clock_fixed(&run->now);
	buf_init(&run->conninfo, 0);
	pg_params_format(&run->fake.params, &run->conninfo);
	run->options = (struct pg_source_options){.conninfo = buf_string(&run->conninfo),
						  .clock = &run->clock};
}

static int run_source(struct run *run)
{
	return pg_source_run(&run->options, &run->record->sink, NULL, &run->err);
}

static void run_release(struct run *run)
{
	assert_null(run->record->broken);
	assert_int_equal(atomic_load(&run->record->n_open), 0);
	record_sink_free(run->record);
	buf_release(&run->conninfo);
	fake_postgres_stop(&run->fake);
}

static void test_pg_source_run__writes_the_whole_tree(void **state)
{
	CLEANUP(mem_freep) char *paths = NULL;
	struct progress progress;
	struct run run;

	fake_program(*state, "pg_dump", "printf DUMP");
	run_init(&run, state, rules);
	progress_init(&progress);
	run.options.progress = &progress;
	if (run_source(&run) < 0)
		fail_msg("%s", run.err.msg);
	assert_int_equal(atomic_load(&progress.expected_files), 0); /* the sink's task */
	paths = record_sink_paths(run.record);
	assert_string_equal(paths,
			    "\ndatabase.json\nglobals.json\npostgres.json\nschema.dump\n"
			    "tables\ntables/public\ntables/public/empty.copy\n"
			    "tables/public/t.copy\ntables.json");
	assert_string_equal(record_sink_text(run.record, "schema.dump"), "DUMP");
	assert_string_equal(record_sink_text(run.record, "tables/public/t.copy"),
			    "1\n2\n");
	run_release(&run);
}

static void test_pg_source_run__records_what_proves_a_table(void **state)
{
	const struct record_node *node;
	struct run run;

	fake_program(*state, "pg_dump", "printf DUMP");
	run_init(&run, state, rules);
	assert_int_equal(run_source(&run), 0);
	node = record_sink_find(run.record, "tables/public/t.copy");
	assert_string_equal(entry_fact(&node->entry, "rows"), "2");
	assert_string_equal(entry_fact(&node->entry, "columns"), "\"a\"");
	assert_null(entry_fact(&node->entry, "root"));
	assert_int_equal(strlen(entry_fact(&node->entry, "sum")), 32);
	node = record_sink_find(run.record, "tables/public/empty.copy");
	assert_false(node->has_content);
	assert_string_equal(entry_fact(&node->entry, "sum"),
			    "00000000000000000000000000000000");
	assert_string_equal(entry_fact(&node->entry, "root"), "\"public\".\"root\"");
	node = record_sink_find(run.record, "schema.dump");
	assert_string_equal(entry_fact(&node->entry, "pg_dump"), "15.20");
	run_release(&run);
}

static void test_pg_source_run__says_what_has_no_rows(void **state)
{
	struct run run;

	fake_program(*state, "pg_dump", "printf DUMP");
	run_init(&run, state, rules);
	assert_int_equal(run_source(&run), 0);
	assert_true(record_sink_warned(
		run.record, "note: table public.away: foreign: its rows lie on "
			    "another server"));
	assert_non_null(strstr(run.record->facts,
			       "\"without_rows\":[{\"schema\":\"public\","
			       "\"table\":\"away\""));
	assert_non_null(strstr(record_sink_text(run.record, "tables.json"),
			       "\"partitioned: its partitions have the rows\""));
	run_release(&run);
}

static void test_pg_source_run__gives_pg_dump_snapshot_and_patterns(void **state)
{
	struct run run;
	const char *dump;

	fake_program(*state, "pg_dump", "echo \"$@\"");
	run_init(&run, state, rules);
	assert_int_equal(run_source(&run), 0);
	dump = record_sink_text(run.record, "schema.dump");
	assert_non_null(strstr(dump, "--snapshot=00000003-1"));
	assert_non_null(strstr(dump, "--exclude-table-data=\"public\".\"t\""));
	assert_non_null(strstr(dump, "dbname='app'"));
	assert_non_null(strstr(dump, "--encoding=UTF8"));
	assert_null(strstr(dump, "\"root\""));
	assert_null(strstr(dump, "password="));
	run_release(&run);
}

static void test_pg_source_run__fails_with_pg_dump(void **state)
{
	struct run run;

	fake_program(*state, "pg_dump",
		     "printf DU; echo 'pg_dump: error: no way' >&2; exit 1");
	run_init(&run, state, rules);
	assert_int_equal(run_source(&run), -1);
	assert_string_equal(run.err.msg,
			    "schema.dump: pg_dump ended with status 1: no way");
	assert_null(record_sink_find(run.record, "schema.dump"));
	run_release(&run);
}

static void test_pg_source_run__passes_pg_dumps_warnings_on(void **state)
{
	struct run run;

	fake_program(*state, "pg_dump",
		     "printf DUMP; echo 'pg_dump: warning: subscriptions not dumped "
		     "because of rights' >&2; echo 'pg_dump: warning: odd' >&2");
	run_init(&run, state, rules);
	assert_int_equal(run_source(&run), 0);
	assert_true(record_sink_warned(run.record,
				       "unreadable: schema.dump: subscriptions not "
				       "dumped because of rights"));
	assert_true(record_sink_warned(run.record, "note: schema.dump: odd"));
	run_release(&run);
}

static void test_pg_source_run__fails_with_a_table(void **state)
{
	static const struct fake_rule broken[] = {
		{"COPY \"x\".\"broken\"", FAKE_ERROR, "XX001 invalid page in block 7", 0},
		{"has_table_privilege", FAKE_ROWS, "f", 0},
		{"json_build_object", FAKE_ROWS, "{}", 0},
		{"FROM pg_class", FAKE_ROWS, "r\tf\tx\tbroken\t\"a\"\t0\t\\N\t\\N", 0},
		{NULL, 0, NULL, 0}};
	struct run run;

	fake_program(*state, "pg_dump", "printf DUMP");
	run_init(&run, state, broken);
	assert_int_equal(run_source(&run), -1);
	assert_string_equal(run.err.msg, "table broken: invalid page in block 7");
	run_release(&run);
}

static void test_pg_source_run__gives_streams_back_when_the_sink_fails(void **state)
{
	static const char *const calls[] = {"open_stream",
					    "commit",
					    "add schema.dump",
					    "open tables",
					    "add tables/public/t.copy",
					    "add tables.json",
					    "close"};

	fake_program(*state, "pg_dump", "printf DUMP");
	for (size_t i = 0; i < ARRAY_SIZE(calls); i++) {
		CLEANUP(mem_freep) char *socket_path = tree_path(*state, ".s.PGSQL.5432");
		struct run run;

		run_init(&run, state, rules);
		run.record->fail_call = calls[i];
		if (run_source(&run) == 0)
			fail_msg("%s did not fail", calls[i]);
		assert_non_null(strstr(run.err.msg, "planted failure"));
		run_release(&run);
		assert_int_equal(unlink(socket_path), 0);
	}
}

static void assert_writes_nothing(struct run *run, enum err_code code)
{
	assert_int_equal(run_source(run), -1);
	assert_int_equal(run->err.code, code);
	assert_int_equal(strings_count(&run->record->calls), 0);
}

static void test_pg_source_run__refuses_before_it_writes(void **state)
{
	struct run run;

	run_init(&run, state, rules);
	assert_int_equal(setenv("PATH", *state, 1), 0);
	assert_writes_nothing(&run, ERR_NOT_FOUND);
	assert_string_equal(run.err.msg, "pg_dump: no such program in PATH");
	run.options.conninfo = "dbname=app host=/nowhere";
	assert_writes_nothing(&run, ERR_TRANSIENT);
	run.options.conninfo = "dbname=app password=x";
	assert_writes_nothing(&run, ERR_USAGE);
	run_release(&run);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		tempdir_test(test_pg_source_run__writes_the_whole_tree),
		tempdir_test(test_pg_source_run__records_what_proves_a_table),
		tempdir_test(test_pg_source_run__says_what_has_no_rows),
		tempdir_test(test_pg_source_run__gives_pg_dump_snapshot_and_patterns),
		tempdir_test(test_pg_source_run__fails_with_pg_dump),
		tempdir_test(test_pg_source_run__passes_pg_dumps_warnings_on),
		tempdir_test(test_pg_source_run__fails_with_a_table),
		tempdir_test(test_pg_source_run__gives_streams_back_when_the_sink_fails),
		tempdir_test(test_pg_source_run__refuses_before_it_writes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
