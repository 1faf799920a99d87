/* SPDX-License-Identifier: Apache-2.0 */
/* How pg_dump is called (see test_pg_source.c, too) and how its output is read. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/mem.h"
#include "pg/pg_dump_run.h"
#include "support/fake_program.h"
#include "support/fake_session.h"

#define READ_ALL "exec cat >/dev/null"

static const struct fake_rule rules[] = {{NULL, 0, NULL, 0}};

struct dump_run {
	struct fake_session session;
	struct pg_tool dump, restore;
	struct pg_dump_options options;
	struct pg_snapshot snapshot;
	struct pg_dump_run *run;
	struct buf text;
};

static void dump_open(struct dump_run *d, void **state, const char *script,
		      const char *proof)
{
	*d = (struct dump_run){0};
	fake_program(*state, "pg_dump", script);
	fake_program(*state, "pg_restore", proof);
	fake_session_open(&d->session, state, rules);
	assert_int_equal(pg_tool_find("pg_dump", 15, "server", &d->dump, &d->session.err),
			 0);
	assert_int_equal(
		pg_tool_find("pg_restore", 15, "pg_dump", &d->restore, &d->session.err),
		0);
	d->options = (struct pg_dump_options){.conn = d->session.conn,
					      .params = &d->session.fake.params,
					      .dump = &d->dump,
					      .restore = &d->restore};
	d->snapshot.name = mem_strdup("name");
	pg_tables_init(&d->snapshot.tables);
	buf_init(&d->text, 0);
}

/* Starts it and reads all, in pieces of 300 bytes. */
static int dump_all(struct dump_run *d)
{
	char piece[300];
	size_t len;

	if (pg_dump_start(&d->options, &d->snapshot, &d->run, &d->session.err) < 0)
		return -1;
	do {
		if (pg_dump_read(d->run, piece, sizeof(piece), &len, &d->session.err) < 0)
			return -1;
		buf_append(&d->text, piece, len);
	} while (len > 0);
	return 0;
}

static void dump_close(struct dump_run *d)
{
	pg_dump_free(d->run);
	pg_snapshot_release(&d->snapshot);
	pg_tool_release(&d->dump);
	pg_tool_release(&d->restore);
	buf_release(&d->text);
	fake_session_close(&d->session);
}

static void test_pg_dump_read__gives_all_from_the_first_byte(void **state)
{
	struct dump_run d;

	dump_open(&d, state, "printf FIRST; printf %02000d 7; printf LAST", READ_ALL);
	assert_int_equal(dump_all(&d), 0);
	assert_int_equal(d.text.len, 2009);
	assert_memory_equal(buf_string(&d.text), "FIRST00", 7);
	assert_string_equal(buf_string(&d.text) + 2009 - 5, "7LAST");
	dump_close(&d);
}

static void test_pg_dump_start__waits_for_locks_a_short_time(void **state)
{
	struct dump_run d;

	dump_open(&d, state, "echo \"$@\"", READ_ALL);
	assert_int_equal(dump_all(&d), 0);
	assert_non_null(strstr(buf_string(&d.text), "--lock-wait-timeout=2000"));
	dump_close(&d);
}

static void test_pg_dump_start__refuses_no_output(void **state)
{
	struct dump_run d;

	dump_open(&d, state, "exit 0", READ_ALL);
	assert_int_equal(dump_all(&d), -1);
	assert_string_equal(d.session.err.msg, "pg_dump wrote nothing");
	dump_close(&d);
}

static void test_pg_dump_read__fails_with_pg_dump(void **state)
{
	struct dump_run d;

	dump_open(&d, state, "printf DUMP; exit 3", READ_ALL);
	assert_int_equal(dump_all(&d), -1);
	assert_string_equal(d.session.err.msg, "pg_dump ended with status 3");
	dump_close(&d);
}

static void test_pg_dump_read__has_pg_restore_read_all(void **state)
{
	CLEANUP(mem_freep) char *proved = NULL;
	struct dump_run d;

	dump_open(&d, state, "printf FIRST; printf %02000d 7; printf LAST",
		  "[ \"$*\" = --file=/dev/null ] && exec cat >\"$0.read\"");
	assert_int_equal(dump_all(&d), 0);
	proved = tree_read(*state, "pg_restore.read");
	assert_string_equal(proved, buf_string(&d.text));
	dump_close(&d);
}

static void test_pg_dump_read__fails_when_pg_restore_cannot_read_it(void **state)
{
	struct dump_run d;

	dump_open(&d, state, "printf DUM",
		  "exec >/dev/null; cat; echo 'pg_restore: error: end of file' >&2; exit "
		  "1");
	assert_int_equal(dump_all(&d), -1);
	assert_string_equal(d.session.err.msg,
			    "what pg_dump wrote is not whole: pg_restore ended with "
			    "status 1: end of file");
	assert_non_null(strstr(d.session.err.hint, "wrapper"));
	dump_close(&d);
}

static void test_pg_dump_read__may_be_proved_before_its_end(void **state)
{
	struct dump_run d;

	dump_open(&d, state, "printf DUMP; sleep 1; printf MORE", "exit 0");
	assert_int_equal(dump_all(&d), 0);
	assert_string_equal(buf_string(&d.text), "DUMPMORE");
	dump_close(&d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		tempdir_test(test_pg_dump_read__gives_all_from_the_first_byte),
		tempdir_test(test_pg_dump_start__waits_for_locks_a_short_time),
		tempdir_test(test_pg_dump_start__refuses_no_output),
		tempdir_test(test_pg_dump_read__fails_with_pg_dump),
		tempdir_test(test_pg_dump_read__has_pg_restore_read_all),
		tempdir_test(test_pg_dump_read__fails_when_pg_restore_cannot_read_it),
		tempdir_test(test_pg_dump_read__may_be_proved_before_its_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
