/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The commit point. Between the fresh listing and the put another writer may commit: then both
 * headers stay, since names carry ids, and the next one names both. The key log is read again
 * too: a run may have lasted for hours.
 */
#include <string.h>

#include "base/mem.h"
#include "base/path.h"
#include "repo/snapshot_commit_check.h"
#include "repo/snapshot_format.h"
#include "repo/wrap_format.h"

/* The wraps of one epoch while they are listed. */
struct wrap_walk {
	const struct repo *repo;
	const struct epoch *epoch;
	struct header_epoch *to;
};

static bool is_known_recipient(const struct keylog *keylog, const uint8_t id[static 32])
{
	for (size_t i = 0; i < keylog_n_recipients(keylog); i++)
		if (memcmp(keylog_recipient(keylog, i)->id, id, 32) == 0)
			return true;
	return false;
}

/* Takes wraps of this epoch for recipients that the owner knows; junk is left where it is. */
static int take_wrap(void *arg, const char *key, const struct store_info *info,
		     struct err *err)
{
	struct wrap_walk *walk = arg;
	CLEANUP(buf_release) struct buf wrap = {0};
	struct wrap_label label;
	struct err ignored = {0};

	if (info->size != WRAP_LEN || walk->to->wraps.n >= RECIPIENTS_MAX)
		return 0;
	buf_init(&wrap, WRAP_LEN);
	if (store_get(walk->repo->store, key, WRAP_LEN, &wrap, err) < 0)
		return -1;
	if (wrap_label_decode(buf_slice(&wrap), &label, &ignored) < 0 ||
	    label.epoch != walk->epoch->number ||
	    memcmp(label.epoch_key.bytes, walk->epoch->public_key.bytes, DH_LEN) != 0 ||
	    !is_known_recipient(walk->repo->keylog, label.recipient))
		return 0;
	vec_push(&walk->to->wraps, &wrap);
	wrap = (struct buf){0};
	return 0;
}

/* "keys/wraps/<epoch>/" */
static char *wraps_prefix(const struct epoch *epoch)
{
	static const uint8_t any[32] = {0};
	char key[WRAP_KEY_LEN];

	wrap_key(epoch->number, &epoch->public_key, any, key);
	return mem_strndup(key, (size_t)(path_basename(key) - key));
}

static int add_epoch(const struct repo *repo, const struct epoch *epoch,
		     struct snapshot_header *header, struct err *err)
{
	struct header_epoch *to = vec_push(&header->epochs, NULL);
	struct wrap_walk walk = {.repo = repo, .epoch = epoch, .to = to};
	CLEANUP(mem_freep) char *prefix = wraps_prefix(epoch);

	buf_init(&to->record, 0);
	buf_append_slice(&to->record, buf_slice(&epoch->record));
	vec_init(&to->wraps, sizeof(struct buf));
	if (store_list(repo->store, prefix, take_wrap, &walk, NULL, err) < 0)
		return err_wrap(err, "wraps of epoch %u", (unsigned)epoch->number);
	if (to->wraps.n > 0)
		return 0;
	err_set(err, ERR_ALARM, "%s: there is no wrap of epoch %u", prefix,
		(unsigned)epoch->number);
	return err_hint(err, "somebody removed them; this snapshot could not be restored "
			     "with every key that should open it");
}

static int add_epochs(const struct repo *repo, const struct snapshot_commit *commit,
		      struct snapshot_header *header, struct err *err)
{
	for (size_t i = 0; i < commit->n_epochs; i++) {
		const struct epoch *epoch =
			keylog_epoch(repo->keylog, commit->epochs[i], 0);

		if (epoch == NULL)
			return err_set(err, ERR_ALARM, "key log: it lacks epoch %u",
				       (unsigned)commit->epochs[i]);
		for (size_t n = 0; epoch != NULL; n++) {
			if (add_epoch(repo, epoch, header, err) < 0)
				return -1;
			epoch = keylog_epoch(repo->keylog, commit->epochs[i], n + 1);
		}
	}
	return 0;
}

/* Names all heads as predecessors (of very many the highest) and takes the next number. */
static int follow_heads(const struct repo *repo, struct snapshot_header *header,
			struct err *err)
{
	CLEANUP(snapshot_list_release) struct snapshot_list list = {0};
	CLEANUP(vec_release) struct vec heads = {0};

	if (snapshot_list_load(repo, header->stream, NULL, &list, err) < 0)
		return -1;
	for (size_t i = 0; i < list.headers.n; i++)
		if (snapshot_keylog_check(repo->keylog, vec_at(&list.headers, i), err) <
		    0)
			return -1;
	snapshot_list_heads(&list, header->stream, &heads);
	for (size_t i = heads.n > PREV_MAX ? heads.n - PREV_MAX : 0; i < heads.n; i++) {
		const size_t *at = vec_at(&heads, i);
		const struct snapshot_header *head = vec_at(&list.headers, *at);

		vec_push(&header->prev, head->id);
		if (head->seq > header->seq)
			header->seq = head->seq;
	}
	header->seq++;
	return 0;
}

static void fill_header(const struct snapshot_commit *commit, const struct keylog *keylog,
			struct snapshot_header *header)
{
	snapshot_header_init(header);
	header->stream = mem_strdup(commit->stream);
	header->domain = mem_strdup(commit->domain);
	header->start_nsec = commit->start_nsec;
	header->keylog_seq = keylog_seq(keylog);
	memcpy(header->keylog_head, keylog_head(keylog), HASH_LEN);
	memcpy(header->body_hash, commit->body_hash, HASH_LEN);
	header->body_size = commit->body_size;
	memcpy(header->packlist_root, commit->packlist_root, HASH_LEN);
	header->n_packs = commit->n_packs;
	header->files = commit->files;
	header->bytes = commit->bytes;
	header->new_bytes = commit->new_bytes;
	header->stored_bytes = commit->stored_bytes;
	header->warnings = commit->warnings;
}

static int put_header(const struct repo *repo, const struct writer_key *key,
		      struct snapshot_header *header, struct err *err)
{
	CLEANUP(buf_release) struct buf body = {0};
	CLEANUP(buf_release) struct buf frame = {0};
	CLEANUP(mem_freep)
	char *prefix = mem_printf("%s%s/", SNAPSHOTS_PREFIX, header->stream);

	buf_init(&body, 0);
	buf_init(&frame, 0);
	snapshot_header_encode(header, &body);
	if (body.len > FRAME_BODY_MAX)
		return err_set(err, ERR_LIMIT, "header: %zu bytes of wraps exceed it",
			       body.len);
	signed_frame_encode(
		&(struct signed_frame){.kind = FRAME_SNAPSHOT,
				       .seq = header->seq,
				       .stream = slice_of_string(header->stream),
				       .certificate = buf_slice(&key->certificate),
				       .body = buf_slice(&body)},
		&repo->identity, key->sign, &frame);
	return signed_object_put(repo->store, prefix, header->seq, buf_slice(&frame),
				 header->id, err);
}

int snapshot_commit(const struct repo *repo, const struct writer_key *key,
		    const struct snapshot_commit *commit, const struct clock *clock,
		    struct snapshot_committed *ret_committed, struct err *err)
{
	CLEANUP(keylog_freep) struct keylog *keylog = NULL;
	CLEANUP(snapshot_header_release) struct snapshot_header header = {0};
	struct repo fresh = *repo;

	if (keylog_load(repo->store, &repo->identity, &keylog, err) < 0 ||
	    keylog_check_whole(keylog, err) < 0)
		return -1;
	fresh.keylog = keylog;
	fill_header(commit, keylog, &header);
	if (snapshot_commit_check(&fresh, key, commit->stream, err) < 0 ||
	    add_epochs(&fresh, commit, &header, err) < 0 ||
	    follow_heads(&fresh, &header, err) < 0)
		return -1;
	header.time_nsec = clock->now_nsec(clock);
	if (put_header(&fresh, key, &header, err) < 0)
		return -1;
	memcpy(ret_committed->id, header.id, HASH_LEN);
	ret_committed->seq = header.seq;
	ret_committed->time_nsec = header.time_nsec;
	return 0;
}
