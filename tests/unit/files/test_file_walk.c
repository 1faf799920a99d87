/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/sysmacros.h>
#include <sys/un.h>

#include "files/file_walk.h"
#include "support/walk_run.h"

enum { MIB = 1024 * 1024 };

static void skip_without_root(const char *what)
{
	if (geteuid() == 0)
		return;
	print_message("%s needs root\n", what);
	skip();
}

/* Names and types. */

static void test_file_walk_run__takes_names_of_any_bytes(void **state)
{
	char longest[256];
	const char *const names[] = {"-rf",   "new\nline",   "\xff\xfe\x80", " ",
				     "\"q\"", "back\\slash", "\x1b[31m",     longest};
	struct walk_run run;

	memset(longest, 'x', 255);
	longest[255] = '\0';
	walk_run_init(&run, state);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		tree_write(*state, names[i], names[i]);
	walk_run(&run);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		assert_string_equal(walk_run_text(&run, names[i]), names[i]);
	assert_int_equal(walk_run_warnings(&run), 0);
	walk_run_release(&run);
}

static void test_file_walk_run__stores_links_as_links(void **state)
{
	struct walk_run run;

	walk_run_init(&run, state);
	tree_mkdir(*state, "d");
	tree_write(*state, "d/f", "x");
	tree_symlink(*state, "to_dir", "d");
	tree_symlink(*state, "dangling", "/no/such\npath");
	walk_run(&run);
	assert_int_equal(walk_run_find(&run, "to_dir")->entry.type, ENTRY_SYMLINK);
	assert_string_equal(walk_run_find(&run, "to_dir")->entry.target, "d");
	assert_string_equal(walk_run_find(&run, "dangling")->entry.target,
			    "/no/such\npath");
	assert_null(walk_run_find(&run, "to_dir/f"));
	assert_int_equal(walk_run_warnings(&run), 0);
	walk_run_release(&run);
}

static void test_file_walk_run__takes_fifos_without_waiting(void **state)
{
	CLEANUP(mem_freep) char *path = tree_path(*state, "pipe");
	struct walk_run run;

	walk_run_init(&run, state);
	assert_int_equal(mkfifo(path, 0620), 0);
	walk_run(&run);
	assert_int_equal(walk_run_find(&run, "pipe")->entry.type, ENTRY_FIFO);
	assert_int_equal(walk_run_find(&run, "pipe")->entry.mode & 0700, 0600);
	walk_run_release(&run);
}

static void test_file_walk_run__takes_devices(void **state)
{
	CLEANUP(mem_freep) char *path = tree_path(*state, "null");
	struct walk_run run;

	skip_without_root("making a device");
	if (mknod(path, S_IFCHR | 0666, makedev(1, 3)) < 0) {
		print_message("no devices can be made here\n");
		skip();
	}
	walk_run_init(&run, state);
	walk_run(&run);
	assert_int_equal(walk_run_find(&run, "null")->entry.type, ENTRY_CHAR_DEVICE);
	assert_int_equal(walk_run_find(&run, "null")->entry.rdev_major, 1);
	assert_int_equal(walk_run_find(&run, "null")->entry.rdev_minor, 3);
	walk_run_release(&run);
}

static void test_file_walk_run__notes_links_of_specials_once(void **state)
{
	CLEANUP(mem_freep) char *link_path = tree_path(*state, "a");
	CLEANUP(mem_freep) char *link_again = tree_path(*state, "b");
	CLEANUP(mem_freep) char *fifo = tree_path(*state, "c");
	CLEANUP(mem_freep) char *fifo_again = tree_path(*state, "d");
	struct walk_run run;

	tree_symlink(*state, "a", "nowhere");
	assert_int_equal(linkat(AT_FDCWD, link_path, AT_FDCWD, link_again, 0), 0);
	assert_int_equal(mkfifo(fifo, 0600), 0);
	assert_int_equal(link(fifo, fifo_again), 0);
	walk_run_init(&run, state);
	walk_run_root(&run, "");
	walk_run(&run);
	assert_int_equal(walk_run_warnings(&run), 1);
	assert_true(walk_run_warned(&run, "note", "a",
				    "has hard links, which are kept of regular files "
				    "only: each of its names comes back as a file of its "
				    "own; others like it are not told"));
	assert_non_null(walk_run_find(&run, "d"));
	walk_run_release(&run);
}

static void test_file_walk_run__skips_sockets_with_a_note(void **state)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct walk_run run;

	(void)snprintf(address.sun_path, sizeof(address.sun_path), "%s/sock",
		       (char *)*state);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	walk_run_init(&run, state);
	walk_run(&run);
	assert_null(walk_run_find(&run, "sock"));
	assert_true(walk_run_warned(&run, "note", "sock", "is a socket: skipped"));
	walk_run_release(&run);
	close(fd);
}

static void test_file_walk_run__marks_hard_links_across_directories(void **state)
{
	CLEANUP(mem_freep) char *from = tree_path(*state, "a/one");
	CLEANUP(mem_freep) char *to = tree_path(*state, "b/two");
	const struct entry *one, *two;
	struct walk_run run;

	walk_run_init(&run, state);
	tree_mkdir(*state, "a");
	tree_mkdir(*state, "b");
	tree_write(*state, "a/one", "same");
	tree_write(*state, "a/single", "x");
	assert_int_equal(link(from, to), 0);
	walk_run(&run);
	one = &walk_run_find(&run, "a/one")->entry;
	two = &walk_run_find(&run, "b/two")->entry;
	assert_int_equal(one->n_links, 2);
	assert_int_equal(one->link_device, 1);
	assert_int_equal(two->link_device, 1);
	assert_int_equal(one->link_inode, two->link_inode);
	assert_int_equal(walk_run_find(&run, "a/single")->entry.n_links, 1);
	assert_string_equal(walk_run_text(&run, "b/two"), "same");
	walk_run_release(&run);
}

static void test_file_walk_run__reads_only_the_data_of_sparse_files(void **state)
{
	CLEANUP(mem_freep) char *path = tree_path(*state, "sparse");
	const struct record_node *node;
	const struct extent *extent;
	struct walk_run run;
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	assert_int_equal(ftruncate(fd, (off_t)100 * MIB), 0);
	assert_int_equal(pwrite(fd, "data", 4, (off_t)50 * MIB), 4);
	close(fd);
	walk_run_init(&run, state);
	walk_run(&run);
	node = walk_run_find(&run, "sparse");
	assert_int_equal(node->entry.size, 100 * MIB);
	assert_true(node->entry.is_sparse);
	assert_int_equal(node->entry.extents.n, 1);
	extent = vec_at(&node->entry.extents, 0);
	assert_int_equal(extent->offset, 50 * MIB);
	assert_int_equal(node->content_len, extent->len);
	assert_memory_equal(node->content.data, "data", 4);
	walk_run_release(&run);
}

static void test_file_walk_run__keeps_modes_and_times(void **state)
{
	CLEANUP(mem_freep) char *path = tree_path(*state, "f");
	const struct timespec times[2] = {{.tv_nsec = UTIME_OMIT},
					  {.tv_sec = -5, .tv_nsec = 123456789}};
	const struct entry *entry;
	struct walk_run run;

	walk_run_init(&run, state);
	tree_write(*state, "f", "x");
	assert_int_equal(chmod(path, 04711), 0);
	assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
	walk_run(&run);
	entry = &walk_run_find(&run, "f")->entry;
	assert_int_equal(entry->mode, 04711);
	assert_int_equal(entry->mtime_nsec, -5 * 1000000000ll + 123456789);
	assert_int_equal(entry->uid, geteuid());
	walk_run_release(&run);
}

/* Unchanged files. */

static void test_file_walk_run__does_not_read_unchanged_files(void **state)
{
	struct walk_run first, second;

	tree_write(*state, "same", "old");
	tree_write(*state, "other", "old");
	walk_run_init(&first, state);
	walk_run(&first);
	tree_write(*state, "other", "newer");
	walk_run_init(&second, state);
	second.record->previous = first.record;
	walk_run(&second);
	assert_int_equal(second.record->n_unchanged, 1);
	assert_string_equal(walk_run_text(&second, "same"), "old");
	assert_string_equal(walk_run_text(&second, "other"), "newer");
	assert_int_equal(walk_run_find(&second, "same")->identity.read_nsec, 99);
	assert_int_equal(atomic_load(&second.progress.bytes), 8);
	walk_run_release(&second);
	walk_run_release(&first);
}

static void test_file_walk_run__reads_sparse_files_whose_holes_moved(void **state)
{
	CLEANUP(mem_freep) char *path = tree_path(*state, "s");
	struct walk_run first, second;
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	assert_int_equal(ftruncate(fd, 4 * MIB), 0);
	assert_int_equal(pwrite(fd, "data", 4, MIB), 4);
	walk_run_init(&first, state);
	walk_run(&first);
	/* As if the file system had filled a hole: the same inode, size and times. */
	assert_int_equal(pwrite(fd, "", 1, 3 * MIB), 1);
	close(fd);
	walk_run_init(&second, state);
	second.record->previous = first.record;
	{
		struct record_node *old =
			(struct record_node *)(uintptr_t)walk_run_find(&first, "s");
		struct stat st = tree_stat(*state, "s");

		old->identity.mtime_nsec =
			st.st_mtim.tv_sec * 1000000000 + st.st_mtim.tv_nsec;
		old->identity.ctime_nsec =
			st.st_ctim.tv_sec * 1000000000 + st.st_ctim.tv_nsec;
	}
	walk_run(&second);
	assert_int_equal(second.record->n_unchanged, 0);
	assert_int_equal(walk_run_find(&second, "s")->entry.extents.n, 2);
	walk_run_release(&second);
	walk_run_release(&first);
}

/* A world that changes under the walk: hooks on the recording sink. */

struct change {
	void **state;
	const char *call; /* "" = the first one that ends with `suffix` */
	void (*act)(void **state);
	bool is_done;
};

static void on_call(void *hook_state, const char *call)
{
	struct change *change = hook_state;
	size_t len = strlen(call), suffix_len = strlen(change->call);

	if (change->is_done || len < suffix_len ||
	    strcmp(call + len - suffix_len, change->call) != 0)
		return;
	change->is_done = true;
	change->act(change->state);
}

static void run_with_change(struct walk_run *run, struct change *change)
{
	run->record->hook = on_call;
	run->record->hook_state = change;
	walk_run(run);
	assert_true(change->is_done);
}

static void remove_b(void **state)
{
	CLEANUP(mem_freep) char *path = tree_path(*state, "b");

	assert_int_equal(unlink(path), 0);
}

static void test_file_walk_run__notes_files_that_vanish(void **state)
{
	struct change change = {.state = state, .call = "/a", .act = remove_b};
	struct walk_run run;

	walk_run_init(&run, state);
	tree_write(*state, "a", "1");
	tree_write(*state, "b", "2");
	tree_write(*state, "c", "3");
	run_with_change(&run, &change);
	assert_null(walk_run_find(&run, "b"));
	assert_string_equal(walk_run_text(&run, "c"), "3");
	assert_true(walk_run_warned(&run, "note", "b", "vanished before it was read"));
	assert_int_equal(walk_run_warnings(&run), 1);
	walk_run_release(&run);
}

static void replace_b_by_directory(void **state)
{
	remove_b(state);
	tree_mkdir(*state, "b");
	tree_write(*state, "b/inside", "new");
}

static void test_file_walk_run__descends_into_what_became_a_directory(void **state)
{
	struct change change = {
		.state = state, .call = "/a", .act = replace_b_by_directory};
	struct walk_run run;

	walk_run_init(&run, state);
	tree_write(*state, "a", "1");
	tree_write(*state, "b", "2");
	run_with_change(&run, &change);
	assert_int_equal(walk_run_find(&run, "b")->entry.type, ENTRY_DIRECTORY);
	assert_string_equal(walk_run_text(&run, "b/inside"), "new");
	walk_run_release(&run);
}

static void replace_d_by_link(void **state)
{
	CLEANUP(mem_freep) char *path = tree_path(*state, "d");
	CLEANUP(mem_freep) char *moved = tree_path(*state, "moved");

	assert_int_equal(rename(path, moved), 0);
	tree_symlink(*state, "d", "/etc");
}

static void test_file_walk_run__does_not_follow_what_became_a_link(void **state)
{
	struct change change = {.state = state, .call = "/a", .act = replace_d_by_link};
	struct walk_run run;

	walk_run_init(&run, state);
	tree_write(*state, "a", "1");
	tree_mkdir(*state, "d");
	tree_write(*state, "d/f", "x");
	run_with_change(&run, &change);
	assert_int_equal(walk_run_find(&run, "d")->entry.type, ENTRY_SYMLINK);
	assert_null(walk_run_find(&run, "d/passwd"));
	walk_run_release(&run);
}

static void test_file_walk_run__stays_in_a_directory_that_was_moved(void **state)
{
	struct change change = {.state = state, .call = "d/1", .act = replace_d_by_link};
	struct walk_run run;

	walk_run_init(&run, state);
	tree_mkdir(*state, "d");
	tree_write(*state, "d/1", "first");
	tree_write(*state, "d/passwd", "ours");
	run_with_change(&run, &change);
	assert_string_equal(walk_run_text(&run, "d/passwd"), "ours");
	walk_run_release(&run);
}

/* A file is changed in the middle of its reading: the sink's room is one byte. */
struct touch {
	struct record_sink *record;
	uint8_t *(*space)(struct stream *stream, size_t *ret_len);
	void **state;
	unsigned left;
	void (*act)(void **state);
};

static struct touch *touch_now; /* the ops have no state of their own */

static uint8_t *touching_space(struct stream *stream, size_t *ret_len)
{
	if (touch_now->left > 0 && --touch_now->left == 0)
		touch_now->act(touch_now->state);
	return touch_now->space(stream, ret_len);
}

static void run_with_touch(struct walk_run *run, void **state, void (*act)(void **))
{
	struct tree_sink_ops ops = *run->record->sink.ops;
	struct touch touch = {.space = ops.space, .state = state, .left = 3, .act = act};

	ops.space = touching_space;
	run->record->space_len = 1;
	run->record->sink.ops = &ops;
	touch_now = &touch;
	walk_run(run);
	assert_int_equal(touch.left, 0);
}

static void grow_f(void **state)
{
	CLEANUP(mem_freep) char *path = tree_path(*state, "f");
	int fd = open(path, O_WRONLY | O_APPEND | O_CLOEXEC);

	assert_int_equal(write(fd, "more", 4), 4);
	close(fd);
}

static void test_file_walk_run__notes_files_that_grow(void **state)
{
	struct walk_run run;

	walk_run_init(&run, state);
	tree_write(*state, "f", "123456");
	run_with_touch(&run, state, grow_f);
	assert_string_equal(walk_run_text(&run, "f"), "123456more");
	assert_int_equal(walk_run_find(&run, "f")->entry.size, 10);
	assert_true(walk_run_warned(&run, "note", "f", "changed while it was read"));
	assert_false(walk_run_find(&run, "f")->has_identity);
	walk_run_release(&run);
}

/* In /proc a length is 0 and says nothing, nor does that which says that nothing changed. */
static void test_file_walk_run__reads_files_without_a_length(void **state)
{
	struct walk_run run;
	const struct record_node *node;

	walk_run_init(&run, state);
	strings_add(&run.roots, "/proc/version");
	strings_add(&run.roots, "/proc/sys/kernel/ostype");
	walk_run(&run);
	assert_string_equal(record_sink_text(run.record, "proc/sys/kernel/ostype"),
			    "Linux\n");
	node = record_sink_find(run.record, "proc/version");
	assert_true(node->entry.size > 6);
	assert_memory_equal(record_sink_text(run.record, "proc/version"), "Linux ", 6);
	assert_false(node->has_identity);
	assert_int_equal(walk_run_warnings(&run), 0);
	walk_run_release(&run);
}

static void shrink_f(void **state)
{
	CLEANUP(mem_freep) char *path = tree_path(*state, "f");

	assert_int_equal(truncate(path, 4), 0);
}

static void test_file_walk_run__notes_files_that_shrink(void **state)
{
	struct walk_run run;

	walk_run_init(&run, state);
	tree_write(*state, "f", "123456");
	run_with_touch(&run, state, shrink_f);
	assert_string_equal(walk_run_text(&run, "f"), "1234");
	assert_int_equal(walk_run_find(&run, "f")->entry.size, 4);
	assert_true(walk_run_warned(&run, "note", "f", "changed while it was read"));
	walk_run_release(&run);
}

/* Excludes of what is not looked at. */

static struct selection *excluding(void **state, const char *name)
{
	struct selection *selection = selection_new();
	CLEANUP(mem_freep) char *path = tree_path(*state, name);
	struct err err = {0};

	assert_int_equal(selection_exclude(selection, path, &err), 0);
	return selection;
}

static size_t n_unmatched(const struct selection *selection)
{
	CLEANUP(strings_release) struct strings patterns = {0};

	strings_init(&patterns);
	selection_unmatched(selection, SELECTION_EXCLUDES, &patterns);
	return strings_count(&patterns);
}

/* Rights. */

static void test_file_walk_run__reports_what_it_may_not_read(void **state)
{
	CLEANUP(mem_freep) char *file = tree_path(*state, "file");
	CLEANUP(mem_freep) char *dir = tree_path(*state, "dir");
	CLEANUP(selection_freep) struct selection *selection = excluding(state, "dir/x");
	struct walk_run run;
	int result;

	skip_without_root("giving up rights");
	tree_write(*state, "file", "secret");
	tree_mkdir(*state, "dir");
	tree_write(*state, "dir/f", "secret");
	tree_write(*state, "open", "text");
	assert_int_equal(chmod(file, 0600), 0);
	assert_int_equal(chmod(dir, 0700), 0);
	assert_int_equal(chmod(*state, 0755), 0);
	walk_run_init(&run, state);
	walk_run_root(&run, "");
	run.options.selection = selection;
	assert_int_equal(seteuid(65534), 0);
	result = walk_run_try(&run);
	assert_int_equal(seteuid(0), 0);
	assert_int_equal(result, 0);
	assert_int_equal(n_unmatched(selection), 0); /* nobody knows */
	assert_true(walk_run_warned(&run, "unreadable", "file",
				    "cannot be read: Permission denied"));
	assert_true(walk_run_warned(&run, "unreadable", "dir",
				    "cannot be read: Permission denied"));
	assert_null(walk_run_find(&run, "file"));
	assert_int_equal(walk_run_find(&run, "dir")->entry.mode, 0700);
	assert_string_equal(walk_run_text(&run, "open"), "text");
	walk_run_release(&run);
}

static void test_file_walk_run__passes_directories_that_it_may_only_search(void **state)
{
	CLEANUP(mem_freep) char *dir = tree_path(*state, "d");
	struct walk_run run;
	int result;

	skip_without_root("giving up rights");
	tree_mkdir(*state, "d");
	tree_write(*state, "d/f", "text");
	assert_int_equal(chmod(dir, 0711), 0);
	assert_int_equal(chmod(*state, 0711), 0);
	walk_run_init(&run, state);
	walk_run_root(&run, "d/f");
	assert_int_equal(seteuid(65534), 0);
	result = walk_run_try(&run);
	assert_int_equal(seteuid(0), 0);
	assert_int_equal(result, 0);
	assert_string_equal(walk_run_text(&run, "d/f"), "text");
	assert_int_equal(walk_run_warnings(&run), 0);
	walk_run_release(&run);
}

/* Selection. */

static void test_file_walk_run__leaves_excluded_names_out(void **state)
{
	CLEANUP(selection_freep) struct selection *selection = selection_new();
	struct walk_run run;

	walk_run_init(&run, state);
	assert_int_equal(selection_exclude(selection, "*.o", &run.err), 0);
	assert_int_equal(selection_exclude(selection, "cache", &run.err), 0);
	tree_mkdir(*state, "cache");
	tree_write(*state, "cache/x", "1");
	tree_write(*state, "a.o", "2");
	tree_write(*state, "a.c", "3");
	run.options.selection = selection;
	walk_run(&run);
	assert_null(walk_run_find(&run, "a.o"));
	assert_null(walk_run_find(&run, "cache"));
	assert_string_equal(walk_run_text(&run, "a.c"), "3");
	walk_run_release(&run);
}

static void test_file_walk_run__opens_directories_for_included_names_only(void **state)
{
	CLEANUP(selection_freep) struct selection *selection = selection_new();
	struct walk_run run;

	walk_run_init(&run, state);
	assert_int_equal(selection_include(selection, "*.conf", &run.err), 0);
	tree_mkdir(*state, "with");
	tree_mkdir(*state, "with/deep");
	tree_mkdir(*state, "without");
	tree_write(*state, "with/deep/a.conf", "1");
	tree_write(*state, "with/b.txt", "2");
	tree_write(*state, "without/c.txt", "3");
	run.options.selection = selection;
	walk_run(&run);
	assert_string_equal(walk_run_text(&run, "with/deep/a.conf"), "1");
	assert_non_null(walk_run_find(&run, "with/deep"));
	assert_null(walk_run_find(&run, "with/b.txt"));
	assert_null(walk_run_find(&run, "without"));
	walk_run_release(&run);
}

static const char tag[] = "Signature: 8a477f597d28d172789f06886806bc55\n# made by x\n";

static void test_file_walk_run__keeps_only_the_tag_of_caches(void **state)
{
	struct walk_run run;

	walk_run_init(&run, state);
	tree_mkdir(*state, "cache");
	tree_mkdir(*state, "fake");
	tree_write(*state, "cache/CACHEDIR.TAG", tag);
	tree_write(*state, "cache/big", "1");
	tree_write(*state, "fake/CACHEDIR.TAG", "Signature: something else");
	tree_write(*state, "fake/kept", "2");
	run.options.exclude_caches = true;
	walk_run(&run);
	assert_string_equal(walk_run_text(&run, "cache/CACHEDIR.TAG"), tag);
	assert_null(walk_run_find(&run, "cache/big"));
	assert_string_equal(walk_run_text(&run, "fake/kept"), "2");
	walk_run_release(&run);
}

static void test_file_walk_run__passes_over_what_is_in_caches(void **state)
{
	CLEANUP(selection_freep) struct selection *there = excluding(state, "cache/big");
	CLEANUP(selection_freep) struct selection *none = excluding(state, "cach/big");
	struct walk_run run;

	walk_run_init(&run, state);
	tree_mkdir(*state, "cache");
	tree_write(*state, "cache/CACHEDIR.TAG", tag);
	tree_write(*state, "cache/big", "1");
	run.options.exclude_caches = true;
	run.options.selection = there;
	walk_run(&run);
	assert_int_equal(n_unmatched(there), 0);
	run.options.selection = none;
	walk_run(&run);
	assert_int_equal(n_unmatched(none), 1);
	walk_run_release(&run);
}

static void test_file_walk_run__takes_caches_when_not_told_otherwise(void **state)
{
	struct walk_run run;

	walk_run_init(&run, state);
	tree_mkdir(*state, "cache");
	tree_write(*state, "cache/CACHEDIR.TAG", tag);
	tree_write(*state, "cache/big", "1");
	walk_run(&run);
	assert_string_equal(walk_run_text(&run, "cache/big"), "1");
	walk_run_release(&run);
}

/* Mounts. */

static bool mount_at(void **state, const char *name)
{
	CLEANUP(mem_freep) char *path = tree_path(*state, name);

	return mount("none", path, "tmpfs", 0, "size=1m") == 0;
}

static void unmount(void **state, const char *name)
{
	CLEANUP(mem_freep) char *path = tree_path(*state, name);

	assert_int_equal(umount2(path, MNT_DETACH), 0);
}

static void test_file_walk_run__stays_on_one_file_system(void **state)
{
	CLEANUP(selection_freep) struct selection *selection = excluding(state, "m/f");
	struct walk_run run;

	tree_mkdir(*state, "m");
	if (!mount_at(state, "m")) {
		print_message("mounting is not allowed here\n");
		skip();
	}
	tree_write(*state, "m/f", "elsewhere");
	tree_write(*state, "here", "1");
	walk_run_init(&run, state);
	run.options.one_file_system = true;
	run.options.selection = selection;
	walk_run(&run);
	unmount(state, "m");
	assert_int_equal(n_unmatched(selection), 0);
	assert_int_equal(walk_run_find(&run, "m")->entry.type, ENTRY_DIRECTORY);
	assert_null(walk_run_find(&run, "m/f"));
	assert_string_equal(walk_run_text(&run, "here"), "1");
	walk_run_release(&run);
}

static void test_file_walk_run__takes_a_named_mount_on_one_file_system(void **state)
{
	struct walk_run run;

	tree_mkdir(*state, "m");
	if (!mount_at(state, "m")) {
		print_message("mounting is not allowed here\n");
		skip();
	}
	tree_mkdir(*state, "m/d");
	tree_write(*state, "m/d/f", "elsewhere");
	tree_write(*state, "m/not", "2");
	tree_write(*state, "here", "1");
	walk_run_init(&run, state);
	run.options.one_file_system = true;
	walk_run_root(&run, "");
	walk_run_root(&run, "m/d");
	walk_run(&run);
	unmount(state, "m");
	assert_string_equal(walk_run_text(&run, "m/d/f"), "elsewhere");
	assert_null(walk_run_find(&run, "m/not"));
	assert_string_equal(walk_run_text(&run, "here"), "1");
	walk_run_release(&run);
}

/* Links in named paths. */

static void test_file_walk_run__follows_links_in_named_paths(void **state)
{
	struct walk_run run;

	walk_run_init(&run, state);
	tree_mkdir(*state, "real");
	tree_mkdir(*state, "real/d");
	tree_write(*state, "real/d/f", "x");
	tree_symlink(*state, "link", "real");
	walk_run_root(&run, "link/d");
	walk_run(&run);
	assert_int_equal(walk_run_find(&run, "link")->entry.type, ENTRY_DIRECTORY);
	assert_string_equal(walk_run_text(&run, "link/d/f"), "x");
	assert_null(walk_run_find(&run, "real"));
	walk_run_release(&run);
}

static void test_file_walk_run__takes_the_directory_behind_a_slash(void **state)
{
	struct walk_run run;

	walk_run_init(&run, state);
	tree_mkdir(*state, "real");
	tree_mkdir(*state, "real/d");
	tree_write(*state, "real/d/f", "x");
	tree_symlink(*state, "link", "real");
	walk_run_root(&run, "link");
	walk_run_root(&run, "link/");
	walk_run_root(&run, "real/d/");
	walk_run(&run);
	assert_int_equal(walk_run_find(&run, "link")->entry.type, ENTRY_DIRECTORY);
	assert_string_equal(walk_run_text(&run, "link/d/f"), "x");
	assert_string_equal(walk_run_text(&run, "real/d/f"), "x");
	assert_int_equal(walk_run_warnings(&run), 0);
	walk_run_release(&run);
}

static void test_file_walk_run__warns_of_a_path_behind_a_taken_link(void **state)
{
	struct walk_run run;

	walk_run_init(&run, state);
	tree_mkdir(*state, "real");
	tree_write(*state, "real/f", "x");
	tree_symlink(*state, "link", "real");
	walk_run_root(&run, "");
	walk_run_root(&run, "link/f");
	walk_run(&run);
	assert_int_equal(walk_run_find(&run, "link")->entry.type, ENTRY_SYMLINK);
	assert_true(walk_run_warned(
		&run, "unreadable", "link",
		"is taken as a symbolic link, so what was named behind it is left out"));
	walk_run_release(&run);
}

static void test_file_walk_run__notes_a_root_that_is_a_link(void **state)
{
	struct walk_run run;

	walk_run_init(&run, state);
	tree_mkdir(*state, "real");
	tree_symlink(*state, "link", "real");
	walk_run_root(&run, "link");
	walk_run(&run);
	assert_string_equal(walk_run_find(&run, "link")->entry.target, "real");
	assert_true(
		walk_run_warned(&run, "note", "link",
				"is a symbolic link: what it points to is not included"));
	walk_run_release(&run);
}

/* Size. */

/* 1,200 directories below each other, 40 bytes a name: far past PATH_MAX. */
enum { DEPTH = 1200 };
static const char deep_name[] = "a-name-that-makes-the-path-long-enough-x";

static void make_deep(void **state)
{
	int at = open(*state, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	for (int i = 0; i < DEPTH; i++) {
		int next;

		assert_int_equal(mkdirat(at, deep_name, 0755), 0);
		next = openat(at, deep_name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		assert_true(next >= 0);
		if (i % 100 == 0)
			assert_int_equal(symlinkat("up", at, "z-after"), 0);
		close(at);
		at = next;
	}
	close(openat(at, "bottom", O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
	close(at);
}

static void test_file_walk_run__walks_trees_deeper_than_path_max(void **state)
{
	struct walk_run run;
	const struct record_node *last = NULL;
	size_t n_bottoms = 0, n_links = 0;

	make_deep(state);
	walk_run_init(&run, state);
	walk_run(&run);
	for (size_t i = 0; i < run.record->nodes.n; i++) {
		last = *(struct record_node **)vec_at(&run.record->nodes, i);
		n_bottoms += strcmp(last->entry.name, "bottom") == 0;
		n_links += strcmp(last->entry.name, "z-after") == 0;
	}
	assert_int_equal(n_bottoms, 1);
	assert_int_equal(n_links, DEPTH / 100);
	assert_int_equal(walk_run_warnings(&run), 0);
	walk_run_release(&run);
}

static void move_top(void **state)
{
	CLEANUP(mem_freep) char *from = tree_path(*state, deep_name);
	CLEANUP(mem_freep) char *to = tree_path(*state, "moved");

	assert_int_equal(rename(from, to), 0);
	tree_mkdir(*state, deep_name);
}

static void test_file_walk_run__reports_directories_moved_while_closed(void **state)
{
	struct change change = {.state = state, .call = "/bottom", .act = move_top};
	struct walk_run run;

	make_deep(state);
	walk_run_init(&run, state);
	run_with_change(&run, &change);
	assert_true(walk_run_warnings(&run) > 0);
	assert_non_null(strstr(strings_at(&run.record->warnings, 0),
			       "was moved or removed while it was read"));
	assert_memory_equal(strings_at(&run.record->warnings, 0), "unreadable: ", 12);
	walk_run_release(&run);
}

/* With fewer descriptors than the tree is deep. */
static void test_file_walk_run__keeps_few_directories_open(void **state)
{
	struct rlimit before, few;
	struct walk_run run;

	make_deep(state);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	few = (struct rlimit){WALK_OPEN_MAX + 32, before.rlim_max};
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
	walk_run_init(&run, state);
	walk_run(&run);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
	assert_int_equal(walk_run_warnings(&run), 0);
	walk_run_release(&run);
}

#define deep_test(fn) cmocka_unit_test_setup_teardown(fn, tempdir_setup, tree_remove_deep)

int main(void)
{
	const struct CMUnitTest tests[] = {
		tempdir_test(test_file_walk_run__takes_names_of_any_bytes),
		tempdir_test(test_file_walk_run__stores_links_as_links),
		tempdir_test(test_file_walk_run__takes_fifos_without_waiting),
		tempdir_test(test_file_walk_run__takes_devices),
		tempdir_test(test_file_walk_run__notes_links_of_specials_once),
		tempdir_test(test_file_walk_run__skips_sockets_with_a_note),
		tempdir_test(test_file_walk_run__marks_hard_links_across_directories),
		tempdir_test(test_file_walk_run__reads_only_the_data_of_sparse_files),
		tempdir_test(test_file_walk_run__keeps_modes_and_times),
		tempdir_test(test_file_walk_run__does_not_read_unchanged_files),
		tempdir_test(test_file_walk_run__reads_sparse_files_whose_holes_moved),
		tempdir_test(test_file_walk_run__notes_files_that_vanish),
		tempdir_test(test_file_walk_run__descends_into_what_became_a_directory),
		tempdir_test(test_file_walk_run__does_not_follow_what_became_a_link),
		tempdir_test(test_file_walk_run__stays_in_a_directory_that_was_moved),
		tempdir_test(test_file_walk_run__notes_files_that_grow),
		tempdir_test(test_file_walk_run__reads_files_without_a_length),
		tempdir_test(test_file_walk_run__notes_files_that_shrink),
		tempdir_test(test_file_walk_run__reports_what_it_may_not_read),
		tempdir_test(
			test_file_walk_run__passes_directories_that_it_may_only_search),
		tempdir_test(test_file_walk_run__leaves_excluded_names_out),
		tempdir_test(
			test_file_walk_run__opens_directories_for_included_names_only),
		tempdir_test(test_file_walk_run__keeps_only_the_tag_of_caches),
		tempdir_test(test_file_walk_run__passes_over_what_is_in_caches),
		tempdir_test(test_file_walk_run__takes_caches_when_not_told_otherwise),
		tempdir_test(test_file_walk_run__stays_on_one_file_system),
		tempdir_test(test_file_walk_run__takes_a_named_mount_on_one_file_system),
		tempdir_test(test_file_walk_run__follows_links_in_named_paths),
		tempdir_test(test_file_walk_run__takes_the_directory_behind_a_slash),
		tempdir_test(test_file_walk_run__warns_of_a_path_behind_a_taken_link),
		tempdir_test(test_file_walk_run__notes_a_root_that_is_a_link),
		deep_test(test_file_walk_run__walks_trees_deeper_than_path_max),
		deep_test(test_file_walk_run__reports_directories_moved_while_closed),
		deep_test(test_file_walk_run__keeps_few_directories_open),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
