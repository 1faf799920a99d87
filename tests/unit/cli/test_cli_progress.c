/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cli/cli_progress.h"

static void expect_text(const struct progress *progress, uint64_t elapsed_nsec,
			const char *expected)
{
	CLEANUP(buf_release) struct buf text = {0};

	buf_init(&text, 0);
	cli_progress_text(progress, elapsed_nsec, &text);
	assert_string_equal(buf_string(&text), expected);
}

static void test_cli_progress_text__shows_what_is_known(void **state)
{
	struct progress progress;

	(void)state;
	progress_init(&progress);
	progress_phase(&progress, "reading");
	expect_text(&progress, 0, "reading  0 files  0 B");
	progress_add(&progress, 12, 1024 * 1024);
	expect_text(&progress, 2000000000, "reading  12 files  1.00 MiB  512 KiB/s");
}

static void test_cli_progress_text__estimates_what_is_left(void **state)
{
	struct progress progress;

	(void)state;
	progress_init(&progress);
	progress_phase(&progress, "restoring");
	progress_expect(&progress, 0, 4 * 1024 * 1024);
	progress_add(&progress, 1, 1024 * 1024);
	atomic_fetch_add(&progress.warnings, 2);
	expect_text(&progress, 1000000000,
		    "restoring  1 files  1.00 MiB of 4.00 MiB (25%)  1.00 MiB/s  ETA 3.0s"
		    "  2 warnings");
}

static void test_cli_progress_text__drops_an_estimate_that_was_exceeded(void **state)
{
	struct progress progress;

	(void)state;
	progress_init(&progress);
	progress_phase(&progress, "reading");
	progress_expect(&progress, 1, 1024 * 1024);
	progress_add(&progress, 1, 1024 * 1024);
	expect_text(&progress, 1000000000,
		    "reading  1 files  1.00 MiB of 1.00 MiB (100%)  1.00 MiB/s");
	progress_add(&progress, 1, 1024 * 1024);
	expect_text(&progress, 1000000000, "reading  2 files  2.00 MiB  2.00 MiB/s");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cli_progress_text__shows_what_is_known),
		cmocka_unit_test(test_cli_progress_text__estimates_what_is_left),
		cmocka_unit_test(
			test_cli_progress_text__drops_an_estimate_that_was_exceeded),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
