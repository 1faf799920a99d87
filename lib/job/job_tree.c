/* SPDX-License-Identifier: Apache-2.0 */
#include "job/job_tree.h"

#include <inttypes.h>

#include "base/mem.h"
#include "base/path.h"

static int find_header(const struct job_repo *repo,
		       const struct job_tree_options *options, const struct job_env *env,
		       struct job_tree *tree, struct err *err)
{
	tree->header = options->header;
	if (tree->header != NULL)
		return 0;
	if (job_snapshot_find(repo, options->snapshot, env, &tree->list, &tree->header,
			      err) < 0)
		return -1;
	tree->is_doubtful = !snapshot_text_is_id(options->snapshot) &&
			    snapshot_list_has_alarm(&tree->list, tree->header->stream);
	if (tree->is_doubtful)
		log_warning(env->log, JOB_TREE_DOUBT, tree->header->stream);
	return 0;
}

static int open_parts(const struct job_repo *repo, const struct job_tree_options *options,
		      const struct job_env *env, struct job_tree *tree, struct err *err)
{
	CLEANUP(mem_freep)
	char *cache = job_repo_cache_directory(repo, options->cache_directory);
	const struct reader_key *key;

	if (job_repo_need_reader(repo, &key, err) < 0 ||
	    find_header(repo, options, env, tree, err) < 0)
		return -1;
	struct job_index_options index_options = {.domain = tree->header->domain,
						  .cache_directory = cache,
						  .keys = &key->dedup};
	if (job_index_open(repo, &index_options, env, &tree->index, err) < 0)
		return -1;
	struct blob_reader_options blob_options = {
		.repo = repo->repo,
		.key = key,
		.index = tree->index,
		.header = tree->header,
		.n_threads = options->n_threads,
		.memory_bytes = options->memory_bytes,
		.log = env->log,
		.cancel = env->cancel,
	};
	tree->epochs = epoch_keys_new(repo->repo, key, tree->header);
	if (body_read(repo->repo, key, tree->epochs, tree->header, &tree->body, err) <
		    0 ||
	    blob_reader_new(&blob_options, &tree->blobs, err) < 0)
		return -1;
	return tree_reader_new(tree->blobs, &tree->body, &tree->reader, err);
}

int job_tree_open(const struct job_repo *repo, const struct job_tree_options *options,
		  const struct job_env *env, struct job_tree **ret_tree, struct err *err)
{
	CLEANUP(job_tree_freep) struct job_tree *tree = mem_zalloc(sizeof(*tree));

	if (open_parts(repo, options, env, tree, err) < 0)
		return -1;
	*ret_tree = STEAL(tree);
	return 0;
}

void job_tree_free(struct job_tree *tree)
{
	if (tree == NULL)
		return;
	tree_reader_free(tree->reader);
	blob_reader_free(tree->blobs);
	epoch_keys_free(tree->epochs);
	snapshot_body_release(&tree->body);
	index_free(tree->index);
	snapshot_list_release(&tree->list);
	mem_free(tree);
}

void job_tree_freep(struct job_tree **tree)
{
	job_tree_free(*tree);
}

int job_tree_exit(const struct job_tree *tree, int code)
{
	return tree->is_doubtful ? err_worse_exit(code, err_code_exit(ERR_ALARM)) : code;
}

int job_tree_check(const struct job_tree *tree, struct err *err)
{
	uint64_t lost = blob_reader_lost_pages(tree->blobs);

	if (lost == 0)
		return 0;
	(void)err_set(err, ERR_CORRUPT,
		      "%" PRIu64
		      " pages of the snapshot's pack list are lost; all that was "
		      "read was verified by tag and id",
		      lost);
	return err_hint(err,
			"run `quipu-backup check`; the next backup of the stream writes "
			"the list anew");
}

char *job_tree_path(const char *path, struct err *err)
{
	CLEANUP(mem_freep) char *rooted = mem_printf("/%s", path);
	CLEANUP(mem_freep) char *clean = path_absolute(rooted, err);

	return clean != NULL ? mem_strdup(clean + 1) : NULL;
}
