/* SPDX-License-Identifier: Apache-2.0 */
/* Snapshot headers and their chains: listing, choosing, committing (docs/format/signed.md). */
#ifndef REPO_SNAPSHOTS_H
#define REPO_SNAPSHOTS_H

#include "base/cancel.h"
#include "repo/repo.h"

struct header_epoch {
	struct buf record; /* key-log frame */
	struct vec wraps;  /* of struct buf */
};

struct snapshot_header {
	/* from the frame and the path */
	uint8_t id[32];
	char *stream;
	uint64_t seq;
	struct sign_public writer;
	struct buf certificate;
	/* from the body */
	struct vec prev; /* of uint8_t[32] */
	int64_t start_nsec, time_nsec;
	char *domain;
	uint64_t keylog_seq;
	uint8_t keylog_head[32];
	uint8_t body_hash[32];
	uint64_t body_size;
	uint8_t packlist_root[32];
	uint64_t n_packs;
	uint64_t files, bytes, new_bytes, stored_bytes;
	uint32_t warnings;
	int64_t keep_until_nsec, locked_until_nsec;
	struct vec epochs; /* of struct header_epoch */
	/* found out when it was listed */
	bool expired;	     /* a record says so */
	int64_t stored_nsec; /* storage's time of the header object */
};

void snapshot_header_release(struct snapshot_header *header);

MUST_CHECK int stream_name_check(const char *stream, struct err *err); /* ERR_USAGE */
/* The default domain: the first segment. Caller frees. */
char *stream_domain(const char *stream);

struct snapshot_list {
	struct vec headers;	      /* of struct snapshot_header, by stream, seq, id */
	struct strings alarms;	      /* chain and signature problems, one text each */
	struct strings alarm_streams; /* the stream of each; "" = no single one */
	struct strings reports;	      /* concurrent heads, times that go backwards */
	uint64_t foreign;	      /* objects below snapshots/ that are none */
};

/* Headers of one stream (or all: NULL), verified. A header that does not verify is left out
 * and becomes an alarm; the list is still returned (0): callers decide. */
MUST_CHECK int snapshot_list_load(const struct repo *repo, const char *stream,
				  const struct cancel *cancel,
				  struct snapshot_list *ret_list, struct err *err);
void snapshot_list_release(struct snapshot_list *list);
/* Is any alarm about this stream? Then its newest snapshot may not be what was committed last. */
bool snapshot_list_has_alarm(const struct snapshot_list *list, const char *stream);

/* Does the text name a snapshot by its id, and not by its place in a stream? */
bool snapshot_text_is_id(const char *text);

/*
 * Finds one: an id prefix (>= 4 hex digits), `latest:STREAM` (highest seq; of concurrent ones
 * the later time), `STREAM@RFC3339` (newest at or before). Expired ones do not count.
 * ERR_NOT_FOUND with the streams that exist, "did you mean", or the nearest times as hint;
 * an ambiguous prefix is ERR_USAGE. *ret_header points into the list.
 */
MUST_CHECK int snapshot_list_find(const struct snapshot_list *list, const char *text,
				  const struct snapshot_header **ret_header,
				  struct err *err);

/* Is there a stream, be it that all its snapshots have expired, that the pattern (pattern.h)
 * takes? If not: ERR_NOT_FOUND, with the hint of snapshot_list_find(). */
MUST_CHECK int snapshot_list_check_stream(const struct snapshot_list *list,
					  const char *pattern, struct err *err);

/* Heads of a stream in the list: indexes of headers that no other's prev names. */
void snapshot_list_heads(const struct snapshot_list *list, const char *stream,
			 struct vec *ret_indexes /* of size_t */);

struct snapshot_commit {
	const char *stream, *domain;
	int64_t start_nsec;
	uint8_t body_hash[32];
	uint64_t body_size;
	uint8_t packlist_root[32];
	uint64_t n_packs;
	uint64_t files, bytes, new_bytes, stored_bytes;
	uint32_t warnings;
	const uint32_t *epochs; /* numbers of the epochs that its packs use */
	size_t n_epochs;
};

struct snapshot_committed {
	uint8_t id[32];
	uint64_t seq;
	int64_t time_nsec;
};

/*
 * The commit point. Lists the stream afresh, re-reads the key log (one that is shorter than the
 * stream's headers or the domain's newest ones say, wraps that are gone: ERR_ALARM), names all
 * heads as prev, signs, puts. Refuses a stream that is a prefix of another or the reverse
 * (ERR_USAGE), and a writer that was revoked or whose certificate does not cover the stream
 * (ERR_KEY).
 */
MUST_CHECK int snapshot_commit(const struct repo *repo, const struct writer_key *key,
			       const struct snapshot_commit *commit,
			       const struct clock *clock,
			       struct snapshot_committed *ret_committed, struct err *err);

/* The same refusals, before any work is done. */
MUST_CHECK int snapshot_commit_check(const struct repo *repo,
				     const struct writer_key *key, const char *stream,
				     struct err *err);

#endif
