/* SPDX-License-Identifier: Apache-2.0 */
/* Compiler attributes and the few macros that the house allows (style rule 36). */
#ifndef BASE_ATTR_H
#define BASE_ATTR_H

#include <string.h>

#include "base/banned.h"

/* The result of a fallible function may not be dropped. */
#define MUST_CHECK __attribute__((warn_unused_result))

/* The format string is argument `fmt`, its values start at argument `first`; 1-based. */
#define PRINTF_LIKE(fmt, first) __attribute__((format(printf, fmt, first)))

/* Runs `fn(&variable)` when the variable leaves its scope. */
#define CLEANUP(fn) __attribute__((cleanup(fn)))

#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))

/*
 * Takes the pointer out of a CLEANUP variable and leaves NULL behind. memcpy() keeps
 * it legal under strict aliasing for every pointer type.
 */
static inline void *steal_pointer(void *pointer_to_pointer)
{
	void *taken;
	void *null = NULL;

	memcpy(&taken, pointer_to_pointer, sizeof(taken));
	memcpy(pointer_to_pointer, &null, sizeof(null));
	return taken;
}
#define STEAL(pointer) ((__typeof__(pointer))steal_pointer(&(pointer)))

#endif
