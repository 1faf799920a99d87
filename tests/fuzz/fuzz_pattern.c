/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The input is a list of rules, a NUL byte and a path. Every rule is matched against the
 * path, and against a slow matcher that follows the definition when both are short. What a
 * selection skips as a directory it must also skip below.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/pattern.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

enum { FUZZ_MAX = 16 * 1024, SLOW_MAX = 20 };

static void must(bool condition)
{
	if (!condition)
		abort();
}

/* The definition of a segment: '*' takes nothing, or one byte more. */
static bool slow_segment(const char *p, const char *end, const uint8_t *t,
			 const uint8_t *stop)
{
	if (p == end)
		return t == stop;
	if (*p == '*')
		return slow_segment(p + 1, end, t, stop) ||
		       (t < stop && slow_segment(p, end, t + 1, stop));
	if (*p == '\\')
		return t < stop && (uint8_t)p[1] == *t &&
		       slow_segment(p + 2, end, t + 1, stop);
	return t < stop && (*p == '?' || (uint8_t)*p == *t) &&
	       slow_segment(p + 1, end, t + 1, stop);
}

static const uint8_t *slow_stop(const uint8_t *t, const uint8_t *end)
{
	while (t < end && *t != '/')
		t++;
	return t;
}

/* The definition of `**`: it takes nothing, or one segment more. NULL = nothing is left. */
static bool slow_match(const char *p, const uint8_t *t, const uint8_t *text_end)
{
	if (p == NULL)
		return t == NULL;

	const char *end = p + strcspn(p, "/");
	const char *p_next = *end == '/' ? end + 1 : NULL;
	const uint8_t *stop = t == NULL ? NULL : slow_stop(t, text_end);
	const uint8_t *t_next = t == NULL || stop == text_end ? NULL : stop + 1;

	if (end - p == 2 && memcmp(p, "**", 2) == 0)
		return slow_match(p_next, t, text_end) ||
		       (t != NULL && slow_match(p, t_next, text_end));
	return t != NULL && slow_segment(p, end, t, stop) &&
	       slow_match(p_next, t_next, text_end);
}

static void check_pattern(const char *pattern, struct slice path)
{
	struct err err = {0};
	bool matches = pattern_match(pattern, path);

	for (size_t i = 0; i < path.len; i++)
		if (matches && path.data[i] == '/')
			must(pattern_may_match_below(pattern, slice_of(path.data, i)));
	if (pattern_check(pattern, &err) < 0) {
		must(err.code == ERR_USAGE && err.msg[0] != '\0');
		return;
	}
	if (strlen(pattern) <= SLOW_MAX && path.len <= SLOW_MAX &&
	    strchr(pattern, '[') == NULL)
		must(slow_match(pattern, path.data, path.data + path.len) == matches);
}

static void check_selection(const struct selection *selection, struct slice path)
{
	enum selection_verdict whole = selection_test(selection, path, false);

	must(whole != SELECTION_DESCEND || path.len == 0);
	for (size_t i = 0; i < path.len; i++)
		if (path.data[i] == '/' &&
		    selection_test(selection, slice_of(path.data, i), true) ==
			    SELECTION_SKIP)
			must(whole == SELECTION_SKIP);
}

static void check_rule(struct selection *selection, const char *rule, struct slice path)
{
	struct err err = {0};
	int result = rule[0] == '+' ? selection_include(selection, rule + 1, &err)
				    : selection_exclude(selection, rule, &err);

	must(result == 0 || err.code == ERR_USAGE);
	check_pattern(rule, path);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	CLEANUP(selection_freep) struct selection *selection = selection_new();
	CLEANUP(selection_freep) struct selection *from_text = selection_new();
	struct err err = {0};

	if (len == 0 || len > FUZZ_MAX)
		return 0;

	const uint8_t *nul = memchr(data, '\0', len);
	size_t rules_len = nul == NULL ? len : (size_t)(nul - data);
	struct slice path =
		nul == NULL ? slice_of(data, 0) : slice_of(nul + 1, len - rules_len - 1);
	CLEANUP(mem_freep) char *rules = mem_strndup((const char *)data, rules_len);
	char *rest = rules;

	for (char *rule; (rule = strsep(&rest, "\n")) != NULL;)
		check_rule(selection, rule, path);
	check_selection(selection, path);
	if (selection_exclude_text(from_text, slice_of(data, len), "rules", &err) == 0)
		check_selection(from_text, path);
	return 0;
}
