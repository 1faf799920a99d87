/* SPDX-License-Identifier: Apache-2.0 */
#include "repo/lease.h"

#include <string.h>

#include "crypto/hash.h"
#include "format/encoding.h"

static const char running[] = "quipu lease 1 running\n";
static const char done[] = "quipu lease 1 done\n";

enum { LEASE_MAX = 64 };

static void lease_key(const struct writer_key *writer, const char *stream,
		      char out[static LEASE_KEY_LEN])
{
	CLEANUP(hash_freep) struct hash *hash = hash_new();
	struct sign_public self = sign_private_public(writer->sign);
	uint8_t digest[HASH_LEN];
	char hex[HASH_HEX_LEN + 1];

	hash_update(hash, slice_of(self.bytes, SIGN_PUBLIC_LEN));
	hash_update(hash, slice_of_string(stream));
	hash_final(hash, digest);
	(void)snprintf(out, LEASE_KEY_LEN, "leases/%s",
		       hex_encode(slice_of(digest, HASH_LEN), hex, sizeof(hex)));
}

static int put(const struct lease *lease, const char *text, struct err *err)
{
	struct store_put_options options = {.mode = STORE_PUT_REPLACE};

	return store_put(lease->store, lease->key, slice_of_string(text), &options, err);
}

/* Anything but "done" counts as cut off: the price of a false alarm is a listing. */
static int read_last(const struct lease *lease, int64_t *ret_cut_off_nsec,
		     struct err *err)
{
	CLEANUP(buf_release) struct buf text = {0};
	struct store_info info;
	struct err absent = {0};

	*ret_cut_off_nsec = 0;
	buf_init(&text, LEASE_MAX);
	if (store_head(lease->store, lease->key, &info, &absent) < 0 ||
	    store_get(lease->store, lease->key, LEASE_MAX, &text, &absent) < 0) {
		if (absent.code == ERR_NOT_FOUND || absent.code == ERR_LIMIT)
			return 0;
		*err = absent;
		return -1;
	}
	if (!slice_equal(buf_slice(&text), slice_of_string(done)))
		*ret_cut_off_nsec = info.modified_nsec;
	return 0;
}

int lease_begin(struct store *store, const struct writer_key *writer, const char *stream,
		struct lease *ret_lease, int64_t *ret_cut_off_nsec, struct err *err)
{
	struct lease lease = {.store = store};

	lease_key(writer, stream, lease.key);
	if (read_last(&lease, ret_cut_off_nsec, err) < 0 || put(&lease, running, err) < 0)
		return err_wrap(err, "note of the running backup");
	*ret_lease = lease;
	return 0;
}

int lease_end(const struct lease *lease, struct err *err)
{
	if (put(lease, done, err) < 0)
		return err_wrap(err, "note of the running backup");
	return 0;
}
