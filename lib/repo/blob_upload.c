/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From a full pack to the store, and only then to the index: what the index names is durable.
 * Fragments follow every few packs or seconds, so that a killed run loses little more than
 * what was in flight.
 */
#include "repo/blob_writer_internal.h"

#include "base/mem.h"
#include "repo/pack_reader.h"

enum {
	FLUSH_PACKS = 16,
	FLUSH_SECONDS = 10,
};

struct pack_builder_options pack_options(const struct blob_writer *writer)
{
	return (struct pack_builder_options){
		.identity = &writer->options.repo->identity,
		.key = writer->options.key,
		.domain = writer->options.domain,
		.epoch = writer->epoch,
		.rng = writer->options.rng,
	};
}

static int put_pack(struct blob_writer *writer, struct slice bytes,
		    const struct pack_info *info, struct err *err)
{
	char key[PACK_KEY_LEN];
	struct store_put_options options = {.mode = STORE_PUT_NEW, .sha256 = info->name};

	if (writer->options.dry_run)
		return 0;
	pack_key(info->name, key);
	return store_put(writer->options.repo->store, key, bytes, &options, err);
}

static void forget_pending(struct blob_writer *writer, const struct vec *entries)
{
	LOCKED(writer->table_mutex);

	for (size_t i = 0; i < entries->n; i++) {
		const struct blob_entry *entry = vec_at(entries, i);

		(void)map_remove(writer->pending, slice_of(entry->id.bytes, BLOB_ID_LEN));
	}
}

static bool time_to_flush(struct blob_writer *writer)
{
	const struct clock *clock = writer->options.clock;
	uint64_t now = clock->monotonic_nsec(clock);

	if (writer->options.dry_run)
		return false;
	if (++writer->packs_since_flush < FLUSH_PACKS &&
	    now - writer->last_flush_nsec < (uint64_t)FLUSH_SECONDS * 1000000000)
		return false;
	writer->packs_since_flush = 0;
	writer->last_flush_nsec = now;
	return true;
}

static int flush_sometimes(struct blob_writer *writer, struct err *err)
{
	LOCKED(writer->flush_mutex);

	if (!time_to_flush(writer))
		return 0;
	return index_flush(writer->options.index, writer->options.repo,
			   writer->options.key, err);
}

static int upload(struct blob_writer *writer, struct pack_builder *builder,
		  struct err *err)
{
	const struct vec *entries = pack_builder_entries(builder);
	struct pack_info info;
	struct slice bytes;
	uint32_t pack;

	if (writer_check(writer, err) < 0)
		return -1;
	pack_builder_finish(builder, &bytes, &info);
	if (put_pack(writer, bytes, &info, err) < 0 ||
	    index_add_pack(writer->options.index, &info, entries->data, entries->n, &pack,
			   err) < 0)
		return -1;
	mark_used(writer, pack);
	forget_pending(writer, entries);
	atomic_fetch_add(&writer->n_packs, 1);
	return flush_sometimes(writer, err);
}

struct upload_task {
	struct blob_writer *writer;
	struct pack_builder *builder;
	enum pack_kind kind;
};

static void run_upload(void *arg, unsigned thread)
{
	struct upload_task *task = arg;
	struct blob_writer *writer = task->writer;
	struct err err = {0};

	(void)thread;
	if (upload(writer, task->builder, &err) < 0)
		writer_fail(writer, &err);
	mutex_lock(writer->pack_mutex);
	vec_push(&writer->free_builders[task->kind], &task->builder);
	mutex_unlock(writer->pack_mutex);
	mem_free(task);
	writer_wake(writer);
}

void pack_upload(struct blob_writer *writer, struct pack_builder *builder,
		 enum pack_kind kind)
{
	struct upload_task *task = mem_zalloc(sizeof(*task));

	*task = (struct upload_task){.writer = writer, .builder = builder, .kind = kind};
	pool_submit(writer->uploaders, run_upload, task); /* its queue has room for all */
}
