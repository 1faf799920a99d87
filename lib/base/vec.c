/* SPDX-License-Identifier: Apache-2.0 */
#include "base/vec.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

enum { FIRST_CAPACITY = 8 };

void vec_init(struct vec *vec, size_t elem_len)
{
	assert(elem_len > 0);
	*vec = (struct vec){.elem_len = elem_len};
}

void vec_release(struct vec *vec)
{
	mem_free(vec->data);
	*vec = (struct vec){.elem_len = vec->elem_len};
}

void vec_clear(struct vec *vec)
{
	vec->n = 0;
}

static void *address_of(const struct vec *vec, size_t i)
{
	return (char *)vec->data + i * vec->elem_len;
}

void *vec_push(struct vec *vec, const void *elem)
{
	assert(vec->elem_len > 0);
	if (vec->n == vec->capacity) {
		size_t capacity = vec->n == 0 ? FIRST_CAPACITY : vec->n + vec->n / 2;

		vec->data = mem_realloc(vec->data, capacity, vec->elem_len);
		vec->capacity = capacity;
	}

	void *added = address_of(vec, vec->n++);
	if (elem == NULL)
		memset(added, 0, vec->elem_len);
	else
		memcpy(added, elem, vec->elem_len);
	return added;
}

void *vec_at(const struct vec *vec, size_t i)
{
	assert(i < vec->n);
	return address_of(vec, i);
}

void *vec_last(const struct vec *vec)
{
	return vec->n == 0 ? NULL : address_of(vec, vec->n - 1);
}

void vec_pop(struct vec *vec)
{
	assert(vec->n > 0);
	vec->n--;
}

void vec_remove(struct vec *vec, size_t i)
{
	assert(i < vec->n);
	vec->n--;
	if (i < vec->n)
		memmove(address_of(vec, i), address_of(vec, i + 1),
			(vec->n - i) * vec->elem_len);
}

void vec_sort(struct vec *vec, int (*compare)(const void *, const void *))
{
	if (vec->n > 1)
		qsort(vec->data, vec->n, vec->elem_len, compare);
}

void strings_init(struct strings *s)
{
	vec_init(&s->vec, sizeof(char *));
}

void strings_release(struct strings *s)
{
	for (size_t i = 0; i < s->vec.n; i++)
		mem_freep(vec_at(&s->vec, i));
	vec_release(&s->vec);
}

void strings_add(struct strings *s, const char *string)
{
	char *copy = mem_strdup(string);

	assert(copy != NULL);
	if (s->vec.elem_len == 0) /* a list in a zeroed struct works without init */
		strings_init(s);
	vec_push(&s->vec, &copy);
}

size_t strings_count(const struct strings *s)
{
	return s->vec.n;
}

const char *strings_at(const struct strings *s, size_t i)
{
	return *(char *const *)vec_at(&s->vec, i);
}

static int compare_strings(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

void strings_sort(struct strings *s)
{
	vec_sort(&s->vec, compare_strings);
}
