/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/sysmacros.h>

#include "base/name_list.h"
#include "base/pool.h"
#include "support/sink_run.h"

/* How many names the target's directory holds. */
static size_t count_names(const struct sink_run *run, const char *dir)
{
	CLEANUP(name_list_release) struct name_list names;
	CLEANUP(mem_freep) char *path = tree_path(run->target, dir);
	struct err err = {0};
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	name_list_init(&names);
	assert_int_equal(name_list_read(&names, fd, &err), 0);
	close(fd);
	return name_list_count(&names);
}

static void assert_text(const struct sink_run *run, const char *path, const char *text)
{
	CLEANUP(mem_freep) char *found = tree_read(run->target, path);

	assert_string_equal(found, text);
}

static void skip_without_root(const char *what)
{
	if (geteuid() == 0)
		return;
	print_message("%s needs root\n", what);
	skip();
}

/* A plain restore. */

static void test_file_sink_finish__leaves_just_what_was_restored(void **state)
{
	struct sink_run run;
	struct stat st;

	sink_run_init(&run, state);
	sink_run_start(&run);
	sink_run_directory(&run, "d");
	sink_run_file(&run, "d/f", "text");
	sink_run_finish(&run);
	assert_int_equal(count_names(&run, ""), 1);
	assert_int_equal(count_names(&run, "d"), 1);
	assert_text(&run, "d/f", "text");
	st = tree_stat(run.target, "d/f");
	assert_int_equal(st.st_mode & 07777, 0644);
	assert_int_equal(st.st_mtim.tv_sec, 1000);
	st = tree_stat(run.target, "d");
	assert_int_equal(st.st_mode & 07777, 0755);
	assert_int_equal(st.st_mtim.tv_sec, 1000);
	assert_int_equal(tree_stat(run.target, "").st_mode & 07777, 0755);
	assert_int_equal(strings_count(&run.warnings), 0);
	sink_run_release(&run);
}

static void test_file_sink_finish__sets_metadata_of_a_target_it_made(void **state)
{
	struct sink_run run;
	struct entry entry = sink_run_entry(ENTRY_DIRECTORY, "");

	sink_run_init(&run, state);
	sink_run_start(&run);
	entry.mode = 0751;
	assert_int_equal(file_sink_directory(run.sink, "", &entry, &run.err), 0);
	entry_release(&entry);
	sink_run_file(&run, "f", "x");
	sink_run_finish(&run);
	assert_int_equal(tree_stat(run.target, "").st_mode & 07777, 0751);
	assert_int_equal(tree_stat(run.target, "").st_mtim.tv_sec, 1000);
	sink_run_release(&run);
}

static void
test_file_sink_finish__leaves_metadata_of_a_target_that_was_there(void **state)
{
	struct sink_run run;

	sink_run_init(&run, state);
	tree_mkdir(*state, "target");
	assert_int_equal(chmod(run.target, 0711), 0);
	sink_run_start(&run);
	sink_run_directory(&run, "");
	sink_run_finish(&run);
	assert_int_equal(tree_stat(run.target, "").st_mode & 07777, 0711);
	sink_run_release(&run);
}

static void test_file_sink_finish_file__gives_no_name_before_the_batch(void **state)
{
	struct sink_run run;

	sink_run_init(&run, state);
	sink_run_start(&run);
	sink_run_file(&run, "f", "text");
	assert_false(tree_exists(run.target, "f"));
	assert_int_equal(count_names(&run, ""), 2); /* temporary file and marker */
	sink_run_finish(&run);
	assert_text(&run, "f", "text");
	sink_run_release(&run);
}

static void test_file_sink_write__takes_offsets_in_any_order(void **state)
{
	struct sink_run run;
	uint32_t a, b;

	sink_run_init(&run, state);
	sink_run_start(&run);
	assert_int_equal(sink_run_begin(&run, "a", "12345678", &a), FILE_SINK_WRITE);
	assert_int_equal(sink_run_begin(&run, "b", "abcd", &b), FILE_SINK_WRITE);
	sink_run_write(&run, a, 6, "78");
	sink_run_write(&run, b, 2, "cd");
	sink_run_write(&run, a, 0, "123456");
	sink_run_write(&run, b, 0, "ab");
	assert_int_equal(file_sink_finish_file(run.sink, b, &run.err), 0);
	assert_int_equal(file_sink_finish_file(run.sink, a, &run.err), 0);
	sink_run_finish(&run);
	assert_text(&run, "a", "12345678");
	assert_text(&run, "b", "abcd");
	sink_run_release(&run);
}

static void test_file_sink_write__keeps_holes(void **state)
{
	struct entry entry = sink_run_entry(ENTRY_FILE, "s");
	enum file_sink_answer answer;
	struct sink_run run;
	struct stat st;
	uint32_t file;

	sink_run_init(&run, state);
	sink_run_start(&run);
	entry.size = 64 * 1024 * 1024;
	entry_add_extent(&entry, 1024 * 1024, 4);
	assert_int_equal(
		file_sink_begin_file(run.sink, "s", &entry, &answer, &file, &run.err), 0);
	entry_release(&entry);
	sink_run_write(&run, file, 1024 * 1024, "data");
	assert_int_equal(file_sink_finish_file(run.sink, file, &run.err), 0);
	sink_run_finish(&run);
	st = tree_stat(run.target, "s");
	assert_int_equal(st.st_size, 64 * 1024 * 1024);
	assert_true(st.st_blocks * 512 < 1024 * 1024);
	sink_run_release(&run);
}

static void test_file_sink_write__refuses_bytes_beyond_the_size(void **state)
{
	struct sink_run run;
	uint32_t file;

	sink_run_init(&run, state);
	sink_run_start(&run);
	sink_run_begin(&run, "f", "1234", &file);
	assert_int_equal(file_sink_write(run.sink, file, 2, slice_of("abc", 3), &run.err),
			 -1);
	assert_int_equal(run.err.code, ERR_CORRUPT);
	assert_non_null(strstr(run.err.msg, "cannot write /f in "));
	assert_non_null(strstr(run.err.msg, ": content goes beyond its size"));
	sink_run_release(&run);
}

static void test_file_sink_finish__refuses_files_that_were_not_finished(void **state)
{
	struct sink_run run;
	uint32_t file;

	sink_run_init(&run, state);
	sink_run_start(&run);
	sink_run_begin(&run, "f", "1234", &file);
	assert_int_equal(file_sink_finish(run.sink, &run.err), -1);
	assert_int_equal(run.err.code, ERR_BUG);
	assert_string_equal(run.err.msg, "1 files were begun and not finished");
	assert_false(tree_exists(run.target, "f"));
	sink_run_release(&run);
}

static void test_file_sink_finish_file__refuses_a_file_twice(void **state)
{
	struct sink_run run;
	uint32_t file;

	sink_run_init(&run, state);
	sink_run_start(&run);
	sink_run_begin(&run, "f", "", &file);
	assert_int_equal(file_sink_finish_file(run.sink, file, &run.err), 0);
	assert_int_equal(file_sink_finish_file(run.sink, file, &run.err), -1);
	assert_int_equal(run.err.code, ERR_BUG);
	assert_string_equal(run.err.msg, "file 0 is not being restored");
	sink_run_release(&run);
}

static void test_file_sink_special__makes_links_fifos_and_empty_files(void **state)
{
	struct entry link = sink_run_entry(ENTRY_SYMLINK, "link");
	struct entry fifo = sink_run_entry(ENTRY_FIFO, "fifo");
	struct entry empty = sink_run_entry(ENTRY_FILE, "empty");
	enum file_sink_answer answer;
	struct sink_run run;
	char target[16] = "";

	sink_run_init(&run, state);
	sink_run_start(&run);
	link.target = mem_strdup("/no/where");
	fifo.mode = 0622;
	assert_int_equal(sink_run_try_special(&run, &link, "link", &answer), 0);
	assert_int_equal(answer, FILE_SINK_WRITE);
	assert_int_equal(sink_run_try_special(&run, &fifo, "fifo", &answer), 0);
	assert_int_equal(sink_run_try_special(&run, &empty, "empty", &answer), 0);
	sink_run_finish(&run);
	{
		CLEANUP(mem_freep) char *path = tree_path(run.target, "link");

		assert_int_equal(readlink(path, target, sizeof(target) - 1), 9);
	}
	assert_string_equal(target, "/no/where");
	assert_int_equal(tree_stat(run.target, "link").st_mtim.tv_sec, 1000);
	assert_true(S_ISFIFO(tree_stat(run.target, "fifo").st_mode));
	assert_int_equal(tree_stat(run.target, "fifo").st_mode & 07777, 0622);
	assert_int_equal(tree_stat(run.target, "empty").st_size, 0);
	assert_int_equal(count_names(&run, ""), 3);
	entry_release(&link);
	entry_release(&fifo);
	entry_release(&empty);
	sink_run_release(&run);
}

static void test_file_sink_special__refuses_a_link_without_target(void **state)
{
	struct entry link = sink_run_entry(ENTRY_SYMLINK, "link");
	enum file_sink_answer answer;
	struct sink_run run;

	sink_run_init(&run, state);
	sink_run_start(&run);
	assert_int_equal(sink_run_try_special(&run, &link, "link", &answer), -1);
	assert_int_equal(run.err.code, ERR_CORRUPT);
	assert_string_equal(run.err.msg, "a symbolic link has no target");
	entry_release(&link);
	sink_run_release(&run);
}

static void test_file_sink_special__makes_devices_as_root(void **state)
{
	struct entry device = sink_run_entry(ENTRY_CHAR_DEVICE, "null");
	enum file_sink_answer answer;
	struct sink_run run;

	sink_run_init(&run, state);
	sink_run_start(&run);
	device.rdev_major = 1;
	device.rdev_minor = 3;
	assert_int_equal(sink_run_try_special(&run, &device, "null", &answer), 0);
	entry_release(&device);
	if (answer == FILE_SINK_SKIP) {
		assert_string_equal(strings_at(&run.warnings, 0),
				    "/null: is a device, which needs root");
		assert_int_equal(file_sink_counts(run.sink).skipped, 1);
	} else {
		assert_true(S_ISCHR(tree_stat(run.target, "null").st_mode));
		assert_int_equal(tree_stat(run.target, "null").st_rdev, makedev(1, 3));
	}
	sink_run_release(&run);
}

static void test_file_sink_begin_file__takes_names_of_any_bytes(void **state)
{
	char longest[256];
	const char *const names[] = {"-rf", "new\nline", "\xff\xfe", longest};
	struct sink_run run;

	memset(longest, 'x', 255);
	longest[255] = '\0';
	sink_run_init(&run, state);
	sink_run_start(&run);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		sink_run_file(&run, names[i], names[i]);
	sink_run_finish(&run);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		assert_text(&run, names[i], names[i]);
	sink_run_release(&run);
}

static void test_file_sink_directory__makes_trees_deeper_than_path_max(void **state)
{
	static const char name[] = "a-name-that-makes-the-path-long-enough-x";
	CLEANUP(buf_release) struct buf path;
	struct sink_run run;
	const int depth = 300;

	buf_init(&path, 0);
	sink_run_init(&run, state);
	sink_run_start(&run);
	for (int i = 0; i < depth; i++) {
		buf_printf(&path, "%s%s", i > 0 ? "/" : "", name);
		sink_run_directory(&run, buf_string(&path));
	}
	buf_append_string(&path, "/bottom");
	sink_run_file(&run, buf_string(&path), "deep");
	assert_true(path.len > 4096);
	assert_int_equal(file_sink_finish(run.sink, &run.err), 0);
	assert_int_equal(file_sink_counts(run.sink).directories, depth);
	assert_int_equal(file_sink_counts(run.sink).files, 1);
	assert_int_equal(tree_stat(run.target, name).st_mtim.tv_sec, 1000);
	sink_run_release(&run);
}

/* What exists. */

static void test_file_sink_check__refuses_what_exists(void **state)
{
	struct sink_run run;

	sink_run_init(&run, state);
	tree_mkdir(*state, "target");
	tree_mkdir(run.target, "d");
	tree_write(run.target, "d/f", "mine");
	sink_run_open(&run);
	assert_int_equal(sink_run_check(&run, ENTRY_DIRECTORY, "d"), 0);
	assert_int_equal(sink_run_check(&run, ENTRY_FILE, "d/other"), 0);
	assert_int_equal(sink_run_check(&run, ENTRY_FILE, "none/other"), 0);
	assert_int_equal(sink_run_check(&run, ENTRY_FILE, "d/f"), -1);
	assert_int_equal(run.err.code, ERR_TARGET);
	assert_non_null(strstr(run.err.msg, "d/f in "));
	assert_non_null(strstr(run.err.msg, "/target exists"));
	assert_non_null(strstr(run.err.hint, "--existing skip"));
	assert_int_equal(count_names(&run, ""), 1); /* no marker: nothing was written */
	sink_run_release(&run);
}

static void test_file_sink_check__refuses_a_file_for_a_directory(void **state)
{
	struct sink_run run;

	sink_run_init(&run, state);
	run.options.existing = FILE_EXISTING_SKIP;
	tree_mkdir(*state, "target");
	tree_write(run.target, "d", "file");
	sink_run_open(&run);
	assert_int_equal(sink_run_check(&run, ENTRY_DIRECTORY, "d"), -1);
	assert_int_equal(run.err.code, ERR_TARGET);
	assert_non_null(strstr(run.err.msg, "is not a directory"));
	assert_non_null(strstr(run.err.hint, "--existing replace"));
	assert_null(strstr(run.err.hint, "--existing skip"));
	sink_run_release(&run);
}

static void test_file_sink_check__refuses_a_full_directory_for_a_file(void **state)
{
	struct sink_run run;

	sink_run_init(&run, state);
	run.options.existing = FILE_EXISTING_REPLACE;
	tree_mkdir(*state, "target");
	tree_mkdir(run.target, "d");
	tree_write(run.target, "d/f", "mine");
	tree_mkdir(run.target, "empty");
	sink_run_open(&run);
	assert_int_equal(sink_run_check(&run, ENTRY_SYMLINK, "empty"), 0);
	assert_int_equal(sink_run_check(&run, ENTRY_FILE, "d"), -1);
	assert_int_equal(run.err.code, ERR_TARGET);
	assert_non_null(strstr(run.err.msg, "is a directory that is not empty"));
	assert_int_equal(count_names(&run, ""), 2); /* no marker: nothing was written */
	sink_run_release(&run);
}

static void test_file_sink_check__looks_at_nothing_below_what_is_replaced(void **state)
{
	struct sink_run run;

	sink_run_init(&run, state);
	run.options.existing = FILE_EXISTING_REPLACE;
	tree_mkdir(*state, "outside");
	tree_mkdir(*state, "outside/sub");
	tree_mkdir(*state, "outside/sub/full");
	tree_mkdir(*state, "target");
	tree_symlink(run.target, "d", "../outside");
	tree_mkdir(run.target, "d-2");
	tree_mkdir(run.target, "d-2/full");
	tree_write(run.target, "d-2/full/f", "mine");
	sink_run_open(&run);
	assert_int_equal(sink_run_check(&run, ENTRY_DIRECTORY, "d"), 0);
	assert_int_equal(sink_run_check(&run, ENTRY_DIRECTORY, "d/sub"), 0);
	assert_int_equal(sink_run_check(&run, ENTRY_FILE, "d/sub/full"), 0);
	assert_int_equal(sink_run_check(&run, ENTRY_DIRECTORY, "d-2"), 0);
	assert_int_equal(sink_run_check(&run, ENTRY_FILE, "d-2/full"), -1);
	assert_int_equal(run.err.code, ERR_TARGET);
	sink_run_release(&run);
}

static void test_file_sink_open__writes_nothing(void **state)
{
	struct sink_run run;

	sink_run_init(&run, state);
	sink_run_open(&run);
	assert_int_equal(sink_run_check(&run, ENTRY_FILE, "f"), 0);
	sink_run_interrupt(&run);
	assert_false(tree_exists(*state, "target"));
	sink_run_release(&run);
}

static void test_file_sink_open__refuses_a_target_that_is_a_file(void **state)
{
	struct sink_run run;

	sink_run_init(&run, state);
	tree_write(*state, "target", "x");
	assert_int_equal(file_sink_open(&run.options, &run.sink, &run.err), -1);
	assert_int_equal(run.err.code, ERR_TARGET);
	assert_non_null(strstr(run.err.msg, "/target is not a directory"));
	sink_run_release(&run);
}

static void test_file_sink_open__refuses_a_target_that_must_be_empty(void **state)
{
	struct sink_run run;

	sink_run_init(&run, state);
	tree_mkdir(*state, "target");
	tree_mkdir(run.target, "lost+found");
	run.options.must_be_empty = true;
	sink_run_open(&run);
	sink_run_interrupt(&run);
	tree_write(run.target, "mine", "x");
	assert_int_equal(file_sink_open(&run.options, &run.sink, &run.err), -1);
	assert_int_equal(run.err.code, ERR_TARGET);
	assert_non_null(strstr(run.err.msg, "/target is not empty"));
	assert_non_null(strstr(run.err.hint, "--existing"));
	sink_run_release(&run);
}

static void test_file_sink_finish__leaves_unrelated_files_alone(void **state)
{
	struct sink_run run;

	sink_run_init(&run, state);
	tree_mkdir(*state, "target");
	tree_mkdir(run.target, "d");
	tree_write(run.target, "d/mine", "mine");
	sink_run_start(&run);
	sink_run_directory(&run, "d");
	sink_run_file(&run, "d/f", "text");
	sink_run_finish(&run);
	assert_text(&run, "d/mine", "mine");
	assert_text(&run, "d/f", "text");
	/* A directory that was there keeps its times. */
	assert_true(tree_stat(run.target, "d").st_mtim.tv_sec != 1000);
	sink_run_release(&run);
}

static void test_file_sink_begin_file__refuses_what_exists(void **state)
{
	enum file_sink_answer answer;
	struct sink_run run;
	uint32_t file;

	sink_run_init(&run, state);
	tree_mkdir(*state, "target");
	tree_write(run.target, "f", "mine");
	sink_run_start(&run);
	assert_int_equal(sink_run_try_begin(&run, "f", "text", &answer, &file), -1);
	assert_int_equal(run.err.code, ERR_TARGET);
	assert_text(&run, "f", "mine");
	sink_run_release(&run);
}

static void test_file_sink_finish__refuses_a_name_taken_meanwhile(void **state)
{
	struct sink_run run;

	sink_run_init(&run, state);
	sink_run_start(&run);
	sink_run_file(&run, "f", "text");
	tree_write(run.target, "f", "mine");
	assert_int_equal(file_sink_finish(run.sink, &run.err), -1);
	assert_int_equal(run.err.code, ERR_TARGET);
	assert_non_null(strstr(run.err.msg, "was made by another program meanwhile"));
	assert_text(&run, "f", "mine");
	sink_run_release(&run);
}

static void test_file_sink_begin_file__skips_what_exists(void **state)
{
	struct sink_run run;

	sink_run_init(&run, state);
	run.options.existing = FILE_EXISTING_SKIP;
	tree_mkdir(*state, "target");
	tree_write(run.target, "f", "mine");
	sink_run_start(&run);
	assert_int_equal(sink_run_file(&run, "f", "text"), FILE_SINK_SKIP);
	assert_int_equal(sink_run_file(&run, "g", "text"), FILE_SINK_WRITE);
	assert_int_equal(file_sink_counts(run.sink).skipped, 1);
	sink_run_finish(&run);
	assert_text(&run, "f", "mine");
	assert_text(&run, "g", "text");
	sink_run_release(&run);
}

static void test_file_sink_begin_file__replaces_what_exists(void **state)
{
	struct sink_run run;

	sink_run_init(&run, state);
	run.options.existing = FILE_EXISTING_REPLACE;
	tree_mkdir(*state, "target");
	tree_mkdir(run.target, "d");
	tree_mkdir(run.target, "empty");
	tree_write(run.target, "d/f", "mine");
	tree_symlink(run.target, "link", "d/f");
	sink_run_start(&run);
	sink_run_directory(&run, "d");
	sink_run_file(&run, "d/f", "new");
	sink_run_file(&run, "empty", "now a file");
	sink_run_file(&run, "link", "no link");
	assert_text(&run, "d/f", "mine"); /* until the new one is whole */
	sink_run_finish(&run);
	assert_text(&run, "d/f", "new");
	assert_text(&run, "empty", "now a file");
	assert_text(&run, "link", "no link");
	assert_int_equal(tree_stat(run.target, "d").st_mtim.tv_sec, 1000);
	sink_run_release(&run);
}

static void test_file_sink_begin_file__replaces_no_full_directory(void **state)
{
	enum file_sink_answer answer;
	struct sink_run run;
	uint32_t file;

	sink_run_init(&run, state);
	run.options.existing = FILE_EXISTING_REPLACE;
	tree_mkdir(*state, "target");
	tree_mkdir(run.target, "d");
	tree_write(run.target, "d/f", "mine");
	sink_run_start(&run);
	assert_int_equal(sink_run_try_begin(&run, "d", "text", &answer, &file), -1);
	assert_int_equal(run.err.code, ERR_TARGET);
	assert_non_null(strstr(run.err.msg, "is a directory that is not empty"));
	assert_text(&run, "d/f", "mine");
	sink_run_release(&run);
}

static void test_file_sink_directory__replaces_a_link(void **state)
{
	struct sink_run run;

	sink_run_init(&run, state);
	run.options.existing = FILE_EXISTING_REPLACE;
	tree_mkdir(*state, "outside");
	tree_mkdir(*state, "target");
	tree_symlink(run.target, "d", "../outside");
	sink_run_start(&run);
	sink_run_directory(&run, "d");
	sink_run_file(&run, "d/f", "x");
	sink_run_finish(&run);
	assert_true(S_ISDIR(tree_stat(run.target, "d").st_mode));
	assert_false(tree_exists(*state, "outside/f"));
	sink_run_release(&run);
}

/* Attacks. */

static void test_file_sink_begin_file__does_not_go_through_planted_links(void **state)
{
	enum file_sink_answer answer;
	struct sink_run run;
	uint32_t file;

	sink_run_init(&run, state);
	tree_mkdir(*state, "outside");
	sink_run_start(&run);
	tree_symlink(run.target, "d", "../outside");
	assert_int_equal(sink_run_try_directory(&run, "d"), -1);
	assert_int_equal(run.err.code, ERR_TARGET);
	assert_int_equal(sink_run_try_begin(&run, "d/f", "x", &answer, &file), -1);
	assert_non_null(strstr(run.err.msg, "/target: d: Not a directory"));
	tree_mkdir(*state, "outside/e");
	assert_int_equal(sink_run_try_begin(&run, "d/e/f", "x", &answer, &file), -1);
	assert_non_null(strstr(run.err.msg, "d/e: a symbolic link is in the way"));
	assert_false(tree_exists(*state, "outside/f"));
	assert_false(tree_exists(*state, "outside/e/f"));
	sink_run_release(&run);
}

static void test_file_sink_finish__does_not_go_through_links_planted_later(void **state)
{
	CLEANUP(mem_freep) char *from = NULL;
	CLEANUP(mem_freep) char *to = NULL;
	struct sink_run run;

	sink_run_init(&run, state);
	tree_mkdir(*state, "outside");
	sink_run_start(&run);
	sink_run_directory(&run, "d");
	sink_run_file(&run, "d/f", "x");
	from = tree_path(run.target, "d");
	to = tree_path(run.target, "moved");
	assert_int_equal(rename(from, to), 0);
	tree_symlink(run.target, "d", "../outside");
	assert_int_equal(file_sink_finish(run.sink, &run.err), -1);
	assert_non_null(strstr(run.err.msg, "/target: d: Not a directory"));
	assert_false(tree_exists(*state, "outside/f"));
	sink_run_release(&run);
}

static void test_file_sink_begin_file__refuses_names_that_lead_out(void **state)
{
	static const char *const paths[] = {"../f", "/f", "a/../f", "a//f", "./f", ".."};
	struct sink_run run;

	sink_run_init(&run, state);
	sink_run_start(&run);
	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		enum file_sink_answer answer;
		uint32_t file;

		assert_int_equal(sink_run_try_begin(&run, paths[i], "x", &answer, &file),
				 -1);
		assert_int_equal(run.err.code, ERR_CORRUPT);
		assert_int_equal(sink_run_try_directory(&run, paths[i]), -1);
	}
	assert_false(tree_exists(*state, "f"));
	sink_run_release(&run);
}

static void test_file_sink_begin_file__skips_the_markers_name(void **state)
{
	struct sink_run run;

	sink_run_init(&run, state);
	sink_run_start(&run);
	assert_int_equal(sink_run_file(&run, ".quipu-restore", "x"), FILE_SINK_SKIP);
	assert_string_equal(strings_at(&run.warnings, 0),
			    "/.quipu-restore: has the name of our marker: skipped");
	sink_run_finish(&run);
	sink_run_release(&run);
}

/* Hard links. */

static enum file_sink_answer begin_link(struct sink_run *run, const char *path,
					const char *text)
{
	struct entry entry = sink_run_entry(ENTRY_FILE, path);
	enum file_sink_answer answer;
	uint32_t file;

	entry.size = strlen(text);
	entry.n_links = 2;
	entry.link_device = 1;
	entry.link_inode = 42;
	assert_int_equal(
		file_sink_begin_file(run->sink, path, &entry, &answer, &file, &run->err),
		0);
	entry_release(&entry);
	if (answer == FILE_SINK_WRITE) {
		sink_run_write(run, file, 0, text);
		assert_int_equal(file_sink_finish_file(run->sink, file, &run->err), 0);
	}
	return answer;
}

static void test_file_sink_begin_file__makes_hard_links(void **state)
{
	struct sink_run run;
	struct stat st;

	sink_run_init(&run, state);
	sink_run_start(&run);
	sink_run_directory(&run, "a");
	sink_run_directory(&run, "b");
	assert_int_equal(begin_link(&run, "a/one", "same"), FILE_SINK_WRITE);
	assert_int_equal(begin_link(&run, "b/two", "same"), FILE_SINK_LINK);
	assert_int_equal(file_sink_finish(run.sink, &run.err), 0);
	assert_int_equal(file_sink_counts(run.sink).links, 1);
	st = tree_stat(run.target, "a/one");
	assert_int_equal(st.st_nlink, 2);
	assert_int_equal(tree_stat(run.target, "b/two").st_ino, st.st_ino);
	assert_int_equal(tree_stat(run.target, "b").st_mtim.tv_sec, 1000);
	assert_int_equal(count_names(&run, "b"), 1);
	sink_run_release(&run);
}

static void test_file_sink_give_up__removes_what_there_is(void **state)
{
	struct sink_run run;
	uint32_t file = 0;

	sink_run_init(&run, state);
	sink_run_start(&run);
	sink_run_directory(&run, "d");
	assert_int_equal(sink_run_begin(&run, "d/lost", "content", &file),
			 FILE_SINK_WRITE);
	sink_run_write(&run, file, 3, "tent");
	sink_run_file(&run, "d/whole", "text");
	assert_int_equal(count_names(&run, "d"), 2);
	assert_int_equal(file_sink_give_up(run.sink, file, &run.err), 0);
	assert_int_equal(file_sink_finish(run.sink, &run.err), 0);
	assert_int_equal(count_names(&run, "d"), 1);
	assert_text(&run, "d/whole", "text");
	assert_int_equal(file_sink_counts(run.sink).given_up, 1);
	assert_int_equal(file_sink_counts(run.sink).files, 1);
	sink_run_release(&run);
}

static void test_file_sink_give_up__frees_the_number(void **state)
{
	struct sink_run run;
	uint32_t first = 0, second = 1;

	sink_run_init(&run, state);
	sink_run_start(&run);
	sink_run_begin(&run, "lost", "content", &first);
	assert_int_equal(file_sink_give_up(run.sink, first, &run.err), 0);
	assert_int_equal(
		file_sink_write(run.sink, first, 0, slice_of_string("x"), &run.err), -1);
	sink_run_begin(&run, "next", "text", &second);
	assert_int_equal(second, first);
	sink_run_write(&run, second, 0, "text");
	assert_int_equal(file_sink_finish_file(run.sink, second, &run.err), 0);
	sink_run_finish(&run);
	assert_text(&run, "next", "text");
	assert_false(tree_exists(run.target, "lost"));
	sink_run_release(&run);
}

static void test_file_sink_give_up__leaves_out_hard_links_to_it(void **state)
{
	struct sink_run run;
	struct entry entry = sink_run_entry(ENTRY_FILE, "one");
	enum file_sink_answer answer;
	uint32_t file;

	sink_run_init(&run, state);
	sink_run_start(&run);
	entry.size = 4;
	entry.n_links = 2;
	entry.link_device = 1;
	entry.link_inode = 42;
	assert_int_equal(
		file_sink_begin_file(run.sink, "one", &entry, &answer, &file, &run.err),
		0);
	entry_release(&entry);
	assert_int_equal(begin_link(&run, "two", "same"), FILE_SINK_LINK);
	assert_int_equal(file_sink_give_up(run.sink, file, &run.err), 0);
	assert_int_equal(file_sink_finish(run.sink, &run.err), 0);
	assert_int_equal(file_sink_counts(run.sink).given_up, 2);
	assert_string_equal(strings_at(&run.warnings, 0),
			    "/one: is left out: its content is lost");
	assert_string_equal(strings_at(&run.warnings, 1),
			    "/two: is left out: its content, of a hard link, is lost");
	assert_false(tree_exists(run.target, "one"));
	assert_false(tree_exists(run.target, "two"));
	sink_run_release(&run);
}

static void test_file_sink_begin_file__links_to_no_skipped_file(void **state)
{
	struct sink_run run;

	sink_run_init(&run, state);
	run.options.existing = FILE_EXISTING_SKIP;
	tree_mkdir(*state, "target");
	tree_write(run.target, "one", "mine");
	sink_run_start(&run);
	assert_int_equal(begin_link(&run, "one", "same"), FILE_SINK_SKIP);
	assert_int_equal(begin_link(&run, "two", "same"), FILE_SINK_WRITE);
	sink_run_finish(&run);
	assert_text(&run, "one", "mine");
	assert_text(&run, "two", "same");
	sink_run_release(&run);
}

static void test_file_sink_begin_file__replaces_links_by_links(void **state)
{
	CLEANUP(mem_freep) char *one = NULL;
	CLEANUP(mem_freep) char *two = NULL;
	struct sink_run run;

	sink_run_init(&run, state);
	run.options.existing = FILE_EXISTING_REPLACE;
	tree_mkdir(*state, "target");
	tree_write(run.target, "one", "old");
	one = tree_path(run.target, "one");
	two = tree_path(run.target, "two");
	assert_int_equal(link(one, two), 0);
	sink_run_start(&run);
	begin_link(&run, "one", "new");
	assert_int_equal(begin_link(&run, "two", "new"), FILE_SINK_LINK);
	sink_run_finish(&run);
	assert_text(&run, "two", "new");
	assert_int_equal(tree_stat(run.target, "one").st_ino,
			 tree_stat(run.target, "two").st_ino);
	assert_int_equal(count_names(&run, ""), 2);
	sink_run_release(&run);
}

static void test_file_sink_begin_file__copies_where_links_are_impossible(void **state)
{
	CLEANUP(mem_freep) char *mounted = NULL;
	struct sink_run run;

	skip_without_root("mounting");
	sink_run_init(&run, state);
	tree_mkdir(*state, "target");
	tree_mkdir(run.target, "m");
	mounted = tree_path(run.target, "m");
	if (mount("none", mounted, "tmpfs", 0, "size=1m") < 0) {
		sink_run_release(&run);
		print_message("mounting is not allowed here\n");
		skip();
	}
	sink_run_start(&run);
	sink_run_directory(&run, "m");
	begin_link(&run, "a", "same");
	assert_int_equal(begin_link(&run, "m/b", "same"), FILE_SINK_LINK);
	assert_int_equal(file_sink_finish(run.sink, &run.err), 0);
	assert_int_equal(file_sink_counts(run.sink).copies, 1);
	assert_text(&run, "m/b", "same");
	assert_int_equal(tree_stat(run.target, "m/b").st_mtim.tv_sec, 1000);
	sink_run_release(&run);
	assert_int_equal(umount2(mounted, MNT_DETACH), 0);
}

/* Interrupted restores. */

static void test_file_sink_open__continues_an_interrupted_restore(void **state)
{
	uint8_t found[8] = "";
	struct sink_run run;
	uint32_t file;

	sink_run_init(&run, state);
	sink_run_start(&run);
	sink_run_directory(&run, "d");
	sink_run_begin(&run, "d/half", "12345678", &file);
	sink_run_write(&run, file, 0, "1234");
	sink_run_interrupt(&run);
	assert_true(tree_exists(run.target, ".quipu-restore"));

	sink_run_open(&run);
	assert_int_equal(sink_run_check(&run, ENTRY_FILE, "d/half"), 0);
	sink_run_start(&run);
	sink_run_directory(&run, "d");
	assert_int_equal(sink_run_begin(&run, "d/half", "12345678", &file),
			 FILE_SINK_CONTINUE);
	assert_int_equal(file_sink_existing(run.sink, file, 0, found, 8, &run.err), 0);
	assert_memory_equal(found, "1234\0\0\0\0", 8);
	sink_run_write(&run, file, 4, "5678");
	assert_int_equal(file_sink_finish_file(run.sink, file, &run.err), 0);
	sink_run_finish(&run);
	assert_text(&run, "d/half", "12345678");
	assert_int_equal(tree_stat(run.target, "d").st_mode & 07777, 0755);
	assert_int_equal(tree_stat(run.target, "d").st_mtim.tv_sec, 1000);
	assert_int_equal(count_names(&run, ""), 1);
	sink_run_release(&run);
}

/* Restores `path` under its name, as a batch of an interrupted run. */
static void restore_then_interrupt(struct sink_run *run, const char *path,
				   const char *text)
{
	uint32_t file;

	sink_run_start(run);
	sink_run_file(run, path, text);
	/* What is begun and not finished makes finish() stop after the batch. */
	sink_run_begin(run, "unfinished", "12", &file);
	assert_int_equal(file_sink_finish(run->sink, &run->err), -1);
	assert_true(tree_exists(run->target, path));
	run->err = (struct err){0};
	sink_run_interrupt(run);
}

static void test_file_sink_begin_file__knows_what_an_earlier_run_restored(void **state)
{
	struct sink_run run;

	sink_run_init(&run, state);
	restore_then_interrupt(&run, "f", "text");
	sink_run_start(&run);
	assert_int_equal(sink_run_file(&run, "f", "text"), FILE_SINK_DONE);
	assert_int_equal(file_sink_counts(run.sink).already_done, 1);
	sink_run_finish(&run);
	assert_text(&run, "f", "text");
	/* What this selection had no use for is gone. */
	assert_int_equal(count_names(&run, ""), 1);
	sink_run_release(&run);
}

static void test_file_sink_begin_file__refuses_a_restored_file_that_changed(void **state)
{
	enum file_sink_answer answer;
	struct sink_run run;
	uint32_t file;

	sink_run_init(&run, state);
	restore_then_interrupt(&run, "f", "text");
	tree_write(run.target, "f", "mine");
	sink_run_start(&run);
	assert_int_equal(sink_run_try_begin(&run, "f", "text", &answer, &file), -1);
	assert_int_equal(run.err.code, ERR_TARGET);
	assert_non_null(strstr(run.err.msg, "is not what the interrupted restore made"));
	sink_run_release(&run);
}

static void test_file_sink_begin_file__links_to_what_an_earlier_run_restored(void **state)
{
	struct sink_run run;
	uint32_t file;

	sink_run_init(&run, state);
	sink_run_start(&run);
	begin_link(&run, "one", "same");
	sink_run_begin(&run, "unfinished", "12", &file);
	assert_int_equal(file_sink_finish(run.sink, &run.err), -1);
	sink_run_interrupt(&run);
	sink_run_start(&run);
	assert_int_equal(begin_link(&run, "one", "same"), FILE_SINK_DONE);
	assert_int_equal(begin_link(&run, "two", "same"), FILE_SINK_LINK);
	sink_run_finish(&run);
	assert_int_equal(tree_stat(run.target, "one").st_ino,
			 tree_stat(run.target, "two").st_ino);
	sink_run_release(&run);
}

static void test_file_sink_open__refuses_another_snapshots_restore(void **state)
{
	struct sink_run run;

	sink_run_init(&run, state);
	sink_run_start(&run);
	sink_run_interrupt(&run);
	run.id[31] ^= 1;
	assert_int_equal(file_sink_open(&run.options, &run.sink, &run.err), -1);
	assert_int_equal(run.err.code, ERR_TARGET);
	assert_non_null(
		strstr(run.err.msg, "holds an unfinished restore of another snapshot"));
	assert_non_null(strstr(run.err.hint, ".quipu-restore"));
	sink_run_release(&run);
}

static void test_file_sink_open__refuses_a_second_process(void **state)
{
	struct file_sink *second = NULL;
	struct sink_run run;

	sink_run_init(&run, state);
	sink_run_start(&run);
	assert_int_equal(file_sink_open(&run.options, &second, &run.err), -1);
	assert_int_equal(run.err.code, ERR_TARGET);
	assert_non_null(strstr(run.err.msg, "is being restored into by another process"));
	sink_run_release(&run);
}

static void test_file_sink_open__refuses_a_planted_marker(void **state)
{
	struct sink_run run;

	sink_run_init(&run, state);
	tree_mkdir(*state, "target");
	tree_symlink(run.target, ".quipu-restore", "/etc/passwd");
	assert_int_equal(file_sink_open(&run.options, &run.sink, &run.err), -1);
	assert_int_equal(run.err.code, ERR_TARGET);
	assert_non_null(strstr(run.err.msg, "holds a .quipu-restore that is not ours"));
	sink_run_release(&run);
}

/* The temporary name of the file that an interrupted run began. */
static char *find_temp(const struct sink_run *run)
{
	CLEANUP(name_list_release) struct name_list names;
	struct err err = {0};
	int fd = open(run->target, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	name_list_init(&names);
	assert_int_equal(name_list_read(&names, fd, &err), 0);
	close(fd);
	for (size_t i = 0; i < name_list_count(&names); i++)
		if (strncmp(name_list_at(&names, i), ".quipu-abababab-", 16) == 0)
			return tree_path(run->target, name_list_at(&names, i));
	fail_msg("no temporary file");
	return NULL;
}

static void test_file_sink_begin_file__does_not_write_to_planted_temps(void **state)
{
	CLEANUP(mem_freep) char *temp = NULL;
	CLEANUP(mem_freep) char *victim = tree_path(*state, "victim");
	struct sink_run run;
	uint32_t file;

	sink_run_init(&run, state);
	sink_run_start(&run);
	sink_run_begin(&run, "f", "text", &file);
	sink_run_interrupt(&run);
	temp = find_temp(&run);
	tree_write(*state, "victim", "mine");
	assert_int_equal(unlink(temp), 0);
	assert_int_equal(link(victim, temp), 0);
	sink_run_start(&run);
	assert_int_equal(sink_run_file(&run, "f", "text"), FILE_SINK_WRITE);
	sink_run_finish(&run);
	assert_text(&run, "f", "text");
	{
		CLEANUP(mem_freep) char *text = tree_read(*state, "victim");

		assert_string_equal(text, "mine");
	}
	sink_run_release(&run);
}

static void test_file_sink_begin_file__clears_what_should_be_a_hole(void **state)
{
	struct entry entry = sink_run_entry(ENTRY_FILE, "s");
	enum file_sink_answer answer;
	struct sink_run run;
	uint8_t found[4];
	uint32_t file;

	sink_run_init(&run, state);
	sink_run_start(&run);
	entry.size = 4 * 1024 * 1024;
	entry_add_extent(&entry, 1024 * 1024, 4096);
	assert_int_equal(
		file_sink_begin_file(run.sink, "s", &entry, &answer, &file, &run.err), 0);
	sink_run_write(&run, file, 3 * 1024 * 1024, "junk");
	sink_run_interrupt(&run);
	sink_run_start(&run);
	assert_int_equal(
		file_sink_begin_file(run.sink, "s", &entry, &answer, &file, &run.err), 0);
	entry_release(&entry);
	assert_int_equal(
		file_sink_existing(run.sink, file, 3 * 1024 * 1024, found, 4, &run.err),
		0);
	assert_memory_equal(found, "\0\0\0\0", 4);
	sink_run_release(&run);
}

static void test_file_sink_finish__is_interrupted(void **state)
{
	struct cancel cancel;
	struct sink_run run;

	cancel_init(&cancel);
	sink_run_init(&run, state);
	run.options.cancel = &cancel;
	sink_run_start(&run);
	sink_run_file(&run, "f", "text");
	cancel_set(&cancel, SIGTERM);
	assert_int_equal(file_sink_finish(run.sink, &run.err), -1);
	assert_int_equal(run.err.code, ERR_INTERRUPTED);
	assert_false(tree_exists(run.target, "f"));
	assert_true(tree_exists(run.target, ".quipu-restore"));
	sink_run_release(&run);
}

/* Limits. */

static void test_file_sink_write__says_when_the_disk_is_full(void **state)
{
	enum { LEN = 2 * 1024 * 1024 };
	CLEANUP(mem_freep) char *bytes = mem_zalloc(LEN + 1);
	struct sink_run run;
	uint32_t file;

	skip_without_root("mounting");
	memset(bytes, 'x', LEN);
	sink_run_init(&run, state);
	tree_mkdir(*state, "target");
	if (mount("none", run.target, "tmpfs", 0, "size=1m") < 0) {
		sink_run_release(&run);
		print_message("mounting is not allowed here\n");
		skip();
	}
	sink_run_start(&run);
	sink_run_begin(&run, "big", bytes, &file);
	assert_int_equal(
		file_sink_write(run.sink, file, 0, slice_of(bytes, LEN), &run.err), -1);
	assert_int_equal(run.err.code, ERR_NO_SPACE);
	assert_non_null(strstr(run.err.msg, "cannot write /big in "));
	assert_non_null(strstr(run.err.msg, "No space left on device"));
	sink_run_interrupt(&run);
	assert_int_equal(count_names(&run, ""), 1); /* the marker, for the next run */
	assert_int_equal(umount2(run.target, MNT_DETACH), 0);
	sink_run_release(&run);
}

enum { MANY = 500, THREADS = 4 };

struct job {
	struct sink_run *run;
	uint32_t file;
	int number;
	int result;
	struct err err;
};

/* Two halves, then the end: more files in flight than may be open. */
static void write_job(void *task, unsigned worker)
{
	struct job *job = task;
	char text[16];

	(void)worker;
	(void)snprintf(text, sizeof(text), "%08d", job->number);
	job->result = file_sink_write(job->run->sink, job->file, 4, slice_of(text + 4, 4),
				      &job->err) < 0 ||
		      file_sink_write(job->run->sink, job->file, 0, slice_of(text, 4),
				      &job->err) < 0 ||
		      file_sink_finish_file(job->run->sink, job->file, &job->err) < 0;
}

static void test_file_sink_write__works_from_many_threads(void **state)
{
	CLEANUP(mem_freep) struct job *jobs = mem_calloc(MANY, sizeof(*jobs));
	struct sink_run run;
	struct pool *pool;
	char name[16], text[16];

	sink_run_init(&run, state);
	sink_run_start(&run);
	for (int i = 0; i < MANY; i++) {
		(void)snprintf(name, sizeof(name), "f%d", i);
		jobs[i] = (struct job){.run = &run, .number = i};
		sink_run_begin(&run, name, "12345678", &jobs[i].file);
	}
	assert_int_equal(pool_new(THREADS, 8, &pool, &run.err), 0);
	for (int i = 0; i < MANY; i++)
		pool_submit(pool, write_job, &jobs[(i * 7) % MANY]);
	pool_free(pool);
	for (int i = 0; i < MANY; i++)
		assert_int_equal(jobs[i].result, 0);
	sink_run_finish(&run);
	for (int i = 0; i < MANY; i++) {
		(void)snprintf(name, sizeof(name), "f%d", i);
		(void)snprintf(text, sizeof(text), "%08d", i);
		assert_text(&run, name, text);
	}
	assert_int_equal(count_names(&run, ""), MANY);
	sink_run_release(&run);
}

/* Without root. */

static void test_file_sink_finish__restores_read_only_directories(void **state)
{
	struct sink_run run;
	struct entry entry;

	skip_without_root("giving up rights");
	sink_run_init(&run, state);
	assert_int_equal(chmod(*state, 0777), 0);
	assert_int_equal(seteuid(65534), 0);
	sink_run_start(&run);
	entry = sink_run_entry(ENTRY_DIRECTORY, "d");
	entry.mode = 0555;
	assert_int_equal(file_sink_directory(run.sink, "d", &entry, &run.err), 0);
	entry_release(&entry);
	sink_run_directory(&run, "d/e");
	sink_run_file(&run, "d/e/f", "text");
	sink_run_finish(&run);
	assert_int_equal(seteuid(0), 0);
	assert_int_equal(tree_stat(run.target, "d").st_mode & 07777, 0555);
	assert_int_equal(tree_stat(run.target, "d").st_uid, 65534);
	assert_text(&run, "d/e/f", "text");
	sink_run_release(&run);
}

#define deep_test(fn) cmocka_unit_test_setup_teardown(fn, tempdir_setup, tree_remove_deep)

int main(void)
{
	const struct CMUnitTest tests[] = {
		tempdir_test(test_file_sink_finish__leaves_just_what_was_restored),
		tempdir_test(test_file_sink_finish__sets_metadata_of_a_target_it_made),
		tempdir_test(
			test_file_sink_finish__leaves_metadata_of_a_target_that_was_there),
		tempdir_test(test_file_sink_finish_file__gives_no_name_before_the_batch),
		tempdir_test(test_file_sink_write__takes_offsets_in_any_order),
		tempdir_test(test_file_sink_write__keeps_holes),
		tempdir_test(test_file_sink_write__refuses_bytes_beyond_the_size),
		tempdir_test(test_file_sink_finish__refuses_files_that_were_not_finished),
		tempdir_test(test_file_sink_finish_file__refuses_a_file_twice),
		tempdir_test(test_file_sink_special__makes_links_fifos_and_empty_files),
		tempdir_test(test_file_sink_special__refuses_a_link_without_target),
		tempdir_test(test_file_sink_special__makes_devices_as_root),
		tempdir_test(test_file_sink_begin_file__takes_names_of_any_bytes),
		deep_test(test_file_sink_directory__makes_trees_deeper_than_path_max),
		tempdir_test(test_file_sink_check__refuses_what_exists),
		tempdir_test(test_file_sink_check__refuses_a_file_for_a_directory),
		tempdir_test(test_file_sink_check__refuses_a_full_directory_for_a_file),
		tempdir_test(
			test_file_sink_check__looks_at_nothing_below_what_is_replaced),
		tempdir_test(test_file_sink_open__writes_nothing),
		tempdir_test(test_file_sink_open__refuses_a_target_that_is_a_file),
		tempdir_test(test_file_sink_open__refuses_a_target_that_must_be_empty),
		tempdir_test(test_file_sink_finish__leaves_unrelated_files_alone),
		tempdir_test(test_file_sink_begin_file__refuses_what_exists),
		tempdir_test(test_file_sink_finish__refuses_a_name_taken_meanwhile),
		tempdir_test(test_file_sink_begin_file__skips_what_exists),
		tempdir_test(test_file_sink_begin_file__replaces_what_exists),
		tempdir_test(test_file_sink_begin_file__replaces_no_full_directory),
		tempdir_test(test_file_sink_directory__replaces_a_link),
		tempdir_test(
			test_file_sink_begin_file__does_not_go_through_planted_links),
		tempdir_test(
			test_file_sink_finish__does_not_go_through_links_planted_later),
		tempdir_test(test_file_sink_begin_file__refuses_names_that_lead_out),
		tempdir_test(test_file_sink_begin_file__skips_the_markers_name),
		tempdir_test(test_file_sink_begin_file__makes_hard_links),
		tempdir_test(test_file_sink_give_up__removes_what_there_is),
		tempdir_test(test_file_sink_give_up__frees_the_number),
		tempdir_test(test_file_sink_give_up__leaves_out_hard_links_to_it),
		tempdir_test(test_file_sink_begin_file__links_to_no_skipped_file),
		tempdir_test(test_file_sink_begin_file__replaces_links_by_links),
		tempdir_test(
			test_file_sink_begin_file__copies_where_links_are_impossible),
		tempdir_test(test_file_sink_open__continues_an_interrupted_restore),
		tempdir_test(
			test_file_sink_begin_file__knows_what_an_earlier_run_restored),
		tempdir_test(
			test_file_sink_begin_file__refuses_a_restored_file_that_changed),
		tempdir_test(
			test_file_sink_begin_file__links_to_what_an_earlier_run_restored),
		tempdir_test(test_file_sink_open__refuses_another_snapshots_restore),
		tempdir_test(test_file_sink_open__refuses_a_second_process),
		tempdir_test(test_file_sink_open__refuses_a_planted_marker),
		tempdir_test(test_file_sink_begin_file__does_not_write_to_planted_temps),
		tempdir_test(test_file_sink_begin_file__clears_what_should_be_a_hole),
		tempdir_test(test_file_sink_finish__is_interrupted),
		tempdir_test(test_file_sink_write__says_when_the_disk_is_full),
		tempdir_test(test_file_sink_write__works_from_many_threads),
		tempdir_test(test_file_sink_finish__restores_read_only_directories),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
