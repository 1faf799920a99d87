/* SPDX-License-Identifier: Apache-2.0 */
/* The private keys of the epochs that a snapshot's packs are sealed to, unwrapped when they
 * are first needed. Thread-safe. */
#ifndef REPO_EPOCH_KEYS_H
#define REPO_EPOCH_KEYS_H

#include "repo/pack_reader.h"
#include "repo/repo.h"
#include "repo/snapshots.h"

struct epoch_keys;

/* All borrowed. Epochs are those that the header repeats with their wraps, and those of the
 * key log; `header` may be NULL. */
struct epoch_keys *epoch_keys_new(const struct repo *repo, const struct reader_key *key,
				  const struct snapshot_header *header);
void epoch_keys_free(struct epoch_keys *keys);
void epoch_keys_freep(struct epoch_keys **keys);

/* Opens a pack by its PACK_HEADER_LEN first bytes, with the keys of the epoch that they name.
 * ERR_KEY when no wrap is for this key; ERR_CORRUPT for an epoch that nobody signed, and
 * when no key fits. */
MUST_CHECK int epoch_keys_open_pack(struct epoch_keys *keys, struct slice header,
				    struct pack_opener **ret_opener, struct err *err);

#endif
