/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdbool.h>
#include <stdio.h>

#include "base/clock.h"

static const int64_t second = 1000000000;

static int64_t parsed(const char *text)
{
	struct err err = {0};
	int64_t nsec = 0;

	if (clock_parse(text, &nsec, &err) < 0)
		fail_msg("%s: %s", text, err.msg);
	return nsec;
}

static void check_refused(const char *text, const char *msg)
{
	struct err err = {0};
	int64_t nsec = 4711;

	if (clock_parse(text, &nsec, &err) == 0)
		fail_msg("\"%s\" was accepted", text);
	assert_int_equal(err.code, ERR_USAGE);
	assert_string_equal(err.msg, msg);
	assert_string_equal(err.hint, "RFC 3339, for example 2026-11-25T05:06:07Z");
	assert_int_equal(nsec, 4711);
}

static void test_clock_format__shows_fractions_only_when_there_are(void **state)
{
	char text[CLOCK_TEXT_MAX];

	(void)state;
	assert_string_equal(clock_format(0, text), "1970-01-01T00:00:00Z");
	assert_string_equal(clock_format(1, text), "1970-01-01T00:00:00.000000001Z");
	assert_string_equal(clock_format(1764043567 * second, text),
			    "2025-11-25T04:06:07Z");
}

static void test_clock_format__counts_down_before_1970(void **state)
{
	char text[CLOCK_TEXT_MAX];

	(void)state;
	assert_string_equal(clock_format(-1, text), "1969-12-31T23:59:59.999999999Z");
	assert_string_equal(clock_format(-second, text), "1969-12-31T23:59:59Z");
	assert_string_equal(clock_format(-86400 * second, text), "1969-12-31T00:00:00Z");
}

static void test_clock_format__reaches_both_ends(void **state)
{
	char text[CLOCK_TEXT_MAX];

	(void)state;
	assert_string_equal(clock_format(INT64_MIN, text),
			    "1677-09-21T00:12:43.145224192Z");
	assert_string_equal(clock_format(INT64_MAX, text),
			    "2262-04-11T23:47:16.854775807Z");
}

static void test_clock_parse__takes_date_and_time(void **state)
{
	(void)state;
	assert_int_equal(parsed("1970-01-01T00:00:00Z"), 0);
	assert_int_equal(parsed("2025-11-25T04:06:07Z"), 1764043567 * second);
	assert_int_equal(parsed("1970-01-01t00:00:01z"), second);
	assert_int_equal(parsed("1970-01-01 00:00:01Z"), second);
	assert_int_equal(parsed("1970-01-02"), 86400 * second);
}

static void test_clock_parse__takes_offsets(void **state)
{
	(void)state;
	assert_int_equal(parsed("1970-01-01T01:00:00+01:00"), 0);
	assert_int_equal(parsed("1969-12-31T18:30:00-05:30"), 0);
	assert_int_equal(parsed("1970-01-01T00:00:00-00:00"), 0);
	assert_int_equal(parsed("1970-01-01T23:59:00+23:59"), 0);
}

static void test_clock_parse__takes_up_to_nine_digits_of_fraction(void **state)
{
	(void)state;
	assert_int_equal(parsed("1970-01-01T00:00:00.5Z"), 500000000);
	assert_int_equal(parsed("1970-01-01T00:00:00.000000001Z"), 1);
	assert_int_equal(parsed("1970-01-01T00:00:00.999999999+00:00"), 999999999);
	assert_int_equal(parsed("1969-12-31T23:59:59.5Z"), -500000000);
}

static void test_clock_parse__knows_leap_days(void **state)
{
	(void)state;
	assert_int_equal(parsed("2024-02-29"), 1709164800 * second);
	assert_int_equal(parsed("2000-02-29"), 951782400 * second);
	check_refused("2025-02-29", "time 2025-02-29: the month has no such day");
	check_refused("1900-02-29", "time 1900-02-29: the month has no such day");
	check_refused("2025-04-31", "time 2025-04-31: the month has no such day");
}

static void test_clock_parse__takes_leap_seconds_where_they_are_legal(void **state)
{
	(void)state;
	assert_int_equal(parsed("2016-12-31T23:59:60Z"), parsed("2017-01-01"));
	assert_int_equal(parsed("2015-06-30T23:59:60Z"), parsed("2015-07-01"));
	assert_int_equal(parsed("2017-01-01T00:59:60+01:00"), parsed("2017-01-01"));
	check_refused("2016-12-31T23:58:60Z", "time 2016-12-31T23:58:60Z: second 60 "
					      "exists only at the end of June and "
					      "December");
	check_refused("2016-03-31T23:59:60Z", "time 2016-03-31T23:59:60Z: second 60 "
					      "exists only at the end of June and "
					      "December");
	check_refused("2016-12-31T23:59:61Z",
		      "time 2016-12-31T23:59:61Z: the second is 00 to 59");
}

static void test_clock_parse__reaches_both_ends(void **state)
{
	(void)state;
	assert_int_equal(parsed("1677-09-21T00:12:43.145224192Z"), INT64_MIN);
	assert_int_equal(parsed("2262-04-11T23:47:16.854775807Z"), INT64_MAX);
	check_refused("1677-09-21T00:12:43.145224191Z",
		      "time 1677-09-21T00:12:43.145224191Z: years 1678 to 2262 can be "
		      "told");
	check_refused("2262-04-11T23:47:16.854775808Z",
		      "time 2262-04-11T23:47:16.854775808Z: years 1678 to 2262 can be "
		      "told");
	check_refused("0000-01-01", "time 0000-01-01: years 1678 to 2262 can be told");
	check_refused("9999-12-31T23:59:59-23:59",
		      "time 9999-12-31T23:59:59-23:59: years 1678 to 2262 can be told");
}

static void test_clock_parse__says_what_is_wrong(void **state)
{
	static const struct {
		const char *text, *msg;
	} cases[] = {
		{"", "time \"\": the year has four digits"},
		{"yesterday", "time yesterday: the year has four digits"},
		{"26-01-01", "time 26-01-01: the year has four digits"},
		{"2025/01/01", "time 2025/01/01: '-' expected behind the year"},
		{"2025", "time 2025: '-' expected behind the year"},
		{"2025-1-01", "time 2025-1-01: the month is 01 to 12"},
		{"2025-13-01", "time 2025-13-01: the month is 01 to 12"},
		{"2025-00-01", "time 2025-00-01: the month is 01 to 12"},
		{"2025-01", "time 2025-01: '-' expected behind the month"},
		{"2025-01-32", "time 2025-01-32: the day is 01 to 31"},
		{"2025-01-00", "time 2025-01-00: the day is 01 to 31"},
		{"2025-01-01x", "time 2025-01-01x: 'T' expected behind the date"},
		{"2025-01-01T", "time 2025-01-01T: the hour is 00 to 23"},
		{"2025-01-01T24:00:00Z",
		 "time 2025-01-01T24:00:00Z: the hour is 00 to 23"},
		{"2025-01-01T00", "time 2025-01-01T00: ':' expected behind the hour"},
		{"2025-01-01T00:60:00Z",
		 "time 2025-01-01T00:60:00Z: the minute is 00 to 59"},
		{"2025-01-01T00:00",
		 "time 2025-01-01T00:00: ':' expected behind the minute"},
		{"2025-01-01T00:00:0Z",
		 "time 2025-01-01T00:00:0Z: the second is 00 to 59"},
		{"2025-01-01T00:00:00.Z",
		 "time 2025-01-01T00:00:00.Z: a fraction has 1 to 9 digits"},
		{"2025-01-01T00:00:00.1234567890Z",
		 "time 2025-01-01T00:00:00.1234567890Z: a fraction has 1 to 9 digits"},
		{"2025-01-01T00:00:00", "time 2025-01-01T00:00:00: a time zone is "
					"expected: Z, +hh:mm or -hh:mm"},
		{"2025-01-01T00:00:00+01", "time 2025-01-01T00:00:00+01: a time zone is "
					   "expected: Z, +hh:mm or -hh:mm"},
		{"2025-01-01T00:00:00+24:00",
		 "time 2025-01-01T00:00:00+24:00: the zone's hour is 00 to 23"},
		{"2025-01-01T00:00:00-00:60",
		 "time 2025-01-01T00:00:00-00:60: the zone's minute is 00 to 59"},
		{"2025-01-01T00:00:00Zx",
		 "time 2025-01-01T00:00:00Zx: text behind the time zone"},
		{"2025-01-01 ", "time \"2025-01-01 \": the hour is 00 to 23"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		check_refused(cases[i].text, cases[i].msg);
}

static void test_clock__round_trips_over_many_days(void **state)
{
	char text[CLOCK_TEXT_MAX];

	(void)state;
	for (int64_t day = -100000; day < 100000; day += 17) {
		int64_t nsec = day * 86400 * second + day;

		assert_int_equal(parsed(clock_format(nsec, text)), nsec);
	}
}

/* Day by day through a whole cycle of the calendar's part that fits: dates follow each
 * other, and each month ends where its length says. */
static void test_clock_format__follows_the_calendar(void **state)
{
	static const int month_days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	int64_t day = parsed("1700-01-01") / second / 86400;

	(void)state;
	for (int year = 1700; year < 2262; year++) {
		bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);

		for (int month = 0; month < 12; month++) {
			char expected[CLOCK_TEXT_MAX];
			char text[CLOCK_TEXT_MAX];

			(void)snprintf(expected, sizeof(expected),
				       "%04d-%02d-01T00:00:00Z", year, month + 1);
			assert_string_equal(clock_format(day * 86400 * second, text),
					    expected);
			day += month_days[month] + (month == 1 && leap ? 1 : 0);
		}
	}
}

static void test_clock_fixed__shows_what_it_points_to(void **state)
{
	int64_t now = 5;
	struct clock clock = clock_fixed(&now);

	(void)state;
	assert_int_equal(clock.now_nsec(&clock), 5);
	now = 9;
	assert_int_equal(clock.now_nsec(&clock), 9);
	assert_int_equal(clock.monotonic_nsec(&clock), 9);
}

static void test_clock_system__does_not_run_backwards(void **state)
{
	struct clock clock = clock_system();
	uint64_t before = clock.monotonic_nsec(&clock);

	(void)state;
	assert_true(clock.monotonic_nsec(&clock) >= before);
	assert_true(clock.now_nsec(&clock) > parsed("2020-01-01"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_clock_format__shows_fractions_only_when_there_are),
		cmocka_unit_test(test_clock_format__counts_down_before_1970),
		cmocka_unit_test(test_clock_format__reaches_both_ends),
		cmocka_unit_test(test_clock_parse__takes_date_and_time),
		cmocka_unit_test(test_clock_parse__takes_offsets),
		cmocka_unit_test(test_clock_parse__takes_up_to_nine_digits_of_fraction),
		cmocka_unit_test(test_clock_parse__knows_leap_days),
		cmocka_unit_test(
			test_clock_parse__takes_leap_seconds_where_they_are_legal),
		cmocka_unit_test(test_clock_parse__reaches_both_ends),
		cmocka_unit_test(test_clock_parse__says_what_is_wrong),
		cmocka_unit_test(test_clock__round_trips_over_many_days),
		cmocka_unit_test(test_clock_format__follows_the_calendar),
		cmocka_unit_test(test_clock_fixed__shows_what_it_points_to),
		cmocka_unit_test(test_clock_system__does_not_run_backwards),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
