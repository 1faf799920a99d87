/* SPDX-License-Identifier: Apache-2.0 */
/* What is common to all drivers: the grammar of keys, the counters, the schemes of URLs. */
#include "store/store.h"

#include <stdatomic.h>
#include <string.h>

#include "base/mem.h"
#include "base/quote.h"
#include "net/url.h"
#include "store/store_driver.h"
#include "store/store_file.h"

struct store {
	const struct store_driver *driver;
	void *state;
	char *url;
	atomic_uint_fast64_t n_put, n_get, n_head, n_list, n_delete, bytes_put, bytes_got;
};

struct store *store_new(const struct store_driver *driver, void *state, const char *url)
{
	struct store *store = mem_zalloc(sizeof(*store));

	store->driver = driver;
	store->state = state;
	store->url = mem_strdup(url);
	return store;
}

void store_free(struct store *store)
{
	if (store == NULL)
		return;
	store->driver->close(store->state);
	mem_free(store->url);
	mem_free(store);
}

void store_freep(struct store **store)
{
	store_free(*store);
}

int store_open(const char *url_text, bool create, struct rng *rng,
	       struct store **ret_store, struct err *err)
{
	struct url url;

	if (url_parse(url_text, &url, err) < 0)
		return -1;
	int result;
	if (strcmp(url.scheme, "file") == 0) {
		result = store_file_open(url.path, url_text, create, rng, ret_store, err);
	} else {
		(void)err_set(err, ERR_USAGE, "%s:// stores are not supported yet",
			      url.scheme);
		result = err_hint(err, "supported: file:///PATH");
	}
	url_release(&url);
	return result;
}

const char *store_url(const struct store *store)
{
	return store->url;
}

struct store_features store_features(const struct store *store)
{
	return store->driver->features(store->state);
}

static bool is_key_byte(char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
	       (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';
}

static bool is_dots(const char *segment, size_t len)
{
	return (len == 1 && segment[0] == '.') ||
	       (len == 2 && segment[0] == '.' && segment[1] == '.');
}

bool store_key_valid(const char *key)
{
	size_t len = strlen(key);
	size_t start = 0;

	if (len == 0 || len > STORE_KEY_MAX)
		return false;
	for (size_t i = 0; i <= len; i++) {
		if (i < len && key[i] != '/') {
			if (!is_key_byte(key[i]))
				return false;
			continue;
		}
		if (i == start || is_dots(key + start, i - start))
			return false;
		start = i + 1;
	}
	return true;
}

static int check_key(const char *key, struct err *err)
{
	char shown[QUOTE_TEXT_MAX];

	if (store_key_valid(key))
		return 0;
	return err_set(err, ERR_BUG, "%s is not an object key", quote_string(key, shown));
}

int store_put(struct store *store, const char *key, struct slice bytes,
	      const struct store_put_options *options, struct err *err)
{
	if (check_key(key, err) < 0)
		return -1;
	if (bytes.len > STORE_OBJECT_MAX)
		return err_set(err, ERR_LIMIT,
			       "%s: %zu bytes are more than an object holds", key,
			       bytes.len);
	if (options->lock_until_nsec != 0 && !store_features(store).locks)
		return err_set(err, ERR_UNSUPPORTED, "%s: %s has no object locks", key,
			       store->url);
	atomic_fetch_add(&store->n_put, 1);
	if (store->driver->put(store->state, key, bytes, options, err) < 0)
		return -1;
	atomic_fetch_add(&store->bytes_put, bytes.len);
	return 0;
}

int store_get_range(struct store *store, const char *key, uint64_t offset, size_t len,
		    uint8_t *to, struct err *err)
{
	if (check_key(key, err) < 0)
		return -1;
	atomic_fetch_add(&store->n_get, 1);
	if (store->driver->get_range(store->state, key, offset, len, to, err) < 0)
		return -1;
	atomic_fetch_add(&store->bytes_got, len);
	return 0;
}

static int get_any(struct store *store, const char *key, const char *version, size_t max,
		   struct buf *ret_bytes, struct err *err)
{
	if (check_key(key, err) < 0)
		return -1;
	atomic_fetch_add(&store->n_get, 1);
	if (store->driver->get(store->state, key, version, max, ret_bytes, err) < 0)
		return -1;
	atomic_fetch_add(&store->bytes_got, ret_bytes->len);
	return 0;
}

int store_get(struct store *store, const char *key, size_t max, struct buf *ret_bytes,
	      struct err *err)
{
	return get_any(store, key, "", max, ret_bytes, err);
}

int store_get_version(struct store *store, const char *key, const char *version,
		      size_t max, struct buf *ret_bytes, struct err *err)
{
	return get_any(store, key, version, max, ret_bytes, err);
}

int store_head(struct store *store, const char *key, struct store_info *ret_info,
	       struct err *err)
{
	if (check_key(key, err) < 0)
		return -1;
	atomic_fetch_add(&store->n_head, 1);
	return store->driver->head(store->state, key, ret_info, err);
}

int store_list(struct store *store, const char *prefix, store_each_fn *each, void *arg,
	       uint64_t *ret_foreign, struct err *err)
{
	uint64_t foreign = 0;

	atomic_fetch_add(&store->n_list, 1);
	int result = store->driver->list(store->state, prefix, each, arg, &foreign, err);
	if (ret_foreign != NULL)
		*ret_foreign = foreign;
	return result;
}

int store_versions(struct store *store, const char *key, store_each_fn *each, void *arg,
		   struct err *err)
{
	if (check_key(key, err) < 0)
		return -1;
	atomic_fetch_add(&store->n_list, 1);
	return store->driver->versions(store->state, key, each, arg, err);
}

int store_delete(struct store *store, const char *key, const char *version,
		 struct err *err)
{
	if (check_key(key, err) < 0)
		return -1;
	atomic_fetch_add(&store->n_delete, 1);
	return store->driver->remove(store->state, key, version, err);
}

struct store_counters store_counters(const struct store *store)
{
	return (struct store_counters){
		.n_put = atomic_load(&store->n_put),
		.n_get = atomic_load(&store->n_get),
		.n_head = atomic_load(&store->n_head),
		.n_list = atomic_load(&store->n_list),
		.n_delete = atomic_load(&store->n_delete),
		.bytes_put = atomic_load(&store->bytes_put),
		.bytes_got = atomic_load(&store->bytes_got),
	};
}
