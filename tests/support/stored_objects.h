/* SPDX-License-Identifier: Apache-2.0 */
/* What lies in a store, by key. Include after cmocka.h. */
#ifndef TESTS_SUPPORT_STORED_OBJECTS_H
#define TESTS_SUPPORT_STORED_OBJECTS_H

#include "store/store.h"

static inline int objects_note_key(void *arg, const char *key,
				   const struct store_info *info, struct err *err)
{
	(void)info;
	(void)err;
	strings_add(arg, key);
	return 0;
}

static inline void objects_list(struct store *store, const char *prefix,
				struct strings *ret_keys)
{
	struct err err = {0};

	strings_init(ret_keys);
	if (store_list(store, prefix, objects_note_key, ret_keys, NULL, &err) < 0)
		fail_msg("%s", err.msg);
}

static inline void object_delete(struct store *store, const char *key)
{
	struct err err = {0};

	assert_int_equal(store_delete(store, key, "", &err), 0);
}

/* At least one is there. */
static inline void objects_delete(struct store *store, const char *prefix)
{
	CLEANUP(strings_release) struct strings keys;

	objects_list(store, prefix, &keys);
	assert_true(strings_count(&keys) > 0);
	for (size_t i = 0; i < strings_count(&keys); i++)
		object_delete(store, strings_at(&keys, i));
}

#endif
