/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "job/extract_job.h"
#include "job/job_absent.h"
#include "job/restore_job.h"
#include "support/job_snapshot.h"

/* Includes `name` of DIRECTORY/data. */
static void include(const struct job_sample *sample, struct selection *selection,
		    const char *name)
{
	CLEANUP(mem_freep) char *path = job_snapshot_path(sample, name);
	struct err err = {0};

	assert_int_equal(selection_include(selection, path, &err), 0);
}

typedef int job_fn(struct job_tree *tree, const struct selection *selection,
		   const struct job_sample *sample, struct err *err);

static int plan(struct job_tree *tree, const struct selection *selection,
		const struct job_sample *sample, struct err *err)
{
	struct restore_job job = {.selection = selection,
				  .scratch_directory = sample->directory};
	struct restore_plan_result result;

	return restore_job_plan(tree, &job, &sample->env, &result, err);
}

static int restore(struct job_tree *tree, const struct selection *selection,
		   const struct job_sample *sample, struct err *err)
{
	CLEANUP(mem_freep) char *target = path_join(sample->directory, "target");
	struct restore_job job = {.target = target,
				  .selection = selection,
				  .scratch_directory = sample->directory};
	struct restore_result result;

	restore_result_init(&result);
	int done = restore_job_files(tree, &job, &sample->env, &result, err);
	restore_result_release(&result);
	/* refused before anything was written */
	assert_int_equal(access(target, F_OK), -1);
	return done;
}

static int drop(void *state, struct slice bytes, struct err *err)
{
	(void)state;
	(void)bytes;
	(void)err;
	return 0;
}

static int export_tar(struct job_tree *tree, const struct selection *selection,
		      const struct job_sample *sample, struct err *err)
{
	struct extract_job job = {.write = drop, .selection = selection};
	struct extract_result result;

	return extract_job_export(tree, &job, &sample->env, &result, err);
}

static job_fn *const jobs[] = {plan, restore, export_tar};

/* What each kind of job says to a selection. */
static void expect_refused(const struct job_sample *sample,
			   const struct selection *selection, const char *hint)
{
	struct job_opened opened;
	struct err err = {0};

	if (job_snapshot_open(sample, "recovery.key", "latest:files/a", &opened, &err) <
	    0)
		fail_msg("%s", err.msg);
	for (size_t i = 0; i < ARRAY_SIZE(jobs); i++) {
		err_clear(&err);
		assert_int_equal(jobs[i](opened.tree, selection, sample, &err), -1);
		assert_int_equal(err.code, ERR_NOT_FOUND);
		assert_string_equal(err.msg,
				    "nothing in the snapshot matches the patterns");
		assert_string_equal(err.hint, hint);
	}
	job_snapshot_close(&opened);
}

static void test_job_absent_selection__hints_at_a_name_that_is_like_it(void **state)
{
	const struct job_sample *sample = *state;
	CLEANUP(selection_freep) struct selection *selection = selection_new();
	CLEANUP(mem_freep)
	char *hint = mem_printf("the snapshot has %s/data/sub", sample->directory);

	include(sample, selection, "subb/two");
	expect_refused(sample, selection, hint);
}

static void test_job_absent_selection__has_a_hint_for_everything(void **state)
{
	CLEANUP(selection_freep) struct selection *includes = selection_new();
	CLEANUP(selection_freep) struct selection *excludes = selection_new();
	const char *hint = "`quipu-backup find` and `show` tell what is in it";
	struct err err = {0};

	assert_int_equal(selection_include(includes, "*.nothing", &err), 0);
	expect_refused(*state, includes, hint);
	assert_int_equal(selection_exclude(excludes, "*", &err), 0);
	expect_refused(*state, excludes, hint);
}

static void test_job_absent_selection__says_that_a_slash_is_a_whole_path(void **state)
{
	CLEANUP(selection_freep) struct selection *selection = selection_new();
	struct err err = {0};

	assert_int_equal(selection_include(selection, "data/sub/two", &err), 0);
	expect_refused(*state, selection,
		       "data/sub/two has a slash, so it stands for whole paths, from /");
}

static void test_job_absent_rules__says_what_covered_nothing(void **state)
{
	CLEANUP(selection_freep) struct selection *selection = selection_new();
	CLEANUP(strings_release) struct strings texts = {0};
	struct err err = {0};

	(void)state;
	strings_init(&texts);
	assert_int_equal(selection_include(selection, "sub/", &err), 0);
	assert_int_equal(selection_include(selection, "a/b c", &err), 0);
	assert_int_equal(selection_exclude(selection, "/var/tmp", &err), 0);
	job_absent_rules(selection, SELECTION_INCLUDES, &texts);
	job_absent_rules(selection, SELECTION_EXCLUDES, &texts);
	assert_int_equal(strings_count(&texts), 3);
	assert_string_equal(strings_at(&texts, 0), "include sub/ takes nothing");
	assert_string_equal(strings_at(&texts, 1),
			    "include \"a/b c\" takes nothing: it has a slash, so it "
			    "stands for whole paths, from /");
	assert_string_equal(strings_at(&texts, 2), "exclude /var/tmp leaves nothing out");
}

static void test_job_absent_path__is_asked_by_get(void **state)
{
	const struct job_sample *sample = *state;
	CLEANUP(mem_freep) char *path = job_snapshot_path(sample, "sub/tow");
	CLEANUP(mem_freep)
	char *hint = mem_printf("the snapshot has %s/data/sub/two", sample->directory);
	struct extract_job job = {.write = drop};
	struct extract_result result;
	struct job_opened opened;
	struct err err = {0};

	assert_int_equal(job_snapshot_open(sample, "recovery.key", "latest:files/a",
					   &opened, &err),
			 0);
	assert_int_equal(
		extract_job_get(opened.tree, path + 1, &job, &sample->env, &result, &err),
		-1);
	assert_int_equal(err.code, ERR_NOT_FOUND);
	assert_string_equal(err.hint, hint);
	job_snapshot_close(&opened);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			test_job_absent_selection__hints_at_a_name_that_is_like_it),
		cmocka_unit_test(test_job_absent_selection__has_a_hint_for_everything),
		cmocka_unit_test(
			test_job_absent_selection__says_that_a_slash_is_a_whole_path),
		cmocka_unit_test(test_job_absent_rules__says_what_covered_nothing),
		cmocka_unit_test(test_job_absent_path__is_asked_by_get),
	};
	return cmocka_run_group_tests(tests, job_snapshot_setup, job_sample_teardown);
}
