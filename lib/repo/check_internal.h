/* SPDX-License-Identifier: Apache-2.0 */
/* What the parts of a check share. */
#ifndef REPO_CHECK_INTERNAL_H
#define REPO_CHECK_INTERNAL_H

#include "base/pool.h"
#include "repo/check.h"
#include "repo/index.h"
#include "repo/record_sorter.h"
#include "repo/snapshots.h"

/* What is known of a pack that is there. */
struct check_pack {
	uint64_t digest;       /* sum over its directory's entries; see check_digest() */
	uint64_t header_start; /* of its header's hash, as the first list said */
	uint16_t domain;       /* index in check->domains */
	bool is_listed;	       /* by a snapshot that counts */
	bool is_sound;	       /* its directory is */
};

struct check {
	struct check_options options;
	struct snapshot_list list;
	struct record_sorter *inventory; /* name[32] size u64be: packs that are there */
	struct check_pack *packs;	 /* by place in the inventory */
	uint64_t n_packs;
	struct strings domains;
	struct mutex *mutex; /* of the result, the domains and what follows */
	bool failed;
	struct err err;
	struct check_result result;
};

/* --- check.c --- */
void check_find(struct check *check, enum check_severity severity, const char *format,
		...) PRINTF_LIKE(3, 4);
/* Damage or an alarm becomes a finding, 0; other errors are the check's own: -1. */
MUST_CHECK int check_judge(struct check *check, const struct err *why, struct err *err);
/* "snapshot db/main 12" */
enum { CHECK_SNAPSHOT_TEXT_MAX = 240 };
const char *check_snapshot_text(const struct snapshot_header *header,
				char out[static CHECK_SNAPSHOT_TEXT_MAX]);
/* From tasks of a pool: the first one counts. */
void check_fail(struct check *check, const struct err *why);
bool check_has_failed(struct check *check);

/* --- check_packs.c --- */
enum { INVENTORY_LEN = 40 };
struct inventory_entry {
	uint8_t name[32];
	uint64_t size;
};
/* Goes over the inventory in the order of names. False after the last. */
struct inventory_walk {
	struct check *check;
	uint64_t position;
	struct inventory_entry entry;
	struct check_pack *pack;
};
MUST_CHECK int inventory_start(struct inventory_walk *walk, struct check *check,
			       struct err *err);
MUST_CHECK int inventory_next(struct inventory_walk *walk, bool *ret_end,
			      struct err *err);

MUST_CHECK int check_list_packs(struct check *check, struct err *err);
MUST_CHECK int check_pack_lists(struct check *check, struct err *err);
MUST_CHECK int check_directories(struct check *check, struct err *err);
/* The same for a blob of a directory and of the index. */
uint64_t check_digest(const struct blob_id *id, const struct blob_place *place);

/* --- check_index.c --- */
/* A domain's index, read afresh, and what is known of its packs by their numbers. */
struct check_index {
	struct index *index;
	uint32_t n_packs;
	uint64_t *digests;
	uint32_t *n_blobs;
	uint64_t *first; /* ordinal of a pack's first blob */
	bool *is_sound;	 /* the pack is there, and its directory sound */
	uint64_t n_total;
};
MUST_CHECK int check_index_open(struct check *check, size_t domain,
				struct check_index *ret_index, struct err *err);
void check_index_release(struct check_index *index);

/* --- check_trees.c --- */
MUST_CHECK int check_trees(struct check *check, size_t domain,
			   const struct check_index *index, struct err *err);

/* --- check_data.c --- */
MUST_CHECK int check_data(struct check *check, struct err *err);

#endif
