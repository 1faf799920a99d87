/* SPDX-License-Identifier: Apache-2.0 */
/*
 * "Did you mean": the smallest number of typing errors (a letter too many, missing, wrong, or two
 * swapped; optimal string alignment) that turns one word into the other. A suggestion must be
 * close, or it confuses more than it helps: one error in every four letters, three at most. The
 * start of a word counts as close too ("comp" for "compression").
 */
#ifndef BASE_SUGGEST_H
#define BASE_SUGGEST_H

#include "base/vec.h"

/* The candidate that a typing error may have made `word` of, of equally close ones the first, or
 * NULL. Borrowed. */
const char *suggest_word(const char *word, const char *const candidates[], size_t n);
const char *suggest_string(const char *word, const struct strings *candidates);

#endif
