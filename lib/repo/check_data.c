/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The bytes of the packs that belong to the subset. A pack of ordinary size is read at once; of
 * a larger one ranges are hashed and its blobs read one by one. What can be opened is opened
 * also when the hash is wrong, to tell how much of it is lost.
 */
#include <inttypes.h>

#include "base/mem.h"
#include "repo/check_internal.h"
#include "repo/epoch_keys.h"

enum {
	WHOLE_MAX = 16 * 1024 * 1024,
	RANGE_LEN = 4 * 1024 * 1024,
	QUEUE_LEN = 16,
};

struct data_check {
	struct check *check;
	struct epoch_keys *epochs; /* NULL: nothing is opened */
};

struct data_task {
	struct data_check *data;
	struct inventory_entry entry;
	bool is_sound;
};

/* One pack. */
struct pack_read {
	struct check *check;
	const char *key;
	uint64_t size;
	struct buf whole; /* empty when the pack is too large */
};

static int read_range(struct pack_read *pack, uint64_t offset, size_t len,
		      struct buf *buffer, struct slice *ret_bytes, struct err *err)
{
	if (offset > pack->size || len > pack->size - offset)
		return err_set(err, ERR_CORRUPT, "%s: ends too early", pack->key);
	if (pack->whole.len > 0) {
		*ret_bytes = slice_of(pack->whole.data + offset, len);
		return 0;
	}
	buf_clear(buffer);
	if (store_get_range(pack->check->options.repo->store, pack->key, offset, len,
			    buf_extend(buffer, len), err) < 0)
		return -1;
	*ret_bytes = buf_slice(buffer);
	return 0;
}

static int check_hash(struct pack_read *pack, const uint8_t name[static 32],
		      struct err *err)
{
	CLEANUP(hash_freep) struct hash *hash = hash_new();
	CLEANUP(buf_release) struct buf buffer = {0};
	uint8_t found[HASH_LEN];
	struct slice bytes;

	buf_init(&buffer, 0);
	for (uint64_t at = 0; at < pack->size; at += bytes.len) {
		uint64_t left = pack->size - at;
		size_t len = left < RANGE_LEN ? (size_t)left : RANGE_LEN;

		if (cancel_check(pack->check->options.cancel, err) < 0 ||
		    read_range(pack, at, len, &buffer, &bytes, err) < 0)
			return -1;
		hash_update(hash, bytes);
		progress_add(pack->check->options.progress, 0, len);
	}
	hash_final(hash, found);
	if (memcmp(found, name, HASH_LEN) != 0)
		check_find(pack->check, CHECK_DAMAGE,
			   "%s: its content is not what its name says", pack->key);
	return 0;
}

/* Opens all blobs; each that does not open is a finding. */
static int open_entries(struct pack_read *pack, struct pack_opener *opener,
			const struct vec *entries, uint64_t *n_opened, struct err *err)
{
	const struct reader_key *reader = pack->check->options.reader;
	CLEANUP(hmac_freep) struct hmac *hmac = hmac_new(&reader->dedup.blob_id);
	CLEANUP(zstd_decoder_freep) struct zstd_decoder *decoder = zstd_decoder_new();
	CLEANUP(buf_release) struct buf scratch = {0}, raw = {0}, buffer = {0};
	struct blob_tools tools = {hmac, decoder, &scratch};

	buf_init(&scratch, 0);
	buf_init(&raw, 0);
	buf_init(&buffer, 0);
	for (size_t i = 0; i < entries->n; i++) {
		const struct blob_entry *entry = vec_at(entries, i);
		struct sealed_blob sealed = {.entry = entry, .number = (uint32_t)i};
		struct err why = {0};

		if (cancel_check(pack->check->options.cancel, err) < 0 ||
		    read_range(pack, entry->offset, entry->stored, &buffer, &sealed.bytes,
			       err) < 0)
			return -1;
		if (pack_opener_blob(opener, &sealed, &tools, &raw, &why) < 0)
			check_find(pack->check, CHECK_DAMAGE, "%s: blob %zu: %s",
				   pack->key, i, why.msg);
		else
			(*n_opened)++;
	}
	return 0;
}

static int open_pack(struct pack_read *pack, struct epoch_keys *epochs,
		     uint64_t *n_opened, struct err *err)
{
	const struct check_options *options = &pack->check->options;
	CLEANUP(pack_contents_release) struct pack_contents contents = {0};
	CLEANUP(pack_opener_freep) struct pack_opener *opener = NULL;
	CLEANUP(buf_release) struct buf buffer = {0};
	struct slice header;

	buf_init(&buffer, 0);
	if (pack_directory_load(options->repo, options->keys, pack->key, pack->size,
				&contents, err) < 0)
		return -1;
	if (read_range(pack, 0, PACK_HEADER_LEN, &buffer, &header, err) < 0 ||
	    epoch_keys_open_pack(epochs, header, &opener, err) < 0)
		return err_wrap(err, "%s", pack->key);
	return open_entries(pack, opener, &contents.directory.entries, n_opened, err);
}

static int check_pack_data(struct data_task *task, struct err *err)
{
	struct check *check = task->data->check;
	char key[PACK_KEY_LEN];
	struct pack_read pack = {.check = check, .key = key, .size = task->entry.size};
	uint64_t n_opened = 0;
	int failed = 0;

	pack_key(task->entry.name, key);
	buf_init(&pack.whole, 0);
	if (pack.size > 0 && pack.size <= WHOLE_MAX)
		failed = store_get_range(check->options.repo->store, key, 0,
					 (size_t)pack.size,
					 buf_extend(&pack.whole, (size_t)pack.size), err);
	if (failed == 0)
		failed = check_hash(&pack, task->entry.name, err);
	if (failed == 0 && task->data->epochs != NULL && task->is_sound)
		failed = open_pack(&pack, task->data->epochs, &n_opened, err);
	buf_release(&pack.whole);
	LOCKED(check->mutex);
	check->result.packs_read++;
	check->result.bytes_read += task->entry.size;
	check->result.blobs_opened += n_opened;
	return failed;
}

static void run_task(void *argument, unsigned worker)
{
	struct data_task *task = argument;
	struct check *check = task->data->check;
	struct err why = {0}, err = {0};

	(void)worker;
	if (!check_has_failed(check) && check_pack_data(task, &why) < 0 &&
	    check_judge(check, &why, &err) < 0)
		check_fail(check, &err);
	progress_add(check->options.progress, 1, 0);
	mem_free(task);
}

static int submit_packs(struct data_check *data, struct pool *pool, struct err *err)
{
	struct check *check = data->check;
	struct inventory_walk walk;
	bool end = false;

	if (inventory_start(&walk, check, err) < 0)
		return -1;
	while (!check_has_failed(check)) {
		if (cancel_check(check->options.cancel, err) < 0 ||
		    inventory_next(&walk, &end, err) < 0)
			return -1;
		if (end)
			return 0;
		if (!walk.pack->is_listed ||
		    !check_subset_has(check->options.subset, walk.entry.name))
			continue;
		progress_expect(check->options.progress, 1, walk.entry.size);
		struct data_task *task = mem_zalloc(sizeof(*task));
		*task = (struct data_task){data, walk.entry, walk.pack->is_sound};
		pool_submit(pool, run_task, task);
	}
	return 0;
}

/* Whose repeated epochs and wraps are used: those of the newest snapshot. */
static const struct snapshot_header *newest_header(const struct check *check)
{
	const struct snapshot_header *newest = NULL;

	for (size_t i = 0; i < check->list.headers.n; i++) {
		const struct snapshot_header *header = vec_at(&check->list.headers, i);

		if (!header->expired &&
		    (newest == NULL || header->time_nsec > newest->time_nsec))
			newest = header;
	}
	return newest;
}

int check_data(struct check *check, struct err *err)
{
	const struct check_options *options = &check->options;
	CLEANUP(epoch_keys_freep) struct epoch_keys *epochs = NULL;
	struct data_check data = {.check = check};
	struct pool *pool;
	int failed;

	if (options->reader != NULL)
		epochs = epoch_keys_new(options->repo, options->reader,
					newest_header(check));
	data.epochs = epochs;
	if (pool_new(options->n_threads < 4 ? options->n_threads : 4, QUEUE_LEN, &pool,
		     err) < 0)
		return -1;
	failed = submit_packs(&data, pool, err);
	pool_free(pool);
	if (failed == 0 && check->failed) {
		*err = check->err;
		return -1;
	}
	return failed;
}
