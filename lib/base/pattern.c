/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Glob matching by two nested loops that never back up further than the last star: one level
 * for `*` inside a segment, one for `**` between segments. When a segment does not fit, the
 * last `**` takes one more segment. That is enough, because a later `**` can only take what
 * an earlier one would have left: the first fit of what stands before it is as good as any.
 * A pattern's segment meets a text's segment at most once per `**` section, so all work is
 * bounded by the length of the pattern times that of the text.
 */
#include "base/pattern.h"

#include <string.h>

#include "base/quote.h"

/* The first character of the set that starts with '[' at p, behind a negation. */
static const char *set_start(const char *p, const char *end)
{
	return p + 1 < end && (p[1] == '!' || p[1] == '^') ? p + 2 : p + 1;
}

/* The ']' that ends the set at p, or NULL; as the first character it stands for itself. */
static const char *set_close(const char *p, const char *end)
{
	const char *first = set_start(p, end);

	for (const char *q = first; q < end; q++) {
		if (*q == ']' && q > first)
			return q;
		if (*q == '\\' && q + 1 < end)
			q++;
	}
	return NULL;
}

struct byte_range {
	uint8_t low, high;
};

/* Takes one character of a set, which a backslash makes literal. */
static uint8_t take_literal(const char **p, const char *close)
{
	if (**p == '\\' && *p + 1 < close)
		++*p;

	uint8_t c = (uint8_t) * *p;
	++*p;
	return c;
}

/* Takes "a-z" or "a"; a '-' at the end stands for itself. */
static struct byte_range take_range(const char **p, const char *close)
{
	uint8_t low = take_literal(p, close);
	struct byte_range range = {low, low};

	if (*p + 1 < close && **p == '-') {
		++*p;
		range.high = take_literal(p, close);
	}
	return range;
}

/* Does the set at p hold c? An unclosed one, which pattern_check() refuses, holds nothing. */
static bool set_matches(const char *p, const char *end, uint8_t c, const char **next)
{
	const char *close = set_close(p, end);
	const char *q = set_start(p, end);
	bool negated = q != p + 1;
	bool found = false;

	*next = end;
	if (close == NULL)
		return false;
	*next = close + 1;
	while (q < close) {
		struct byte_range range = take_range(&q, close);

		found = found || (range.low <= c && c <= range.high);
	}
	return found != negated;
}

/* One element of a pattern at p: does it match byte c? Moves *next behind it. */
static bool element_matches(const char *p, const char *end, uint8_t c, const char **next)
{
	if (*p == '?') {
		*next = p + 1;
		return true;
	}
	if (*p == '[')
		return set_matches(p, end, c, next);
	if (*p == '\\' && p + 1 < end)
		p++;
	*next = p + 1;
	return (uint8_t)*p == c;
}

/* One segment of the pattern against one of the text; '*' does not cross '/'. */
static bool segment_matches(const char *p, const char *end, struct slice text, size_t at,
			    size_t stop)
{
	const char *star = NULL;
	size_t star_at = 0;
	size_t i = at;

	while (i < stop) {
		const char *next;

		if (p < end && *p == '*') {
			star = ++p;
			star_at = i;
		} else if (p < end && element_matches(p, end, text.data[i], &next)) {
			p = next;
			i++;
		} else if (star != NULL) {
			p = star;
			i = ++star_at;
		} else {
			return false;
		}
	}
	while (p < end && *p == '*')
		p++;
	return p == end;
}

static const char *pattern_segment_end(const char *p)
{
	for (; *p != '\0' && *p != '/'; p++)
		if (*p == '\\' && p[1] != '\0')
			p++;
	return p;
}

static size_t text_segment_end(struct slice text, size_t at)
{
	while (at < text.len && text.data[at] != '/')
		at++;
	return at;
}

static bool is_globstar(const char *p, const char *end)
{
	return end - p == 2 && p[0] == '*' && p[1] == '*';
}

/* What is left of a pattern when the text is over: nothing, or only `**`. */
static bool matches_nothing(const char *p)
{
	const char *end = pattern_segment_end(p);

	while (is_globstar(p, end)) {
		if (*end == '\0')
			return true;
		p = end + 1;
		end = pattern_segment_end(p);
	}
	return false;
}

/* `at` is one past the text's end when its last segment is taken, so that "" (one empty
 * segment) and "nothing left" differ. */
bool pattern_match(const char *pattern, struct slice text)
{
	const char *p = pattern;
	const char *after_globstar = NULL;
	size_t globstar_at = 0;
	size_t at = 0;
	bool pattern_done = false;

	while (at <= text.len) {
		const char *end = pattern_segment_end(p);
		size_t stop = text_segment_end(text, at);

		if (!pattern_done && is_globstar(p, end)) {
			if (*end == '\0')
				return true;
			after_globstar = p = end + 1;
			globstar_at = at;
		} else if (!pattern_done && segment_matches(p, end, text, at, stop)) {
			pattern_done = *end == '\0';
			p = pattern_done ? end : end + 1;
			at = stop + 1;
		} else if (after_globstar != NULL) {
			p = after_globstar;
			pattern_done = false;
			globstar_at = at = text_segment_end(text, globstar_at) + 1;
		} else {
			return false;
		}
	}
	return pattern_done || matches_nothing(p);
}

bool pattern_may_match_below(const char *pattern, struct slice directory)
{
	const char *p = pattern;

	if (directory.len == 0)
		return true;
	for (size_t at = 0; at <= directory.len;) {
		const char *end = pattern_segment_end(p);
		size_t stop = text_segment_end(directory, at);

		if (is_globstar(p, end))
			return true;
		if (*end == '\0' || !segment_matches(p, end, directory, at, stop))
			return false;
		p = end + 1;
		at = stop + 1;
	}
	return true;
}

/* What is wrong with the set at p, or NULL; *ret_close is its ']'. */
static const char *set_fault(const char *p, const char **ret_close)
{
	const char *end = p + strlen(p);
	const char *close = set_close(p, end);

	if (close == NULL)
		return "'[' is not closed by ']'";
	if (memchr(p, '/', (size_t)(close - p)) != NULL)
		return "'/' inside '[...]' never matches";
	for (const char *q = set_start(p, end); q < close;) {
		struct byte_range range = take_range(&q, close);

		if (range.low > range.high)
			return "a range inside '[...]' runs backwards";
	}
	*ret_close = close;
	return NULL;
}

static const char *pattern_fault(const char *pattern)
{
	const char *p = pattern;

	while (*p != '\0') {
		const char *close = p;

		if (*p == '\\' && p[1] == '\0')
			return "ends in a lone backslash";
		if (*p == '\\' && p[1] == '/')
			return "a backslash before '/' never matches";
		if (*p == '[') {
			const char *fault = set_fault(p, &close);

			if (fault != NULL)
				return fault;
		}
		p = close + (*p == '\\' ? 2 : 1);
	}
	return NULL;
}

int pattern_check(const char *pattern, struct err *err)
{
	char shown[QUOTE_TEXT_MAX];

	if (pattern[0] == '\0')
		return err_set(err, ERR_USAGE, "the pattern is empty");
	if (strlen(pattern) > PATTERN_MAX)
		return err_set(err, ERR_USAGE, "pattern %s is longer than %d bytes",
			       quote_string(pattern, shown), PATTERN_MAX);

	const char *fault = pattern_fault(pattern);
	if (fault != NULL)
		return err_set(err, ERR_USAGE, "pattern %s: %s",
			       quote_string(pattern, shown), fault);
	return 0;
}
