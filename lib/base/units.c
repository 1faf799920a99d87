/* SPDX-License-Identifier: Apache-2.0 */
#include "base/units.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/quote.h"

enum { FRACTION_DIGITS_MAX = 3 };

/* Reads digits at *text; false without any, or past 64 bits. */
static bool read_number(const char **text, uint64_t *ret_value)
{
	const char *p = *text;
	uint64_t value = 0;

	for (; *p >= '0' && *p <= '9'; p++) {
		uint64_t digit = (uint64_t)(*p - '0');

		if (value > (UINT64_MAX - digit) / 10)
			return false;
		value = value * 10 + digit;
	}
	if (p == *text)
		return false;
	*text = p;
	*ret_value = value;
	return true;
}

/* ".5" of a unit: at most FRACTION_DIGITS_MAX digits, as thousandths. */
static bool read_thousandths(const char **text, uint64_t *ret_thousandths)
{
	const char *p = *text;
	uint64_t value = 0;
	unsigned n = 0;

	*ret_thousandths = 0;
	if (*p != '.')
		return true;
	for (p++; *p >= '0' && *p <= '9'; p++, n++)
		value = value * 10 + (uint64_t)(*p - '0');
	if (n == 0 || n > FRACTION_DIGITS_MAX)
		return false;
	for (; n < FRACTION_DIGITS_MAX; n++)
		value *= 10;
	*text = p;
	*ret_thousandths = value;
	return true;
}

/* The factor of the size unit unit[0..len), 0 when there is none such. */
static uint64_t size_unit(const char *unit, size_t len)
{
	static const struct {
		const char *name;
		uint64_t factor;
	} units[] = {
		{"", 1},
		{"B", 1},
		{"K", UINT64_C(1) << 10},
		{"KiB", UINT64_C(1) << 10},
		{"KB", 1000},
		{"M", UINT64_C(1) << 20},
		{"MiB", UINT64_C(1) << 20},
		{"MB", 1000 * 1000},
		{"G", UINT64_C(1) << 30},
		{"GiB", UINT64_C(1) << 30},
		{"GB", 1000 * 1000 * 1000},
		{"T", UINT64_C(1) << 40},
		{"TiB", UINT64_C(1) << 40},
		{"TB", UINT64_C(1000) * 1000 * 1000 * 1000},
	};

	for (size_t i = 0; i < ARRAY_SIZE(units); i++)
		if (strlen(units[i].name) == len && memcmp(units[i].name, unit, len) == 0)
			return units[i].factor;
	return 0;
}

/* A size without its rate suffix: text[0..len). */
static bool parse_size(const char *text, size_t len, uint64_t *ret_bytes)
{
	const char *p = text;
	uint64_t whole;
	uint64_t thousandths;

	if (!read_number(&p, &whole) || !read_thousandths(&p, &thousandths))
		return false;
	size_t used = (size_t)(p - text);
	if (used > len)
		return false;
	uint64_t factor = size_unit(p, len - used);
	if (factor == 0 || (factor == 1 && thousandths != 0))
		return false;

	uint64_t part = factor / 1000 * thousandths + factor % 1000 * thousandths / 1000;
	uint64_t bytes;
	if (__builtin_mul_overflow(whole, factor, &bytes) ||
	    __builtin_add_overflow(bytes, part, &bytes))
		return false;
	*ret_bytes = bytes;
	return true;
}

int units_parse_size(const char *text, uint64_t *ret_bytes, struct err *err)
{
	char shown[QUOTE_TEXT_MAX];

	if (parse_size(text, strlen(text), ret_bytes))
		return 0;
	return err_set(err, ERR_USAGE,
		       "%s is not a size: expected for example 4096, 16MiB or 1GB",
		       quote_string(text, shown));
}

int units_parse_rate(const char *text, uint64_t *ret_bytes_per_sec, struct err *err)
{
	char shown[QUOTE_TEXT_MAX];
	size_t len = strlen(text);

	if (len > 2 && strcmp(text + len - 2, "/s") == 0)
		len -= 2;
	if (parse_size(text, len, ret_bytes_per_sec))
		return 0;
	return err_set(err, ERR_USAGE,
		       "%s is not a rate: expected for example 10MiB/s or 800K",
		       quote_string(text, shown));
}

static uint64_t duration_unit(char unit)
{
	switch (unit) {
	case 's':
		return 1;
	case 'm':
		return 60;
	case 'h':
		return UINT64_C(60) * 60;
	case 'd':
		return UINT64_C(24) * 60 * 60;
	case 'w':
		return UINT64_C(7) * 24 * 60 * 60;
	default:
		return 0;
	}
}

/* Units must get smaller from part to part: "1h30m", not "30m1h". */
static bool parse_duration(const char *text, uint64_t *ret_sec)
{
	uint64_t total = 0;
	uint64_t last_factor = UINT64_MAX;

	do {
		uint64_t value;

		if (!read_number(&text, &value))
			return false;
		uint64_t factor = duration_unit(*text);
		if (factor == 0 || factor >= last_factor ||
		    value > (UINT64_MAX - total) / factor)
			return false;
		total += value * factor;
		last_factor = factor;
		text++;
	} while (*text != '\0');
	*ret_sec = total;
	return true;
}

int units_parse_duration(const char *text, uint64_t *ret_sec, struct err *err)
{
	char shown[QUOTE_TEXT_MAX];

	if (parse_duration(text, ret_sec))
		return 0;
	return err_set(
		err, ERR_USAGE,
		"%s is not a duration: expected for example 90s, 15m, 24h, 7d or 1h30m",
		quote_string(text, shown));
}

int units_parse_count(const char *what, const char *text, uint64_t min, uint64_t max,
		      uint64_t *ret_value, struct err *err)
{
	char shown[QUOTE_TEXT_MAX];
	const char *p = text;
	uint64_t value;

	if (!read_number(&p, &value) || *p != '\0' || value < min || value > max)
		return err_set(err, ERR_USAGE,
			       "%s: expected %" PRIu64 " to %" PRIu64 ", found %s", what,
			       min, max, quote_string(text, shown));
	*ret_value = value;
	return 0;
}

const char *units_format_size(uint64_t bytes, char out[static UNITS_TEXT_MAX])
{
	static const char *const names[] = {"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
	double value = (double)bytes / 1024;
	size_t i = 0;

	if (bytes < 1000) {
		(void)snprintf(out, UNITS_TEXT_MAX, "%" PRIu64 " B", bytes);
		return out;
	}
	while (value >= 999.5 && i + 1 < ARRAY_SIZE(names)) {
		value /= 1024;
		i++;
	}
	int digits = value < 9.995 ? 2 : value < 99.95 ? 1 : 0;
	(void)snprintf(out, UNITS_TEXT_MAX, "%.*f %s", digits, value, names[i]);
	return out;
}

const char *units_format_exact_size(uint64_t bytes, char out[static UNITS_TEXT_MAX])
{
	static const char *const names[] = {"", "KiB", "MiB", "GiB", "TiB"};
	size_t i = 0;

	while (bytes > 0 && bytes % 1024 == 0 && i + 1 < ARRAY_SIZE(names)) {
		bytes /= 1024;
		i++;
	}
	(void)snprintf(out, UNITS_TEXT_MAX, "%" PRIu64 "%s", bytes, names[i]);
	return out;
}

const char *units_format_duration(uint64_t nsec, char out[static UNITS_TEXT_MAX])
{
	uint64_t sec = nsec / 1000000000;

	if (sec < 10)
		(void)snprintf(out, UNITS_TEXT_MAX, "%" PRIu64 ".%" PRIu64 "s", sec,
			       nsec % 1000000000 / 100000000);
	else if (sec < 60)
		(void)snprintf(out, UNITS_TEXT_MAX, "%" PRIu64 "s", sec);
	else if (sec < 3600)
		(void)snprintf(out, UNITS_TEXT_MAX, "%" PRIu64 "m%02" PRIu64 "s",
			       sec / 60, sec % 60);
	else if (sec < 86400)
		(void)snprintf(out, UNITS_TEXT_MAX, "%" PRIu64 "h%02" PRIu64 "m",
			       sec / 3600, sec % 3600 / 60);
	else
		(void)snprintf(out, UNITS_TEXT_MAX, "%" PRIu64 "d%02" PRIu64 "h",
			       sec / 86400, sec % 86400 / 3600);
	return out;
}
