/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/log.h"

struct seen {
	int n;
	enum log_level level;
	char text[64];
};

static void remember(const struct log *log, enum log_level level, const char *text)
{
	struct seen *seen = log->state;

	seen->n++;
	seen->level = level;
	(void)snprintf(seen->text, sizeof(seen->text), "%s", text);
}

static void test_log__drops_what_is_below_the_least_level(void **state)
{
	struct seen seen = {0};
	struct log log = {.write = remember, .state = &seen, .least = LOG_INFO_LEVEL};

	(void)state;
	log_debug(&log, "quiet");
	assert_int_equal(seen.n, 0);
	log_warning(&log, "disk %s", "full");
	assert_int_equal(seen.n, 1);
	assert_int_equal(seen.level, LOG_WARNING_LEVEL);
	assert_string_equal(seen.text, "disk full");
}

static void test_log_silent__takes_anything(void **state)
{
	struct log log = log_silent();

	(void)state;
	log_warning(&log, "nobody hears %d", 1);
	assert_non_null(log.write);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_log__drops_what_is_below_the_least_level),
		cmocka_unit_test(test_log_silent__takes_anything),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
