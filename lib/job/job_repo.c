/* SPDX-License-Identifier: Apache-2.0 */
#include "job/job_repo.h"

#include <sys/stat.h>

#include "base/fd.h"
#include "base/mem.h"
#include "base/path.h"
#include "format/encoding.h"
#include "repo/keyfile_format.h"

static int need_text(const char *text, const char *what, const char *hint,
		     struct err *err)
{
	if (text != NULL && text[0] != '\0')
		return 0;
	(void)err_set(err, ERR_USAGE, "no %s is named", what);
	return err_hint(err, "%s", hint);
}

int job_key_file_read(const char *path, struct secret *ret_text, struct err *err)
{
	if (file_read_secret(path, KEY_FILE_MAX, ret_text, err) == 0)
		return 0;
	if (err->code == ERR_NOT_FOUND)
		(void)err_hint(err, "`quipu-backup init` makes key files");
	err->code = ERR_KEY;
	return err_wrap(err, "key file");
}

/* Rights of a group are often meant, as a mounted secret has them; nobody means everybody. */
static void warn_of_open_file(const char *path, const struct job_env *env)
{
	struct stat st;

	if (stat(path, &st) == 0 && S_ISREG(st.st_mode) && (st.st_mode & S_IRWXO) != 0)
		log_warning(env->log,
			    "key file %s is open to everybody on this machine; "
			    "`chmod o= FILE` closes it",
			    path);
}

static int open_key(const char *path, const struct job_env *env, struct key **ret_key,
		    struct err *err)
{
	CLEANUP(secret_release) struct secret text = {0};
	CLEANUP(secret_release) struct secret passphrase = {0};
	enum key_role role;
	bool is_protected;

	if (job_key_file_read(path, &text, err) < 0)
		return -1;
	if (key_file_role(secret_slice(&text), &role, &is_protected, err) < 0)
		return err_wrap(err, "key file %s", path);
	if (role != KEY_AUDIT)
		warn_of_open_file(path, env);
	if (is_protected &&
	    env->passphrase(env->passphrase_state, path, &passphrase, err) < 0)
		return -1;
	if (key_open(secret_slice(&text), is_protected ? &passphrase : NULL, ret_key,
		     err) < 0)
		return err_wrap(err, "key file %s", path);
	return 0;
}

static int open_parts(const struct job_repo_options *options, const struct job_env *env,
		      struct job_repo *repo, struct err *err)
{
	if (need_text(options->url, "repository",
		      "give --repo URL or set QUIPU_REPO, for example file:///srv/backup",
		      err) < 0 ||
	    need_text(options->key_file, "key file",
		      "give --key FILE or set QUIPU_KEY_FILE", err) < 0)
		return -1;
	if (store_open(options->url, false, env->rng, &repo->store, err) < 0) {
		if (err->code == ERR_NO_REPO)
			(void)err_hint(err, "`quipu-backup init` creates a repository");
		return -1;
	}
	repo->store = store_throttle_take(repo->store, options->upload_bytes_per_sec,
					  env->clock, env->cancel);
	if (open_key(options->key_file, env, &repo->key, err) < 0 ||
	    repo_open(repo->store, &repo->key->identity, &repo->repo, err) < 0)
		return -1;
	return 0;
}

void job_tell_alarms(const struct strings *alarms, const struct log *log)
{
	enum { TOLD_MAX = 10 };
	size_t n = strings_count(alarms);

	for (size_t i = 0; i < n && i < TOLD_MAX; i++)
		log_warning(log, "alarm: %s", strings_at(alarms, i));
	if (n > TOLD_MAX)
		log_warning(log, "alarm: %zu more; `quipu-backup check` names them all",
			    n - TOLD_MAX);
}

static void tell_keylog(const struct repo *repo, const struct log *log)
{
	CLEANUP(strings_release) struct strings alarms = {0};

	strings_init(&alarms);
	keylog_alarms(repo->keylog, &alarms);
	job_tell_alarms(&alarms, log);
}

int job_repo_open(const struct job_repo_options *options, const struct job_env *env,
		  struct job_repo *ret_repo, struct err *err)
{
	struct job_repo repo = {0};

	if (open_parts(options, env, &repo, err) < 0) {
		job_repo_release(&repo);
		return -1;
	}
	tell_keylog(repo.repo, env->log);
	*ret_repo = repo;
	return 0;
}

void job_repo_release(struct job_repo *repo)
{
	repo_free(repo->repo);
	key_free(repo->key);
	store_free(repo->store);
	*repo = (struct job_repo){0};
}

static int wrong_role(const struct job_repo *repo, const char *needed, struct err *err)
{
	const char *role = key_role_name(repo->key->role);

	return err_set(err, ERR_KEY, "this is %s %s key; expected a %s key",
		       role[0] == 'a' ? "an" : "a", role, needed);
}

int job_repo_need_writer(const struct job_repo *repo, const struct writer_key **ret_key,
			 struct err *err)
{
	*ret_key = repo->key->writer;
	if (*ret_key != NULL)
		return 0;
	(void)wrong_role(repo, "writer", err);
	return err_hint(err, "backups are made with writer.key");
}

int job_repo_need_reader(const struct job_repo *repo, const struct reader_key **ret_key,
			 struct err *err)
{
	*ret_key = key_reader(repo->key);
	if (*ret_key != NULL)
		return 0;
	(void)wrong_role(repo, "recovery or reader", err);
	return err_hint(err, "%s; data is opened by recovery.key or a reader key",
			repo->key->role == KEY_WRITER
				? "a writer key cannot read what it wrote"
				: "audit.pub verifies and opens nothing");
}

int job_repo_need_owner(const struct job_repo *repo, const struct owner_key **ret_key,
			struct err *err)
{
	*ret_key = repo->key->owner;
	if (*ret_key != NULL)
		return 0;
	(void)wrong_role(repo, "recovery", err);
	return err_hint(err, "keys are administered with recovery.key");
}

int job_repo_need_dedup(const struct job_repo *repo, const struct dedup_keys **ret_keys,
			struct err *err)
{
	*ret_keys = key_dedup(repo->key);
	if (*ret_keys != NULL)
		return 0;
	return wrong_role(repo, "recovery, reader or writer", err);
}

char *job_repo_cache_directory(const struct job_repo *repo, const char *directory)
{
	char hex[2 * REPO_ID_LEN + 1];

	if (directory == NULL)
		return NULL;
	return path_join(directory,
			 hex_encode(slice_of(repo->repo->identity.id, REPO_ID_LEN), hex,
				    sizeof(hex)));
}

/* A writer's index and a reader's hold different fragments, so they lie apart. */
static char *index_directory(const struct job_index_options *options)
{
	if (options->cache_directory == NULL)
		return NULL;
	return mem_printf("%s/index-%s-%s", options->cache_directory,
			  options->writer != NULL ? "writer" : "reader", options->domain);
}

int job_index_open(const struct job_repo *repo, const struct job_index_options *options,
		   const struct job_env *env, struct index **ret_index, struct err *err)
{
	CLEANUP(mem_freep) char *directory = index_directory(options);
	CLEANUP(index_freep) struct index *index = NULL;
	struct sign_public self = {0};
	struct index_options index_options = {
		.cache_directory = directory,
		.keys = options->keys,
		.identity = &repo->repo->identity,
		.domain = options->domain,
		.rng = env->rng,
		.log = env->log,
		.scratch = options->scratch,
	};

	if (options->writer != NULL) {
		self = sign_private_public(options->writer->sign);
		index_options.signers = &self;
		index_options.n_signers = 1;
	}
	if (index_open(&index_options, &index, err) < 0 ||
	    index_update(index, repo->repo, env->cancel, err) < 0)
		return err_wrap(err, "index of domain %s", options->domain);
	*ret_index = STEAL(index);
	return 0;
}

int job_snapshot_find(const struct job_repo *repo, const char *text,
		      const struct job_env *env, struct snapshot_list *ret_list,
		      const struct snapshot_header **ret_header, struct err *err)
{
	if (snapshot_list_load(repo->repo, NULL, env->cancel, ret_list, err) < 0)
		return -1;
	job_tell_alarms(&ret_list->alarms, env->log);
	if (snapshot_list_find(ret_list, text, ret_header, err) == 0)
		return 0;
	snapshot_list_release(ret_list);
	return -1;
}
