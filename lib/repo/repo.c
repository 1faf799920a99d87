/* SPDX-License-Identifier: Apache-2.0 */
#include "repo/repo.h"

#include "base/mem.h"
#include "repo/repo_format.h"

void repo_free(struct repo *repo)
{
	if (repo == NULL)
		return;
	keylog_free(repo->keylog);
	mem_free(repo);
}

void repo_freep(struct repo **repo)
{
	repo_free(*repo);
}

int repo_exists(struct store *store, bool *ret_exists, struct err *err)
{
	struct store_info info;
	struct err why = {0};

	if (store_head(store, REPO_DOCUMENT_KEY, &info, &why) == 0) {
		*ret_exists = true;
		return 0;
	}
	if (why.code != ERR_NOT_FOUND) {
		*err = why;
		return -1;
	}
	*ret_exists = false;
	return 0;
}

static int load_params(struct repo *repo, struct err *err)
{
	CLEANUP(buf_release) struct buf text = {0};

	buf_init(&text, REPO_DOCUMENT_MAX);
	if (store_get(repo->store, REPO_DOCUMENT_KEY, REPO_DOCUMENT_MAX, &text, err) <
	    0) {
		if (err->code == ERR_NOT_FOUND) {
			err_set(err, ERR_NO_REPO, "no repository at %s",
				store_url(repo->store));
			return err_hint(err, "quipu-backup init creates one");
		}
		if (err->code == ERR_LIMIT)
			err->code = ERR_CORRUPT;
		return -1;
	}
	return repo_document_decode(buf_slice(&text), &repo->identity, &repo->params,
				    err);
}

int repo_open(struct store *store, const struct repo_identity *identity,
	      struct repo **ret_repo, struct err *err)
{
	CLEANUP(repo_freep) struct repo *repo = mem_zalloc(sizeof(*repo));

	repo->store = store;
	repo->identity = *identity;
	if (load_params(repo, err) < 0 ||
	    keylog_load(store, identity, &repo->keylog, err) < 0) {
		if (err->code == ERR_NO_REPO)
			return -1; /* names it already */
		return err_wrap(err, "repository %s", store_url(store));
	}
	*ret_repo = STEAL(repo);
	return 0;
}
