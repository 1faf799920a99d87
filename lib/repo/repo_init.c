/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Order: key files, key log, wraps, quipu.json. A repository exists from its quipu.json on, so
 * none ever exists whose keys are not on disk. Each step is safe to be done again
 * (init_keys.c), so a killed init is simply run again.
 */
#include <string.h>

#include "base/mem.h"
#include "repo/init_keys.h"
#include "repo/keylog_internal.h"
#include "repo/repo_format.h"
#include "repo/wrap_format.h"

static int check_options(const struct repo_init_options *options, struct err *err)
{
	if (options->passphrase == NULL || options->passphrase->len == 0) {
		err_set(err, ERR_USAGE, "the passphrase of recovery.key is empty");
		return err_hint(err, "give one with --passphrase-file");
	}
	return repo_params_check(&options->params, err);
}

static int refuse_existing(struct store *store, struct err *err)
{
	bool exists;

	if (repo_exists(store, &exists, err) < 0)
		return -1;
	if (!exists)
		return 0;
	err_set(err, ERR_EXISTS, "a repository exists already at %s", store_url(store));
	return err_hint(err, "choose another --repo, or back up into this one");
}

static int seen_one(void *arg, const char *key, const struct store_info *info,
		    struct err *err)
{
	bool *seen = arg;

	(void)key;
	(void)info;
	(void)err;
	*seen = true;
	return 1;
}

/* A store that holds another owner's key log is not ours to finish. *ret_ours = it holds that of
 * the keys. */
static int refuse_others_log(struct store *store, const struct init_keys *keys,
			     bool *ret_ours, struct err *err)
{
	CLEANUP(keylog_freep) struct keylog *keylog = NULL;

	*ret_ours = false;
	bool holds_objects = false;

	if (store_list(store, KEYLOG_PREFIX, seen_one, ret_ours, NULL, err) < 0 ||
	    (!*ret_ours &&
	     store_list(store, "", seen_one, &holds_objects, NULL, err) < 0))
		return -1;
	if (holds_objects) {
		err_set(err, ERR_EXISTS,
			"%s holds objects of a repository whose quipu.json and key log "
			"are lost",
			store_url(store));
		return err_hint(err, "name another place with --repo");
	}
	if (!*ret_ours)
		return 0;
	if (keys->recovery != NULL) {
		if (keylog_load(store, &keys->recovery->identity, &keylog, err) < 0)
			return -1;
		if (strings_count(keylog_strays(keylog)) == 0)
			return 0;
	}
	err_set(err, ERR_EXISTS, "%s holds the key log of another repository",
		store_url(store));
	return err_hint(err,
			"if an init was cut off there, name its directory with --keys");
}

/* Keys that are there are gone on with where an init with them was cut off, or where their key log
 * lies and only quipu.json was lost. */
static int refuse_twin(struct store *store, const struct repo_init_options *options,
		       const struct init_keys *keys, bool has_log, struct err *err)
{
	const char *unfinished = keys->unfinished_url;

	if (!keys->resumed || has_log ||
	    (unfinished != NULL && strcmp(unfinished, store_url(store)) == 0))
		return 0;
	if (unfinished != NULL) {
		err_set(err, ERR_EXISTS,
			"the keys in %s were made for a repository at %s, whose init did "
			"not end",
			options->key_directory, unfinished);
		return err_hint(err, "run it again with that --repo, or name another "
				     "directory with --keys");
	}
	err_set(err, ERR_EXISTS, "the keys in %s belong to a repository that exists",
		options->key_directory);
	return err_hint(err, "a second one with the same keys could not be told from it; "
			     "name another directory with --keys");
}

static int put_records(struct store *store, const struct init_keys *keys, struct err *err)
{
	for (size_t i = 0; i < INIT_RECORDS; i++) {
		uint8_t id[HASH_LEN];

		if (signed_object_put(store, KEYLOG_PREFIX, i + 1,
				      buf_slice(&keys->records[i]), id, err) < 0)
			return -1;
	}
	return 0;
}

/* A wrap is not the same twice, so one that is there already must open. */
static int put_wrap(struct store *store, const struct init_keys *keys, struct rng *rng,
		    struct err *err)
{
	const struct reader_key *reader = &keys->recovery->owner->reader;
	struct dh_public recipient = dh_private_public(reader->recipient);
	struct wrap_epoch epoch = {.identity = &keys->recovery->identity,
				   .number = 1,
				   .public_key = dh_private_public(keys->epoch)};
	struct store_put_options options = {.mode = STORE_PUT_NEW};
	CLEANUP(buf_release) struct buf wrap = {0};
	char key[WRAP_KEY_LEN];
	uint8_t id[HASH_LEN];
	struct err why = {0};

	buf_init(&wrap, 0);
	recipient_id(&recipient, id);
	wrap_key(1, &epoch.public_key, id, key);
	if (wrap_seal(&epoch, keys->epoch, &recipient, rng, &wrap, err) < 0)
		return -1;
	if (store_put(store, key, buf_slice(&wrap), &options, &why) == 0)
		return 0;
	if (why.code != ERR_EXISTS) {
		*err = why;
		return -1;
	}
	CLEANUP(dh_private_freep) struct dh_private *opened = NULL;
	struct epoch of = {.number = 1, .public_key = epoch.public_key};
	return epoch_open(&of, reader, store, NULL, &opened, err);
}

static int put_document(struct store *store, const struct repo_init_options *options,
			const struct init_keys *keys, struct err *err)
{
	struct store_put_options new = {.mode = STORE_PUT_NEW};
	struct repo_params params = options->params;
	CLEANUP(buf_release) struct buf text = {0};

	params.created_nsec = keys->time_nsec;
	buf_init(&text, 0);
	repo_document_encode(&keys->recovery->identity, &params,
			     keys->recovery->owner->sign, &text);
	return store_put(store, REPO_DOCUMENT_KEY, buf_slice(&text), &new, err);
}

int repo_init(struct store *store, const struct repo_init_options *options,
	      bool *ret_resumed, struct err *err)
{
	CLEANUP(init_keys_release) struct init_keys keys = {0};
	bool has_log;

	if (check_options(options, err) < 0 || refuse_existing(store, err) < 0 ||
	    init_keys_find(options, &keys, err) < 0 ||
	    refuse_others_log(store, &keys, &has_log, err) < 0 ||
	    refuse_twin(store, options, &keys, has_log, err) < 0 ||
	    init_keys_complete(options, store_url(store), &keys, err) < 0)
		return -1;
	if (put_records(store, &keys, err) < 0 ||
	    put_wrap(store, &keys, options->rng, err) < 0 ||
	    put_document(store, options, &keys, err) < 0)
		return err_wrap(err, "repository %s", store_url(store));
	init_keys_end(options);
	*ret_resumed = keys.resumed;
	return 0;
}
