/* SPDX-License-Identifier: Apache-2.0 */
/* A snapshot of a random tree in a memory store, open for reading, and ways to damage what is
 * stored. Include after cmocka.h. */
#ifndef TESTS_SUPPORT_STORED_SNAPSHOT_H
#define TESTS_SUPPORT_STORED_SNAPSHOT_H

#include "repo/blob_reader.h"
#include "repo/body_reader.h"
#include "support/random_source.h"
#include "support/record_sink.h"
#include "support/snapshot_run.h"
#include "support/stored_objects.h"

struct stored_snapshot {
	struct snapshot_fixture *f;
	struct snapshot_list list;
	struct snapshot_header header; /* a flat copy out of the list */
	struct snapshot_body body;
	struct snapshot_run run; /* its index only */
	struct blob_reader *blobs;
	struct cancel cancel;
};

typedef int stored_source_fn(struct tree_sink *sink, struct err *err);

static inline void stored_back_up(struct snapshot_fixture *f, stored_source_fn *source)
{
	CLEANUP(snapshot_run_release) struct snapshot_run run = {0};
	CLEANUP(snapshot_result_release) struct snapshot_result result = {0};
	struct err err = {0};

	mem_free(f->cache_directory);
	f->cache_directory = NULL;
	snapshot_run_begin(f, &run);
	if (source(snapshot_writer_sink(run.writer), &err) < 0 ||
	    snapshot_writer_finish(run.writer, &result, &err) < 0)
		fail_msg("%s", err.msg);
}

static inline int stored_open_body(struct stored_snapshot *s, struct err *err)
{
	const struct reader_key *key = key_reader(s->f->r.recovery);
	CLEANUP(epoch_keys_freep)
	struct epoch_keys *epochs = epoch_keys_new(s->f->r.repo, key, &s->header);

	return body_read(s->f->r.repo, key, epochs, &s->header, &s->body, err);
}

/* Opens the blob reader (again), with the header as it is now. */
static inline int stored_open_blobs(struct stored_snapshot *s, struct err *err)
{
	struct blob_reader_options options = {
		.repo = s->f->r.repo,
		.key = key_reader(s->f->r.recovery),
		.index = s->run.index,
		.header = &s->header,
		.n_threads = 2,
		.log = &s->f->log,
		.cancel = &s->cancel,
	};

	blob_reader_free(STEAL(s->blobs));
	return blob_reader_new(&options, &s->blobs, err);
}

/* As restores open it: the fragments of all writers count. */
static inline void stored_open_index(struct snapshot_fixture *f, struct index **ret_index)
{
	const struct index_options options = {
		.keys = key_dedup(f->r.recovery),
		.identity = &f->r.repo->identity,
		.domain = "hosts",
		.rng = &f->rng,
		.log = &f->log,
	};
	struct err err = {0};

	if (index_open(&options, ret_index, &err) < 0 ||
	    index_update(*ret_index, f->r.repo, NULL, &err) < 0)
		fail_msg("%s", err.msg);
}

/* The newest snapshot. Its index is read from the fragments that are there now. */
static inline void stored_open(struct snapshot_fixture *f, struct stored_snapshot *s)
{
	const struct snapshot_header *header;
	struct err err = {0};

	*s = (struct stored_snapshot){.f = f};
	cancel_init(&s->cancel);
	if (snapshot_list_load(f->r.repo, "hosts/alpha", NULL, &s->list, &err) < 0 ||
	    snapshot_list_find(&s->list, "latest:hosts/alpha", &header, &err) < 0)
		fail_msg("%s", err.msg);
	s->header = *header;
	stored_open_index(f, &s->run.index);
	if (stored_open_body(s, &err) < 0 || stored_open_blobs(s, &err) < 0)
		fail_msg("%s", err.msg);
}

static inline void stored_close(struct stored_snapshot *s)
{
	blob_reader_free(s->blobs);
	snapshot_run_release(&s->run);
	snapshot_body_release(&s->body);
	snapshot_list_release(&s->list);
}

/* --- what is stored --- */

static inline void stored_list(struct snapshot_fixture *f, const char *prefix,
			       struct strings *ret_keys)
{
	objects_list(f->r.store, prefix, ret_keys);
}

static inline void stored_delete(struct snapshot_fixture *f, const char *key)
{
	object_delete(f->r.store, key);
}

static inline void stored_delete_all(struct snapshot_fixture *f, const char *prefix)
{
	objects_delete(f->r.store, prefix);
}

static inline void stored_get(struct snapshot_fixture *f, const char *key,
			      struct buf *ret_bytes)
{
	struct err err = {0};

	buf_init(ret_bytes, 0);
	if (store_get(f->r.store, key, PACK_SIZE_MAX, ret_bytes, &err) < 0)
		fail_msg("%s", err.msg);
}

static inline void stored_put(struct snapshot_fixture *f, const char *key,
			      struct slice bytes)
{
	struct store_put_options options = {.mode = STORE_PUT_REPLACE};
	struct err err = {0};

	assert_int_equal(store_put(f->r.store, key, bytes, &options, &err), 0);
}

static inline void stored_flip(struct snapshot_fixture *f, const char *key, size_t at)
{
	CLEANUP(buf_release) struct buf bytes;

	stored_get(f, key, &bytes);
	assert_true(at < bytes.len);
	bytes.data[at] ^= 1;
	stored_put(f, key, buf_slice(&bytes));
}

/* Where a blob lies: its pack's key and its place there. */
static inline void stored_place(struct stored_snapshot *s, enum blob_type type,
				const struct blob_ref *ref, struct blob_place *ret_place,
				char ret_key[static PACK_KEY_LEN])
{
	struct pack_info info;
	struct err err = {0};

	if (blob_reader_place(s->blobs, type, ref, ret_place, &err) < 0 ||
	    index_pack(s->run.index, ret_place->pack, &info, &err) < 0)
		fail_msg("%s", err.msg);
	pack_key(info.name, ret_key);
}

typedef void stored_lie_fn(struct blob_entry *entry);

static inline void stored_lie_offset(struct blob_entry *entry)
{
	entry->offset++;
}

static inline void stored_lie_id(struct blob_entry *entry)
{
	entry->id.bytes[0] ^= 1;
}

/* All fragments are replaced by one of the writer's that says something false of each blob of
 * the pack. */
static inline void stored_lie_in_fragment(struct snapshot_fixture *f, const char *key,
					  stored_lie_fn *lie)
{
	CLEANUP(pack_contents_release) struct pack_contents contents = {0};
	CLEANUP(snapshot_run_release) struct snapshot_run run = {0};
	CLEANUP(buf_release) struct buf pack;
	struct pack_info info = {.epoch = 1};
	struct err err = {0};
	uint32_t number;

	stored_get(f, key, &pack);
	stored_delete_all(f, "index/");
	snapshot_run_index(f, &run);
	if (pack_directory_load(f->r.repo, &f->r.writer->writer->dedup, key, pack.len,
				&contents, &err) < 0)
		fail_msg("%s", err.msg);
	assert_true(pack_key_parse(key, info.name));
	info.size = pack.len;
	memcpy(info.header_hash, contents.header_hash, sizeof(info.header_hash));
	for (size_t i = 0; i < contents.directory.entries.n; i++)
		lie(vec_at(&contents.directory.entries, i));
	if (index_add_pack(run.index, &info, contents.directory.entries.data,
			   contents.directory.entries.n, &number, &err) < 0 ||
	    index_flush(run.index, f->r.repo, f->r.writer->writer, &err) < 0)
		fail_msg("%s", err.msg);
}

#endif
