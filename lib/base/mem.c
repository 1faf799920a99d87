/* SPDX-License-Identifier: Apache-2.0 */
#include "base/mem.h"

#include <stdarg.h>
#include <string.h>

/* malloc(0) may be NULL, hence never ask for less than one byte. */
static size_t at_least_one(size_t len)
{
	return len == 0 ? 1 : len;
}

void *mem_alloc(size_t len)
{
	void *p = malloc(at_least_one(len));

	if (p == NULL)
		abort();
	return p;
}

void *mem_zalloc(size_t len)
{
	return mem_calloc(1, len);
}

void *mem_calloc(size_t n, size_t elem_len)
{
	void *p = calloc(at_least_one(n), at_least_one(elem_len));

	if (p == NULL)
		abort();
	return p;
}

void *mem_realloc(void *p, size_t n, size_t elem_len)
{
	size_t len;

	if (__builtin_mul_overflow(n, elem_len, &len))
		abort();
	p = realloc(p, at_least_one(len));
	if (p == NULL)
		abort();
	return p;
}

char *mem_strdup(const char *string)
{
	return string == NULL ? NULL : mem_dup(string, strlen(string) + 1);
}

char *mem_strndup(const char *string, size_t len)
{
	if (string == NULL)
		return NULL;

	size_t copied = strnlen(string, len);
	char *copy = mem_alloc(copied + 1);

	memcpy(copy, string, copied);
	copy[copied] = '\0';
	return copy;
}

void *mem_dup(const void *data, size_t len)
{
	void *copy = mem_alloc(len);

	if (len > 0)
		memcpy(copy, data, len);
	return copy;
}

char *mem_printf(const char *format, ...)
{
	char *text;
	va_list ap;

	va_start(ap, format);
	if (vasprintf(&text, format, ap) < 0)
		abort();
	va_end(ap);
	return text;
}

void mem_free(void *p)
{
	free(p);
}

void mem_freep(void *pointer_to_pointer)
{
	free(steal_pointer(pointer_to_pointer));
}

void mem_few_arenas(void)
{
#ifdef M_ARENA_MAX
	(void)mallopt(M_ARENA_MAX, 2); /* more memory is all that failing costs */
#endif
}
