/* SPDX-License-Identifier: Apache-2.0 */
/* A view of a store whose n-th call and all later ones fail, as if the machine had died
 * before it. The inner store is borrowed. Include after cmocka.h. */
#ifndef TESTS_SUPPORT_STORE_CUT_H
#define TESTS_SUPPORT_STORE_CUT_H

#include "base/mem.h"
#include "store/store_driver.h"

struct store_cut {
	struct store *inner;
	unsigned calls_left;
};

static inline int store_cut_call(void *state, struct err *err)
{
	struct store_cut *cut = state;

	if (cut->calls_left == 0)
		return err_set(err, ERR_IO, "the store is cut off");
	cut->calls_left--;
	return 0;
}

static inline int store_cut_put(void *state, const char *key, struct slice bytes,
				const struct store_put_options *options, struct err *err)
{
	struct store_cut *cut = state;

	return store_cut_call(state, err) < 0
		       ? -1
		       : store_put(cut->inner, key, bytes, options, err);
}

static inline int store_cut_get_range(void *state, const char *key, uint64_t offset,
				      size_t len, uint8_t *to, struct err *err)
{
	struct store_cut *cut = state;

	return store_cut_call(state, err) < 0
		       ? -1
		       : store_get_range(cut->inner, key, offset, len, to, err);
}

static inline int store_cut_get(void *state, const char *key, const char *version,
				size_t max, struct buf *ret_bytes, struct err *err)
{
	struct store_cut *cut = state;

	(void)version;
	return store_cut_call(state, err) < 0
		       ? -1
		       : store_get(cut->inner, key, max, ret_bytes, err);
}

static inline int store_cut_head(void *state, const char *key,
				 struct store_info *ret_info, struct err *err)
{
	struct store_cut *cut = state;

	return store_cut_call(state, err) < 0
		       ? -1
		       : store_head(cut->inner, key, ret_info, err);
}

static inline int store_cut_list(void *state, const char *prefix, store_each_fn *each,
				 void *arg, uint64_t *ret_foreign, struct err *err)
{
	struct store_cut *cut = state;

	return store_cut_call(state, err) < 0
		       ? -1
		       : store_list(cut->inner, prefix, each, arg, ret_foreign, err);
}

static inline int store_cut_versions(void *state, const char *key, store_each_fn *each,
				     void *arg, struct err *err)
{
	struct store_cut *cut = state;

	return store_cut_call(state, err) < 0
		       ? -1
		       : store_versions(cut->inner, key, each, arg, err);
}

static inline int store_cut_remove(void *state, const char *key, const char *version,
				   struct err *err)
{
	struct store_cut *cut = state;

	return store_cut_call(state, err) < 0
		       ? -1
		       : store_delete(cut->inner, key, version, err);
}

static inline struct store_features store_cut_features(const void *state)
{
	const struct store_cut *cut = state;

	return store_features(cut->inner);
}

static inline void store_cut_close(void *state)
{
	mem_free(state);
}

static inline struct store *store_cut_new(struct store *inner, unsigned n_calls)
{
	static const struct store_driver driver = {
		.name = "cut",
		.put = store_cut_put,
		.get_range = store_cut_get_range,
		.get = store_cut_get,
		.head = store_cut_head,
		.list = store_cut_list,
		.versions = store_cut_versions,
		.remove = store_cut_remove,
		.features = store_cut_features,
		.close = store_cut_close,
	};
	struct store_cut *cut = mem_zalloc(sizeof(*cut));

	cut->inner = inner;
	cut->calls_left = n_calls;
	return store_new(&driver, cut, store_url(inner));
}

#endif
