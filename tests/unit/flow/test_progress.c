/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "flow/progress.h"

static void test_progress_init__starts_at_zero(void **state)
{
	struct progress progress;

	(void)state;
	progress_init(&progress);
	assert_int_equal(atomic_load(&progress.files), 0);
	assert_int_equal(atomic_load(&progress.expected_bytes), 0);
	assert_int_equal(atomic_load(&progress.warnings), 0);
	assert_string_equal(atomic_load(&progress.phase), "");
}

static void test_progress_add__sums(void **state)
{
	struct progress progress;

	(void)state;
	progress_init(&progress);
	progress_add(&progress, 1, 10);
	progress_add(&progress, 2, 1ull << 40);
	progress_expect(&progress, 5, 50);
	progress_stored(&progress, 7, 3);
	progress_stored(&progress, 7, 4);
	assert_int_equal(atomic_load(&progress.files), 3);
	assert_int_equal(atomic_load(&progress.bytes), (1ull << 40) + 10);
	assert_int_equal(atomic_load(&progress.expected_files), 5);
	assert_int_equal(atomic_load(&progress.expected_bytes), 50);
	assert_int_equal(atomic_load(&progress.new_bytes), 14);
	assert_int_equal(atomic_load(&progress.stored_bytes), 7);
}

static void test_progress_phase__names_what_runs(void **state)
{
	struct progress progress;

	(void)state;
	progress_init(&progress);
	progress_phase(&progress, "reading");
	assert_string_equal(atomic_load(&progress.phase), "reading");
}

static void test_progress_add__ignores_null(void **state)
{
	struct progress *none = NULL;

	(void)state;
	progress_add(none, 1, 1);
	progress_expect(none, 1, 1);
	progress_stored(none, 1, 1);
	progress_phase(none, "x");
	assert_null(none);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_progress_init__starts_at_zero),
		cmocka_unit_test(test_progress_add__sums),
		cmocka_unit_test(test_progress_phase__names_what_runs),
		cmocka_unit_test(test_progress_add__ignores_null),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
