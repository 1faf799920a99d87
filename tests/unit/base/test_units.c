/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/units.h"

typedef int parse_fn(const char *text, uint64_t *ret_value, struct err *err);

struct units_case {
	const char *text;
	uint64_t value;
};

static void check_good(parse_fn *parse, const struct units_case *cases, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct err err = {0};
		uint64_t value = 0;

		if (parse(cases[i].text, &value, &err) < 0)
			fail_msg("%s: %s", cases[i].text, err.msg);
		if (value != cases[i].value)
			fail_msg("%s is read as %ju", cases[i].text, (uintmax_t)value);
	}
}

/* Refused with a message that ends in `expected`; the result is untouched. */
static void check_bad(parse_fn *parse, const char *const texts[], size_t n,
		      const char *expected)
{
	for (size_t i = 0; i < n; i++) {
		struct err err = {0};
		uint64_t value = 4711;

		if (parse(texts[i], &value, &err) == 0)
			fail_msg("\"%s\" was accepted", texts[i]);
		assert_int_equal(err.code, ERR_USAGE);
		assert_true(strlen(err.msg) > strlen(expected));
		assert_string_equal(err.msg + strlen(err.msg) - strlen(expected),
				    expected);
		assert_int_equal(value, 4711);
	}
}

static void test_units_parse_size__knows_binary_and_decimal(void **state)
{
	static const struct units_case cases[] = {
		{"0", 0},
		{"4096", 4096},
		{"7B", 7},
		{"1K", 1024},
		{"1KiB", 1024},
		{"1KB", 1000},
		{"16MiB", 16 * 1024 * 1024},
		{"16M", 16 * 1024 * 1024},
		{"3MB", 3000000},
		{"1GB", 1000000000},
		{"2G", UINT64_C(2) << 30},
		{"1TiB", UINT64_C(1) << 40},
		{"1TB", UINT64_C(1000000000000)},
	};

	(void)state;
	check_good(units_parse_size, cases, ARRAY_SIZE(cases));
}

static void test_units_parse_size__takes_three_digits_of_fraction(void **state)
{
	static const struct units_case cases[] = {
		{"1.5GiB", UINT64_C(1610612736)},
		{"1.5KB", 1500},
		{"0.001KB", 1},
		{"0.999K", 1022},
		{"1.0", 1},
		{"0.125T", UINT64_C(1) << 37},
	};

	(void)state;
	check_good(units_parse_size, cases, ARRAY_SIZE(cases));
}

static void test_units_parse_size__reaches_64_bits(void **state)
{
	static const struct units_case cases[] = {
		{"18446744073709551615", UINT64_MAX},
		{"16777215T", UINT64_C(16777215) << 40},
		{"16777215.999T", (UINT64_C(16777215) << 40) + UINT64_C(1098412116148)},
	};

	(void)state;
	check_good(units_parse_size, cases, ARRAY_SIZE(cases));
}

static void test_units_parse_size__refuses_the_rest(void **state)
{
	static const char *const bad[] = {
		"",
		" 1",
		"1 ",
		"-1",
		"+1",
		"1.5",
		"1 K",
		"K",
		"1KiBx",
		"1.K",
		".5K",
		"1.2345K",
		"1e3",
		"0x10",
		"1k",
		"1PiB",
		"1K/s",
		"18446744073709551616",
		"16777216T",
		"99999999999T",
		"1\xc2\xa0K",
		"18446744073709551615K",
		"1.00000000000000000000000000000000K",
	};

	(void)state;
	check_bad(units_parse_size, bad, ARRAY_SIZE(bad),
		  " is not a size: expected for example 4096, 16MiB or 1GB");
}

static void test_units_parse_rate__takes_an_optional_per_second(void **state)
{
	static const struct units_case cases[] = {
		{"10MiB/s", 10 * 1024 * 1024},
		{"800K", 800 * 1024},
		{"1.5MB/s", 1500000},
		{"7/s", 7},
	};

	(void)state;
	check_good(units_parse_rate, cases, ARRAY_SIZE(cases));
}

static void test_units_parse_rate__refuses_the_rest(void **state)
{
	static const char *const bad[] = {"",	    "/s",   "1/",  "1/m",
					  "1K/s/s", "-1/s", "1 /s"};

	(void)state;
	check_bad(units_parse_rate, bad, ARRAY_SIZE(bad),
		  " is not a rate: expected for example 10MiB/s or 800K");
}

static void test_units_parse_duration__adds_falling_units(void **state)
{
	static const struct units_case cases[] = {
		{"0s", 0},
		{"90s", 90},
		{"15m", 900},
		{"24h", 86400},
		{"7d", 604800},
		{"2w", 1209600},
		{"1h30m", 5400},
		{"1w1d1h1m1s", 694861},
		{"18446744073709551615s", UINT64_MAX},
	};

	(void)state;
	check_good(units_parse_duration, cases, ARRAY_SIZE(cases));
}

static void test_units_parse_duration__refuses_the_rest(void **state)
{
	static const char *const bad[] = {
		"",
		"90",
		"s",
		"30m1h",
		"1h1h",
		"1h30",
		"-1s",
		"1 h",
		"1H",
		"1.5h",
		"1y",
		"1hh",
		"18446744073709551616s",
		"30500568904944w",
		"18446744073709551615m",
		"307445734561825860m16s",
	};

	(void)state;
	check_bad(units_parse_duration, bad, ARRAY_SIZE(bad),
		  " is not a duration: expected for example 90s, 15m, 24h, 7d or 1h30m");
}

static void test_units_parse_count__takes_both_ends_of_the_range(void **state)
{
	struct err err = {0};
	uint64_t value = 0;

	(void)state;
	assert_int_equal(units_parse_count("--threads", "1", 1, 256, &value, &err), 0);
	assert_int_equal(value, 1);
	assert_int_equal(units_parse_count("--threads", "256", 1, 256, &value, &err), 0);
	assert_int_equal(value, 256);
	assert_int_equal(units_parse_count("n", "18446744073709551615", 0, UINT64_MAX,
					   &value, &err),
			 0);
	assert_true(value == UINT64_MAX);
}

static void test_units_parse_count__names_option_and_range(void **state)
{
	static const char *const bad[] = {"0",	"257", "-1",  "1x",
					  " 1", "0x1", "1.0", "18446744073709551617"};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct err err = {0};
		uint64_t value = 4711;

		assert_int_equal(
			units_parse_count("--threads", bad[i], 1, 256, &value, &err), -1);
		assert_int_equal(err.code, ERR_USAGE);
		assert_memory_equal(err.msg, "--threads: expected 1 to 256, found ", 36);
		assert_int_equal(value, 4711);
	}
}

static void test_units_parse_count__shows_foreign_text_quoted(void **state)
{
	struct err err = {0};
	uint64_t value;

	(void)state;
	assert_int_equal(units_parse_count("--threads", "\x1b[2J", 1, 9, &value, &err),
			 -1);
	assert_string_equal(err.msg, "--threads: expected 1 to 9, found \"\\x1B[2J\"");
}

static void test_units_format_size__shows_three_digits(void **state)
{
	static const struct units_case cases[] = {
		{"0 B", 0},
		{"999 B", 999},
		{"0.98 KiB", 1000},
		{"1.00 KiB", 1024},
		{"9.99 KiB", 10234},
		{"10.0 KiB", 10235},
		{"12.3 MiB", 12897485},
		{"99.9 KiB", 102348},
		{"100 KiB", 102350},
		{"999 KiB", 1023487},
		{"0.98 MiB", 1023489},
		{"2.04 GiB", UINT64_C(2190433321)},
		{"1.00 TiB", UINT64_C(1) << 40},
		{"1.00 PiB", UINT64_C(1) << 50},
		{"16.0 EiB", UINT64_MAX},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char text[UNITS_TEXT_MAX];

		assert_string_equal(units_format_size(cases[i].value, text),
				    cases[i].text);
	}
}

static void test_units_format_exact_size__comes_back_when_parsed(void **state)
{
	static const struct units_case cases[] = {
		{"0", 0},
		{"1000", 1000},
		{"1KiB", 1024},
		{"1025", 1025},
		{"32MiB", 32 * 1024 * 1024},
		{"1536MiB", UINT64_C(3) << 29},
		{"1024TiB", UINT64_C(1) << 50},
		{"18446744073709551615", UINT64_MAX},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char text[UNITS_TEXT_MAX];
		uint64_t back;
		struct err err;

		assert_string_equal(units_format_exact_size(cases[i].value, text),
				    cases[i].text);
		assert_int_equal(units_parse_size(text, &back, &err), 0);
		assert_true(back == cases[i].value);
	}
}

static void test_units_format_duration__shows_two_units(void **state)
{
	static const struct units_case cases[] = {
		{"0.0s", 0},
		{"0.4s", 400000000},
		{"9.9s", 9999999999},
		{"10s", 10000000000},
		{"59s", 59999999999},
		{"1m00s", 60 * 1000000000ULL},
		{"3m05s", 185 * 1000000000ULL},
		{"59m59s", 3599 * 1000000000ULL},
		{"1h00m", 3600 * 1000000000ULL},
		{"2h07m", 7620 * 1000000000ULL},
		{"23h59m", 86399 * 1000000000ULL},
		{"3d04h", 273600 * 1000000000ULL},
		{"213503d23h", UINT64_MAX},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char text[UNITS_TEXT_MAX];

		assert_string_equal(units_format_duration(cases[i].value, text),
				    cases[i].text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_units_parse_size__knows_binary_and_decimal),
		cmocka_unit_test(test_units_parse_size__takes_three_digits_of_fraction),
		cmocka_unit_test(test_units_parse_size__reaches_64_bits),
		cmocka_unit_test(test_units_parse_size__refuses_the_rest),
		cmocka_unit_test(test_units_parse_rate__takes_an_optional_per_second),
		cmocka_unit_test(test_units_parse_rate__refuses_the_rest),
		cmocka_unit_test(test_units_parse_duration__adds_falling_units),
		cmocka_unit_test(test_units_parse_duration__refuses_the_rest),
		cmocka_unit_test(test_units_parse_count__takes_both_ends_of_the_range),
		cmocka_unit_test(test_units_parse_count__names_option_and_range),
		cmocka_unit_test(test_units_parse_count__shows_foreign_text_quoted),
		cmocka_unit_test(test_units_format_size__shows_three_digits),
		cmocka_unit_test(test_units_format_exact_size__comes_back_when_parsed),
		cmocka_unit_test(test_units_format_duration__shows_two_units),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
