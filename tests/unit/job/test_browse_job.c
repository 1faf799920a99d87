/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "job/browse_job.h"
#include "support/job_snapshot.h"

static int remember(void *arg, const char *path, const struct entry *entry,
		    struct err *err)
{
	const char *slash = strrchr(path, '/');

	(void)err;
	buf_printf(arg, "%c:%s ", (char)entry->type, slash != NULL ? slash + 1 : path);
	return 0;
}

static void test_browse_job_list__shows_a_directory_and_what_is_in_it(void **state)
{
	const struct job_sample *sample = *state;
	CLEANUP(mem_freep) char *path = mem_printf("%s/data", sample->directory + 1);
	CLEANUP(buf_release) struct buf text = {0};
	struct job_opened opened;
	struct err err = {0};

	buf_init(&text, 0);
	assert_int_equal(job_snapshot_open(sample, "recovery.key", "latest:files/a",
					   &opened, &err),
			 0);
	assert_int_equal(browse_job_list(opened.tree, path, remember, &text, &err), 0);
	assert_string_equal(buf_string(&text), "d:data f:one d:sub ");
	assert_int_equal(browse_job_list(opened.tree, "nothing", remember, &text, &err),
			 -1);
	assert_int_equal(err.code, ERR_NOT_FOUND);
	job_snapshot_close(&opened);
}

static int find(struct job_tree *tree, const char *pattern, struct buf *text,
		struct err *err)
{
	struct browse_search search = {.pattern = pattern, .each = remember, .arg = text};

	return browse_job_find(tree, &search, err);
}

static void test_browse_job_find__matches_names_or_paths(void **state)
{
	CLEANUP(buf_release) struct buf text = {0};
	struct job_opened opened;
	struct err err = {0};

	buf_init(&text, 0);
	assert_int_equal(job_snapshot_open(*state, "recovery.key", "latest:files/a",
					   &opened, &err),
			 0);
	assert_int_equal(find(opened.tree, "t?o", &text, &err), 0);
	assert_string_equal(buf_string(&text), "f:two ");
	buf_clear(&text);
	assert_int_equal(find(opened.tree, "/**/sub/*", &text, &err), 0);
	assert_string_equal(buf_string(&text), "f:again f:two ");
	assert_int_equal(find(opened.tree, "[", &text, &err), -1);
	assert_int_equal(err.code, ERR_USAGE);
	job_snapshot_close(&opened);
}

static int note(void *arg, const struct diff_item *item, struct err *err)
{
	static const char *const words[] = {"add", "remove", "content", "metadata",
					    "type"};
	const char *slash = strrchr(item->path, '/');

	(void)err;
	if (strstr(item->path, "/data/") !=
	    NULL) /* directories above change on their own */
		buf_printf(arg, "%s:%s ", words[item->kind], slash + 1);
	return 0;
}

static void test_browse_job_diff__tells_each_kind_of_change(void **state)
{
	const struct job_sample *sample = *state;
	CLEANUP(mem_freep) char *two = job_snapshot_path(sample, "sub/two");
	CLEANUP(mem_freep) char *more = job_snapshot_path(sample, "more");
	CLEANUP(buf_release) struct buf text = {0};
	struct job_opened before;
	struct job_opened after;
	struct err err = {0};

	/* sub/two becomes a directory with a file; a directory "more" with a file is new; the
	 * linked file "one" gets other content (and is written anew, so the link ends) */
	assert_int_equal(unlink(two), 0);
	CLEANUP(mem_freep) char *again = job_snapshot_path(sample, "sub/again");
	assert_int_equal(unlink(again), 0);
	assert_int_equal(directory_create(two, 0755, &err), 0);
	assert_int_equal(directory_create(more, 0755, &err), 0);
	assert_int_equal(job_snapshot_write(sample, "sub/two/in", "x", &err), 0);
	assert_int_equal(job_snapshot_write(sample, "more/file", "y", &err), 0);
	assert_int_equal(job_snapshot_write(sample, "one", "changed", &err), 0);
	struct strings roots;
	struct strings warnings;
	struct run_report report;
	struct job_repo repo;
	CLEANUP(mem_freep) char *data = path_join(sample->directory, "data");
	strings_init(&roots);
	strings_init(&warnings);
	strings_add(&roots, data);
	struct backup_job job = {
		.stream = "files/b", .source = BACKUP_FILES, .roots = &roots};
	assert_int_equal(job_sample_open(sample, "writer.key", &repo, &err), 0);
	assert_int_equal(
		backup_job_run(&repo, &job, &sample->env, &warnings, &report, &err), 0);
	job_repo_release(&repo);
	strings_release(&roots);
	strings_release(&warnings);

	buf_init(&text, 0);
	assert_int_equal(job_snapshot_open(sample, "recovery.key", "latest:files/a",
					   &before, &err),
			 0);
	assert_int_equal(
		job_snapshot_open(sample, "recovery.key", "latest:files/b", &after, &err),
		0);
	if (browse_job_diff(before.tree, after.tree, NULL, note, &text, &err) < 0)
		fail_msg("%s", err.msg);
	assert_string_equal(buf_string(&text),
			    "add:more add:file content:one metadata:sub "
			    "remove:again type:two add:in ");
	buf_clear(&text);
	assert_int_equal(browse_job_diff(after.tree, after.tree, NULL, note, &text, &err),
			 0);
	assert_int_equal(text.len, 0);
	job_snapshot_close(&before);
	job_snapshot_close(&after);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			test_browse_job_list__shows_a_directory_and_what_is_in_it),
		cmocka_unit_test(test_browse_job_find__matches_names_or_paths),
		cmocka_unit_test(test_browse_job_diff__tells_each_kind_of_change),
	};
	return cmocka_run_group_tests(tests, job_snapshot_setup, job_sample_teardown);
}
