/* SPDX-License-Identifier: Apache-2.0 */
/* A store in memory, a writer, and packs that are made from numbers: pack p holds the blobs
 * p * 1000, p * 1000 + 1, … Include after cmocka.h. */
#ifndef TESTS_SUPPORT_INDEX_SAMPLE_H
#define TESTS_SUPPORT_INDEX_SAMPLE_H

#include "base/log.h"
#include "repo/index.h"
#include "support/repo_sample.h"

struct index_sample {
	struct repo_sample sample;
	struct clock clock;
	struct repo repo;
	struct sign_public signer;
	struct log log;
	char logged[2048]; /* warnings, a line each */
	struct index_options options;
};

static inline void index_sample_log(const struct log *log, enum log_level level,
				    const char *text)
{
	char *logged = log->state;
	size_t len = strlen(logged);

	if (level >= LOG_WARNING_LEVEL)
		(void)snprintf(logged + len, 2048 - len, "%s\n", text);
}

static inline void index_sample_init(struct index_sample *s)
{
	*s = (struct index_sample){.clock = clock_system()};
	repo_sample_init(&s->sample, 11);
	s->repo.store = store_memory_new(&s->clock);
	s->repo.identity = s->sample.identity;
	s->signer = sign_private_public(s->sample.writer.sign);
	s->log = (struct log){index_sample_log, s->logged, LOG_DEBUG_LEVEL};
	s->options = (struct index_options){
		.keys = &s->sample.writer.dedup,
		.identity = &s->sample.identity,
		.domain = "db",
		.signers = &s->signer,
		.n_signers = 1,
		.rng = &s->sample.rng,
		.log = &s->log,
	};
}

static inline void index_sample_release(struct index_sample *s)
{
	store_free(s->repo.store);
	repo_sample_release(&s->sample);
}

/* A writer with its own key and certificate; D is the same. */
static inline void index_sample_second_writer(const struct index_sample *s,
					      struct rng *rng, struct writer_key *ret_key)
{
	*ret_key = s->sample.writer;
	ret_key->sign = sign_private_generate(rng);
	buf_init(&ret_key->certificate, 0);
	sample_certify(&s->sample, 9, KEY_WRITER, sign_private_public(ret_key->sign),
		       &ret_key->certificate);
}

static inline void index_sample_drop_writer(struct writer_key *key)
{
	sign_private_free(key->sign);
	buf_release(&key->certificate);
}

static inline struct index *index_sample_open(const struct index_sample *s,
					      const char *directory)
{
	struct index_options options = s->options;
	struct index *index = NULL;
	struct err err = {0};

	options.cache_directory = directory;
	if (index_open(&options, &index, &err) < 0)
		fail_msg("%s", err.msg);
	return index;
}

static inline struct blob_id sample_id(uint64_t blob)
{
	struct blob_id id;

	for (unsigned i = 0; i < 4; i++) {
		uint64_t x = (blob + 1) * UINT64_C(0x9e3779b97f4a7c15) + i;

		x ^= x >> 31;
		x *= UINT64_C(0xbf58476d1ce4e5b9);
		x ^= x >> 29;
		memcpy(id.bytes + (size_t)8 * i, &x, 8);
	}
	return id;
}

static inline struct pack_info sample_pack(uint32_t pack)
{
	struct pack_info info = {.size = 8000000 + pack, .epoch = 1};
	const struct blob_id name = sample_id(UINT64_C(1) << 40 | pack);
	const struct blob_id hash = sample_id(UINT64_C(2) << 40 | pack);

	memcpy(info.name, name.bytes, sizeof(info.name));
	memcpy(info.header_hash, hash.bytes, sizeof(info.header_hash));
	return info;
}

static inline struct blob_entry sample_entry(uint64_t blob, uint32_t number)
{
	return (struct blob_entry){
		.id = sample_id(blob),
		.type = number % 2 == 0 ? BLOB_DATA : BLOB_TREE,
		.offset = 176 + number * 100,
		.stored = 100,
		.raw = 1000 + number,
	};
}

/* Pack `pack` with n blobs. Returns its number in the index. */
static inline uint32_t index_sample_add(struct index *index, uint32_t pack, uint32_t n)
{
	struct blob_entry *entries = mem_calloc(n, sizeof(*entries));
	struct pack_info info = sample_pack(pack);
	struct err err = {0};
	uint32_t number = UINT32_MAX;

	for (uint32_t i = 0; i < n; i++)
		entries[i] = sample_entry(pack * UINT64_C(1000) + i, i);
	if (index_add_pack(index, &info, entries, n, &number, &err) < 0)
		fail_msg("%s", err.msg);
	mem_free(entries);
	return number;
}

/* How many places of the blob are known. */
static inline size_t index_sample_count(struct index *index, uint64_t blob)
{
	struct blob_place places[INDEX_PLACES_MAX];
	const struct blob_id id = sample_id(blob);
	struct err err = {0};
	size_t n = 0;

	if (index_find(index, &id, places, INDEX_PLACES_MAX, &n, &err) < 0)
		fail_msg("%s", err.msg);
	return n;
}

static inline bool index_sample_has_pack(struct index *index, uint32_t pack, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		if (index_sample_count(index, pack * UINT64_C(1000) + i) == 0)
			return false;
	}
	return true;
}

static inline void index_sample_update(struct index *index, const struct index_sample *s)
{
	struct err err = {0};

	if (index_update(index, &s->repo, NULL, &err) < 0)
		fail_msg("%s", err.msg);
}

static inline void index_sample_flush(struct index *index, const struct index_sample *s)
{
	struct err err = {0};

	if (index_flush(index, &s->repo, &s->sample.writer, &err) < 0)
		fail_msg("%s", err.msg);
}

struct sample_keys {
	char keys[256][128];
	size_t n;
};

static inline int sample_list_one(void *arg, const char *key,
				  const struct store_info *info, struct err *err)
{
	struct sample_keys *keys = arg;

	(void)info;
	(void)err;
	if (keys->n < 256)
		(void)snprintf(keys->keys[keys->n++], sizeof(keys->keys[0]), "%s", key);
	return 0;
}

/* Keys of all fragments in the store. */
static inline struct sample_keys *index_sample_fragments(const struct index_sample *s)
{
	struct sample_keys *keys = mem_zalloc(sizeof(*keys));
	struct err err = {0};

	if (store_list(s->repo.store, "index/", sample_list_one, keys, NULL, &err) < 0)
		fail_msg("%s", err.msg);
	return keys;
}

static inline size_t index_sample_n_fragments(const struct index_sample *s)
{
	struct sample_keys *keys = index_sample_fragments(s);
	size_t n = keys->n;

	mem_free(keys);
	return n;
}

#endif
