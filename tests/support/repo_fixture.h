/* SPDX-License-Identifier: Apache-2.0 */
/* A repository in memory, made by repo_init(), with all its keys opened. Include after
 * cmocka.h. */
#ifndef TESTS_SUPPORT_REPO_FIXTURE_H
#define TESTS_SUPPORT_REPO_FIXTURE_H

#include "base/fd.h"
#include "repo/repo.h"
#include "support/tempdir.h"

struct repo_fixture {
	char *directory; /* of the key files */
	int64_t now;
	struct clock clock;
	struct rng rng;
	struct secret passphrase;
	struct store *store;
	struct repo *repo;
	struct key *recovery;
	struct key *writer;
	struct key *audit;
};

static inline int repo_fixture_key(const struct repo_fixture *f, const char *name,
				   const struct secret *passphrase, struct key **ret_key,
				   struct err *err)
{
	CLEANUP(mem_freep) char *path = path_join(f->directory, name);
	CLEANUP(secret_release) struct secret text = {0};

	if (file_read_secret(path, 1 << 20, &text, err) < 0)
		return -1;
	return key_open(secret_slice(&text), passphrase, ret_key, err);
}

static inline struct repo_init_options
repo_fixture_options(struct repo_fixture *f, const struct secret *passphrase)
{
	return (struct repo_init_options){
		.key_directory = f->directory,
		.passphrase = passphrase,
		.params = {.chunk = {.min = 4096, .avg = 16384, .max = 65536},
			   .pack_size = 1024 * 1024},
		.scrypt = {.log2_n = 10, .r = 1, .p = 1},
		.rng = &f->rng,
		.clock = &f->clock,
	};
}

/* Everything but the repository. */
static inline int repo_fixture_begin(struct repo_fixture *f, uint64_t seed)
{
	void *directory = NULL;

	*f = (struct repo_fixture){.now = INT64_C(1764028800) * 1000000000};
	if (tempdir_setup(&directory) < 0)
		return -1;
	f->directory = directory;
	f->clock = clock_fixed(&f->now);
	f->rng = rng_seeded(seed);
	secret_set(&f->passphrase, "correct horse", 13);
	f->store = store_memory_new(&f->clock);
	return 0;
}

static inline int repo_fixture_open(struct repo_fixture *f, struct err *err)
{
	if (repo_fixture_key(f, "recovery.key", &f->passphrase, &f->recovery, err) < 0 ||
	    repo_fixture_key(f, "writer.key", NULL, &f->writer, err) < 0 ||
	    repo_fixture_key(f, "audit.pub", NULL, &f->audit, err) < 0)
		return -1;
	return repo_open(f->store, &f->audit->identity, &f->repo, err);
}

/* With chunks of these lengths. */
static inline int repo_fixture_init_cut(struct repo_fixture *f, uint64_t seed,
					struct chunker_params chunk, struct err *err)
{
	bool resumed;

	if (repo_fixture_begin(f, seed) < 0)
		return -1;
	struct repo_init_options options = repo_fixture_options(f, &f->passphrase);
	options.params.chunk = chunk;
	if (repo_init(f->store, &options, &resumed, err) < 0)
		return -1;
	return repo_fixture_open(f, err);
}

static inline int repo_fixture_init(struct repo_fixture *f, uint64_t seed,
				    struct err *err)
{
	const struct chunker_params small = {.min = 4096, .avg = 16384, .max = 65536};

	return repo_fixture_init_cut(f, seed, small, err);
}

/* Opens the repository again, with what its store holds now. */
static inline int repo_fixture_reopen(struct repo_fixture *f, struct err *err)
{
	repo_free(f->repo);
	f->repo = NULL;
	return repo_open(f->store, &f->audit->identity, &f->repo, err);
}

static inline void repo_fixture_close(struct repo_fixture *f)
{
	repo_free(f->repo);
	key_free(f->recovery);
	key_free(f->writer);
	key_free(f->audit);
	f->repo = NULL;
	f->recovery = f->writer = f->audit = NULL;
}

static inline int repo_fixture_release(struct repo_fixture *f)
{
	void *directory = f->directory;

	repo_fixture_close(f);
	secret_release(&f->passphrase);
	store_free(f->store);
	return tempdir_teardown(&directory);
}

#endif
