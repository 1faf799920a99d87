/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The list of the packs that a snapshot uses, as pages below packlists/ (docs/format/index.md).
 * It keeps the order of the stream's last list, so that pages which did not change keep
 * their hash and are not stored again.
 */
#ifndef REPO_PACKLIST_H
#define REPO_PACKLIST_H

#include "base/cancel.h"
#include "repo/index.h"
#include "repo/packlist_format.h"

struct packlist_options {
	struct store *store;
	struct index *index; /* knows the packs by number */
	const uint8_t *used; /* a bit a number, n_bits / 8 + 1 bytes */
	uint32_t n_bits;
	const uint8_t *last_root; /* of the stream's last list (32 bytes); NULL: none */
	const struct log *log;
};

/* Writes what is new of the list, leaves first. Without a pack the root is all zeroes and
 * nothing is written. A last list that cannot be read costs its order only. */
MUST_CHECK int packlist_write(const struct packlist_options *options,
			      uint8_t ret_root[static 32], uint64_t *ret_n_packs,
			      struct err *err);

/* `each` returns 0 to go on; -1 ends the reading with its error. */
typedef int packlist_each_fn(void *arg, const struct packlist_entry *entry,
			     struct err *err);

enum { PACKLIST_PAGES_MAX = 2 * 1024 * 1024 };

struct packlist_source {
	struct store *store;
	const struct log *log;
	/* A list that names the same pages again and again would have no end: more than this
	 * are ERR_CORRUPT. 0 = PACKLIST_PAGES_MAX. */
	uint64_t pages_max;
	uint64_t pages; /* so far */
	uint64_t lost;	/* of these */
};

/*
 * Calls `each` for all packs in order. Pages that are absent, cannot be read (ERR_IO), or are
 * not what their name says, are passed over with a warning and counted in source->lost: a
 * restore goes on without them. Other failures of the store end it. An all-zero root is an
 * empty list.
 */
MUST_CHECK int packlist_read(struct packlist_source *source,
			     const uint8_t root[static 32], packlist_each_fn *each,
			     void *arg, struct err *err);

#endif
