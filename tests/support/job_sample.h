/* SPDX-License-Identifier: Apache-2.0 */
/* A repository with keys in a temporary directory, and a world for jobs. Include after
 * cmocka.h. */
#ifndef TESTS_SUPPORT_JOB_SAMPLE_H
#define TESTS_SUPPORT_JOB_SAMPLE_H

#include "job/job_repo.h"
#include "support/tempdir.h"

struct job_sample {
	char *directory;
	char *url;
	struct clock clock;
	struct rng rng;
	struct cancel cancel;
	struct progress progress;
	struct job_env env;
};

static inline int job_sample_passphrase(void *state, const char *what,
					struct secret *ret_passphrase, struct err *err)
{
	(void)state;
	(void)what;
	(void)err;
	secret_set(ret_passphrase, "secret", 6);
	return 0;
}

static inline void job_sample_env(struct job_sample *sample)
{
	sample->clock = clock_system();
	sample->rng = rng_system();
	cancel_init(&sample->cancel);
	progress_init(&sample->progress);
	sample->env = (struct job_env){
		.clock = &sample->clock,
		.rng = &sample->rng,
		.cancel = &sample->cancel,
		.progress = &sample->progress,
		.passphrase = job_sample_passphrase,
	};
}

static inline int job_sample_create(struct job_sample *sample, struct err *err)
{
	CLEANUP(store_freep) struct store *store = NULL;
	CLEANUP(secret_release) struct secret passphrase = {0};
	CLEANUP(mem_freep) char *keys = path_join(sample->directory, "keys");
	struct repo_init_options options = {
		.key_directory = keys,
		.passphrase = &passphrase,
		.params = {.chunk = {CHUNK_MIN_DEFAULT, CHUNK_AVG_DEFAULT,
				     CHUNK_MAX_DEFAULT},
			   .pack_size = PACK_SIZE_DEFAULT},
		.rng = &sample->rng,
		.clock = &sample->clock,
	};
	bool resumed;

	secret_set(&passphrase, "secret", 6);
	if (store_open(sample->url, true, &sample->rng, &store, err) < 0)
		return -1;
	return repo_init(store, &options, &resumed, err);
}

/* cmocka group setup: *state is a struct job_sample. */
static inline int job_sample_setup(void **state)
{
	struct job_sample *sample = mem_zalloc(sizeof(*sample));
	void *directory;
	struct err err = {0};

	if (tempdir_setup(&directory) != 0)
		return -1;
	sample->directory = directory;
	sample->url = mem_printf("file://%s/repo", sample->directory);
	job_sample_env(sample);
	*state = sample;
	if (job_sample_create(sample, &err) < 0) {
		print_error("%s\n", err.msg);
		return -1;
	}
	return 0;
}

static inline int job_sample_teardown(void **state)
{
	struct job_sample *sample = *state;
	void *directory = sample->directory;
	int failed = tempdir_teardown(&directory);

	mem_free(sample->url);
	mem_free(sample);
	return failed;
}

/* Opens with one of the key files. */
static inline int job_sample_open(const struct job_sample *sample, const char *key_name,
				  struct job_repo *ret_repo, struct err *err)
{
	CLEANUP(mem_freep)
	char *key = mem_printf("%s/keys/%s", sample->directory, key_name);
	struct job_repo_options options = {.url = sample->url, .key_file = key};

	return job_repo_open(&options, &sample->env, ret_repo, err);
}

#endif
