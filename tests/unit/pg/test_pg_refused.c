/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "pg/pg_refused.h"

static void test_pg_refused_add__warns_and_counts(void **state)
{
	CLEANUP(strings_release) struct strings warnings;
	struct pg_refused refused = {.warnings = &warnings};
	struct err why = {0}, err = {0};

	(void)state;
	strings_init(&warnings);
	(void)err_set(&why, ERR_DENIED, "must be superuser");
	assert_int_equal(pg_refused_add(&refused, "role x", &why, &err), 0);
	assert_int_equal(refused.n, 1);
	assert_string_equal(strings_at(&warnings, 0), "role x: must be superuser");
}

static void test_pg_refused_add__is_not_for_interruptions(void **state)
{
	static const enum err_code codes[] = {ERR_INTERRUPTED, ERR_TRANSIENT};
	CLEANUP(strings_release) struct strings warnings;
	struct pg_refused refused = {.warnings = &warnings};

	(void)state;
	strings_init(&warnings);
	for (size_t i = 0; i < ARRAY_SIZE(codes); i++) {
		struct err why = {0}, err = {0};

		(void)err_set(&why, codes[i], "gone");
		assert_int_equal(pg_refused_add(&refused, "role x", &why, &err), -1);
		assert_int_equal(err.code, codes[i]);
		assert_string_equal(err.msg, "role x: gone");
	}
	assert_int_equal(refused.n, 0);
	assert_int_equal(strings_count(&warnings), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pg_refused_add__warns_and_counts),
		cmocka_unit_test(test_pg_refused_add__is_not_for_interruptions),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
