/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/clock.h"

static int64_t parsed(const char *text)
{
	struct err err = {0};
	int64_t nsec = 0;

	if (clock_parse(text, &nsec, &err) < 0)
		fail_msg("%s: %s", text, err.msg);
	return nsec;
}

static void test_clock_format__shows_fractions_only_when_there_are(void **state)
{
	char text[CLOCK_TEXT_MAX];

	(void)state;
	assert_string_equal(clock_format(0, text), "1970-01-01T00:00:00Z");
	assert_string_equal(clock_format(1, text), "1970-01-01T00:00:00.000000001Z");
	assert_string_equal(clock_format(-1, text), "1969-12-31T23:59:59.999999999Z");
	assert_string_equal(clock_format(INT64_C(1764043567) * 1000000000, text),
			    "2025-11-25T04:06:07Z");
}

static void test_clock_parse__takes_offsets_fractions_and_bare_dates(void **state)
{
	(void)state;
	assert_int_equal(parsed("1970-01-01T00:00:00Z"), 0);
	assert_int_equal(parsed("1970-01-01"), 0);
	assert_int_equal(parsed("1970-01-01t01:00:00+01:00"), 0);
	assert_int_equal(parsed("1970-01-01 00:00:00.5Z"), 500000000);
	assert_int_equal(parsed("2024-02-29T00:00:00Z"),
			 INT64_C(1709164800) * 1000000000);
}

static void test_clock_parse__refuses_what_is_no_time(void **state)
{
	static const char *const bad[] = {"",
					  "yesterday",
					  "2025-02-29",
					  "2025-13-01",
					  "2025-01-01T24:00:00Z",
					  "2025-01-01T00:00:00",
					  "2025-01-01T00:00:00Zx",
					  "2025-01-01T00:00:60Z",
					  "1600-01-01"};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct err err = {0};
		int64_t nsec;

		if (clock_parse(bad[i], &nsec, &err) == 0)
			fail_msg("\"%s\" was accepted", bad[i]);
		assert_int_equal(err.code, ERR_USAGE);
	}
}

static void test_clock__round_trips_over_many_days(void **state)
{
	char text[CLOCK_TEXT_MAX];

	(void)state;
	for (int64_t day = -100000; day < 100000; day += 17) {
		int64_t nsec = day * 86400 * 1000000000 + day;

		assert_int_equal(parsed(clock_format(nsec, text)), nsec);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_clock_format__shows_fractions_only_when_there_are),
		cmocka_unit_test(
			test_clock_parse__takes_offsets_fractions_and_bare_dates),
		cmocka_unit_test(test_clock_parse__refuses_what_is_no_time),
		cmocka_unit_test(test_clock__round_trips_over_many_days),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
