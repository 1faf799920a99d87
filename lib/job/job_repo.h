/* SPDX-License-Identifier: Apache-2.0 */
/* A repository opened with a key file: what nearly every command begins with. */
#ifndef JOB_JOB_REPO_H
#define JOB_JOB_REPO_H

#include "job/job_env.h"
#include "repo/index.h"
#include "repo/keys.h"
#include "repo/repo.h"
#include "repo/snapshots.h"

struct job_repo_options {
	const char *url;	       /* NULL: ERR_USAGE with a hint */
	const char *key_file;	       /* likewise */
	uint64_t upload_bytes_per_sec; /* 0 = no limit */
};

struct job_repo {
	struct store *store;
	struct key *key;
	struct repo *repo;
};

/* Whatever is wrong with the file, it is ERR_KEY: there is no key to work with. */
MUST_CHECK int job_key_file_read(const char *path, struct secret *ret_text,
				 struct err *err);

MUST_CHECK int job_repo_open(const struct job_repo_options *options,
			     const struct job_env *env, struct job_repo *ret_repo,
			     struct err *err);
/* Logs alarms as warnings. A damaged repository may have one for each of its snapshots: after ten
 * their number is told. */
void job_tell_alarms(const struct strings *alarms, const struct log *log);
void job_repo_release(struct job_repo *repo); /* a zeroed one is fine */

/* The key's part that a command needs, or ERR_KEY that names the role that it has and the
 * ones that would do. */
MUST_CHECK int job_repo_need_writer(const struct job_repo *repo,
				    const struct writer_key **ret_key, struct err *err);
MUST_CHECK int job_repo_need_reader(const struct job_repo *repo,
				    const struct reader_key **ret_key, struct err *err);
MUST_CHECK int job_repo_need_owner(const struct job_repo *repo,
				   const struct owner_key **ret_key, struct err *err);
MUST_CHECK int job_repo_need_dedup(const struct job_repo *repo,
				   const struct dedup_keys **ret_keys, struct err *err);

/* "DIRECTORY/<repository id>", or NULL without a directory. The default directory is
 * $XDG_CACHE_HOME/quipu or ~/.cache/quipu, found by the caller. Caller frees. */
char *job_repo_cache_directory(const struct job_repo *repo, const char *directory);

/* Opens the index of a domain and brings it up to date. `writer` non-NULL: only fragments that
 * this writer may deduplicate against. */
struct job_index_options {
	const char *domain;
	const char *
		cache_directory; /* from job_repo_cache_directory(); NULL: a private one */
	const struct writer_key *writer;
	const struct dedup_keys *keys;
	bool scratch; /* nothing that is added will be written as a fragment */
};
MUST_CHECK int job_index_open(const struct job_repo *repo,
			      const struct job_index_options *options,
			      const struct job_env *env, struct index **ret_index,
			      struct err *err);

/* The snapshot that a text names, and the list it points into. */
MUST_CHECK int job_snapshot_find(const struct job_repo *repo, const char *text,
				 const struct job_env *env,
				 struct snapshot_list *ret_list,
				 const struct snapshot_header **ret_header,
				 struct err *err);

#endif
