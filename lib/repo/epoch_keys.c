/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two owners at work at once may have made two epochs of one number; a pack says only the number,
 * so each key of it is tried. A failure is not remembered: a wrap that could not be had
 * because of the network may come the next time.
 */
#include "repo/epoch_keys.h"

#include <inttypes.h>

#include "base/mem.h"
#include "base/pool.h"
#include "repo/signed_format.h"

struct opened_epoch {
	uint32_t number;
	struct dh_private *key;
};

struct epoch_keys {
	const struct repo *repo;
	const struct reader_key *key;
	const struct snapshot_header *header;
	struct mutex *mutex; /* of what follows */
	struct vec opened;   /* of struct opened_epoch */
};

struct epoch_keys *epoch_keys_new(const struct repo *repo, const struct reader_key *key,
				  const struct snapshot_header *header)
{
	struct epoch_keys *keys = mem_zalloc(sizeof(*keys));

	keys->repo = repo;
	keys->key = key;
	keys->header = header;
	keys->mutex = mutex_new();
	vec_init(&keys->opened, sizeof(struct opened_epoch));
	return keys;
}

void epoch_keys_free(struct epoch_keys *keys)
{
	if (keys == NULL)
		return;
	for (size_t i = 0; i < keys->opened.n; i++) {
		struct opened_epoch *opened = vec_at(&keys->opened, i);

		dh_private_free(opened->key);
	}
	vec_release(&keys->opened);
	mutex_free(keys->mutex);
	mem_free(keys);
}

void epoch_keys_freep(struct epoch_keys **keys)
{
	epoch_keys_free(*keys);
}

static bool is_opened(const struct epoch_keys *keys, const struct epoch *epoch)
{
	for (size_t i = 0; i < keys->opened.n; i++) {
		const struct opened_epoch *opened = vec_at(&keys->opened, i);
		struct dh_public public_key = dh_private_public(opened->key);

		if (memcmp(public_key.bytes, epoch->public_key.bytes, DH_LEN) == 0)
			return true;
	}
	return false;
}

static int open_epoch(struct epoch_keys *keys, const struct epoch *epoch,
		      const struct vec *wraps, struct err *err)
{
	struct opened_epoch opened = {.number = epoch->number};

	if (is_opened(keys, epoch))
		return 0;
	if (epoch_open(epoch, keys->key, keys->repo->store, wraps, &opened.key, err) < 0)
		return -1;
	vec_push(&keys->opened, &opened);
	return 0;
}

/* An epoch as the header repeats it: believed because the owner signed it. */
static int open_repeated(struct epoch_keys *keys, const struct header_epoch *repeated,
			 uint32_t number, struct err *err)
{
	CLEANUP(keylog_record_release) struct keylog_record record = {0};
	struct frame_expect expect = {
		.kind = FRAME_KEY_LOG, .any_seq = true, .owner_only = true};
	struct epoch epoch = {.number = number};
	struct signed_frame frame;

	if (signed_frame_open(buf_slice(&repeated->record), &keys->repo->identity,
			      &expect, &frame, err) < 0 ||
	    keylog_record_decode(frame.body, &record, err) < 0)
		return err_wrap(err, "epoch record in the snapshot header");
	if (record.type != KEYLOG_EPOCH || record.epoch.number != number)
		return 0;
	epoch.public_key = record.epoch.public_key;
	return open_epoch(keys, &epoch, &repeated->wraps, err);
}

/* Opens all that can be had of a number. The last failure counts only if none can. */
static int open_number(struct epoch_keys *keys, uint32_t number, struct err *err)
{
	const struct snapshot_header *header = keys->header;
	const struct keylog *keylog = keys->repo->keylog;
	const struct epoch *epoch;
	struct err why = {0};
	size_t n_before = keys->opened.n;

	for (size_t i = 0; header != NULL && i < header->epochs.n; i++)
		(void)open_repeated(keys, vec_at(&header->epochs, i), number, &why);
	for (size_t i = 0; (epoch = keylog_epoch(keylog, number, i)) != NULL; i++)
		(void)open_epoch(keys, epoch, NULL, &why); /* `why` is looked at below */
	if (keys->opened.n > n_before)
		return 0;
	if (why.code == ERR_NONE)
		return err_set(err, ERR_CORRUPT,
			       "epoch %" PRIu32
			       " is neither in the snapshot header nor in the key log",
			       number);
	*err = why;
	return -1;
}

static bool has_number(const struct epoch_keys *keys, uint32_t number)
{
	for (size_t i = 0; i < keys->opened.n; i++) {
		const struct opened_epoch *opened = vec_at(&keys->opened, i);

		if (opened->number == number)
			return true;
	}
	return false;
}

int epoch_keys_open_pack(struct epoch_keys *keys, struct slice header,
			 struct pack_opener **ret_opener, struct err *err)
{
	struct pack_header decoded;
	struct err why = {0};

	if (pack_header_decode(header, &decoded, err) < 0)
		return -1;
	LOCKED(keys->mutex);
	if (!has_number(keys, decoded.epoch) && open_number(keys, decoded.epoch, err) < 0)
		return -1;
	for (size_t i = 0; i < keys->opened.n; i++) {
		const struct opened_epoch *opened = vec_at(&keys->opened, i);

		if (opened->number == decoded.epoch &&
		    pack_opener_new(&keys->repo->identity, header, opened->key,
				    ret_opener, &why) == 0)
			return 0;
	}
	*err = why;
	return -1;
}
