/* SPDX-License-Identifier: Apache-2.0 */
#ifndef REPO_SNAPSHOTS_INTERNAL_H
#define REPO_SNAPSHOTS_INTERNAL_H

#include "repo/signed_object.h"
#include "repo/snapshots.h"

#define SNAPSHOTS_PREFIX "snapshots/"

/* What the key of a header says. False when it is none. */
struct snapshot_place {
	char stream[STREAM_NAME_MAX + 1];
	uint64_t seq;
	uint8_t id[HASH_LEN];
};
bool snapshot_place_parse(const char *key, struct snapshot_place *ret_place);

/* Reads the object of that key into `header` (initialised by the caller, who releases it): its
 * name, signature and certificate hold, and the certificate covers the stream. After a failure
 * it is as it was, so that the next object can be read into it. */
MUST_CHECK int snapshot_header_open(const struct repo *repo, const char *key,
				    const struct snapshot_place *place,
				    struct snapshot_header *header, struct err *err);

/* "header db/orders 5 (3f2a41b0)" */
enum { HEADER_TEXT_MAX = STREAM_NAME_MAX + 64 };
const char *snapshot_header_text(const struct snapshot_header *header,
				 char out[static HEADER_TEXT_MAX]);

/*
 * Judges the headers of one stream, headers[from..to) of the list, sorted: chain, revoked
 * writers, what they say about the key log, times. Adds alarms and reports. keep[i - from] tells
 * which headers count.
 */
void snapshot_stream_check(const struct repo *repo, struct snapshot_list *list,
			   size_t from, size_t to, bool *keep);

/* Does the certificate, a key-log frame, cover the stream? ERR_KEY when it does not. */
MUST_CHECK int snapshot_certificate_covers(const struct repo_identity *identity,
					   struct slice certificate, const char *stream,
					   struct err *err);

#endif
