/* SPDX-License-Identifier: Apache-2.0 */
/* Values as a parser would have made them, member by member. */
#ifndef TESTS_SUPPORT_VALUE_BUILD_H
#define TESTS_SUPPORT_VALUE_BUILD_H

#include "format/value_internal.h"

/* Takes the child, which is returned borrowed. */
static inline struct value *value_set(struct value *table, const char *key,
				      struct value *child_take)
{
	struct value *child =
		value_append(table, key, (struct value_span){0}, child_take);

	value_index(table);
	return child;
}

static inline struct value *value_new_string(const char *string)
{
	return value_new_text(slice_of_string(string));
}

#endif
