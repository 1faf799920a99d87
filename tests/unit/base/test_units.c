/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/units.h"

static void check_size(const char *text, uint64_t expected)
{
	struct err err = {0};
	uint64_t bytes = 0;

	if (units_parse_size(text, &bytes, &err) < 0)
		fail_msg("%s: %s", text, err.msg);
	assert_true(bytes == expected);
}

static void test_units_parse_size__knows_binary_and_decimal(void **state)
{
	(void)state;
	check_size("0", 0);
	check_size("4096", 4096);
	check_size("16MiB", 16 * 1024 * 1024);
	check_size("16M", 16 * 1024 * 1024);
	check_size("1GB", 1000000000);
	check_size("1.5GiB", UINT64_C(1610612736));
	check_size("1.5KB", 1500);
}

static void test_units_parse_size__refuses_the_rest(void **state)
{
	static const char *const bad[] = {"",
					  "-1",
					  "1.5",
					  "1 K",
					  "K",
					  "1KiBx",
					  "1.K",
					  "1.2345K",
					  "18446744073709551616",
					  "99999999999T"};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct err err = {0};
		uint64_t bytes;

		if (units_parse_size(bad[i], &bytes, &err) == 0)
			fail_msg("\"%s\" was accepted", bad[i]);
		assert_int_equal(err.code, ERR_USAGE);
		assert_non_null(strstr(err.msg, "expected"));
	}
}

static void test_units_parse_rate__takes_an_optional_per_second(void **state)
{
	struct err err = {0};
	uint64_t rate = 0;

	(void)state;
	assert_int_equal(units_parse_rate("10MiB/s", &rate, &err), 0);
	assert_int_equal(rate, 10 * 1024 * 1024);
	assert_int_equal(units_parse_rate("800K", &rate, &err), 0);
	assert_int_equal(rate, 800 * 1024);
	assert_int_equal(units_parse_rate("/s", &rate, &err), -1);
}

static void test_units_parse_duration__adds_falling_units(void **state)
{
	struct err err = {0};
	uint64_t sec = 0;

	(void)state;
	assert_int_equal(units_parse_duration("1h30m", &sec, &err), 0);
	assert_int_equal(sec, 5400);
	assert_int_equal(units_parse_duration("2w", &sec, &err), 0);
	assert_int_equal(sec, 1209600);
	assert_int_equal(units_parse_duration("30m1h", &sec, &err), -1);
	assert_int_equal(units_parse_duration("90", &sec, &err), -1);
	assert_int_equal(units_parse_duration("", &sec, &err), -1);
}

static void test_units_parse_count__names_option_and_range(void **state)
{
	struct err err = {0};
	uint64_t value;

	(void)state;
	assert_int_equal(units_parse_count("--threads", "8", 1, 256, &value, &err), 0);
	assert_int_equal(value, 8);
	assert_int_equal(units_parse_count("--threads", "0", 1, 256, &value, &err), -1);
	assert_string_equal(err.msg, "--threads: expected 1 to 256, found 0");
}

static void test_units_format__shows_three_digits(void **state)
{
	char text[UNITS_TEXT_MAX];

	(void)state;
	assert_string_equal(units_format_size(0, text), "0 B");
	assert_string_equal(units_format_size(999, text), "999 B");
	assert_string_equal(units_format_size(1024, text), "1.00 KiB");
	assert_string_equal(units_format_size(12897485, text), "12.3 MiB");
	assert_string_equal(units_format_duration(400000000, text), "0.4s");
	assert_string_equal(units_format_duration(UINT64_C(185) * 1000000000, text),
			    "3m05s");
	assert_string_equal(units_format_duration(UINT64_C(7620) * 1000000000, text),
			    "2h07m");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_units_parse_size__knows_binary_and_decimal),
		cmocka_unit_test(test_units_parse_size__refuses_the_rest),
		cmocka_unit_test(test_units_parse_rate__takes_an_optional_per_second),
		cmocka_unit_test(test_units_parse_duration__adds_falling_units),
		cmocka_unit_test(test_units_parse_count__names_option_and_range),
		cmocka_unit_test(test_units_format__shows_three_digits),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
