/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Glob matching by two nested loops that never back up further than the last star: one level
 * for `*` inside a segment, one for `**` between segments. When a segment does not fit, the
 * last `**` takes one more segment. Work is bounded by pattern times text at each level.
 */
#include "base/pattern.h"

#include <string.h>

#include "base/mem.h"
#include "base/quote.h"
#include "base/vec.h"

struct rule {
	char *pattern;
	bool include;
	bool anchored;
	bool directory_only;
};

struct selection {
	struct vec rules; /* of struct rule, in the order given */
	bool has_includes;
};

/* One element of a pattern at p: does it match byte c? Moves *next behind it. */
static bool set_matches(const char *p, const char *end, uint8_t c, const char **next)
{
	bool negate = p + 1 < end && (p[1] == '!' || p[1] == '^');
	bool found = false;
	const char *q = p + 1 + (negate ? 1 : 0);
	const char *first = q;

	for (; q < end && (*q != ']' || q == first); q++) {
		if (*q == '\\' && q + 1 < end)
			q++;
		uint8_t low = (uint8_t)*q;
		uint8_t high = low;
		if (q + 2 < end && q[1] == '-' && q[2] != ']') {
			high = (uint8_t)q[2];
			q += 2;
		}
		found = found || (low <= c && c <= high);
	}
	*next = q < end ? q + 1 : end;
	return found != negate;
}

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
static bool segment_matches(const char *p, const char *end, const uint8_t *text,
			    size_t len)
{
	const char *star = NULL;
	size_t star_at = 0;
	size_t i = 0;

	while (i < len) {
		const char *next;

		if (p < end && *p == '*') {
			star = ++p;
			star_at = i;
		} else if (p < end && element_matches(p, end, text[i], &next)) {
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

/* Positions after the last segment: one past the end, so "" and "at the end" differ. */
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

		if (!pattern_done && end - p == 2 && p[0] == '*' && p[1] == '*') {
			if (*end == '\0')
				return true;
			after_globstar = p = end + 1;
			globstar_at = at;
		} else if (!pattern_done &&
			   segment_matches(p, end, text.data + at, stop - at)) {
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
	return pattern_done || strcmp(p, "**") == 0;
}

int pattern_check(const char *pattern, struct err *err)
{
	char shown[QUOTE_TEXT_MAX];
	size_t len = strlen(pattern);

	if (len == 0)
		return err_set(err, ERR_USAGE, "the pattern is empty");
	if (len > PATTERN_MAX)
		return err_set(err, ERR_USAGE, "pattern %s is longer than %d bytes",
			       quote_string(pattern, shown), PATTERN_MAX);
	for (const char *p = pattern; *p != '\0'; p++) {
		if (*p == '\\' && *++p == '\0')
			return err_set(err, ERR_USAGE,
				       "pattern %s ends in a lone backslash",
				       quote_string(pattern, shown));
		if (*p != '[')
			continue;
		const char *close = strchr(p + 1 + (p[1] == '!' || p[1] == '^'), ']');
		if (close != NULL && close == p + 1 + (p[1] == '!' || p[1] == '^'))
			close = strchr(close + 1, ']');
		if (close == NULL)
			return err_set(err, ERR_USAGE,
				       "pattern %s: '[' is not closed by ']'",
				       quote_string(pattern, shown));
		p = close;
	}
	return 0;
}

struct selection *selection_new(void)
{
	struct selection *selection = mem_zalloc(sizeof(*selection));

	vec_init(&selection->rules, sizeof(struct rule));
	return selection;
}

void selection_free(struct selection *selection)
{
	if (selection == NULL)
		return;
	for (size_t i = 0; i < selection->rules.n; i++)
		mem_free(((struct rule *)vec_at(&selection->rules, i))->pattern);
	vec_release(&selection->rules);
	mem_free(selection);
}

void selection_freep(struct selection **selection)
{
	selection_free(*selection);
}

static int add_rule(struct selection *selection, const char *pattern, bool include,
		    struct err *err)
{
	size_t len = strlen(pattern);
	struct rule rule = {.include = include};

	if (pattern_check(pattern, err) < 0)
		return -1;
	rule.directory_only = len > 1 && pattern[len - 1] == '/';
	if (rule.directory_only)
		len--;
	const char *slash = memchr(pattern, '/', len);
	rule.anchored = slash != NULL;
	size_t skip = pattern[0] == '/' ? 1 : 0;
	rule.pattern = mem_strndup(pattern + skip, len - skip);
	vec_push(&selection->rules, &rule);
	selection->has_includes = selection->has_includes || include;
	return 0;
}

int selection_exclude(struct selection *selection, const char *pattern, struct err *err)
{
	return add_rule(selection, pattern, false, err);
}

int selection_include(struct selection *selection, const char *pattern, struct err *err)
{
	return add_rule(selection, pattern, true, err);
}

static int exclude_line(struct selection *selection, const char *line, struct err *err)
{
	if (line[0] == '\0' || line[0] == '#')
		return 0;
	if (line[0] != '!')
		return add_rule(selection, line, false, err);
	/* includes again what an earlier line took out, without asking for an include list */
	bool had_includes = selection->has_includes;
	int result = add_rule(selection, line + 1, true, err);
	selection->has_includes = had_includes;
	return result;
}

int selection_exclude_text(struct selection *selection, struct slice text,
			   const char *file_name, struct err *err)
{
	size_t line_number = 1;

	for (size_t at = 0; at < text.len; line_number++) {
		const uint8_t *start = text.data + at;
		const uint8_t *newline = memchr(start, '\n', text.len - at);
		size_t len = newline != NULL ? (size_t)(newline - start) : text.len - at;
		CLEANUP(mem_freep) char *line = mem_strndup((const char *)start, len);

		if (exclude_line(selection, line, err) < 0)
			return err_wrap(err, "%s:%zu", file_name, line_number);
		at += len + 1;
	}
	return 0;
}

bool selection_is_empty(const struct selection *selection)
{
	return selection->rules.n == 0;
}

/* Does the rule match this path itself, or a directory above it? */
static bool rule_covers(const struct rule *rule, struct slice path, bool is_dir)
{
	size_t start = 0;

	for (size_t stop = text_segment_end(path, 0);;
	     stop = text_segment_end(path, stop + 1)) {
		bool whole = stop == path.len;
		struct slice part = rule->anchored
					    ? slice_of(path.data, stop)
					    : slice_of(path.data + start, stop - start);

		if ((!rule->directory_only || !whole || is_dir) &&
		    pattern_match(rule->pattern, part))
			return true;
		if (whole)
			return false;
		start = stop + 1;
	}
}

enum selection_verdict selection_test(const struct selection *selection,
				      struct slice path, bool is_dir)
{
	bool take = !selection->has_includes;

	if (path.len == 0)
		return take ? SELECTION_TAKE : SELECTION_DESCEND;
	for (size_t i = selection->rules.n; i > 0; i--) {
		const struct rule *rule = vec_at(&selection->rules, i - 1);

		if (!rule_covers(rule, path, is_dir))
			continue;
		if (rule->include)
			return SELECTION_TAKE;
		take = false;
		/* an earlier or later include may still want something below */
		return is_dir && selection->has_includes ? SELECTION_DESCEND
							 : SELECTION_SKIP;
	}
	if (take)
		return SELECTION_TAKE;
	return is_dir ? SELECTION_DESCEND : SELECTION_SKIP;
}

enum { SUGGEST_MAX = 64 };

static size_t min_of_three(size_t a, size_t b, size_t c)
{
	size_t least = a < b ? a : b;

	return least < c ? least : c;
}

/* Optimal string alignment: insert, delete, replace, swap of neighbours, each 1. */
static size_t edit_distance(const char *a, size_t a_len, const char *b, size_t b_len)
{
	size_t rows[3][SUGGEST_MAX + 1];

	for (size_t j = 0; j <= b_len; j++)
		rows[0][j] = j;
	for (size_t i = 1; i <= a_len; i++) {
		size_t *now = rows[i % 3];
		const size_t *above = rows[(i - 1) % 3];

		now[0] = i;
		for (size_t j = 1; j <= b_len; j++) {
			size_t change = above[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);

			now[j] = min_of_three(above[j] + 1, now[j - 1] + 1, change);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] &&
			    a[i - 2] == b[j - 1] && rows[(i - 2) % 3][j - 2] + 1 < now[j])
				now[j] = rows[(i - 2) % 3][j - 2] + 1;
		}
	}
	return rows[a_len % 3][b_len];
}

const char *pattern_suggest(const char *word, const char *const candidates[], size_t n)
{
	size_t len = strlen(word);
	size_t limit = len / 3 > 1 ? len / 3 : 1;
	const char *best = NULL;

	if (len == 0 || len > SUGGEST_MAX)
		return NULL;
	for (size_t i = 0; i < n; i++) {
		size_t candidate_len = strlen(candidates[i]);

		if (candidate_len > SUGGEST_MAX)
			continue;
		size_t distance = edit_distance(word, len, candidates[i], candidate_len);
		if (distance > limit || (best != NULL && distance == limit))
			continue;
		best = candidates[i];
		limit = distance;
	}
	return best;
}
