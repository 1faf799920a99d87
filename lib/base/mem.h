/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Heap memory. Out-of-memory aborts (docs/adr/0002); a size that comes from input must have
 * passed a named limit before it gets here.
 */
#ifndef BASE_MEM_H
#define BASE_MEM_H

#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"

/* Never NULL, also for 0 bytes. mem_zalloc() and mem_calloc() return zeroed memory. */
void *mem_alloc(size_t len) __attribute__((malloc, returns_nonnull));
void *mem_zalloc(size_t len) __attribute__((malloc, returns_nonnull));
void *mem_calloc(size_t n, size_t elem_len) __attribute__((returns_nonnull));

/* Aborts on n * elem_len overflow as well. */
void *mem_realloc(void *p, size_t n, size_t elem_len) __attribute__((returns_nonnull));

/* Copies; a NULL string gives NULL. */
char *mem_strdup(const char *string);
char *mem_strndup(const char *string, size_t len);
void *mem_dup(const void *data, size_t len) __attribute__((returns_nonnull));

/* A new string made by printf rules. */
char *mem_printf(const char *format, ...) PRINTF_LIKE(1, 2)
	__attribute__((returns_nonnull));

void mem_free(void *p);

/* For CLEANUP(mem_freep): frees what the pointer variable of any type points to. */
void mem_freep(void *pointer_to_pointer);

/* glibc gives each thread an arena of its own, which keeps what its long buffers needed: with many
 * threads a multiple of the memory that is in use. Two do for programs whose threads allocate
 * seldom. Before any thread exists. */
void mem_few_arenas(void);

#endif
