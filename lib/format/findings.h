/* SPDX-License-Identifier: Apache-2.0 */
/* All that is wrong with a document, collected in one pass instead of one error at a time. */
#ifndef FORMAT_FINDINGS_H
#define FORMAT_FINDINGS_H

#include <stddef.h>

#include "base/err.h"
#include "base/vec.h"
#include "format/value.h"

struct finding {
	struct value_span span;
	char *top;  /* the document's key below which it lies; NULL: at the root itself */
	char *text; /* "FILE:LINE:COL: path: message" */
	char *hint; /* advice, or NULL */
};

enum { FINDINGS_MAX = 100 }; /* more are counted, not kept */

struct findings {
	struct vec list; /* of struct finding, in the order in which they were found */
	size_t n_dropped;
};

void findings_init(struct findings *findings);
void findings_release(struct findings *findings);
size_t findings_count(const struct findings *findings); /* of those kept */
const struct finding *findings_at(const struct findings *findings, size_t i);

/* `hint` may be NULL. Text of the document in a message is quoted by the caller. */
void findings_add(struct findings *findings, const struct value *at, const char *hint,
		  const char *format, ...) PRINTF_LIKE(4, 5);
/* The same at the i-th key of a table. */
void findings_add_at_key(struct findings *findings, const struct value *table, size_t i,
			 const char *hint, const char *format, ...) PRINTF_LIKE(5, 6);

/* Moves those at or below a key of the document's top to another list. Of those that
 * were dropped nobody knows where they lie: they stay counted where they are. */
void findings_move(struct findings *from, const char *top, struct findings *to);

/* Sorts by line and column: what was found first in the document comes first. */
void findings_sort(struct findings *findings);

/* 0 without findings; else ERR_USAGE with the first one's text and hint, and how many more
 * there are: "f.toml:3:1: job.strem: unknown key (and 2 more findings)". */
MUST_CHECK int findings_check(const struct findings *findings, struct err *err);

#endif
