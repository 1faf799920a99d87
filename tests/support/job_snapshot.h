/* SPDX-License-Identifier: Apache-2.0 */
/* A small snapshot "files/a" of DIRECTORY/data in a job_sample. Include after cmocka.h. */
#ifndef TESTS_SUPPORT_JOB_SNAPSHOT_H
#define TESTS_SUPPORT_JOB_SNAPSHOT_H

#include "base/fd.h"
#include "job/backup_job.h"
#include "job/job_tree.h"
#include "support/job_sample.h"

static inline char *job_snapshot_path(const struct job_sample *sample, const char *name)
{
	return mem_printf("%s/data/%s", sample->directory, name);
}

static inline int job_snapshot_write(const struct job_sample *sample, const char *name,
				     const char *text, struct err *err)
{
	CLEANUP(mem_freep) char *path = job_snapshot_path(sample, name);

	return file_write(path, slice_of_string(text), 0644, FILE_REPLACE, err);
}

/* one = "first", sub/two = "second", hard link sub/again to one. */
static inline int job_snapshot_make(const struct job_sample *sample, struct err *err)
{
	CLEANUP(mem_freep) char *data = path_join(sample->directory, "data");
	CLEANUP(mem_freep) char *sub = path_join(data, "sub");
	CLEANUP(mem_freep) char *one = path_join(data, "one");
	CLEANUP(mem_freep) char *again = path_join(sub, "again");
	struct strings roots;
	struct strings warnings;
	struct run_report report;
	struct job_repo repo;

	if (directory_create(sub, 0755, err) < 0 ||
	    job_snapshot_write(sample, "one", "first", err) < 0 ||
	    job_snapshot_write(sample, "sub/two", "second", err) < 0 ||
	    link(one, again) < 0 || job_sample_open(sample, "writer.key", &repo, err) < 0)
		return -1;
	strings_init(&roots);
	strings_init(&warnings);
	strings_add(&roots, data);
	struct backup_job job = {
		.stream = "files/a", .source = BACKUP_FILES, .roots = &roots};
	int result = backup_job_run(&repo, &job, &sample->env, &warnings, &report, err);
	strings_release(&roots);
	strings_release(&warnings);
	job_repo_release(&repo);
	return result;
}

struct job_opened {
	struct job_repo repo;
	struct job_tree *tree;
};

static inline int job_snapshot_open(const struct job_sample *sample, const char *key,
				    const char *name, struct job_opened *ret_opened,
				    struct err *err)
{
	struct job_tree_options options = {.snapshot = name};
	struct job_opened opened = {0};

	if (job_sample_open(sample, key, &opened.repo, err) < 0)
		return -1;
	if (job_tree_open(&opened.repo, &options, &sample->env, &opened.tree, err) < 0) {
		job_repo_release(&opened.repo);
		return -1;
	}
	*ret_opened = opened;
	return 0;
}

static inline void job_snapshot_close(struct job_opened *opened)
{
	job_tree_free(opened->tree);
	job_repo_release(&opened->repo);
}

/* cmocka group setup: a repository with the snapshot. */
static inline int job_snapshot_setup(void **state)
{
	struct err err = {0};

	if (job_sample_setup(state) != 0)
		return -1;
	if (job_snapshot_make(*state, &err) == 0)
		return 0;
	print_error("%s\n", err.msg);
	return -1;
}

#endif
