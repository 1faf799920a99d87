/* SPDX-License-Identifier: Apache-2.0 */
#include "base/suggest.h"

#include <string.h>

enum { WORD_MAX = 64, ERRORS_MAX = 3, PREFIX_MIN = 2 };

static unsigned least(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

/* rows[0] is two letters back, rows[1] one, rows[2] is being filled. */
static unsigned distance(const char *a, size_t a_len, const char *b, size_t b_len)
{
	unsigned rows[3][WORD_MAX + 1];

	for (size_t j = 0; j <= b_len; j++)
		rows[2][j] = (unsigned)j;
	for (size_t i = 1; i <= a_len; i++) {
		memcpy(rows[0], rows[1], sizeof(rows[0]));
		memcpy(rows[1], rows[2], sizeof(rows[1]));
		rows[2][0] = (unsigned)i;
		for (size_t j = 1; j <= b_len; j++) {
			unsigned wrong = a[i - 1] != b[j - 1];

			rows[2][j] = least(rows[1][j - 1] + wrong,
					   least(rows[1][j], rows[2][j - 1]) + 1);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] &&
			    a[i - 2] == b[j - 1])
				rows[2][j] = least(rows[2][j], rows[0][j - 2] + 1);
		}
	}
	return rows[2][b_len];
}

static unsigned typing_errors(const char *word, const char *candidate)
{
	size_t word_len = strlen(word), candidate_len = strlen(candidate);

	if (word_len > WORD_MAX || candidate_len > WORD_MAX)
		return ERRORS_MAX + 1;
	if (word_len >= PREFIX_MIN && candidate_len > word_len &&
	    strncmp(word, candidate, word_len) == 0)
		return 1;
	return distance(word, word_len, candidate, candidate_len);
}

const char *suggest_word(const char *word, const char *const candidates[], size_t n)
{
	unsigned best_errors = least(ERRORS_MAX, 1 + (unsigned)strlen(word) / 4) + 1;
	const char *best = NULL;

	for (size_t i = 0; i < n; i++) {
		unsigned errors = typing_errors(word, candidates[i]);

		if (errors < best_errors && errors < strlen(word)) {
			best_errors = errors;
			best = candidates[i];
		}
	}
	return best;
}

const char *suggest_string(const char *word, const struct strings *candidates)
{
	CLEANUP(vec_release) struct vec words;

	vec_init(&words, sizeof(const char *));
	for (size_t i = 0; i < strings_count(candidates); i++) {
		const char *candidate = strings_at(candidates, i);

		vec_push(&words, &candidate);
	}
	return suggest_word(word, words.data, words.n);
}
