/* SPDX-License-Identifier: Apache-2.0 */
/* A wrap may lie in three places of different trust, none of which matters: whatever opens
 * must fit the public key that the owner signed. So all are tried, the nearest first. */
#include <string.h>

#include "base/mem.h"
#include "repo/keylog.h"
#include "repo/wrap_format.h"

static bool is_for(struct slice wrap, const struct wrap_epoch *epoch,
		   const uint8_t recipient[static 32])
{
	struct wrap_label label;
	struct err ignored = {0};

	return wrap_label_decode(wrap, &label, &ignored) == 0 &&
	       label.epoch == epoch->number &&
	       memcmp(label.epoch_key.bytes, epoch->public_key.bytes, DH_LEN) == 0 &&
	       memcmp(label.recipient, recipient, 32) == 0;
}

static int open_stored(const struct wrap_epoch *epoch, const struct dh_private *key,
		       const uint8_t recipient[static 32], struct store *store,
		       struct dh_private **ret_private, struct err *err)
{
	CLEANUP(buf_release) struct buf wrap = {0};
	char name[WRAP_KEY_LEN];

	wrap_key(epoch->number, &epoch->public_key, recipient, name);
	buf_init(&wrap, WRAP_LEN);
	if (store_get(store, name, WRAP_LEN, &wrap, err) < 0)
		return -1;
	if (wrap_open(buf_slice(&wrap), epoch, key, ret_private, err) < 0)
		return err_wrap(err, "%s", name);
	return 0;
}

int epoch_open(const struct epoch *epoch, const struct reader_key *key,
	       struct store *store, const struct vec *wraps,
	       struct dh_private **ret_private, struct err *err)
{
	struct wrap_epoch of = {.identity = &key->identity,
				.number = epoch->number,
				.public_key = epoch->public_key};
	struct dh_public own = dh_private_public(key->recipient);
	uint8_t recipient[32];
	struct err why = {0};

	recipient_id(&own, recipient);
	for (size_t i = 0; wraps != NULL && i < wraps->n; i++) {
		struct slice wrap = buf_slice(vec_at(wraps, i));

		if (is_for(wrap, &of, recipient) &&
		    wrap_open(wrap, &of, key->recipient, ret_private, &why) == 0)
			return 0;
	}
	if (open_stored(&of, key->recipient, recipient, store, ret_private, &why) == 0)
		return 0;
	if (why.code == ERR_NOT_FOUND) {
		err_set(err, ERR_KEY, "epoch %u: this key is not among its recipients",
			(unsigned)epoch->number);
		return err_hint(err, "it was added later or removed before; an owner can "
				     "add it with key add");
	}
	*err = why;
	return -1;
}
