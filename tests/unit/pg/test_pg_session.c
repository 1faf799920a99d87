/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "pg/pg_session.h"
#include "support/fake_session.h"

static const struct fake_rule nothing[] = {{NULL, 0, NULL, 0}};

static void test_pg_session_pin__sets_all_that_shapes_texts(void **state)
{
	static const char *const settings[] = {
		"datestyle",	       "intervalstyle",	  "bytea_output",
		"extra_float_digits",  "lc_monetary",	  "timezone",
		"row_security",	       "client_encoding", "lock_timeout",
		"xmloption",	       "array_nulls",	  "statement_timeout",
		"synchronize_seqscans"};
	struct fake_session s;

	fake_session_open(&s, state, nothing);
	assert_int_equal(pg_session_pin(s.conn, "UTF8", NULL, &s.err), 0);
	for (size_t i = 0; i < ARRAY_SIZE(settings); i++)
		if (!fake_postgres_got(&s.fake, settings[i]))
			fail_msg("%s is not set", settings[i]);
	fake_session_close(&s);
}

static void test_pg_session_pin__tells_what_it_was_doing(void **state)
{
	static const struct fake_rule refuse[] = {
		{"set_config", FAKE_ERROR, "22023 invalid value", 0}, {NULL, 0, NULL, 0}};
	struct fake_session s;

	fake_session_open(&s, state, refuse);
	assert_int_equal(pg_session_pin(s.conn, "KLINGON", NULL, &s.err), -1);
	assert_string_equal(s.err.msg, "settings of the session: invalid value");
	fake_session_close(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		tempdir_test(test_pg_session_pin__sets_all_that_shapes_texts),
		tempdir_test(test_pg_session_pin__tells_what_it_was_doing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
