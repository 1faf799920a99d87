/* SPDX-License-Identifier: Apache-2.0 */
/* Signed frames as objects called <seq>-<id>: key log, headers, records. */
#ifndef REPO_SIGNED_OBJECT_H
#define REPO_SIGNED_OBJECT_H

#include "crypto/hash.h"
#include "repo/signed_format.h"
#include "store/store.h"

/* "0000000005-3f2a…" and a NUL; seq has at least ten digits. */
enum { SIGNED_NAME_MAX = 20 + 1 + HASH_HEX_LEN + 1 };
void signed_name_format(uint64_t seq, const uint8_t id[static HASH_LEN],
			char out[static SIGNED_NAME_MAX]);
/* False when the text is not what signed_name_format() writes. */
bool signed_name_parse(const char *text, uint64_t *ret_seq,
		       uint8_t ret_id[static HASH_LEN]);

struct signed_object {
	char *key;
	uint64_t seq;
	uint8_t id[HASH_LEN];
	struct buf bytes;
	struct signed_frame frame; /* slices into bytes */
};
void signed_object_release(struct signed_object *object); /* a zeroed one is fine */

/*
 * Gets the object `key`, whose last segment is its name, and opens it: content by name, then
 * frame by `expect`, whose seq is taken from the name. ERR_CORRUPT when the content is not what the
 * name says; else as signed_frame_open() and store_get(). Errors begin with the key.
 */
MUST_CHECK int signed_object_load(struct store *store, const char *key,
				  const struct repo_identity *identity,
				  const struct frame_expect *expect,
				  struct signed_object *ret_object, struct err *err);

/* True for errors that say something about the object (damaged, false, of a newer version)
 * rather than about the way to it: a listing goes on past such an object. */
bool signed_object_is_finding(const struct err *err);

/* Puts a frame below `prefix` ("keys/log/") under its name. One that is there already is
 * success: the name says what is in it. */
MUST_CHECK int signed_object_put(struct store *store, const char *prefix, uint64_t seq,
				 struct slice frame, uint8_t ret_id[static HASH_LEN],
				 struct err *err);

#endif
