/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The newest snapshot of each stream is gone through completely, so that everything it needs is
 * looked up in its own pack list. In older ones of the stream, directories and content lists
 * that were seen already are passed over: what changed between runs is little. "Seen" is a bit
 * for each blob, by the place of its pack and its number in it.
 */
#include <inttypes.h>

#include "base/mem.h"
#include "base/quote.h"
#include "repo/blob_reader.h"
#include "repo/body_reader.h"
#include "repo/check_internal.h"
#include "repo/tree_walk.h"

struct tree_check {
	struct check *check;
	const struct check_index *index;
	uint8_t *seen; /* a bit a blob */
	/* of the snapshot that is looked at */
	struct blob_reader *blobs;
	const char *snapshot;
};

/* Where a blob is, and whether it was seen before; then it is. */
static int see(struct tree_check *t, enum blob_type type, const struct blob_ref *ref,
	       struct blob_place *ret_place, bool *ret_seen, struct err *err)
{
	*ret_seen = false;
	if (blob_reader_place(t->blobs, type, ref, ret_place, err) < 0)
		return -1;
	if (ret_place->pack >= t->index->n_packs ||
	    ret_place->number >= t->index->n_blobs[ret_place->pack])
		return 0; /* in a pack that no fragment names */
	uint64_t ordinal = t->index->first[ret_place->pack] + ret_place->number;
	uint8_t bit = (uint8_t)(1U << (ordinal % 8));
	*ret_seen = (t->seen[ordinal / 8] & bit) != 0;
	t->seen[ordinal / 8] |= bit;
	return 0;
}

static int enter(void *arg, const char *path, const struct content_ref *content,
		 bool *ret_skip, struct err *err)
{
	struct tree_check *t = arg;
	struct blob_place place;
	struct err ignored = {0}; /* told when the directory cannot be read */

	(void)path;
	(void)err;
	*ret_skip = false;
	if (content->kind == CONTENT_NODE &&
	    see(t, BLOB_TREE, &content->top, &place, ret_skip, &ignored) < 0)
		*ret_skip = false;
	if (!*ret_skip)
		t->check->result.directories++;
	return 0;
}

static int damaged(void *arg, const char *path, const struct err *why, struct err *err)
{
	struct tree_check *t = arg;
	struct err told = *why;

	(void)path; /* the text names it */
	(void)err_wrap(&told, "%s", t->snapshot);
	return check_judge(t->check, &told, err);
}

/* A pack that several writers describe has several numbers; one of them knows. */
static int is_sound(struct tree_check *t, uint32_t pack, struct pack_info *info,
		    bool *ret_sound, struct err *err)
{
	const struct check_index *index = t->index;
	uint32_t number;

	*ret_sound = pack >= index->n_packs || index->is_sound[pack];
	if (*ret_sound)
		return 0;
	if (index_pack(index->index, pack, info, err) < 0 ||
	    index_pack_number(index->index, info->name, &number, err) < 0)
		return -1;
	*ret_sound = number >= index->n_packs || index->is_sound[number];
	return 0;
}

static int check_chunk(struct tree_check *t, const struct blob_ref *chunk,
		       struct err *err)
{
	struct blob_place place;
	struct pack_info info;
	char key[PACK_KEY_LEN];
	bool sound;

	if (blob_reader_place(t->blobs, BLOB_DATA, chunk, &place, err) < 0 ||
	    is_sound(t, place.pack, &info, &sound, err) < 0)
		return -1;
	if (sound)
		return 0;
	pack_key(info.name, key);
	return err_set(err, ERR_CORRUPT, "it needs %s, which is missing or damaged", key);
}

/* Stops at the first chunk that cannot be had: the file is lost then. */
static int check_chunks(struct tree_check *t, const struct tree_visit *visit,
			struct err *err)
{
	CLEANUP(sequence_reader_freep)
	struct sequence_reader *chunks = sequence_reader_new(
		BLOB_LIST, blob_reader_nodes(t->blobs), visit->content);
	uint64_t len = 0, expected = entry_content_len(visit->entry);
	struct blob_ref chunk;
	bool end = false;

	for (;;) {
		if (sequence_reader_next_chunk(chunks, &chunk, &end, err) < 0)
			return -1;
		if (end)
			break;
		if (check_chunk(t, &chunk, err) < 0)
			return -1;
		len += chunk.raw_len;
	}
	if (len != expected)
		return err_set(err, ERR_CORRUPT,
			       "%" PRIu64 " bytes of content, its entry says %" PRIu64,
			       len, expected);
	return 0;
}

static int visit_entry(void *arg, const struct tree_visit *visit, struct err *err)
{
	struct tree_check *t = arg;
	struct blob_place place;
	struct err why = {0};
	char shown[QUOTE_TEXT_MAX];
	bool seen = false;
	int failed = 0;

	if (visit->entry->type != ENTRY_FILE)
		return 0;
	t->check->result.files++;
	if (visit->content->kind == CONTENT_NONE)
		return 0;
	if (visit->content->kind == CONTENT_NODE)
		failed = see(t, BLOB_LIST, &visit->content->top, &place, &seen, &why);
	if (failed == 0 && !seen)
		failed = check_chunks(t, visit, &why);
	if (failed == 0)
		return 0;
	(void)err_wrap(&why, "%s: file %s", t->snapshot,
		       quote_rooted(visit->path, shown));
	return check_judge(t->check, &why, err);
}

static int check_tree(struct tree_check *t, const struct snapshot_body *body,
		      struct err *err)
{
	const struct tree_walk_options options = {
		.source = blob_reader_nodes(t->blobs),
		.root = &body->root,
		.root_content = &body->root_content,
		.cancel = t->check->options.cancel,
		.enter = enter,
		.damaged = damaged,
	};

	return tree_walk(&options, visit_entry, t, err);
}

static int read_body(struct tree_check *t, const struct snapshot_header *header,
		     struct snapshot_body *ret_body, struct err *err)
{
	const struct check_options *options = &t->check->options;
	CLEANUP(epoch_keys_freep)
	struct epoch_keys *epochs =
		epoch_keys_new(options->repo, options->reader, header);

	return body_read(options->repo, options->reader, epochs, header, ret_body, err);
}

static int open_blobs(struct tree_check *t, const struct snapshot_header *header,
		      struct err *err)
{
	const struct check_options *options = &t->check->options;

	return blob_reader_new(
		&(struct blob_reader_options){
			.repo = options->repo,
			.key = options->reader,
			.index = t->index->index,
			.header = header,
			.n_threads = options->n_threads,
			.log = options->log,
			.cancel = options->cancel,
		},
		&t->blobs, err);
}

static int check_snapshot(struct tree_check *t, const struct snapshot_header *header,
			  struct err *err)
{
	CLEANUP(snapshot_body_release) struct snapshot_body body = {0};
	char shown[CHECK_SNAPSHOT_TEXT_MAX];
	struct err why = {0};
	int failed;

	t->snapshot = check_snapshot_text(header, shown);
	if (read_body(t, header, &body, &why) < 0 || open_blobs(t, header, &why) < 0) {
		(void)err_wrap(&why, "%s", t->snapshot);
		return check_judge(t->check, &why, err);
	}
	failed = check_tree(t, &body, err);
	if (blob_reader_failed_places(t->blobs) > 0)
		check_find(t->check, CHECK_DAMAGE,
			   "%s: %" PRIu64 " blobs have a damaged copy beside a sound one",
			   t->snapshot, blob_reader_failed_places(t->blobs));
	blob_reader_free(STEAL(t->blobs));
	return failed;
}

int check_trees(struct check *check, size_t domain, const struct check_index *index,
		struct err *err)
{
	const char *name = strings_at(&check->domains, domain);
	const struct vec *headers = &check->list.headers;
	size_t n_bytes = (size_t)(index->n_total / 8 + 1);
	CLEANUP(mem_freep) uint8_t *seen = mem_zalloc(n_bytes);
	struct tree_check t = {.check = check, .index = index, .seen = seen};
	const char *stream = "";

	/* by stream and seq: backwards the newest of each comes first */
	for (size_t i = headers->n; i-- > 0;) {
		const struct snapshot_header *header = vec_at(headers, i);

		if (header->expired || strcmp(header->domain, name) != 0)
			continue;
		if (strcmp(header->stream, stream) != 0)
			memset(seen, 0, n_bytes);
		stream = header->stream;
		if (check_snapshot(&t, header, err) < 0)
			return -1;
	}
	return 0;
}
