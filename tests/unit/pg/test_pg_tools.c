/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/mem.h"
#include "pg/pg_tools.h"
#include "support/file_tree.h"

#include <signal.h>

static void test_pg_tool_parse_version__takes_what_programs_print(void **state)
{
	CLEANUP(mem_freep) char *version = NULL;
	unsigned major = 0;

	(void)state;
	assert_true(pg_tool_parse_version("pg_dump (PostgreSQL) 15.20 (Debian 15.20-0)\n",
					  &version, &major));
	assert_string_equal(version, "15.20");
	assert_int_equal(major, 15);
	mem_free(version);
	assert_true(
		pg_tool_parse_version("pg_dump (PostgreSQL) 19devel", &version, &major));
	assert_string_equal(version, "19devel");
	assert_int_equal(major, 19);
}

static void test_pg_tool_parse_version__refuses_other_texts(void **state)
{
	static const char *const bad[] = {"", "pg_dump 15.2", "pg_dump (PostgreSQL) ",
					  "pg_dump (PostgreSQL) x15"};
	char *version = NULL;
	unsigned major = 0;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		if (pg_tool_parse_version(bad[i], &version, &major))
			fail_msg("%s was accepted", bad[i]);
	assert_null(version);
}

/* PATH is DIR with a program of that name, or with none (script NULL). */
static void set_path(void **state, const char *name, const char *script)
{
	CLEANUP(mem_freep) char *path = tree_path(*state, name);

	if (script != NULL) {
		tree_write(*state, name, script);
		assert_int_equal(chmod(path, 0755), 0);
	}
	assert_int_equal(setenv("PATH", *state, 1), 0);
}

static void test_pg_tool_find__takes_the_one_in_path(void **state)
{
	CLEANUP(pg_tool_release) struct pg_tool tool = {0};
	struct err err = {0};

	set_path(state, "pg_dump", "#!/bin/sh\necho 'pg_dump (PostgreSQL) 16.3'\n");
	assert_int_equal(pg_tool_find("pg_dump", 15, "server", &tool, &err), 0);
	assert_int_equal(tool.major, 16);
	assert_string_equal(tool.version, "16.3");
	assert_true(strncmp(tool.path, *state, strlen(*state)) == 0);
}

static void test_pg_tool_find__tells_that_there_is_none(void **state)
{
	struct pg_tool tool;
	struct err err = {0};

	set_path(state, "pg_dump", NULL);
	assert_int_equal(pg_tool_find("pg_dump", 400, "server", &tool, &err), -1);
	assert_int_equal(err.code, ERR_NOT_FOUND);
	assert_string_equal(err.msg, "pg_dump: no such program in PATH");
	assert_string_equal(err.hint, "install postgresql-client-400 or newer");
}

static void test_pg_tool_find__refuses_an_older_one(void **state)
{
	struct pg_tool tool;
	struct err err = {0};

	set_path(state, "pg_dump", "#!/bin/sh\necho 'pg_dump (PostgreSQL) 14.1'\n");
	assert_int_equal(pg_tool_find("pg_dump", 400, "server", &tool, &err), -1);
	assert_int_equal(err.code, ERR_UNSUPPORTED);
	assert_string_equal(err.msg,
			    "pg_dump is version 14.1, but the server is version 400; "
			    "expected pg_dump 400 or newer");
}

static void test_pg_tool_find__refuses_something_else(void **state)
{
	struct pg_tool tool;
	struct err err = {0};

	set_path(state, "pg_dump", "#!/bin/sh\necho hello\n");
	assert_int_equal(pg_tool_find("pg_dump", 15, "server", &tool, &err), -1);
	assert_int_equal(err.code, ERR_UNSUPPORTED);
	assert_non_null(
		strstr(err.msg, "its --version is not that of a PostgreSQL program"));
}

/* A shell script as tool. */
static int start(const char *script, enum pg_tool_pipe pipe, struct process **process)
{
	char shell[] = "/bin/sh";
	struct pg_tool tool = {.path = shell};
	CLEANUP(strings_release) struct strings arguments;
	struct err err = {0};

	strings_init(&arguments);
	strings_add(&arguments, "-c");
	strings_add(&arguments, script);
	return pg_tool_start(&tool, &arguments, pipe, NULL, process, &err);
}

static void test_pg_tool_read__ends_with_the_output(void **state)
{
	CLEANUP(process_freep) struct process *process = NULL;
	struct err err = {0};
	char text[16] = "";
	size_t len = 0;

	(void)state;
	assert_int_equal(start("printf abc", PG_TOOL_READ, &process), 0);
	assert_int_equal(pg_tool_read(process, text, sizeof(text), NULL, &len, &err), 0);
	assert_int_equal(len, 3);
	assert_memory_equal(text, "abc", 3);
	assert_int_equal(pg_tool_read(process, text, sizeof(text), NULL, &len, &err), 0);
	assert_int_equal(len, 0);
	assert_int_equal(pg_tool_wait(process, "tool", NULL, &err), 0);
}

static void test_pg_tool_read__can_be_interrupted(void **state)
{
	CLEANUP(process_freep) struct process *process = NULL;
	struct cancel cancel;
	struct err err = {0};
	char text[16];
	size_t len;

	(void)state;
	cancel_init(&cancel);
	cancel_set(&cancel, SIGINT);
	assert_int_equal(start("sleep 100", PG_TOOL_READ, &process), 0);
	assert_int_equal(pg_tool_read(process, text, sizeof(text), &cancel, &len, &err),
			 -1);
	assert_int_equal(err.code, ERR_INTERRUPTED);
}

static void test_pg_tool_feed__survives_a_child_that_stops_reading(void **state)
{
	CLEANUP(process_freep) struct process *process = NULL;
	CLEANUP(mem_freep) uint8_t *bytes = mem_zalloc(1 << 20);
	struct err err = {0};
	bool closed = false;

	(void)state;
	assert_int_equal(start("exec <&-; sleep 0", PG_TOOL_FEED, &process), 0);
	assert_int_equal(
		pg_tool_feed(process, slice_of(bytes, 1 << 20), NULL, &closed, &err), 0);
	assert_true(closed);
	assert_int_equal(pg_tool_wait(process, "tool", NULL, &err), 0);
}

static void assert_wait_tells(const char *script, enum err_code code, const char *message)
{
	CLEANUP(process_freep) struct process *process = NULL;
	struct err err = {0};

	assert_int_equal(start(script, PG_TOOL_FEED, &process), 0);
	assert_int_equal(pg_tool_wait(process, "pg_x", NULL, &err), -1);
	assert_int_equal(err.code, code);
	assert_string_equal(err.msg, message);
}

static void test_pg_tool_wait__tells_the_first_error(void **state)
{
	(void)state;
	assert_wait_tells(
		"echo 'pg_x: warning: hm' >&2; echo 'pg_x: error: could not: \"q\"' "
		">&2; echo 'Command was: SELECT' >&2; exit 3",
		ERR_FAILED, "pg_x ended with status 3: could not: \"q\"");
	assert_wait_tells("exit 4", ERR_FAILED, "pg_x ended with status 4");
	assert_wait_tells(
		"echo 'pg_x: error: x: permission denied for table t' >&2; exit 1",
		ERR_DENIED, "pg_x ended with status 1: x: permission denied for table t");
}

static void test_pg_tool_start__has_room_for_many_tables(void **state)
{
	char shell[] = "/bin/true";
	struct pg_tool tool = {.path = shell};
	CLEANUP(process_freep) struct process *process = NULL;
	CLEANUP(strings_release) struct strings arguments;
	struct err err = {0};

	(void)state;
	strings_init(&arguments);
	for (int i = 0; i < 70000; i++)
		strings_add(&arguments,
			    "--exclude-table-data=\"public\".\"some_table_name\"");
	if (pg_tool_start(&tool, &arguments, PG_TOOL_READ, NULL, &process, &err) < 0)
		fail_msg("%s", err.msg);
	assert_int_equal(pg_tool_wait(process, "true", NULL, &err), 0);
}

static void test_pg_tool_start__refuses_more_than_linux_takes(void **state)
{
	char shell[] = "/bin/true";
	struct pg_tool tool = {.path = shell};
	CLEANUP(strings_release) struct strings arguments;
	struct process *process = NULL;
	struct err err = {0};

	(void)state;
	strings_init(&arguments);
	for (int i = 0; i < 120000; i++)
		strings_add(&arguments,
			    "--exclude-table-data=\"public\".\"some_table_name\"");
	assert_int_equal(
		pg_tool_start(&tool, &arguments, PG_TOOL_READ, NULL, &process, &err), -1);
	assert_int_equal(err.code, ERR_LIMIT);
	assert_non_null(strstr(err.msg, "arguments of true take"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pg_tool_parse_version__takes_what_programs_print),
		cmocka_unit_test(test_pg_tool_parse_version__refuses_other_texts),
		cmocka_unit_test(test_pg_tool_read__ends_with_the_output),
		cmocka_unit_test(test_pg_tool_read__can_be_interrupted),
		cmocka_unit_test(test_pg_tool_feed__survives_a_child_that_stops_reading),
		cmocka_unit_test(test_pg_tool_wait__tells_the_first_error),
		cmocka_unit_test(test_pg_tool_start__has_room_for_many_tables),
		cmocka_unit_test(test_pg_tool_start__refuses_more_than_linux_takes),
		tempdir_test(test_pg_tool_find__takes_the_one_in_path),
		tempdir_test(test_pg_tool_find__tells_that_there_is_none),
		tempdir_test(test_pg_tool_find__refuses_an_older_one),
		tempdir_test(test_pg_tool_find__refuses_something_else),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
