/* SPDX-License-Identifier: Apache-2.0 */
/* Glob patterns for paths and stream names, and nearest-word suggestions. */
#ifndef BASE_PATTERN_H
#define BASE_PATTERN_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

/*
 * One pattern: `*` any run without '/', `?` one character, `[a-z]` `[!x]` one of a set, `**`
 * as a whole segment any number of segments, `\` takes the next character literally.
 * Matching is bytewise and linear in pattern times text (no exponential cases).
 *
 * For selections (--exclude, --include): a pattern with a '/' other than at its end is
 * anchored at the root of the tree, else it matches a name at any depth; a trailing '/'
 * matches directories only. A match on a directory covers everything below it.
 */
bool pattern_match(const char *pattern, struct slice text);

/* Syntax check: unclosed '[' or trailing '\'; length limit PATTERN_MAX. ERR_USAGE. */
enum { PATTERN_MAX = 4096 };
MUST_CHECK int pattern_check(const char *pattern, struct err *err);

/* Ordered include and exclude rules over tree paths ("a/b", no leading slash). */
struct selection;
struct selection *selection_new(void);
void selection_free(struct selection *selection);
void selection_freep(struct selection **selection);
MUST_CHECK int selection_exclude(struct selection *selection, const char *pattern,
				 struct err *err);
MUST_CHECK int selection_include(struct selection *selection, const char *pattern,
				 struct err *err);
/* Reads patterns to exclude, one a line, '#' comments, `!` in front includes again. */
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
 * wins. */
enum selection_verdict selection_test(const struct selection *selection,
				      struct slice path, bool is_dir);

/* The candidate with the smallest edit distance to `word` (at most 1/3 of its length, at
 * least 1, transpositions count once), or NULL: for "did you mean". */
const char *pattern_suggest(const char *word, const char *const candidates[], size_t n);

#endif
