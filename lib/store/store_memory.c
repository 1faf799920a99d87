/* SPDX-License-Identifier: Apache-2.0 */
/* Objects in a sorted array under one mutex: for tests and dry runs. */
#include <string.h>

#include "base/mem.h"
#include "base/pool.h"
#include "base/vec.h"
#include "store/store_driver.h"

struct object {
	char *key;
	uint8_t *data;
	size_t len;
	int64_t modified_nsec;
};

struct memory {
	struct mutex *mutex;
	struct vec objects; /* of struct object, ascending by key */
	const struct clock *clock;
};

/* The first object whose key is not below `key`. */
static size_t lower_bound(const struct memory *memory, const char *key)
{
	size_t low = 0;
	size_t high = memory->objects.n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct object *object = vec_at(&memory->objects, middle);

		if (strcmp(object->key, key) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static struct object *find(const struct memory *memory, const char *key)
{
	size_t i = lower_bound(memory, key);
	struct object *object =
		i < memory->objects.n ? vec_at(&memory->objects, i) : NULL;

	return object != NULL && strcmp(object->key, key) == 0 ? object : NULL;
}

static int absent(const char *key, struct err *err)
{
	return err_set(err, ERR_NOT_FOUND, "%s: no such object", key);
}

static void insert(struct memory *memory, const char *key, struct slice bytes)
{
	size_t at = lower_bound(memory, key);
	struct object *all;

	vec_push(&memory->objects, NULL);
	all = memory->objects.data;
	memmove(all + at + 1, all + at, (memory->objects.n - 1 - at) * sizeof(*all));
	all[at] =
		(struct object){.key = mem_strdup(key),
				.data = mem_dup(bytes.data, bytes.len),
				.len = bytes.len,
				.modified_nsec = memory->clock->now_nsec(memory->clock)};
}

static int memory_put(void *state, const char *key, struct slice bytes,
		      const struct store_put_options *options, struct err *err)
{
	struct memory *memory = state;
	LOCKED(memory->mutex);
	struct object *object = find(memory, key);

	if (object != NULL && options->mode == STORE_PUT_NEW)
		return err_set(err, ERR_EXISTS, "%s exists already", key);
	if (object == NULL) {
		insert(memory, key, bytes);
		return 0;
	}
	mem_free(object->data);
	object->data = mem_dup(bytes.data, bytes.len);
	object->len = bytes.len;
	object->modified_nsec = memory->clock->now_nsec(memory->clock);
	return 0;
}

static int memory_get_range(void *state, const char *key, uint64_t offset, size_t len,
			    uint8_t *to, struct err *err)
{
	struct memory *memory = state;
	LOCKED(memory->mutex);
	const struct object *object = find(memory, key);

	if (object == NULL)
		return absent(key, err);
	if (offset > object->len || object->len - offset < len)
		return err_set(err, ERR_CORRUPT, "%s: ends after %zu bytes", key,
			       object->len);
	memcpy(to, object->data + offset, len);
	return 0;
}

static int memory_get(void *state, const char *key, const char *version, size_t max,
		      struct buf *ret_bytes, struct err *err)
{
	struct memory *memory = state;
	LOCKED(memory->mutex);
	const struct object *object = find(memory, key);

	if (object == NULL || version[0] != '\0')
		return absent(key, err);
	if (object->len > max)
		return err_set(err, ERR_LIMIT, "%s: %zu bytes, expected at most %zu", key,
			       object->len, max);
	buf_clear(ret_bytes);
	buf_append(ret_bytes, object->data, object->len);
	return 0;
}

static struct store_info info_of(const struct object *object)
{
	return (struct store_info){.size = object->len,
				   .modified_nsec = object->modified_nsec,
				   .is_latest = true};
}

static int memory_head(void *state, const char *key, struct store_info *ret_info,
		       struct err *err)
{
	struct memory *memory = state;
	LOCKED(memory->mutex);
	const struct object *object = find(memory, key);

	if (object == NULL)
		return absent(key, err);
	*ret_info = info_of(object);
	return 0;
}

/* Copies the next key at or above `from`, so that `each` runs without the lock. */
static char *next_key(struct memory *memory, const char *from, const char *prefix,
		      struct store_info *ret_info)
{
	LOCKED(memory->mutex);
	size_t i = lower_bound(memory, from);

	if (i >= memory->objects.n)
		return NULL;
	const struct object *object = vec_at(&memory->objects, i);
	if (strncmp(object->key, prefix, strlen(prefix)) != 0)
		return NULL;
	*ret_info = info_of(object);
	return mem_strdup(object->key);
}

static int memory_list(void *state, const char *prefix, store_each_fn *each, void *arg,
		       uint64_t *ret_foreign, struct err *err)
{
	CLEANUP(mem_freep) char *from = mem_strdup(prefix);

	*ret_foreign = 0;
	for (;;) {
		struct store_info info;
		CLEANUP(mem_freep) char *key = next_key(state, from, prefix, &info);

		if (key == NULL)
			return 0;
		int result = each(arg, key, &info, err);
		if (result != 0)
			return result;
		mem_free(from);
		from = mem_printf("%s\x01", key); /* the least key above this one */
	}
}

static int memory_versions(void *state, const char *key, store_each_fn *each, void *arg,
			   struct err *err)
{
	struct store_info info;

	if (memory_head(state, key, &info, err) < 0)
		return -1;
	return each(arg, key, &info, err);
}

static int memory_remove(void *state, const char *key, const char *version,
			 struct err *err)
{
	struct memory *memory = state;
	LOCKED(memory->mutex);
	size_t i = lower_bound(memory, key);

	(void)err;
	(void)version;
	if (find(memory, key) == NULL)
		return 0;
	struct object *object = vec_at(&memory->objects, i);
	mem_free(object->key);
	mem_free(object->data);
	vec_remove(&memory->objects, i);
	return 0;
}

static struct store_features memory_features(const void *state)
{
	(void)state;
	return (struct store_features){.conditional_put = true};
}

static void memory_close(void *state)
{
	struct memory *memory = state;

	for (size_t i = 0; i < memory->objects.n; i++) {
		struct object *object = vec_at(&memory->objects, i);

		mem_free(object->key);
		mem_free(object->data);
	}
	vec_release(&memory->objects);
	mutex_free(memory->mutex);
	mem_free(memory);
}

struct store *store_memory_new(const struct clock *clock)
{
	static const struct store_driver driver = {
		.name = "memory",
		.put = memory_put,
		.get_range = memory_get_range,
		.get = memory_get,
		.head = memory_head,
		.list = memory_list,
		.versions = memory_versions,
		.remove = memory_remove,
		.features = memory_features,
		.close = memory_close,
	};
	struct memory *memory = mem_zalloc(sizeof(*memory));

	memory->mutex = mutex_new();
	memory->clock = clock;
	vec_init(&memory->objects, sizeof(struct object));
	return store_new(&driver, memory, "memory:");
}
