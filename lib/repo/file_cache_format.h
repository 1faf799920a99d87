/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The bytes of a file cache: a local file, written and read in one go, that tells nobody
 * without D's cache key what was backed up.
 *
 *   "QPFC"  version u16 = 1  zero u16  salt[32]  sealed head[48]  sealed chunk *
 *
 * Key = HKDF-SHA256(secret = key("cache"), salt, info = "quipu/v1/file-cache" || R || stream),
 * AES-256-GCM. The head is the id of the snapshot that the cache describes, nonce (2, 0), AAD =
 * all before it. Chunks hold 65,536 bytes under nonce (0, number) each, the last one, which
 * every file has, fewer (perhaps none) under nonce (1, number). It is no part of a
 * repository: a cache of another version is just not used.
 */
#ifndef REPO_FILE_CACHE_FORMAT_H
#define REPO_FILE_CACHE_FORMAT_H

#include "repo/keys.h"

enum { CACHE_CHUNK_LEN = 65536 };

struct rng;

/* What a cache belongs to; all borrowed. */
struct file_cache_owner {
	const struct secret *key; /* key("cache") */
	const struct repo_identity *identity;
	const char *stream;
};

/* --- writing; the descriptor is borrowed and at the start of an empty file --- */
struct cache_output;
MUST_CHECK int cache_output_new(const struct file_cache_owner *owner, struct rng *rng,
				int fd, struct cache_output **ret_output,
				struct err *err);
void cache_output_free(struct cache_output *output);
void cache_output_freep(struct cache_output **output);
MUST_CHECK int cache_output_write(struct cache_output *output, struct slice bytes,
				  struct err *err);
/* Writes the last chunk, then the head: only now the file is a cache. */
MUST_CHECK int cache_output_end(struct cache_output *output,
				const uint8_t snapshot_id[static 32], struct err *err);

/* --- reading; ERR_CORRUPT for what is damaged, cut, or somebody else's --- */
struct cache_input;
MUST_CHECK int cache_input_new(const struct file_cache_owner *owner, int fd,
			       struct cache_input **ret_input,
			       uint8_t ret_snapshot_id[static 32], struct err *err);
void cache_input_free(struct cache_input *input);
void cache_input_freep(struct cache_input **input);
/* Exactly `len` bytes; to = NULL skips them. */
MUST_CHECK int cache_input_read(struct cache_input *input, uint8_t *to, size_t len,
				struct err *err);
/* True when all bytes are read and the last chunk was there. */
MUST_CHECK int cache_input_at_end(struct cache_input *input, bool *ret_end,
				  struct err *err);

#endif
