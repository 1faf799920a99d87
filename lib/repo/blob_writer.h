/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The pipeline of a backup: bytes in, blob ids out; what is new goes compressed and sealed
 * into packs that are put while reading goes on. Memory is the sum of the bounds:
 * segments + workers x (sealed chunk + zstd) + open packs + packs in flight.
 *
 *   caller -> segments -> [workers: find cuts] -> caller joins cuts -> [workers: id, known?,
 *   compress, seal] -> open packs -> [uploaders: put] -> index
 */
#ifndef REPO_BLOB_WRITER_H
#define REPO_BLOB_WRITER_H

#include "base/cancel.h"
#include "flow/progress.h"
#include "flow/tree_sink.h"
#include "repo/index.h"

struct blob_writer_options {
	const struct repo *repo;
	const struct writer_key *key;
	const char *domain;
	struct index *index; /* borrowed; updated */
	unsigned n_threads;  /* workers at most; 0 = number of processors */
	uint64_t
		memory_bytes; /* 0 = 64 MiB: scales segments, packs in flight, pack size */
	int compression_level; /* zstd 1..19; 0 = 3 */
	bool dry_run;	       /* all but the puts */
	struct rng *rng;
	const struct clock *clock;
	const struct log *log;
	const struct cancel *cancel;
	struct progress *progress;
};

struct blob_writer;
MUST_CHECK int blob_writer_new(const struct blob_writer_options *options,
			       struct blob_writer **ret_writer, struct err *err);
void blob_writer_free(struct blob_writer *writer); /* waits for its threads */

/* A promise of a stored (or about to be stored) blob. */
struct blob_ticket;

/* Copies `bytes`: for nodes, bodies and small files. The calling thread may wait. */
MUST_CHECK int blob_writer_put(struct blob_writer *writer, enum blob_type type,
			       struct slice bytes, struct blob_ticket **ret_ticket,
			       struct err *err);
bool blob_ticket_ready(const struct blob_ticket *ticket);
/* Waits; frees the ticket. */
MUST_CHECK int blob_ticket_take(struct blob_ticket *ticket, struct blob_ref *ret_ref,
				struct err *err);
void blob_ticket_free(struct blob_ticket *ticket); /* gives it up */

/* True when the blob is stored in a pack that counts; its pack is then marked as used. */
MUST_CHECK int blob_writer_has(struct blob_writer *writer, const struct blob_id *id,
			       bool *ret_has, struct err *err);

/*
 * A stream that is cut. Used by one thread each; several may be open. space() gives room in
 * the current segment (waits while all segments are in use; after a failure it gives room that
 * goes nowhere, and commit() tells the error), commit() moves on.
 */
struct blob_stream;
MUST_CHECK int blob_stream_open(struct blob_writer *writer, enum cut_mode mode,
				struct blob_stream **ret_stream, struct err *err);
uint8_t *blob_stream_space(struct blob_stream *stream, size_t *ret_len);
MUST_CHECK int blob_stream_commit(struct blob_stream *stream, size_t len,
				  struct err *err);
/* Appends the tickets of all chunks in order to `tickets` (vec of struct blob_ticket *) as they
 * become known: call it after commits to keep what is pending small. */
void blob_stream_tickets(struct blob_stream *stream, struct vec *tickets);
/* Cuts the rest; all tickets are out. Frees the stream. *ret_len = its bytes. */
MUST_CHECK int blob_stream_close(struct blob_stream *stream, struct vec *tickets,
				 uint64_t *ret_len, struct err *err);
void blob_stream_abandon(struct blob_stream *stream);

/* Everything that was put is durable, packs and fragments; the first failure of any thread is
 * returned here (and by the calls above, as soon as it is known). */
MUST_CHECK int blob_writer_flush(struct blob_writer *writer, struct err *err);

/* After flush: which packs (numbers of the index) hold blobs that were put or found with
 * blob_writer_has() since the start. A bit a pack; the caller frees it. */
uint8_t *blob_writer_used_packs(struct blob_writer *writer, uint32_t *ret_n_packs);

struct blob_writer_counters {
	uint64_t raw_bytes;	       /* given */
	uint64_t new_blobs, new_bytes; /* stored by this run, raw */
	uint64_t stored_bytes;	       /* what they take in packs, sealed */
	uint64_t n_packs;
};
struct blob_writer_counters blob_writer_counters(const struct blob_writer *writer);

/* Seals one blob as an object of its own (a snapshot's body) and puts it under
 * bodies/<sha256>. */
MUST_CHECK int blob_writer_put_body(struct blob_writer *writer, struct slice bytes,
				    uint8_t ret_hash[static 32], uint64_t *ret_size,
				    struct err *err);

/* What is there before the run stores anything. */
struct blob_survey {
	uint64_t adopted; /* packs of a killed run that were taken in */
	uint64_t gone;	  /* packs of the index that are gone or of another length */
};

/*
 * To be called once, before anything is put. Lists all packs. Those of the index that are gone
 * count as not stored from here on. Those that the index does not know and that are newer than
 * `since_nsec` (storage time; INT64_MAX = none) were left by a killed run: their directories are
 * read, and those that this writer signed for this domain are taken in.
 */
MUST_CHECK int blob_writer_survey(struct blob_writer *writer, int64_t since_nsec,
				  struct blob_survey *ret_survey, struct err *err);

#endif
