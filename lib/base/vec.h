/* SPDX-License-Identifier: Apache-2.0 */
/* A growing array of equal elements, by value. Pointers into it die with the next push. */
#ifndef BASE_VEC_H
#define BASE_VEC_H

#include <stddef.h>

#include "base/attr.h"

struct vec {
	void *data;
	size_t n;
	size_t capacity;
	size_t elem_len;
};

void vec_init(struct vec *vec, size_t elem_len);
void vec_release(struct vec *vec); /* frees the array, not what elements point to */
void vec_clear(struct vec *vec);
void *vec_push(struct vec *vec,
	       const void *elem); /* copies; NULL pushes zeroes; returns it */
void *vec_at(const struct vec *vec, size_t i); /* asserts i < n */
void *vec_last(const struct vec *vec);	       /* NULL when empty */
void vec_pop(struct vec *vec);		       /* asserts n > 0 */
void vec_remove(struct vec *vec, size_t i);    /* keeps the order */
void vec_sort(struct vec *vec, int (*compare)(const void *, const void *));

/* A list of owned strings; vec of char *. */
struct strings {
	struct vec vec;
};
void strings_init(struct strings *s);
void strings_release(struct strings *s); /* frees the strings too */
void strings_add(struct strings *s, const char *string);
size_t strings_count(const struct strings *s);
const char *strings_at(const struct strings *s, size_t i);
void strings_sort(struct strings *s); /* bytewise */

#endif
