/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A snapshot's pack list for look-ups by name, in little memory whatever its length (a million
 * packs take 1 MiB): it lies in a file without a name.
 */
#ifndef REPO_PACKLIST_SET_H
#define REPO_PACKLIST_SET_H

#include "base/cancel.h"
#include "repo/packlist.h"

struct packlist_set_options {
	struct store *store;
	const uint8_t *root; /* 32 bytes; all zero: an empty list */
	uint64_t n_packs;    /* as the signed header says */
	const struct log *log;
	const struct cancel *cancel;
};

struct packlist_set;

/* Reads the whole list. Lost pages are warnings; more packs than the header says, or fewer
 * though no page is lost, are ERR_CORRUPT. */
MUST_CHECK int packlist_set_load(const struct packlist_set_options *options,
				 struct packlist_set **ret_set, struct err *err);
void packlist_set_free(struct packlist_set *set); /* NULL is fine */
void packlist_set_freep(struct packlist_set **set);

/* *ret_entry is filled when the name is listed. Safe from several threads. */
MUST_CHECK int packlist_set_find(struct packlist_set *set, const uint8_t name[static 32],
				 struct packlist_entry *ret_entry, bool *ret_found,
				 struct err *err);
/* Pages that could not be read: what is not found may have been on them. */
uint64_t packlist_set_lost(const struct packlist_set *set);
/* All that is listed, in the order of names. */
MUST_CHECK int packlist_set_each(struct packlist_set *set, packlist_each_fn *each,
				 void *arg, struct err *err);

#endif
