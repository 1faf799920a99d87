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
	char text[4096];
};

static void remember(const struct log *log, enum log_level level, const char *text)
{
	struct seen *seen = log->state;

	seen->n++;
	seen->level = level;
	(void)snprintf(seen->text, sizeof(seen->text), "%s", text);
}

static void check_seen(struct seen *seen, enum log_level level, const char *text)
{
	assert_int_equal(seen->n, 1);
	assert_int_equal(seen->level, level);
	assert_string_equal(seen->text, text);
	seen->n = 0;
}

static void test_log__passes_level_and_text(void **state)
{
	struct seen seen = {0};
	struct log log = {.write = remember, .state = &seen, .least = LOG_DEBUG_LEVEL};

	(void)state;
	log_debug(&log, "a %d", 1);
	check_seen(&seen, LOG_DEBUG_LEVEL, "a 1");
	log_info(&log, "b %d", 2);
	check_seen(&seen, LOG_INFO_LEVEL, "b 2");
	log_warning(&log, "disk %s", "full");
	check_seen(&seen, LOG_WARNING_LEVEL, "disk full");
	log_error(&log, "job %s", "web");
	check_seen(&seen, LOG_ERROR_LEVEL, "job web");
}

static void test_log__drops_what_is_below_the_least_level(void **state)
{
	struct seen seen = {0};
	struct log log = {.write = remember, .state = &seen, .least = LOG_WARNING_LEVEL};

	(void)state;
	log_debug(&log, "quiet");
	log_info(&log, "quiet");
	assert_int_equal(seen.n, 0);
	log_warning(&log, "loud");
	assert_int_equal(seen.n, 1);
}

/* `shift` bytes, then three-byte characters far beyond the limit. */
static void check_cut(size_t shift)
{
	struct seen seen = {0};
	struct log log = {.write = remember, .state = &seen, .least = LOG_DEBUG_LEVEL};
	char text[4000] = {0};

	memset(text, 'x', shift);
	for (size_t at = shift; at + 3 < sizeof(text); at += 3)
		memcpy(text + at, "\xe2\x82\xac", 3);
	log_info(&log, "%s", text);
	size_t len = strlen(seen.text);
	assert_in_range(len, 2045, 2047);
	assert_string_equal(seen.text + len - 6, "\xe2\x82\xac...");
}

static void test_log__cuts_a_long_text_between_characters(void **state)
{
	(void)state;
	for (size_t shift = 0; shift < 3; shift++)
		check_cut(shift);
}

static void test_log__may_be_none(void **state)
{
	(void)state;
	log_error(NULL, "nobody hears %d", 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_log__passes_level_and_text),
		cmocka_unit_test(test_log__drops_what_is_below_the_least_level),
		cmocka_unit_test(test_log__cuts_a_long_text_between_characters),
		cmocka_unit_test(test_log__may_be_none),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
