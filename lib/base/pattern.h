/* SPDX-License-Identifier: Apache-2.0 */
/* Glob patterns for paths and stream names. */
#ifndef BASE_PATTERN_H
#define BASE_PATTERN_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/vec.h"

/*
 * One pattern: `*` any run without '/', `?` one byte, `[a-z]` one of a set, `[!x]` or `[^x]`
 * none of it (a ']' that comes first is a member), `**` as a whole segment any number of
 * segments or none, `\` takes the next character literally, in sets too.
 * Matching is bytewise and linear in pattern times text (no exponential cases).
 *
 * For selections (--exclude, --include): a pattern with a '/' other than at its end is
 * anchored at the root of the tree, else it matches a name at any depth; a trailing '/'
 * matches directories only. A match on a directory covers everything below it: `cache` and
 * `cache/` + `**` take the directory too, `cache/` + `*` only what is in it.
 */
bool pattern_match(const char *pattern, struct slice text);

/* False when nothing below `directory` ("a/b"; "" is the root) can match. */
bool pattern_may_match_below(const char *pattern, struct slice directory);

/* Syntax check: empty, unclosed '[', range backwards, '/' in a set or behind '\', trailing
 * '\', longer than PATTERN_MAX. ERR_USAGE "pattern X: why". */
enum { PATTERN_MAX = 4096 };
MUST_CHECK int pattern_check(const char *pattern, struct err *err);

/* Ordered include and exclude rules over tree paths ("a/b", no leading slash). Besides what
 * pattern_check() refuses, a rule must not have an empty, "." or ".." segment, since it would
 * silently match nothing; a leading "/" or "./" is taken off and anchors it. */
struct selection;
struct selection *selection_new(void);
void selection_free(struct selection *selection);
void selection_freep(struct selection **selection);
MUST_CHECK int selection_exclude(struct selection *selection, const char *pattern,
				 struct err *err);
MUST_CHECK int selection_include(struct selection *selection, const char *pattern,
				 struct err *err);
/* Reads patterns to exclude, one a line, '#' comments, `!` in front includes again; the line
 * may end in CR LF. Errors begin with "FILE:LINE: "; rules before the line are kept. */
MUST_CHECK int selection_exclude_text(struct selection *selection, struct slice text,
				      const char *file_name, struct err *err);
bool selection_is_empty(const struct selection *selection);

enum selection_verdict {
	SELECTION_TAKE,	   /* this and what is below, subject to further rules */
	SELECTION_SKIP,	   /* neither this nor anything below */
	SELECTION_DESCEND, /* a directory that is only kept if something below is taken */
};
/* With excludes only: all but the excluded. With includes: only the included (and below),
 * minus the excluded, except where a later rule says otherwise: the last matching rule
 * wins (so options are added includes first). The root, "", is never skipped. */
enum selection_verdict selection_test(const struct selection *selection,
				      struct slice path, bool is_dir);

/* Says that nothing below a directory will be tested, for a reason of the caller's: excludes of
 * what is in it are no mistakes. A test that skips a directory says so itself. */
void selection_pass_over(const struct selection *selection, struct slice directory);

/* Adds the patterns of rules that no path of a selection_test() was covered by so far, as they
 * were given: a mistyped path must not look like an empty place. Lines of a text are never
 * among them, nor excludes of a name at any depth: both are often there before what they are
 * to leave out; nor excludes of what lies in a directory that was passed over. */
enum selection_rules { SELECTION_INCLUDES, SELECTION_EXCLUDES };
void selection_unmatched(const struct selection *selection, enum selection_rules which,
			 struct strings *patterns);

#endif
