/* SPDX-License-Identifier: Apache-2.0 */
/* The target of a restore plan that is a directory: passes on to the file sink, and keeps
 * going when content is lost, since at 3 a.m. the rest is wanted all the same. */
#include <inttypes.h>
#include <stdatomic.h>

#include "base/quote.h"
#include "files/link_table.h"
#include "job/job_absent.h"
#include "job/restore_job.h"
#include "repo/restore_plan.h"

/* Files that the sink has open at a time. Content comes after the names of a batch are made, and
 * what is whole gets its name at its end: short batches lose less when they are cut off, long
 * ones meet a pack's ranges in fewer pieces. */
enum { BATCH_FILES = 16 * 1024 };

struct file_target {
	struct restore_target base;
	struct file_sink *sink;
	const struct job_env *env;
	struct restore_result *result;
	atomic_uint_fast64_t bytes;
	uint64_t lost_directories;
	/* Of a plan: what the sink of a restore counts. */
	uint64_t lost_files, empty_files, directories;
	struct link_table *links;
};

static struct file_target *file_target(struct restore_target *target)
{
	return (struct file_target *)target; /* base is its first member */
}

static int on_directory(struct restore_target *target, const char *path,
			const struct entry *entry, struct err *err)
{
	return file_sink_directory(file_target(target)->sink, path, entry, err);
}

static int on_special(struct restore_target *target, const char *path,
		      const struct entry *entry, struct err *err)
{
	enum file_sink_answer answer;

	return file_sink_special(file_target(target)->sink, path, entry, &answer, err);
}

static int on_file(struct restore_target *target, const char *path,
		   const struct entry *entry, enum restore_answer *ret_answer,
		   uint32_t *ret_file, struct err *err)
{
	enum file_sink_answer answer;

	if (file_sink_begin_file(file_target(target)->sink, path, entry, &answer,
				 ret_file, err) < 0)
		return -1;
	*ret_answer = answer == FILE_SINK_WRITE	     ? RESTORE_WRITE
		      : answer == FILE_SINK_CONTINUE ? RESTORE_CONTINUE
						     : RESTORE_PASS;
	return 0;
}

static int on_existing(struct restore_target *target, uint32_t file, uint64_t offset,
		       uint8_t *to, size_t len, struct err *err)
{
	return file_sink_existing(file_target(target)->sink, file, offset, to, len, err);
}

static int on_write(struct restore_target *target, uint32_t file, uint64_t offset,
		    struct slice bytes, struct err *err)
{
	struct file_target *self = file_target(target);

	atomic_fetch_add(&self->bytes, bytes.len);
	return file_sink_write(self->sink, file, offset, bytes, err);
}

static int on_finish(struct restore_target *target, uint32_t file, struct err *err)
{
	return file_sink_finish_file(file_target(target)->sink, file, err);
}

static int on_lost(struct restore_target *target, uint32_t file, const struct err *why,
		   struct err *err)
{
	struct file_target *self = file_target(target);

	(void)file;
	(void)err;
	log_warning(self->env->log, "content is lost: %s", why->msg);
	return 0;
}

static int on_give_up(struct restore_target *target, uint32_t file, struct err *err)
{
	return file_sink_give_up(file_target(target)->sink, file, err);
}

static int on_lost_directory(struct restore_target *target, const char *path,
			     const struct err *why, struct err *err)
{
	struct file_target *self = file_target(target);

	(void)path; /* the text names it */
	(void)err;
	self->lost_directories++;
	log_warning(self->env->log, "entries are lost: %s", why->msg);
	return 0;
}

static const struct restore_target_ops file_target_ops = {
	.directory = on_directory,
	.special = on_special,
	.begin_file = on_file,
	.existing = on_existing,
	.write = on_write,
	.finish_file = on_finish,
	.lost = on_lost,
	.give_up = on_give_up,
	.lost_directory = on_lost_directory,
};

static void on_warning(void *state, const char *path, const char *message)
{
	struct file_target *target = state;

	log_warning(target->env->log, "%s: %s", path, message);
}

struct checking {
	struct file_sink *sink;
	uint64_t n; /* entries below the root */
	bool is_damaged;
};

static int check_entry(void *arg, const struct tree_visit *visit, struct err *err)
{
	struct checking *checking = arg;

	checking->n += visit->path[0] != '\0';
	return file_sink_check(checking->sink, visit->path, visit->entry, err);
}

/* The restore itself tells of damage. */
static int pass_over_damage(void *arg, const char *path, const struct err *why,
			    struct err *err)
{
	struct checking *checking = arg;

	(void)path;
	checking->is_damaged = true;
	if (restore_is_loss(why))
		return 0;
	*err = *why;
	return -1;
}

/* Everything that would be refused, before the first write. */
static int check_all(struct job_tree *tree, const struct restore_job *job,
		     const struct job_env *env, struct file_sink *sink, struct err *err)
{
	struct tree_walk_options options = tree_reader_walk_options(tree->reader);
	struct checking checking = {.sink = sink};

	options.selection = job->selection;
	options.cancel = env->cancel;
	options.damaged = pass_over_damage;
	if (tree_walk(&options, check_entry, &checking, err) < 0)
		return -1;
	if (job->selection != NULL && checking.n == 0 && !checking.is_damaged)
		return job_absent_selection(tree, job->selection, err);
	return 0;
}

static struct restore_options plan_options(struct job_tree *tree,
					   const struct restore_job *job,
					   const struct job_env *env)
{
	return (struct restore_options){
		.blobs = tree->blobs,
		.body = &tree->body,
		.selection = job->selection,
		.scratch_directory = job->scratch_directory,
		.cancel = env->cancel,
		.progress = env->progress,
	};
}

static void count(struct file_target *target)
{
	struct file_sink_counts counts = file_sink_counts(target->sink);
	struct restore_result *result = target->result;

	result->files = counts.files + counts.links + counts.copies;
	result->directories = counts.directories;
	result->specials = counts.specials;
	result->already_done = counts.already_done;
	result->skipped = counts.skipped;
	result->bytes = atomic_load(&target->bytes);
	result->lost = counts.given_up + target->lost_directories;
	result->metadata = (struct report_metadata){
		.owners = counts.owner_failures,
		.modes = counts.mode_failures,
		.attributes = counts.xattr_failures,
		.times = counts.time_failures,
		.owners_left = counts.owners_left,
		.attributes_left = counts.xattrs_left,
	};
	report_metadata_warn(&result->metadata, &result->warnings);
}

static int write_all(struct job_tree *tree, const struct restore_job *job,
		     const struct job_env *env, struct file_target *target,
		     struct err *err)
{
	struct restore_options options = plan_options(tree, job, env);

	options.batch_files = BATCH_FILES;
	options.is_expected = job->selection == NULL;
	CLEANUP(restore_plan_freep)
	struct restore_plan *plan = restore_plan_new(&options);

	progress_phase(env->progress, "checking the target");
	if (check_all(tree, job, env, target->sink, err) < 0 ||
	    file_sink_start(target->sink, err) < 0)
		return -1;
	progress_phase(env->progress, "restoring");
	if (options.is_expected)
		progress_expect(env->progress, tree->header->files, tree->header->bytes);
	if (restore_plan_walk(plan, &target->base, err) < 0 ||
	    restore_plan_fetch(plan, &target->base, err) < 0)
		return -1;
	progress_phase(env->progress, "finishing");
	return file_sink_finish(target->sink, err);
}

int restore_job_files(struct job_tree *tree, const struct restore_job *job,
		      const struct job_env *env, struct restore_result *result,
		      struct err *err)
{
	struct file_target target = {
		.base = {.ops = &file_target_ops}, .env = env, .result = result};
	struct file_sink_options options = {
		.target = job->target,
		.snapshot_id = tree->header->id,
		.existing = job->existing,
		.cancel = env->cancel,
		.warn = on_warning,
		.warn_state = &target,
	};

	if (file_sink_open(&options, &target.sink, err) < 0)
		return -1;
	int done = write_all(tree, job, env, &target, err);
	count(&target);
	file_sink_free(target.sink);
	if (done < 0)
		return -1;
	if (result->lost > 0) {
		(void)err_set(err, ERR_CORRUPT,
			      "%" PRIu64
			      " files or directories could not be restored completely; "
			      "everything else was",
			      result->lost);
		return err_hint(err,
				"the warnings above name packs; run `quipu-backup check "
				"--read-data`");
	}
	return job_tree_check(tree, err);
}

/* A target that only counts. The root is the target itself, as for a restore. */
static int plan_directory(struct restore_target *target, const char *path,
			  const struct entry *entry, struct err *err)
{
	(void)entry;
	(void)err;
	file_target(target)->directories += path[0] != '\0';
	return 0;
}

/* Is this another name of a file that was met before? A restore links it. */
static bool is_linked(struct file_target *self, const struct entry *entry)
{
	uint64_t unused;

	if (entry->n_links < 2)
		return false;
	if (link_table_get(self->links, entry->link_device, entry->link_inode, &unused))
		return true;
	link_table_add(self->links, entry->link_device, entry->link_inode, 0);
	return false;
}

static int plan_file(struct restore_target *target, const char *path,
		     const struct entry *entry, enum restore_answer *ret_answer,
		     uint32_t *ret_file, struct err *err)
{
	struct file_target *self = file_target(target);

	(void)path;
	(void)err;
	*ret_answer = is_linked(self, entry) ? RESTORE_PASS : RESTORE_WRITE;
	*ret_file = (uint32_t)atomic_fetch_add(&self->bytes, 1);
	return 0;
}

/* A file without content is one like others for who reads the plan. */
static int plan_special(struct restore_target *target, const char *path,
			const struct entry *entry, struct err *err)
{
	(void)path;
	(void)err;
	file_target(target)->empty_files += entry->type == ENTRY_FILE;
	return 0;
}

static int plan_write(struct restore_target *target, uint32_t file, uint64_t offset,
		      struct slice bytes, struct err *err)
{
	(void)target;
	(void)file;
	(void)offset;
	(void)bytes;
	return err_set(err, ERR_BUG, "a plan writes nothing");
}

static int plan_finish(struct restore_target *target, uint32_t file, struct err *err)
{
	(void)target;
	(void)file;
	(void)err;
	return 0;
}

static int plan_lost(struct restore_target *target, uint32_t file, const struct err *why,
		     struct err *err)
{
	file_target(target)->lost_files++;
	return on_lost(target, file, why, err);
}

static const struct restore_target_ops plan_ops = {
	.directory = plan_directory,
	.special = plan_special,
	.begin_file = plan_file,
	.write = plan_write,
	.finish_file = plan_finish,
	.lost = plan_lost,
	.lost_directory = on_lost_directory,
};

static int check_target(struct job_tree *tree, const struct restore_job *job,
			const struct job_env *env, struct err *err)
{
	struct file_target target = {.env = env};
	struct file_sink_options options = {
		.target = job->target,
		.snapshot_id = tree->header->id,
		.existing = job->existing,
		.cancel = env->cancel,
		.warn = on_warning,
		.warn_state = &target,
	};

	if (file_sink_open(&options, &target.sink, err) < 0)
		return -1;
	int result = check_all(tree, job, env, target.sink, err);
	file_sink_free(target.sink);
	return result;
}

static int plan_all(struct job_tree *tree, const struct restore_job *job,
		    const struct job_env *env, struct file_target *target,
		    struct restore_estimate *ret_estimate, struct err *err)
{
	struct restore_options options = plan_options(tree, job, env);
	CLEANUP(restore_plan_freep)
	struct restore_plan *plan = restore_plan_new(&options);

	if (restore_plan_walk(plan, &target->base, err) < 0)
		return -1;
	return restore_plan_estimate(plan, ret_estimate, err);
}

int restore_job_plan(struct job_tree *tree, const struct restore_job *job,
		     const struct job_env *env, struct restore_plan_result *ret_plan,
		     struct err *err)
{
	struct file_target target = {.base = {.ops = &plan_ops}, .env = env};
	struct restore_estimate estimate;
	uint8_t hash_key[16];

	progress_phase(env->progress, "planning");
	if (job->target != NULL && check_target(tree, job, env, err) < 0)
		return -1;
	rng_fill(env->rng, hash_key, sizeof(hash_key));
	target.links = link_table_new(hash_key);
	int result = plan_all(tree, job, env, &target, &estimate, err);
	link_table_free(target.links);
	if (result < 0)
		return -1;
	if (job->selection != NULL && target.lost_files + target.lost_directories == 0 &&
	    estimate.files + estimate.specials + target.directories == 0)
		return job_absent_selection(tree, job->selection, err);
	*ret_plan = (struct restore_plan_result){
		.files = estimate.files + target.empty_files,
		.directories = target.directories,
		.specials = estimate.specials - target.empty_files,
		.write_bytes = estimate.write_bytes,
		.fetch_bytes = estimate.fetch_bytes,
		.requests = estimate.requests,
		.lost = target.lost_files + target.lost_directories,
	};
	return 0;
}
