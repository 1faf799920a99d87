/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "base/fd.h"
#include "support/walk_run.h"

static void test_file_source_run__roots_the_tree_at_slash(void **state)
{
	struct walk_run run;
	struct stat st = {0};

	walk_run_init(&run, state);
	tree_mkdir(*state, "a");
	tree_write(*state, "a/f", "text");
	walk_run_root(&run, "a");
	walk_run(&run);
	assert_string_equal(strings_at(&run.record->calls, 0), "open ");
	assert_int_equal(stat("/", &st), 0);
	assert_int_equal(record_sink_find(run.record, "")->entry.mtime_nsec,
			 st.st_mtim.tv_sec * 1000000000 + st.st_mtim.tv_nsec);
	assert_int_equal(walk_run_find(&run, "")->entry.type, ENTRY_DIRECTORY);
	assert_int_equal(walk_run_find(&run, "")->entry.mode, 0700);
	assert_string_equal(walk_run_text(&run, "a/f"), "text");
	assert_int_equal(walk_run_warnings(&run), 0);
	assert_int_equal(atomic_load(&run.progress.files), 1);
	assert_int_equal(atomic_load(&run.progress.bytes), 4);
	walk_run_release(&run);
}

static void test_file_source_run__takes_only_named_siblings(void **state)
{
	struct walk_run run;

	walk_run_init(&run, state);
	tree_mkdir(*state, "a");
	tree_mkdir(*state, "a/b");
	tree_mkdir(*state, "a/c");
	tree_write(*state, "a/b/in", "1");
	tree_write(*state, "a/c/in", "2");
	tree_write(*state, "a/not", "3");
	walk_run_root(&run, "a/c");
	walk_run_root(&run, "a/b");
	walk_run(&run);
	assert_string_equal(walk_run_text(&run, "a/b/in"), "1");
	assert_string_equal(walk_run_text(&run, "a/c/in"), "2");
	assert_null(walk_run_find(&run, "a/not"));
	walk_run_release(&run);
}

static void test_file_source_run__merges_nested_and_repeated_roots(void **state)
{
	struct walk_run run;

	walk_run_init(&run, state);
	tree_mkdir(*state, "a");
	tree_mkdir(*state, "a/b");
	tree_write(*state, "a/b/f", "1");
	tree_write(*state, "a/z", "2");
	walk_run_root(&run, "a/b");
	walk_run_root(&run, "a");
	walk_run_root(&run, "a/b/f");
	walk_run_root(&run, "a");
	walk_run(&run);
	assert_string_equal(walk_run_text(&run, "a/b/f"), "1");
	assert_string_equal(walk_run_text(&run, "a/z"), "2");
	walk_run_release(&run); /* a second "a/b" would break the order of names */
}

static void test_file_source_run__refuses_a_missing_root_before_writing(void **state)
{
	CLEANUP(mem_freep)
	char *message = mem_printf("cannot open %s/none: No such file or directory",
				   (char *)*state);
	struct walk_run run;

	walk_run_init(&run, state);
	walk_run_root(&run, "");
	walk_run_root(&run, "none");
	assert_int_equal(walk_run_try(&run), -1);
	assert_int_equal(run.err.code, ERR_NOT_FOUND);
	assert_string_equal(run.err.msg, message);
	assert_int_equal(strings_count(&run.record->calls), 0);
	walk_run_release(&run);
}

static void test_file_source_run__refuses_an_unreadable_root(void **state)
{
	CLEANUP(mem_freep) char *path = tree_path(*state, "f");
	struct walk_run run;
	int result;

	if (geteuid() != 0) {
		print_message("giving up rights needs root\n");
		skip();
	}
	walk_run_init(&run, state);
	tree_write(*state, "f", "x");
	assert_int_equal(chmod(path, 0600), 0);
	assert_int_equal(chmod(*state, 0711), 0);
	walk_run_root(&run, "f");
	assert_int_equal(seteuid(65534), 0);
	result = walk_run_try(&run);
	assert_int_equal(seteuid(0), 0);
	assert_int_equal(result, -1);
	assert_int_equal(run.err.code, ERR_DENIED);
	assert_non_null(strstr(run.err.msg, "/f: Permission denied"));
	assert_int_equal(strings_count(&run.record->calls), 0);
	walk_run_release(&run);
}

static void test_file_source_run__refuses_no_paths(void **state)
{
	struct walk_run run;

	walk_run_init(&run, state);
	assert_int_equal(walk_run_try(&run), -1);
	assert_int_equal(run.err.code, ERR_USAGE);
	assert_string_equal(run.err.msg, "no files to back up: expected paths");
	walk_run_release(&run);
}

static void write_list(struct walk_run *run, const char *const names[], size_t n,
		       const char *list)
{
	CLEANUP(buf_release) struct buf bytes;
	struct err err = {0};

	buf_init(&bytes, 0);
	for (size_t i = 0; i < n; i++) {
		buf_printf(&bytes, "%s/%s", run->dir, names[i]);
		buf_append_byte(&bytes, 0);
	}
	assert_int_equal(file_write(list, buf_slice(&bytes), 0600, FILE_CREATE, &err), 0);
}

static void test_file_source_run__takes_a_list_of_paths(void **state)
{
	static const char *const names[] = {"d/two\nlines", "e", "f"};
	CLEANUP(mem_freep) char *list = tree_path(*state, "list");
	struct walk_run run;

	walk_run_init(&run, state);
	tree_mkdir(*state, "d");
	tree_mkdir(*state, "e");
	tree_write(*state, "d/two\nlines", "1");
	tree_write(*state, "d/not", "2");
	tree_write(*state, "e/below", "3");
	tree_write(*state, "f", "4");
	write_list(&run, names, ARRAY_SIZE(names), list);
	run.options.files_from0 = list;
	walk_run(&run);
	assert_string_equal(walk_run_text(&run, "d/two\nlines"), "1");
	assert_string_equal(walk_run_text(&run, "e/below"), "3");
	assert_string_equal(walk_run_text(&run, "f"), "4");
	assert_null(walk_run_find(&run, "d/not"));
	assert_null(walk_run_find(&run, "list"));
	walk_run_release(&run);
}

static void test_file_source_run__warns_of_listed_paths_that_are_missing(void **state)
{
	static const char *const names[] = {"f", "gone/x", "f/x", "none"};
	CLEANUP(mem_freep) char *list = tree_path(*state, "list");
	struct walk_run run;

	walk_run_init(&run, state);
	tree_mkdir(*state, "d");
	tree_write(*state, "f", "1");
	write_list(&run, names, ARRAY_SIZE(names), list);
	run.options.files_from0 = list;
	walk_run(&run);
	assert_true(walk_run_warned(&run, "unreadable", "none",
				    "cannot be read: No such file or directory"));
	assert_true(walk_run_warned(&run, "unreadable", "gone",
				    "cannot be read: No such file or directory"));
	assert_true(walk_run_warned(
		&run, "unreadable", "f",
		"is not a directory: what was named below it is left out"));
	assert_string_equal(walk_run_text(&run, "f"), "1");
	walk_run_release(&run);
}

static void test_file_source_run__does_not_take_a_file_for_what_is_below(void **state)
{
	static const char *const names[] = {"f/x"};
	CLEANUP(mem_freep) char *list = tree_path(*state, "list");
	struct walk_run run;

	walk_run_init(&run, state);
	tree_write(*state, "f", "1");
	write_list(&run, names, ARRAY_SIZE(names), list);
	run.options.files_from0 = list;
	walk_run(&run);
	assert_null(walk_run_find(&run, "f"));
	assert_true(walk_run_warned(
		&run, "unreadable", "f",
		"is not a directory: what was named below it is left out"));
	walk_run_release(&run);
}

static void test_file_source_run__refuses_a_file_with_a_slash(void **state)
{
	CLEANUP(mem_freep)
	char *message = mem_printf("cannot open %s/f: Not a directory", (char *)*state);
	struct walk_run run;

	walk_run_init(&run, state);
	tree_write(*state, "f", "1");
	walk_run_root(&run, "f/");
	assert_int_equal(walk_run_try(&run), -1);
	assert_string_equal(run.err.msg, message);
	walk_run_release(&run);
}

static void test_file_source_run__warns_of_a_listed_file_with_a_slash(void **state)
{
	static const char *const names[] = {"f/"};
	CLEANUP(mem_freep) char *list = tree_path(*state, "list");
	struct walk_run run;

	walk_run_init(&run, state);
	tree_write(*state, "f", "1");
	write_list(&run, names, ARRAY_SIZE(names), list);
	run.options.files_from0 = list;
	walk_run(&run);
	assert_true(walk_run_warned(
		&run, "unreadable", "f",
		"is not a directory: what was named below it is left out"));
	walk_run_release(&run);
}

static void test_file_source_run__refuses_a_root_that_is_a_socket(void **state)
{
	CLEANUP(fd_closep) int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	CLEANUP(mem_freep) char *path = tree_path(*state, "sock");
	CLEANUP(mem_freep)
	char *message = mem_printf("%s is a socket, which cannot be backed up", path);
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	struct walk_run run;

	walk_run_init(&run, state);
	(void)snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	walk_run_root(&run, "sock");
	assert_int_equal(walk_run_try(&run), -1);
	assert_int_equal(run.err.code, ERR_UNSUPPORTED);
	assert_string_equal(run.err.msg, message);
	assert_int_equal(strings_count(&run.record->calls), 0);
	walk_run_release(&run);
}

static void test_file_source_run__is_interrupted(void **state)
{
	struct walk_run run;

	walk_run_init(&run, state);
	walk_run_root(&run, "");
	cancel_set(&run.cancel, SIGINT);
	assert_int_equal(walk_run_try(&run), -1);
	assert_int_equal(run.err.code, ERR_INTERRUPTED);
	walk_run_release(&run);
}

static void test_file_source_run__ends_with_the_sinks_error(void **state)
{
	CLEANUP(mem_freep) char *call = mem_printf("add %s/f", (char *)*state + 1);
	struct walk_run run;

	walk_run_init(&run, state);
	tree_write(*state, "f", "1");
	run.record->fail_call = call;
	walk_run_root(&run, "");
	assert_int_equal(walk_run_try(&run), -1);
	assert_string_equal(run.err.msg, "planted failure");
	walk_run_release(&run);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		tempdir_test(test_file_source_run__roots_the_tree_at_slash),
		tempdir_test(test_file_source_run__takes_only_named_siblings),
		tempdir_test(test_file_source_run__merges_nested_and_repeated_roots),
		tempdir_test(test_file_source_run__refuses_a_missing_root_before_writing),
		tempdir_test(test_file_source_run__refuses_an_unreadable_root),
		tempdir_test(test_file_source_run__refuses_no_paths),
		tempdir_test(test_file_source_run__takes_a_list_of_paths),
		tempdir_test(
			test_file_source_run__warns_of_listed_paths_that_are_missing),
		tempdir_test(
			test_file_source_run__does_not_take_a_file_for_what_is_below),
		tempdir_test(test_file_source_run__refuses_a_file_with_a_slash),
		tempdir_test(test_file_source_run__warns_of_a_listed_file_with_a_slash),
		tempdir_test(test_file_source_run__refuses_a_root_that_is_a_socket),
		tempdir_test(test_file_source_run__is_interrupted),
		tempdir_test(test_file_source_run__ends_with_the_sinks_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
