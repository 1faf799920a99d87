/* SPDX-License-Identifier: Apache-2.0 */
#ifndef REPO_AUDIT_INTERNAL_H
#define REPO_AUDIT_INTERNAL_H

#include "base/map.h"
#include "repo/audit.h"
#include "repo/snapshots_internal.h"

/* A body or pack that some snapshot needs. */
struct audit_object {
	bool is_pack;
	bool seen; /* by a listing, with the right size */
	bool bad;  /* a finding about it was made */
	uint8_t name[HASH_LEN];
	uint64_t size;
	uint8_t header_hash[HASH_LEN];		 /* of a pack */
	const struct snapshot_header *needed_by; /* the first one */
};

struct audit {
	const struct audit_options *options;
	struct audit_result *result;
	struct repo *repo;
	struct snapshot_list list;
	struct map *objects; /* kind byte, name -> struct audit_object */
	struct map *pages;   /* hash -> struct audit_page (audit_packlist.c) */
};

void audit_add(const struct audit *audit, enum audit_kind kind, const char *format, ...)
	PRINTF_LIKE(3, 4);

/* Notes that `header` needs an object; *ret_object is the one known by this name. False when
 * it was known. */
bool audit_need(struct audit *audit, const struct audit_object *object,
		struct audit_object **ret_object);

/* Walks the pack list of a header, notes its packs. */
MUST_CHECK int audit_packlist(struct audit *audit, const struct snapshot_header *header,
			      struct err *err);
void audit_pages_free(struct map *pages);

/* Lists bodies and packs and, with read_data, hashes those that are needed. */
MUST_CHECK int audit_objects(struct audit *audit, struct err *err);
void audit_objects_free(struct map *objects);

/* Key log and headers' epochs: wraps, repeated records. */
MUST_CHECK int audit_epochs(struct audit *audit, struct err *err);

#endif
