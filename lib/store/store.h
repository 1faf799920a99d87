/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where objects lie: whole immutable byte strings under keys ("packs/3f/3f2a…"), put, read in
 * ranges, listed. Drivers: file, memory (tests), later s3. Calls are safe from several threads
 * at once. Keys: 1..STORE_KEY_MAX bytes, segments of [A-Za-z0-9._-] joined by '/', no "." or
 * ".." segment; anything else is ERR_BUG (callers make keys, never pass foreign text).
 */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/cancel.h"
#include "base/clock.h"
#include "base/rng.h"

enum {
	STORE_KEY_MAX = 700,
	STORE_VERSION_MAX = 128,
	STORE_OBJECT_MAX = 512 * 1024 * 1024
};

struct store;

struct store_info {
	uint64_t size;
	int64_t modified_nsec;		 /* the storage's own time */
	char version[STORE_VERSION_MAX]; /* "" where the store has none */
	bool is_latest;			 /* of its versions */
	bool is_delete_marker;		 /* only from store_versions() */
	int64_t locked_until_nsec;	 /* 0 = no lock known */
	uint8_t sha256[32];		 /* of the content, where the store tells */
	bool has_sha256;
};

/* What a store can promise; probed, not assumed. */
struct store_features {
	bool conditional_put; /* STORE_PUT_NEW is atomic: one winner */
	bool versions;
	bool locks;
};

enum store_put_mode {
	STORE_PUT_NEW, /* ERR_EXISTS when the key is taken; its content is untouched */
	STORE_PUT_REPLACE, /* leases, and pages that damage left of the right name */
};

struct store_put_options {
	enum store_put_mode mode;
	int64_t lock_until_nsec; /* 0 = none; refused with ERR_UNSUPPORTED without locks */
	const uint8_t *sha256;	 /* NULL, or the content's hash if already known */
};

/* Opens the place a URL names. Does not touch the network or create anything but, with
 * `create`, the directory of a file:// URL. */
MUST_CHECK int store_open(const char *url, bool create, struct rng *rng,
			  struct store **ret_store, struct err *err);
void store_free(struct store *store);
void store_freep(struct store **store);

/* An empty store in memory; `clock` gives modification times; borrowed. */
struct store *store_memory_new(const struct clock *clock);

const char *store_url(const struct store *store); /* for messages; no secrets in it */
struct store_features store_features(const struct store *store);

/* Durable when it returns 0: fsynced, or acknowledged with matching checksum. */
MUST_CHECK int store_put(struct store *store, const char *key, struct slice bytes,
			 const struct store_put_options *options, struct err *err);

/* Exactly len bytes at offset; the end of the object before that is ERR_CORRUPT, an absent
 * object ERR_NOT_FOUND. `to` has room for len. */
MUST_CHECK int store_get_range(struct store *store, const char *key, uint64_t offset,
			       size_t len, uint8_t *to, struct err *err);

/* A whole object of at most max bytes (ERR_LIMIT). Replaces the content of *ret_bytes. */
MUST_CHECK int store_get(struct store *store, const char *key, size_t max,
			 struct buf *ret_bytes, struct err *err);

/* ERR_NOT_FOUND when absent. */
MUST_CHECK int store_head(struct store *store, const char *key,
			  struct store_info *ret_info, struct err *err);

/* Calls `each` for every object whose key starts with prefix (a whole number of segments, ends
 * in '/', or "" for all), in ascending bytewise order of keys. `each` returns 0 to go on;
 * another value ends the listing and is returned by store_list(). Keys that break the
 * grammar above are skipped and counted in *ret_foreign (may be NULL). */
typedef int store_each_fn(void *arg, const char *key, const struct store_info *info,
			  struct err *err);
MUST_CHECK int store_list(struct store *store, const char *prefix, store_each_fn *each,
			  void *arg, uint64_t *ret_foreign, struct err *err);

/* All versions of one key, newest first; a store without versions shows the one object. */
MUST_CHECK int store_versions(struct store *store, const char *key, store_each_fn *each,
			      void *arg, struct err *err);
MUST_CHECK int store_get_version(struct store *store, const char *key,
				 const char *version, size_t max, struct buf *ret_bytes,
				 struct err *err);

/* Deletes the object, or with a version just that one. Absent is fine. */
MUST_CHECK int store_delete(struct store *store, const char *key, const char *version,
			    struct err *err);

/* A view of a store whose puts share a budget of bytes per second (0 = `inner` itself). Takes
 * `inner` over. A put that waits for its turn ends with ERR_INTERRUPTED, nothing put, when
 * `cancel` (may be NULL) is set. */
struct store *store_throttle_take(struct store *inner, uint64_t upload_bytes_per_sec,
				  const struct clock *clock, const struct cancel *cancel);

/* What was asked of the store since it was opened. */
struct store_counters {
	uint64_t n_put, n_get, n_head, n_list, n_delete;
	uint64_t bytes_put, bytes_got;
};
struct store_counters store_counters(const struct store *store);

#endif
