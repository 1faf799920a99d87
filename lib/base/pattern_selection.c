/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rules are tried from the last to the first and the first hit decides. A rule covers a path
 * when it matches the path itself or a directory above it, so a verdict never depends on
 * what the walker asked before.
 *
 * Whether a directory that is not taken must still be entered decides how much of a tree is
 * read at all, and how many "permission denied" its user sees. It must be when an include
 * rule may match something below it, and that rule is not overruled: when an exclude rule
 * covers the directory it covers all below as well, so only later includes count.
 */
#include "base/pattern.h"

#include <stdatomic.h>
#include <string.h>

#include "base/mem.h"
#include "base/quote.h"
#include "base/vec.h"

struct rule {
	char *given; /* NULL: a line of a text */
	char *pattern;
	bool include;
	bool anchored;
	bool directory_only;
	atomic_bool has_matched; /* for messages; selection_test() runs in any thread */
};

struct selection {
	struct vec rules;  /* of struct rule, in the order given */
	bool has_includes; /* then nothing is taken that no rule includes */
};

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
	for (size_t i = 0; i < selection->rules.n; i++) {
		struct rule *rule = vec_at(&selection->rules, i);

		mem_free(rule->given);
		mem_free(rule->pattern);
	}
	vec_release(&selection->rules);
	mem_free(selection);
}

void selection_freep(struct selection **selection)
{
	selection_free(*selection);
}

/* Tree paths have no such segments, so a pattern with one would silently match nothing. */
static bool has_odd_segment(const char *pattern)
{
	for (const char *p = pattern;; p++) {
		size_t len = strcspn(p, "/");

		if (len == 0 || (len <= 2 && strspn(p, ".") >= len))
			return true;
		p += len;
		if (*p == '\0')
			return false;
	}
}

static int add_rule(struct selection *selection, const char *pattern, bool include,
		    struct err *err)
{
	char shown[QUOTE_TEXT_MAX];
	size_t len = strlen(pattern);
	struct rule rule = {.include = include};

	if (pattern_check(pattern, err) < 0)
		return -1;
	rule.directory_only = pattern[len - 1] == '/';
	if (rule.directory_only)
		len--;
	rule.anchored = memchr(pattern, '/', len) != NULL;

	size_t skip = strncmp(pattern, "./", 2) == 0 ? 2 : pattern[0] == '/';
	CLEANUP(mem_freep)
	char *inner = mem_strndup(pattern + skip, len < skip ? 0 : len - skip);
	if (has_odd_segment(inner)) {
		(void)err_set(err, ERR_USAGE,
			      "pattern %s never matches: an empty, '.' or '..' segment",
			      quote_string(pattern, shown));
		return err_hint(err, "paths start at the root of the tree: /home/ana");
	}
	rule.pattern = STEAL(inner);
	vec_push(&selection->rules, &rule);
	return 0;
}

static int add_given(struct selection *selection, const char *pattern, bool include,
		     struct err *err)
{
	struct rule *rule;

	if (add_rule(selection, pattern, include, err) < 0)
		return -1;
	rule = vec_last(&selection->rules);
	rule->given = mem_strdup(pattern);
	return 0;
}

int selection_exclude(struct selection *selection, const char *pattern, struct err *err)
{
	return add_given(selection, pattern, false, err);
}

int selection_include(struct selection *selection, const char *pattern, struct err *err)
{
	if (add_given(selection, pattern, true, err) < 0)
		return -1;
	selection->has_includes = true;
	return 0;
}

/* `!` takes back what an earlier line excluded, without asking for a list of includes. */
static int exclude_line(struct selection *selection, struct slice bytes, struct err *err)
{
	if (bytes.len > 0 && bytes.data[bytes.len - 1] == '\r')
		bytes.len--;
	if (bytes.len == 0 || bytes.data[0] == '#')
		return 0;
	if (memchr(bytes.data, '\0', bytes.len) != NULL)
		return err_set(err, ERR_USAGE, "the line holds a NUL byte");

	CLEANUP(mem_freep)
	char *line = mem_strndup((const char *)bytes.data, bytes.len);
	if (line[0] == '!')
		return add_rule(selection, line + 1, true, err);
	return add_rule(selection, line, false, err);
}

int selection_exclude_text(struct selection *selection, struct slice text,
			   const char *file_name, struct err *err)
{
	char shown[QUOTE_TEXT_MAX];
	size_t line_number = 1;

	for (size_t at = 0; at < text.len; line_number++) {
		const uint8_t *start = text.data + at;
		const uint8_t *newline = memchr(start, '\n', text.len - at);
		size_t len = newline != NULL ? (size_t)(newline - start) : text.len - at;

		if (exclude_line(selection, slice_of(start, len), err) < 0)
			return err_wrap(err, "%s:%zu", quote_string(file_name, shown),
					line_number);
		at += len + 1;
	}
	return 0;
}

bool selection_is_empty(const struct selection *selection)
{
	return selection->rules.n == 0;
}

static size_t segment_end(struct slice path, size_t at)
{
	while (at < path.len && path.data[at] != '/')
		at++;
	return at;
}

/* Does the rule match this path itself, or a directory above it? */
static bool rule_covers(const struct rule *rule, struct slice path, bool is_dir)
{
	size_t start = 0;

	for (;;) {
		size_t stop = segment_end(path, start);
		bool is_whole = stop == path.len;
		size_t from = rule->anchored ? 0 : start;

		if ((!rule->directory_only || !is_whole || is_dir) &&
		    pattern_match(rule->pattern, slice_of(path.data + from, stop - from)))
			return true;
		if (is_whole)
			return false;
		start = stop + 1;
	}
}

static bool rule_may_include_below(const struct rule *rule, struct slice directory)
{
	return rule->include &&
	       (!rule->anchored || pattern_may_match_below(rule->pattern, directory));
}

/* Of the first n rules, the last of which covers the path and decides: a rule that another one
 * makes needless is no mistake. */
static void note_match(const struct selection *selection, size_t n, struct slice path,
		       bool is_dir)
{
	for (size_t i = 0; i < n; i++) {
		struct rule *rule = vec_at(&selection->rules, i);

		if (!atomic_load_explicit(&rule->has_matched, memory_order_relaxed) &&
		    rule_covers(rule, path, is_dir))
			atomic_store(&rule->has_matched, true);
	}
}

/* Only excludes: an include of something in there does take nothing. */
void selection_pass_over(const struct selection *selection, struct slice directory)
{
	for (size_t i = 0; i < selection->rules.n; i++) {
		struct rule *rule = vec_at(&selection->rules, i);

		if (!rule->include && rule->anchored &&
		    !atomic_load_explicit(&rule->has_matched, memory_order_relaxed) &&
		    pattern_may_match_below(rule->pattern, directory))
			atomic_store(&rule->has_matched, true);
	}
}

/* What an exclude says of a path that it covers. */
static enum selection_verdict verdict_of_exclude(const struct selection *selection,
						 struct slice path, bool is_dir,
						 bool wanted_below)
{
	if (wanted_below)
		return SELECTION_DESCEND;
	if (is_dir)
		selection_pass_over(selection, path);
	return SELECTION_SKIP;
}

enum selection_verdict selection_test(const struct selection *selection,
				      struct slice path, bool is_dir)
{
	bool wanted_below = false; /* by one of the rules seen so far, the later ones */

	if (path.len == 0)
		return selection->has_includes ? SELECTION_DESCEND : SELECTION_TAKE;
	for (size_t i = selection->rules.n; i > 0; i--) {
		const struct rule *rule = vec_at(&selection->rules, i - 1);

		if (rule_covers(rule, path, is_dir)) {
			note_match(selection, i, path, is_dir);
			if (rule->include)
				return SELECTION_TAKE;
			return verdict_of_exclude(selection, path, is_dir, wanted_below);
		}
		wanted_below =
			wanted_below || (is_dir && rule_may_include_below(rule, path));
	}
	if (!selection->has_includes)
		return SELECTION_TAKE;
	return wanted_below ? SELECTION_DESCEND : SELECTION_SKIP;
}

void selection_unmatched(const struct selection *selection, enum selection_rules which,
			 struct strings *patterns)
{
	for (size_t i = 0; i < selection->rules.n; i++) {
		const struct rule *rule = vec_at(&selection->rules, i);

		if (rule->given == NULL || atomic_load(&rule->has_matched))
			continue;
		if (which == SELECTION_INCLUDES ? rule->include
						: !rule->include && rule->anchored)
			strings_add(patterns, rule->given);
	}
}
