/* SPDX-License-Identifier: Apache-2.0 */
/* How long it is tried to get a moment, and what is said of who was in the way. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "pg/pg_moment.h"
#include "support/fake_program.h"
#include "support/fake_session.h"

/* clang-format off */
#define MOMENT_RULES \
	{"pg_export_snapshot", FAKE_ROWS, "name", 0}, \
	{"FROM pg_class", FAKE_ROWS, "r\tf\tpublic\tt\t\"a\"\t0\t\\N\t\\N", 0}
/* clang-format on */
#define LOCK_TIMEOUT                                                                     \
	"echo 'pg_dump: error: canceling statement due to statement timeout' >&2; exit " \
	"1"

struct moment_run {
	struct fake_session session;
	struct pg_tool dump, restore;
	struct pg_dump_options options;
	struct pg_snapshot snapshot;
	struct pg_dump_run *run;
};

static void moment_open(struct moment_run *m, void **state, const char *script,
			const struct fake_rule *rules)
{
	*m = (struct moment_run){0};
	fake_program(*state, "pg_dump", script);
	fake_program(*state, "pg_restore", "exec cat >/dev/null");
	fake_session_open(&m->session, state, rules);
	assert_int_equal(pg_tool_find("pg_dump", 15, "server", &m->dump, &m->session.err),
			 0);
	assert_int_equal(
		pg_tool_find("pg_restore", 15, "pg_dump", &m->restore, &m->session.err),
		0);
	m->options = (struct pg_dump_options){.conn = m->session.conn,
					      .params = &m->session.fake.params,
					      .dump = &m->dump,
					      .restore = &m->restore,
					      .cancel = &m->session.cancel};
}

static int moment_begin(struct moment_run *m)
{
	return pg_moment_begin(&m->options, &m->snapshot, &m->run, &m->session.err);
}

static void moment_close(struct moment_run *m)
{
	pg_dump_free(m->run);
	pg_snapshot_release(&m->snapshot);
	pg_tool_release(&m->dump);
	pg_tool_release(&m->restore);
	fake_session_close(&m->session);
}

static void test_pg_moment_begin__starts_anew_when_pg_dump_gets_no_lock(void **state)
{
	static const struct fake_rule rules[] = {MOMENT_RULES, {NULL, 0, NULL, 0}};
	struct moment_run m;
	char text[8];
	size_t len;

	moment_open(&m, state,
		    "if mkdir \"$0.once\" 2>/dev/null; then " LOCK_TIMEOUT "; fi; "
		    "printf DUMP",
		    rules);
	assert_int_equal(moment_begin(&m), 0);
	assert_string_equal(m.snapshot.name, "name");
	assert_true(fake_postgres_got(&m.session.fake, "ROLLBACK\nSELECT format("));
	assert_true(fake_postgres_got(&m.session.fake, "SELECT pg_sleep(1)\n"));
	assert_int_equal(pg_dump_read(m.run, text, 3, &len, &m.session.err), 0);
	assert_memory_equal(text, "DUM", len);
	assert_int_equal(pg_dump_read(m.run, text, sizeof(text), &len, &m.session.err),
			 0);
	assert_memory_equal(text, "P", len);
	assert_int_equal(pg_dump_read(m.run, text, sizeof(text), &len, &m.session.err),
			 0);
	assert_int_equal(len, 0);
	moment_close(&m);
}

static void test_pg_moment_begin__names_who_was_in_the_way(void **state)
{
	static const struct fake_rule rules[] = {
		{"FROM pg_locks", FAKE_ROWS,
		 "table public.t is to be locked by session 7 (job)\t\\N", 0},
		MOMENT_RULES,
		{NULL, 0, NULL, 0}};
	struct moment_run m;

	/* In words that are not English: that he waits for us is enough. */
	moment_open(&m, state, "echo 'pg_dump: error: abgebrochen' >&2; exit 1", rules);
	assert_int_equal(moment_begin(&m), -1);
	assert_int_equal(m.session.err.code, ERR_TRANSIENT);
	assert_string_equal(
		m.session.err.msg,
		"cannot lock all tables for reading: table public.t is to be locked by "
		"session 7 (job) (schema.dump: pg_dump ended with status 1: "
		"abgebrochen)");
	assert_non_null(strstr(m.session.err.hint, "truncates, drops or alters"));
	moment_close(&m);
}

static void test_pg_moment_begin__waits_for_a_held_lock_alone(void **state)
{
	static const struct fake_rule rules[] = {
		{"SET LOCAL lock_timeout", FAKE_ERROR, "55P03 lock timeout", 1},
		{"FROM pg_locks", FAKE_ROWS, "table public.t is locked\tpublic.t", 0},
		{"IN ACCESS SHARE MODE; ROLLBACK", FAKE_ROWS, "", 0},
		{"LOCK TABLE", FAKE_ERROR, "55P03 lock timeout", 2},
		MOMENT_RULES,
		{NULL, 0, NULL, 0}};
	struct moment_run m;

	moment_open(&m, state, "printf DUMP", rules);
	assert_int_equal(moment_begin(&m), 0);
	assert_true(fake_postgres_got(
		&m.session.fake,
		"ROLLBACK\nBEGIN; SET LOCAL lock_timeout = '2min'; LOCK TABLE ONLY "
		"public.t IN ACCESS SHARE MODE; ROLLBACK\nROLLBACK\n"));
	assert_false(fake_postgres_got(&m.session.fake, "pg_sleep"));
	moment_close(&m);
}

static void test_pg_moment_begin__tries_nothing_again_that_is_no_lock(void **state)
{
	static const struct fake_rule rules[] = {
		{"FROM pg_locks", FAKE_ROWS, "table public.other is locked\tpublic.other",
		 0},
		MOMENT_RULES,
		{NULL, 0, NULL, 0}};
	struct moment_run m;

	moment_open(&m, state, "echo 'pg_dump: error: no way' >&2; exit 1", rules);
	assert_int_equal(moment_begin(&m), -1);
	assert_string_equal(m.session.err.msg,
			    "schema.dump: pg_dump ended with status 1: no way");
	assert_false(fake_postgres_got(&m.session.fake, "lock_timeout = '2min'"));
	moment_close(&m);
}

static void test_pg_moment_begin__can_be_interrupted(void **state)
{
	static const struct fake_rule rules[] = {MOMENT_RULES, {NULL, 0, NULL, 0}};
	struct moment_run m;

	moment_open(&m, state, "sleep 600", rules);
	cancel_set(&m.session.cancel, SIGINT);
	assert_int_equal(moment_begin(&m), -1);
	assert_int_equal(m.session.err.code, ERR_INTERRUPTED);
	moment_close(&m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		tempdir_test(test_pg_moment_begin__starts_anew_when_pg_dump_gets_no_lock),
		tempdir_test(test_pg_moment_begin__names_who_was_in_the_way),
		tempdir_test(test_pg_moment_begin__waits_for_a_held_lock_alone),
		tempdir_test(test_pg_moment_begin__tries_nothing_again_that_is_no_lock),
		tempdir_test(test_pg_moment_begin__can_be_interrupted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
