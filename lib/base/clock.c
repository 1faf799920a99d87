/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The C library's calendar needs time zones, locales and static storage; ours needs none of
 * them. Days are counted in the proleptic Gregorian calendar from 1970-01-01. For the
 * arithmetic a year begins in March, so that the leap day is its last day: the months' lengths
 * from March on follow (153 m + 2) / 5, and 400 years are always 146,097 days.
 *
 * A time in the text is first read field by field with its range checked, then put together
 * in seconds (which cannot overflow: four-digit years), then widened to nanoseconds with an
 * overflow check. Second 60 exists only as the last one of June or December in UTC; it
 * becomes the first second after it, as in POSIX time.
 */
#include "base/clock.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>

#include "base/quote.h"

enum {
	SEC_PER_DAY = 86400,
	DAYS_PER_ERA = 146097,	  /* 400 years */
	DAYS_0000_03_01 = 719468, /* from there to 1970-01-01 */
};
static const int64_t nsec_per_sec = 1000000000;

static int64_t nsec_of(clockid_t id)
{
	struct timespec now;

	if (clock_gettime(id, &now) < 0)
		abort(); /* both clocks exist on every Linux */
	return (int64_t)now.tv_sec * nsec_per_sec + now.tv_nsec;
}

static int64_t system_now(const struct clock *clock)
{
	(void)clock;
	return nsec_of(CLOCK_REALTIME);
}

static uint64_t system_monotonic(const struct clock *clock)
{
	(void)clock;
	return (uint64_t)nsec_of(CLOCK_MONOTONIC);
}

struct clock clock_system(void)
{
	return (struct clock){.now_nsec = system_now, .monotonic_nsec = system_monotonic};
}

static int64_t fixed_now(const struct clock *clock)
{
	return *(const int64_t *)clock->state;
}

static uint64_t fixed_monotonic(const struct clock *clock)
{
	return (uint64_t)fixed_now(clock);
}

struct clock clock_fixed(int64_t *now_nsec)
{
	return (struct clock){.now_nsec = fixed_now,
			      .monotonic_nsec = fixed_monotonic,
			      .state = now_nsec};
}

static int64_t floor_div(int64_t a, int64_t b)
{
	return a / b - (a % b < 0);
}

struct date {
	int64_t year;
	int64_t month; /* 1..12 */
	int64_t day;   /* 1..31 */
};

static int64_t days_of_date(struct date d)
{
	int64_t year = d.month > 2 ? d.year : d.year - 1;
	int64_t month = d.month > 2 ? d.month - 3 : d.month + 9; /* March is 0 */
	int64_t era = floor_div(year, 400);
	int64_t year_of_era = year - era * 400;
	int64_t day_of_year = (153 * month + 2) / 5 + d.day - 1;
	int64_t day_of_era =
		year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;

	return era * DAYS_PER_ERA + day_of_era - DAYS_0000_03_01;
}

static struct date date_of_days(int64_t days)
{
	days += DAYS_0000_03_01;
	int64_t era = floor_div(days, DAYS_PER_ERA);
	int64_t day_of_era = days - era * DAYS_PER_ERA;
	/* Take out the leap days that passed: one in 1461 days, not in 36524, yes in 146096. */
	int64_t year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 -
			       day_of_era / 146096) /
			      365;
	int64_t day_of_year =
		day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
	int64_t month = (5 * day_of_year + 2) / 153;
	struct date d = {
		.year = era * 400 + year_of_era + (month >= 10),
		.month = month < 10 ? month + 3 : month - 9,
		.day = day_of_year - (153 * month + 2) / 5 + 1,
	};

	return d;
}

const char *clock_format(int64_t nsec, char out[static CLOCK_TEXT_MAX])
{
	int64_t sec = floor_div(nsec, nsec_per_sec);
	int64_t fraction = nsec % nsec_per_sec;
	int64_t days = floor_div(sec, SEC_PER_DAY);
	int64_t left = sec - days * SEC_PER_DAY;
	struct date d = date_of_days(days);
	int len =
		snprintf(out, CLOCK_TEXT_MAX,
			 "%04" PRId64 "-%02" PRId64 "-%02" PRId64 "T%02" PRId64
			 ":%02" PRId64 ":%02" PRId64,
			 d.year, d.month, d.day, left / 3600, left / 60 % 60, left % 60);

	if (fraction < 0)
		fraction += nsec_per_sec;
	if (fraction == 0)
		(void)snprintf(out + len, CLOCK_TEXT_MAX - (size_t)len, "Z");
	else
		(void)snprintf(out + len, CLOCK_TEXT_MAX - (size_t)len, ".%09" PRId64 "Z",
			       fraction);
	return out;
}

/* A reader of the text; `why` is the first thing that was wrong. */
struct reader {
	const char *at;
	const char *why;
};

static void reader_fail(struct reader *r, const char *why)
{
	if (r->why == NULL)
		r->why = why;
}

/* Exactly n digits with a value of min..max. */
static int64_t read_number(struct reader *r, int n, int64_t min, int64_t max,
			   const char *why)
{
	int64_t v = 0;

	for (int i = 0; i < n && r->why == NULL; i++) {
		if (*r->at < '0' || *r->at > '9') {
			reader_fail(r, why);
			return min;
		}
		v = v * 10 + (*r->at++ - '0');
	}
	if (v < min || v > max) {
		reader_fail(r, why);
		return min;
	}
	return v;
}

static void read_char(struct reader *r, char c, const char *why)
{
	if (r->why == NULL && *r->at == c)
		r->at++;
	else
		reader_fail(r, why);
}

static int64_t days_in_month(int64_t year, int64_t month)
{
	struct date first = {year, month, 1};
	struct date next = {month == 12 ? year + 1 : year, month == 12 ? 1 : month + 1,
			    1};

	return days_of_date(next) - days_of_date(first);
}

/* full-date = YYYY "-" MM "-" DD; the result is in days. */
static int64_t read_date(struct reader *r)
{
	struct date d;

	d.year = read_number(r, 4, 0, 9999, "the year has four digits");
	read_char(r, '-', "'-' expected behind the year");
	d.month = read_number(r, 2, 1, 12, "the month is 01 to 12");
	read_char(r, '-', "'-' expected behind the month");
	d.day = read_number(r, 2, 1, 31, "the day is 01 to 31");
	if (r->why == NULL && d.day > days_in_month(d.year, d.month))
		reader_fail(r, "the month has no such day");
	return days_of_date(d);
}

/* secfrac = "." 1*9DIGIT; the result is in nanoseconds. */
static int64_t read_fraction(struct reader *r)
{
	int64_t v = 0;
	int digits = 0;

	if (r->why != NULL || *r->at != '.')
		return 0;
	r->at++;
	for (; *r->at >= '0' && *r->at <= '9' && digits < 9; digits++)
		v = v * 10 + (*r->at++ - '0');
	if (digits == 0 || (*r->at >= '0' && *r->at <= '9'))
		reader_fail(r, "a fraction has 1 to 9 digits");
	for (; digits < 9; digits++)
		v *= 10;
	return v;
}

/* "Z" or ("+" | "-") HH ":" MM; the result is in seconds east of UTC. */
static int64_t read_offset(struct reader *r)
{
	static const char why[] = "a time zone is expected: Z, +hh:mm or -hh:mm";

	if (r->why != NULL)
		return 0;
	if (*r->at == 'Z' || *r->at == 'z') {
		r->at++;
		return 0;
	}
	if (*r->at != '+' && *r->at != '-') {
		reader_fail(r, why);
		return 0;
	}
	int64_t sign = *r->at++ == '-' ? -1 : 1;
	int64_t hour = read_number(r, 2, 0, 23, "the zone's hour is 00 to 23");
	read_char(r, ':', why);
	int64_t minute = read_number(r, 2, 0, 59, "the zone's minute is 00 to 59");
	return sign * (hour * 3600 + minute * 60);
}

/* True for the second that starts when June or December has just ended in UTC. */
static bool follows_leap_second(int64_t sec)
{
	struct date d = date_of_days(floor_div(sec, SEC_PER_DAY));

	return sec % SEC_PER_DAY == 0 && d.day == 1 && (d.month == 1 || d.month == 7);
}

/* partial-time with offset, behind the separator; seconds and *fraction of that day. */
static int64_t read_time(struct reader *r, int64_t day_sec, int64_t *fraction)
{
	int64_t hour = read_number(r, 2, 0, 23, "the hour is 00 to 23");
	read_char(r, ':', "':' expected behind the hour");
	int64_t minute = read_number(r, 2, 0, 59, "the minute is 00 to 59");
	read_char(r, ':', "':' expected behind the minute");
	int64_t second = read_number(r, 2, 0, 60, "the second is 00 to 59");
	*fraction = read_fraction(r);

	int64_t sec = day_sec + hour * 3600 + minute * 60 + second - read_offset(r);
	if (r->why == NULL && second == 60 && !follows_leap_second(sec))
		reader_fail(r, "second 60 exists only at the end of June and December");
	return sec;
}

int clock_parse(const char *text, int64_t *ret_nsec, struct err *err)
{
	struct reader r = {.at = text};
	int64_t fraction = 0;
	int64_t sec = read_date(&r) * SEC_PER_DAY;
	int64_t nsec = 0;

	if (r.why == NULL && *r.at != '\0') {
		if (*r.at != 'T' && *r.at != 't' && *r.at != ' ')
			reader_fail(&r, "'T' expected behind the date");
		r.at++;
		sec = read_time(&r, sec, &fraction);
		if (r.why == NULL && *r.at != '\0')
			reader_fail(&r, "text behind the time zone");
	}
	/* Go through the next second, so that the very first instant does not overflow. */
	if (r.why == NULL &&
	    (__builtin_mul_overflow(sec + (sec < 0), nsec_per_sec, &nsec) ||
	     __builtin_add_overflow(nsec, fraction - (sec < 0 ? nsec_per_sec : 0),
				    &nsec)))
		reader_fail(&r, "years 1678 to 2262 can be told");
	if (r.why != NULL) {
		char quoted[QUOTE_TEXT_MAX];

		err_set(err, ERR_USAGE, "time %s: %s", quote_string(text, quoted), r.why);
		return err_hint(err, "RFC 3339, for example 2026-11-25T05:06:07Z");
	}
	*ret_nsec = nsec;
	return 0;
}
