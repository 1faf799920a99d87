/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/mem.h"
#include "pg/pg_failures.h"

/* Gives the text line by line. */
static void read_text(struct pg_failures *failures, const char *text)
{
	pg_failures_init(failures);
	while (*text != '\0') {
		size_t len = strcspn(text, "\n");
		CLEANUP(mem_freep) char *line = mem_strndup(text, len);

		pg_failures_line(failures, line);
		text += len + (text[len] == '\n');
	}
}

static void assert_title(const struct pg_failures *failures, size_t i,
			 const char *expected)
{
	CLEANUP(mem_freep) char *title = pg_failures_title(failures, i);

	assert_string_equal(title, expected);
}

static void test_pg_failures_line__tells_commands_apart(void **state)
{
	CLEANUP(pg_failures_release) struct pg_failures f;

	(void)state;
	read_text(
		&f,
		"pg_restore: error: could not execute query: ERROR:  must be member\n"
		"Command was: ALTER TABLE public.t OWNER TO x;\n"
		"\n"
		"pg_restore: error: could not execute query: ERROR:  permission denied\n"
		"HINT:  Must be superuser.\n"
		"Command was: CREATE EVENT TRIGGER et ON ddl_command_start\n"
		"   EXECUTE FUNCTION public.e();\n"
		"\n"
		"\n"
		"pg_restore: warning: errors ignored on restore: 2\n");
	assert_true(pg_failures_are_commands(&f));
	assert_int_equal(pg_failures_count(&f), 2);
	assert_string_equal(pg_failures_message(&f, 0), "ERROR:  must be member");
	assert_string_equal(pg_failures_command(&f, 0),
			    "ALTER TABLE public.t OWNER TO x;\n");
	assert_non_null(strstr(pg_failures_command(&f, 1),
			       "start\n   EXECUTE FUNCTION public.e();"));
	assert_title(&f, 0, "ALTER TABLE public.t OWNER TO x");
	assert_title(&f, 1, "CREATE EVENT TRIGGER et ON ddl_command_start");
}

static void test_pg_failures_title__shows_no_literals(void **state)
{
	CLEANUP(pg_failures_release) struct pg_failures f;

	(void)state;
	read_text(&f, "pg_restore: error: could not execute query: ERROR:  no\n"
		      "Command was: CREATE SUBSCRIPTION s CONNECTION 'password=secret'\n"
		      "pg_restore: error: could not execute query: ERROR:  no\n"
		      "Command was: CREATE USER MAPPING FOR u SERVER s OPTIONS (\n"
		      "    password 'secret'\n"
		      ");\n");
	assert_title(&f, 0, "CREATE SUBSCRIPTION s CONNECTION");
	assert_title(&f, 1, "CREATE USER MAPPING FOR u SERVER s OPTIONS");
}

static void test_pg_failures_are_commands__not_when_something_else_failed(void **state)
{
	static const char *const texts[] = {
		"",
		"pg_restore: error: could not open large object 1: ERROR:  no\n",
		/* nothing was ignored */
		"pg_restore: error: could not execute query: ERROR:  no\n"
		"Command was: SELECT 1;\n",
		/* one was missed */
		"pg_restore: error: could not execute query: ERROR:  no\n"
		"Command was: SELECT 1;\n"
		"pg_restore: warning: errors ignored on restore: 2\n",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		CLEANUP(pg_failures_release) struct pg_failures f;

		read_text(&f, texts[i]);
		assert_false(pg_failures_are_commands(&f));
	}
}

/* Comments and names may look like what pg_restore says. */
static void test_pg_failures_are_commands__not_when_they_are_made_up(void **state)
{
	static const char *const texts[] = {
		"pg_restore: error: could not execute query: ERROR:  no\n"
		"Command was: COMMENT ON TABLE t IS 'x\n"
		"pg_restore: error: could not execute query: ERROR:  no\n"
		"Command was: ALTER ROLE evil SUPERUSER;\n"
		"';\n"
		"pg_restore: warning: errors ignored on restore: 1\n",
		"pg_restore: error: could not execute query: ERROR:  no table x\n"
		"Command was: ALTER ROLE evil SUPERUSER;\n"
		"\n"
		"Command was: DROP TABLE \"x\n"
		"Command was: ALTER ROLE evil SUPERUSER;\n"
		"\";\n"
		"pg_restore: warning: errors ignored on restore: 1\n",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		CLEANUP(pg_failures_release) struct pg_failures f;

		read_text(&f, texts[i]);
		assert_false(pg_failures_are_commands(&f));
	}
}

static void test_pg_failures_command__not_when_it_is_cut(void **state)
{
	CLEANUP(pg_failures_release) struct pg_failures f;
	CLEANUP(mem_freep) char *blanks = mem_printf("%1009s", "");
	CLEANUP(mem_freep)
	char *cut = mem_printf("pg_restore: error: could not execute query: ERROR:  no\n"
			       "Command was: SELECT 1; %s..\n"
			       "pg_restore: error: could not execute query: ERROR:  no\n"
			       "Command was: SELECT 22; %s...\n"
			       "pg_restore: warning: errors ignored on restore: 2\n",
			       blanks, blanks);

	(void)state;
	read_text(&f, cut);
	assert_true(pg_failures_are_commands(&f));
	assert_non_null(pg_failures_command(&f, 0));
	assert_null(pg_failures_command(&f, 1));
	assert_title(&f, 1, "SELECT 22");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pg_failures_line__tells_commands_apart),
		cmocka_unit_test(test_pg_failures_title__shows_no_literals),
		cmocka_unit_test(
			test_pg_failures_are_commands__not_when_something_else_failed),
		cmocka_unit_test(
			test_pg_failures_are_commands__not_when_they_are_made_up),
		cmocka_unit_test(test_pg_failures_command__not_when_it_is_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
