/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a driver implements. To add one: store_NAME.c with a `const struct store_driver` and a
 * constructor; a scheme in store_open(); tests/unit/store/test_store.c runs every driver
 * through the same cases. store.c has checked keys and counted the call.
 */
#ifndef STORE_STORE_DRIVER_H
#define STORE_STORE_DRIVER_H

#include "store/store.h"

struct store_driver {
	const char *name;
	int (*put)(void *state, const char *key, struct slice bytes,
		   const struct store_put_options *options, struct err *err);
	int (*get_range)(void *state, const char *key, uint64_t offset, size_t len,
			 uint8_t *to, struct err *err);
	int (*get)(void *state, const char *key, const char *version, size_t max,
		   struct buf *ret_bytes, struct err *err);
	int (*head)(void *state, const char *key, struct store_info *ret_info,
		    struct err *err);
	int (*list)(void *state, const char *prefix, store_each_fn *each, void *arg,
		    uint64_t *ret_foreign, struct err *err);
	int (*versions)(void *state, const char *key, store_each_fn *each, void *arg,
			struct err *err);
	int (*remove)(void *state, const char *key, const char *version, struct err *err);
	struct store_features (*features)(const void *state);
	void (*close)(void *state);
};

/* The grammar of store.h; a listing skips names that break it. */
bool store_key_valid(const char *key);

/* Wraps driver state (taken over) into a store. `url` is copied. */
struct store *store_new(const struct store_driver *driver, void *state, const char *url);

#endif
