/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/mem.h"
#include "pg/pg_sqlstate.h"

static void test_pg_sqlstate_code__follows_the_table(void **state)
{
	(void)state;
	assert_int_equal(pg_sqlstate_code("28P01"), ERR_DENIED);
	assert_int_equal(pg_sqlstate_code("42501"), ERR_DENIED);
	assert_int_equal(pg_sqlstate_code("3D000"), ERR_NOT_FOUND);
	assert_int_equal(pg_sqlstate_code("42P01"), ERR_NOT_FOUND);
	assert_int_equal(pg_sqlstate_code("42P04"), ERR_EXISTS);
	assert_int_equal(pg_sqlstate_code("53100"), ERR_NO_SPACE);
	assert_int_equal(pg_sqlstate_code("53300"), ERR_TRANSIENT);
	assert_int_equal(pg_sqlstate_code("57P03"), ERR_TRANSIENT);
	assert_int_equal(pg_sqlstate_code("0A000"), ERR_UNSUPPORTED);
	assert_int_equal(pg_sqlstate_code("22P02"), ERR_FAILED);
	assert_int_equal(pg_sqlstate_code(NULL), ERR_FAILED);
}

static void test_pg_server_error_set__tells_message_detail_and_place(void **state)
{
	const struct pg_server_error error = {
		.sqlstate = "42P07",
		.message = "duplicate key",
		.detail = "Key (id) exists.\nmore",
		.hint = "try another",
		.context = "COPY t, line 12, column id: \"their data\"",
	};
	struct err err = {0};

	(void)state;
	assert_int_equal(pg_server_error_set(&error, &err), -1);
	assert_int_equal(err.code, ERR_FAILED);
	assert_string_equal(err.msg, "duplicate key: Key (id) exists. (COPY t, line 12)");
	assert_string_equal(err.hint, "try another");
}

static void test_pg_server_error_set__shows_no_rows(void **state)
{
	const struct pg_server_error error = {
		.sqlstate = "23514",
		.message = "violates check constraint c",
		.detail = "Failing row contains (their data).",
		.context = "COPY t, line 2: \"their data\"",
	};
	struct err err = {0};

	(void)state;
	assert_int_equal(pg_server_error_set(&error, &err), -1);
	assert_string_equal(err.msg, "violates check constraint c (COPY t, line 2)");
}

static void test_pg_server_error_set__needs_only_a_message(void **state)
{
	const struct pg_server_error error = {.message = "a\x1b[31m\tb  \n\nLINE 1"};
	struct err err = {0};

	(void)state;
	assert_int_equal(pg_server_error_set(&error, &err), -1);
	assert_string_equal(err.msg, "a [31m b");
	assert_string_equal(err.hint, "");
}

static void assert_connect(const char *text, bool needs_password, enum err_code code,
			   const char *message, const char *hint)
{
	struct err err = {0};

	assert_int_equal(pg_connect_error(text, needs_password, &err), -1);
	assert_int_equal(err.code, code);
	assert_string_equal(err.msg, message);
	assert_non_null(strstr(err.hint, hint));
}

static void test_pg_connect_error__reads_what_the_server_said(void **state)
{
	(void)state;
	assert_connect(
		"connection to server at \"::1\", port 5432 failed: FATAL:  28P01: "
		"password authentication failed for user \"x\"\nLOCATION:  auth.c\n",
		false, ERR_DENIED, "password authentication failed for user \"x\"",
		"PGPASSFILE");
	assert_connect(
		"connection to server failed: FATAL:  3D000: database \"y\" does not "
		"exist\n",
		false, ERR_NOT_FOUND, "database \"y\" does not exist", "psql");
	assert_connect("x failed: FATAL:  57P03: the database system is starting up\n",
		       false, ERR_TRANSIENT, "the database system is starting up",
		       "running");
	assert_connect("x failed: FATAL:  28000: role \"z\" does not exist", false,
		       ERR_DENIED, "role \"z\" does not exist", "pg_hba.conf");
}

static void test_pg_connect_error__takes_silence_as_transient(void **state)
{
	(void)state;
	assert_connect(
		"connection to server at \"h\", port 1 failed: Connection refused\n"
		"\tIs the server running?\n",
		false, ERR_TRANSIENT,
		"connection to server at \"h\", port 1 failed: Connection refused",
		"host and port");
	assert_connect("", false, ERR_TRANSIENT, "", "running");
}

static void test_pg_connect_error__knows_a_missing_password(void **state)
{
	(void)state;
	assert_connect("fe_sendauth: no password supplied\n", true, ERR_DENIED,
		       "fe_sendauth: no password supplied", "PGPASSWORD");
}

static void test_pg_first_line__quotes_what_is_no_utf8(void **state)
{
	CLEANUP(mem_freep) char *line = pg_first_line(" \n caf\xe9 x\ny");

	(void)state;
	assert_string_equal(line, "\"caf\\xE9 x\"");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pg_sqlstate_code__follows_the_table),
		cmocka_unit_test(
			test_pg_server_error_set__tells_message_detail_and_place),
		cmocka_unit_test(test_pg_server_error_set__shows_no_rows),
		cmocka_unit_test(test_pg_server_error_set__needs_only_a_message),
		cmocka_unit_test(test_pg_connect_error__reads_what_the_server_said),
		cmocka_unit_test(test_pg_connect_error__takes_silence_as_transient),
		cmocka_unit_test(test_pg_connect_error__knows_a_missing_password),
		cmocka_unit_test(test_pg_first_line__quotes_what_is_no_utf8),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
