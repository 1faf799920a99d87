/* SPDX-License-Identifier: Apache-2.0 */
/* Reads the body of a snapshot: the object that the header names, and the blob in it. */
#ifndef REPO_BODY_READER_H
#define REPO_BODY_READER_H

#include "repo/body_format.h"
#include "repo/epoch_keys.h"

enum { BODY_OBJECT_MAX = 32 * 1024 * 1024, BODY_KEY_LEN = 80 };

/* "bodies/<sha256>" */
void body_key(const uint8_t hash[static 32], char out[static BODY_KEY_LEN]);

/*
 * The object, with length and hash as the header says. ERR_CORRUPT "bodies/3f…: it is missing",
 * or ERR_NOT_FOUND when the snapshot is expired. Needs no key. Replaces the content of
 * *ret_bytes.
 */
MUST_CHECK int body_object_get(const struct repo *repo,
			       const struct snapshot_header *header,
			       struct buf *ret_bytes, struct err *err);

/* Opens and decodes it. `epochs` are the snapshot's; *ret_body is initialised here. */
MUST_CHECK int body_read(const struct repo *repo, const struct reader_key *key,
			 struct epoch_keys *epochs, const struct snapshot_header *header,
			 struct snapshot_body *ret_body, struct err *err);

#endif
