/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A run: records of one length in ascending bytewise order, in an encrypted page file that
 * never changes. Memory holds eight bytes a page, the beginning of its first record; a
 * look-up is a binary search there and, as a rule, one page. The first key_len bytes of a
 * record are what is searched for; several records may have the same.
 */
#ifndef REPO_INDEX_RUN_H
#define REPO_INDEX_RUN_H

#include "repo/page_file.h"

enum { RUN_RECORD_MAX = 256 };

struct run_shape {
	size_t record_len; /* 8..RUN_RECORD_MAX */
	size_t key_len;	   /* 1..record_len */
};

/* What every file needs; borrowed. */
struct run_cipher {
	const struct secret *key;
	struct rng *rng;
	struct page_cache *cache; /* may be NULL */
};

/* A finished run. Counted references; look-ups from any thread. */
struct index_run;

struct run_writer;
/* `fd` is taken over also on failure. `id` names the file where runs are kept. */
MUST_CHECK int run_writer_new(int fd, uint64_t id, const struct run_cipher *cipher,
			      struct run_shape shape, struct run_writer **ret_writer,
			      struct err *err);
/* Ascending order is asserted. */
MUST_CHECK int run_writer_add(struct run_writer *writer, const uint8_t *record,
			      struct err *err);
/* *ret_run has one reference. The writer is still the caller's to free. */
MUST_CHECK int run_writer_finish(struct run_writer *writer, struct index_run **ret_run,
				 struct err *err);
void run_writer_free(struct run_writer *writer);
void run_writer_freep(struct run_writer **writer);

/* Opens a finished run that is known by salt and number of records: ERR_CORRUPT when the file
 * is another one. `fd` is taken over. */
struct run_identity {
	uint64_t id;
	uint8_t salt[PAGE_SALT_LEN];
	uint64_t n_records;
};
MUST_CHECK int index_run_open(int fd, const struct run_identity *identity,
			      const struct run_cipher *cipher, struct run_shape shape,
			      struct index_run **ret_run, struct err *err);

struct index_run *index_run_ref(struct index_run *run);
void index_run_unref(struct index_run *run); /* NULL is fine */
void index_run_unrefp(struct index_run **run);

struct run_identity index_run_identity(const struct index_run *run);
uint64_t index_run_n_records(const struct index_run *run);
size_t index_run_memory(const struct index_run *run); /* bytes that stay resident */
MUST_CHECK int index_run_sync(const struct index_run *run, struct err *err);

/* Copies up to max records with this key to `out`, ascending; *ret_n = how many. */
MUST_CHECK int index_run_find(struct index_run *run, const uint8_t *key, uint8_t *out,
			      size_t max, size_t *ret_n, struct err *err);

/* All records in order. Holds a reference; for one thread. */
struct run_scan;
struct run_scan *run_scan_new(struct index_run *run);
void run_scan_free(struct run_scan *scan);
/* *ret_record is valid until the next call; NULL after the last. */
MUST_CHECK int run_scan_next(struct run_scan *scan, const uint8_t **ret_record,
			     struct err *err);

#endif
