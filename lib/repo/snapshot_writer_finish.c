/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The second half, after the source: packs and fragments become durable, then the pages of
 * the pack list, the body, the header. An interruption counts until the header is put; what
 * comes after it (the file cache) cannot fail the run any more.
 */
#include "repo/snapshot_writer.h"

#include "base/mem.h"
#include "repo/body_format.h"
#include "repo/packlist.h"
#include "repo/snapshot_writer_internal.h"

enum { PATHS_BYTES_MAX = 4 * 1024 * 1024 };

/* What is known of the packs that the snapshot uses. */
struct used_packs {
	uint8_t *bits; /* one a number of the index */
	uint32_t n_bits;
	struct vec epochs; /* of uint32_t, each once */
	uint64_t n;
	uint8_t packlist_root[32];
};

static void used_packs_release(struct used_packs *used)
{
	mem_free(used->bits);
	vec_release(&used->epochs);
}

static void add_epoch(struct vec *epochs, uint32_t number)
{
	for (size_t i = 0; i < epochs->n; i++) {
		if (*(uint32_t *)vec_at(epochs, i) == number)
			return;
	}
	vec_push(epochs, &number);
}

/* The body is sealed to the newest epoch, whatever the packs are sealed to. */
static int find_epochs(const struct snapshot_writer *writer, struct used_packs *used,
		       struct err *err)
{
	const struct snapshot_writer_options *options = &writer->options;

	add_epoch(&used->epochs, keylog_newest_epoch(options->repo->keylog)->number);
	for (uint32_t pack = 0; pack < used->n_bits; pack++) {
		struct pack_info info;

		if ((used->bits[pack / 8] & (1u << (pack % 8))) == 0)
			continue;
		if (index_pack(options->index, pack, &info, err) < 0)
			return -1;
		add_epoch(&used->epochs, info.epoch);
	}
	return 0;
}

static int find_used_packs(const struct snapshot_writer *writer, struct used_packs *used,
			   struct err *err)
{
	const struct snapshot_writer_options *options = &writer->options;
	struct packlist_options list = {
		.store = options->repo->store,
		.index = options->index,
		.last_root = writer->has_last ? writer->last_packlist : NULL,
		.log = options->log,
	};

	vec_init(&used->epochs, sizeof(uint32_t));
	used->bits = blob_writer_used_packs(options->blobs, &used->n_bits);
	list.used = used->bits;
	list.n_bits = used->n_bits;
	if (find_epochs(writer, used, err) < 0)
		return -1;
	return packlist_write(&list, used->packlist_root, &used->n, err);
}

/* --- the body --- */

static void add_tags(struct snapshot_body *body, const struct strings *tags)
{
	for (size_t i = 0; tags != NULL && i < strings_count(tags); i++) {
		const char *tag = strings_at(tags, i);
		const char *sign = strchr(tag, '=');
		CLEANUP(mem_freep) char *key = mem_strndup(tag, (size_t)(sign - tag));

		snapshot_body_add_tag(body, key, sign + 1);
	}
}

/* A list from a file may be of any length: its first paths are named. */
static void add_paths(struct snapshot_body *body, const struct strings *paths)
{
	size_t room = PATHS_BYTES_MAX;

	for (size_t i = 0; paths != NULL && i < strings_count(paths); i++) {
		const char *path = strings_at(paths, i);
		size_t len = strlen(path) + 4;

		if (i == BODY_ROOTS_MAX || len > room || len > BODY_PATH_MAX)
			return;
		room -= len;
		strings_add(&body->paths, path);
	}
}

static void describe(const struct snapshot_writer *writer,
		     const struct tree_written *written, struct snapshot_body *body)
{
	const struct snapshot_writer_options *options = &writer->options;

	snapshot_body_init(body);
	entry_release(&body->root);
	entry_copy(&body->root, &written->root);
	content_ref_copy(&body->root_content, &written->root_content);
	add_paths(body, options->paths);
	for (size_t i = 0; i < strings_count(&written->texts); i++)
		strings_add(&body->warnings, strings_at(&written->texts, i));
	body->host = mem_strdup(options->host);
	body->user = mem_strdup(options->user);
	body->program = mem_strdup(options->program);
	body->source_kind = mem_strdup(options->source_kind);
	body->facts = mem_strdup(written->facts);
	add_tags(body, options->tags);
}

static int put_body(const struct snapshot_writer *writer,
		    const struct tree_written *written, const struct used_packs *used,
		    struct snapshot_commit *commit, struct err *err)
{
	CLEANUP(snapshot_body_release) struct snapshot_body body = {0};
	CLEANUP(buf_release) struct buf bytes = {0};
	const struct snapshot_writer_options *options = &writer->options;

	describe(writer, written, &body);
	if (index_fragments_of(options->index, used->bits, &body.fragments, err) < 0)
		return -1;
	while (body.fragments.n > BODY_FRAGMENTS_MAX) /* they are only a hint */
		vec_pop(&body.fragments);
	buf_init(&bytes, 0);
	if (snapshot_body_encode(&body, &bytes, err) < 0)
		return err_wrap(err, "cannot describe the snapshot");
	return blob_writer_put_body(options->blobs, buf_slice(&bytes), commit->body_hash,
				    &commit->body_size, err);
}

/* --- the header --- */

static void count(const struct snapshot_writer *writer,
		  const struct tree_written *written, struct snapshot_result *result)
{
	struct blob_writer_counters counters =
		blob_writer_counters(writer->options.blobs);

	*result = (struct snapshot_result){
		.is_dry_run = writer->options.dry_run,
		.time_nsec = writer->start_nsec,
		.files = written->files,
		.bytes = written->bytes,
		.new_bytes = counters.new_bytes,
		.stored_bytes = counters.stored_bytes,
		.warnings = written->warnings,
		.unreadable = written->unreadable,
	};
}

static int commit(struct snapshot_writer *writer, const struct tree_written *written,
		  struct snapshot_result *result, struct err *err)
{
	CLEANUP(used_packs_release) struct used_packs used = {0};
	const struct snapshot_writer_options *options = &writer->options;
	struct snapshot_committed committed;
	struct snapshot_commit header = {
		.stream = options->stream,
		.domain = options->domain,
		.start_nsec = writer->start_nsec,
		.files = result->files,
		.bytes = result->bytes,
		.new_bytes = result->new_bytes,
		.stored_bytes = result->stored_bytes,
		.warnings = result->warnings < UINT32_MAX ? (uint32_t)result->warnings
							  : UINT32_MAX,
	};

	if (index_consolidate(options->index, options->repo, options->key, err) < 0 ||
	    find_used_packs(writer, &used, err) < 0 ||
	    put_body(writer, written, &used, &header, err) < 0 ||
	    cancel_check(options->cancel, err) < 0)
		return -1;
	header.n_packs = used.n;
	memcpy(header.packlist_root, used.packlist_root, 32);
	header.epochs = used.epochs.data;
	header.n_epochs = used.epochs.n;
	if (snapshot_commit(options->repo, options->key, &header, options->clock,
			    &committed, err) < 0)
		return -1;
	memcpy(result->id, committed.id, sizeof(result->id));
	result->seq = committed.seq;
	result->time_nsec = committed.time_nsec;
	result->n_packs = used.n;
	file_cache_writer_commit(writer->next_cache, result->id);
	return 0;
}

int snapshot_writer_finish(struct snapshot_writer *writer,
			   struct snapshot_result *ret_result, struct err *err)
{
	CLEANUP(tree_written_release) struct tree_written written = {0};
	const struct snapshot_writer_options *options = &writer->options;
	struct snapshot_result result;

	if (tree_writer_finish(writer->tree, &written, err) < 0)
		return -1;
	progress_phase(options->progress, "finishing");
	if (blob_writer_flush(options->blobs, err) < 0)
		return -1;
	count(writer, &written, &result);
	if (!options->dry_run && commit(writer, &written, &result, err) < 0)
		return -1;
	result.texts = written.texts;
	strings_init(&written.texts);
	*ret_result = result;
	return 0;
}
