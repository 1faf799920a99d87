/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <signal.h>

#include "base/cancel.h"

static void test_cancel_check__names_the_signal(void **state)
{
	struct err err = {0};
	struct cancel cancel;

	(void)state;
	cancel_init(&cancel);
	assert_int_equal(cancel_check(&cancel, &err), 0);
	assert_int_equal(cancel_check(NULL, &err), 0);
	cancel_set(&cancel, SIGINT);
	assert_true(cancel_is_set(&cancel));
	assert_int_equal(cancel_check(&cancel, &err), -1);
	assert_int_equal(err.code, ERR_INTERRUPTED);
	assert_int_equal(err.signal, SIGINT);
	assert_string_equal(err.msg, "interrupted by SIGINT");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cancel_check__names_the_signal),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
