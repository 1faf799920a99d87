/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <signal.h>

#include "base/cancel.h"

static void check(int set, const char *msg, int signal, int exit_code)
{
	struct err err = {0};
	struct cancel cancel;

	cancel_init(&cancel);
	cancel_set(&cancel, set);
	assert_true(cancel_is_set(&cancel));
	assert_int_equal(cancel_check(&cancel, &err), -1);
	assert_int_equal(err.code, ERR_INTERRUPTED);
	assert_string_equal(err.msg, msg);
	assert_int_equal(err.signal, signal);
	assert_int_equal(err_exit_code(&err), exit_code);
}

static void test_cancel_check__goes_on_until_it_is_set(void **state)
{
	struct err err = {0};
	struct cancel cancel;

	(void)state;
	cancel_init(&cancel);
	assert_false(cancel_is_set(&cancel));
	assert_int_equal(cancel_check(&cancel, &err), 0);
	assert_int_equal(err.code, ERR_NONE);
}

static void test_cancel_check__takes_null_as_never(void **state)
{
	struct err err = {0};

	(void)state;
	assert_false(cancel_is_set(NULL));
	assert_int_equal(cancel_check(NULL, &err), 0);
}

static void test_cancel_check__names_the_signal(void **state)
{
	(void)state;
	check(SIGINT, "interrupted by SIGINT", SIGINT, 130);
	check(SIGTERM, "interrupted by SIGTERM", SIGTERM, 143);
	check(1000, "interrupted by signal 1000", 1000, 1128);
}

static void test_cancel_check__tells_a_stop_from_inside(void **state)
{
	(void)state;
	check(-1, "stopped after a failure in another part", 0, 1);
}

static void test_cancel_set__keeps_the_first_reason(void **state)
{
	struct err err = {0};
	struct cancel cancel;

	(void)state;
	cancel_init(&cancel);
	cancel_set(&cancel, SIGTERM);
	cancel_set(&cancel, -1);
	assert_int_equal(cancel_check(&cancel, &err), -1);
	assert_string_equal(err.msg, "interrupted by SIGTERM");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cancel_check__goes_on_until_it_is_set),
		cmocka_unit_test(test_cancel_check__takes_null_as_never),
		cmocka_unit_test(test_cancel_check__names_the_signal),
		cmocka_unit_test(test_cancel_check__tells_a_stop_from_inside),
		cmocka_unit_test(test_cancel_set__keeps_the_first_reason),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
