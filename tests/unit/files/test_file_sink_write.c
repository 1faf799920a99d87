/* SPDX-License-Identifier: Apache-2.0 */
/* The way of a whole tree: read by the source, written by the sink, read again, equal. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <sys/syscall.h>
#include <sys/xattr.h>

#include "files/file_sink_internal.h"
#include "support/sink_run.h"
#include "support/walk_run.h"

/* What lies below the test's directory `top`, as a tree of its own. */
static void read_tree(struct walk_run *run, void **state, const char *top)
{
	walk_run_init(run, state);
	walk_run_root(run, top);
	walk_run(run);
	assert_int_equal(walk_run_warnings(run), 0);
}

/* The node's path below `top`; NULL when it lies elsewhere. */
static const char *path_below(const struct walk_run *run, const struct record_node *node,
			      const char *top)
{
	CLEANUP(mem_freep) char *path = path_join(run->dir + 1, top);
	size_t len = strlen(path);

	if (strncmp(node->path, path, len) != 0)
		return NULL;
	if (node->path[len] == '\0')
		return "";
	return node->path[len] == '/' ? node->path + len + 1 : NULL;
}

static void write_content(struct sink_run *run, uint32_t file,
			  const struct record_node *node)
{
	const struct extent whole = {.len = node->content_len};
	size_t n = node->entry.is_sparse ? node->entry.extents.n : 1;
	uint64_t at = 0;

	for (size_t i = 0; i < n; i++) {
		const struct extent *extent =
			node->entry.is_sparse ? vec_at(&node->entry.extents, i) : &whole;

		assert_int_equal(file_sink_write(run->sink, file, extent->offset,
						 slice_of(node->content.data + at,
							  (size_t)extent->len),
						 &run->err),
				 0);
		at += extent->len;
	}
	assert_int_equal(file_sink_finish_file(run->sink, file, &run->err), 0);
}

static void write_node(struct sink_run *run, const char *path,
		       const struct record_node *node)
{
	enum file_sink_answer answer;
	uint32_t file;

	if (node->entry.type == ENTRY_DIRECTORY) {
		assert_int_equal(
			file_sink_directory(run->sink, path, &node->entry, &run->err), 0);
	} else if (!node->has_content) {
		assert_int_equal(file_sink_special(run->sink, path, &node->entry, &answer,
						   &run->err),
				 0);
	} else {
		assert_int_equal(file_sink_begin_file(run->sink, path, &node->entry,
						      &answer, &file, &run->err),
				 0);
		if (answer == FILE_SINK_WRITE)
			write_content(run, file, node);
	}
}

static void assert_same_xattrs(const struct entry *a, const struct entry *b)
{
	assert_int_equal(a->xattrs.n, b->xattrs.n);
	for (size_t i = 0; i < a->xattrs.n; i++) {
		const struct xattr *x = vec_at(&a->xattrs, i), *y = vec_at(&b->xattrs, i);

		assert_string_equal(x->name, y->name);
		assert_int_equal(x->value_len, y->value_len);
		assert_memory_equal(x->value, y->value, x->value_len);
	}
}

static void assert_same_node(const struct record_node *a, const struct record_node *b)
{
	assert_non_null(b);
	assert_int_equal(a->entry.type, b->entry.type);
	assert_int_equal(a->entry.mode, b->entry.mode);
	assert_int_equal(a->entry.uid, b->entry.uid);
	assert_int_equal(a->entry.gid, b->entry.gid);
	assert_int_equal(a->entry.mtime_nsec, b->entry.mtime_nsec);
	assert_int_equal(a->entry.size, b->entry.size);
	assert_int_equal(a->entry.n_links, b->entry.n_links);
	assert_int_equal(a->entry.is_sparse, b->entry.is_sparse);
	if (a->entry.type == ENTRY_SYMLINK)
		assert_string_equal(a->entry.target, b->entry.target);
	assert_same_xattrs(&a->entry, &b->entry);
	assert_int_equal(a->content_len, b->content_len);
	assert_memory_equal(buf_string(&a->content), buf_string(&b->content),
			    a->content.len);
}

static void assert_comes_back(void **state)
{
	struct walk_run source, back;
	struct sink_run sink;

	read_tree(&source, state, "source");
	sink_run_init(&sink, state);
	sink_run_start(&sink);
	for (size_t i = 0; i < source.record->nodes.n; i++) {
		const struct record_node *node =
			*(struct record_node **)vec_at(&source.record->nodes, i);
		const char *path = path_below(&source, node, "source");

		if (path != NULL)
			write_node(&sink, path, node);
	}
	sink_run_finish(&sink);
	assert_int_equal(strings_count(&sink.warnings), 0);
	read_tree(&back, state, "target");
	assert_int_equal(source.record->nodes.n, back.record->nodes.n);
	for (size_t i = 0; i < source.record->nodes.n; i++) {
		const struct record_node *node =
			*(struct record_node **)vec_at(&source.record->nodes, i);
		const char *path = path_below(&source, node, "source");
		CLEANUP(mem_freep) char *there = NULL;

		if (path == NULL)
			continue;
		there = path_join("target", path);
		assert_same_node(node, walk_run_find(&back, there));
	}
	walk_run_release(&source);
	walk_run_release(&back);
	sink_run_release(&sink);
}

static void set_xattr(void **state, const char *name, const char *xattr,
		      const void *value, size_t len)
{
	CLEANUP(mem_freep) char *path = tree_path(*state, name);

	if (setxattr(path, xattr, value, len, 0) == 0)
		return;
	print_message("%s cannot be set here\n", xattr);
	skip();
}

static void test_file_sink_write__brings_a_plain_tree_back(void **state)
{
	CLEANUP(mem_freep) char *one = tree_path(*state, "source/a/one");
	CLEANUP(mem_freep) char *two = tree_path(*state, "source/b/two");
	CLEANUP(mem_freep) char *fifo = tree_path(*state, "source/fifo");

	tree_mkdir(*state, "source");
	tree_mkdir(*state, "source/a");
	tree_mkdir(*state, "source/b");
	tree_write(*state, "source/a/one", "linked");
	tree_write(*state, "source/empty", "");
	tree_write(*state, "source/\xff\n", "odd name");
	tree_symlink(*state, "source/link", "../outside");
	assert_int_equal(link(one, two), 0);
	assert_int_equal(chmod(one, 02751), 0);
	assert_int_equal(mkfifo(fifo, 0640), 0);
	assert_comes_back(state);
	assert_int_equal(tree_stat(*state, "target/a/one").st_ino,
			 tree_stat(*state, "target/b/two").st_ino);
}

static void test_file_sink_write__brings_sparse_files_back(void **state)
{
	CLEANUP(mem_freep) char *path = tree_path(*state, "source/sparse");
	int fd;

	tree_mkdir(*state, "source");
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	assert_int_equal(ftruncate(fd, 8 * 1024 * 1024), 0);
	assert_int_equal(pwrite(fd, "one", 3, 1024 * 1024), 3);
	assert_int_equal(pwrite(fd, "two", 3, 5 * 1024 * 1024), 3);
	close(fd);
	assert_comes_back(state);
}

static void test_file_sink_write__brings_attributes_and_acls_back(void **state)
{
	/* version 2; owner rw-, user 1 r--, group r--, mask r--, other --- */
	static const uint8_t acl[] = {
		2, 0, 0,   0,	1,   0,	  6,  0, 255, 255, 255, 255, 2,	  0,  4,
		0, 1, 0,   0,	0,   4,	  0,  4, 0,   255, 255, 255, 255, 16, 0,
		4, 0, 255, 255, 255, 255, 32, 0, 0,   0,   255, 255, 255, 255};

	tree_mkdir(*state, "source");
	tree_write(*state, "source/f", "x");
	set_xattr(state, "source/f", "user.key", "value\0", 6);
	set_xattr(state, "source/f", "system.posix_acl_access", acl, sizeof(acl));
	set_xattr(state, "source", "user.dir", "", 0);
	set_xattr(state, "source", "system.posix_acl_default", acl, sizeof(acl));
	assert_comes_back(state);
	assert_int_equal(tree_stat(*state, "target/f").st_mode & 07777, 0640);
}

static void test_file_sink_write__brings_owners_and_capabilities_back(void **state)
{
	static const uint8_t capability[20] = {1, 0, 0, 2, 0, 0x20};
	CLEANUP(mem_freep) char *path = tree_path(*state, "source/f");

	if (geteuid() != 0) {
		print_message("changing owners needs root\n");
		skip();
	}
	tree_mkdir(*state, "source");
	tree_write(*state, "source/f", "x");
	assert_int_equal(chown(path, 12345, 54321), 0);
	assert_int_equal(chmod(path, 06755), 0);
	set_xattr(state, "source/f", "security.capability", capability,
		  sizeof(capability));
	assert_comes_back(state);
}

/* A thread that has a gate counts itself before it writes and waits until it is opened. */
static _Thread_local struct event *gate;
static atomic_uint n_at_gates;

/* Called in place of the C library's. */
ssize_t pwrite(int fd, const void *bytes, size_t len, off_t offset)
{
	if (gate != NULL) {
		atomic_fetch_add(&n_at_gates, 1);
		event_wait(gate);
	}
	return syscall(SYS_pwrite64, fd, bytes, len, offset);
}

struct writer {
	struct file_sink *sink;
	struct event *gate;
	uint32_t file;
	int result;
};

static void write_one(void *task, unsigned worker)
{
	struct writer *writer = task;
	struct err err = {0};

	(void)worker;
	gate = writer->gate;
	writer->result = file_sink_write(writer->sink, writer->file, 0,
					 slice_of_string("x"), &err);
}

static void nap(unsigned msec)
{
	struct timespec time = {.tv_nsec = (long)msec * 1000 * 1000};

	(void)nanosleep(&time, NULL);
}

static void await_at_gates(unsigned n)
{
	while (atomic_load(&n_at_gates) < n)
		nap(1);
}

static unsigned count_slots(struct file_sink *sink, uint32_t file)
{
	unsigned n = 0;

	LOCKED(sink->mutex);
	for (size_t i = 0; i < SINK_SLOTS; i++)
		n += sink->slots[i].fd >= 0 && sink->slots[i].file == file;
	return n;
}

/* Writers hold all slots, two more wait for one for the same file. */
static void test_file_sink_write__opens_a_file_once(void **state)
{
	static struct writer writers[SINK_SLOTS + 2];
	struct writer *first = &writers[0], *second = &writers[SINK_SLOTS + 1];
	struct event *others = event_new(), *two = event_new();
	struct sink_run run;
	struct pool *pool;

	sink_run_init(&run, state);
	sink_run_start(&run);
	for (size_t i = 0; i <= SINK_SLOTS; i++) { /* the first one loses its slot */
		char name[16];

		(void)snprintf(name, sizeof(name), "f%zu", i);
		writers[i] = (struct writer){.sink = run.sink, .gate = others};
		assert_int_equal(sink_run_begin(&run, name, "x", &writers[i].file),
				 FILE_SINK_WRITE);
	}
	first->gate = two;
	*second = *first;
	assert_int_equal(
		pool_new(ARRAY_SIZE(writers), ARRAY_SIZE(writers), &pool, &run.err), 0);
	for (size_t i = 1; i <= SINK_SLOTS; i++)
		pool_submit(pool, write_one, &writers[i]);
	await_at_gates(SINK_SLOTS);
	pool_submit(pool, write_one, first);
	pool_submit(pool, write_one, second);
	nap(50); /* were the two not waiting by then, this would prove less, not fail */
	event_set(others);
	await_at_gates(ARRAY_SIZE(writers));
	assert_int_equal(count_slots(run.sink, first->file), 1);
	event_set(two);
	pool_free(pool);
	for (size_t i = 0; i < ARRAY_SIZE(writers); i++)
		assert_int_equal(writers[i].result, 0);
	event_free(others);
	event_free(two);
	sink_run_release(&run);
}

static bool sync_fails; /* once */

/* Called in place of the C library's. As Linux: what was lost is told once. */
int syncfs(int fd)
{
	if (sync_fails) {
		sync_fails = false;
		errno = ENOSPC;
		return -1;
	}
	return (int)syscall(SYS_syncfs, fd);
}

static void test_file_sink_free__names_nothing_after_a_sync_that_failed(void **state)
{
	struct sink_run run;

	sink_run_init(&run, state);
	sink_run_start(&run);
	sink_run_file(&run, "of the batch", "x");
	sync_fails = true;
	assert_int_equal(file_sink_finish(run.sink, &run.err), -1);
	assert_int_equal(run.err.code, ERR_NO_SPACE);
	sink_run_file(&run, "of another thread", "x");
	sink_run_interrupt(&run);
	assert_false(tree_exists(run.target, "of the batch"));
	assert_false(tree_exists(run.target, "of another thread"));
	sink_run_release(&run);
}

/* Another thread's batch, whose own sync hears of nothing. */
static void test_file_sink_finish__fails_after_a_sync_that_failed(void **state)
{
	struct sink_run run;

	sink_run_init(&run, state);
	sink_run_start(&run);
	sink_run_file(&run, "a", "x");
	sync_fails = true;
	assert_int_equal(file_sink_finish(run.sink, &run.err), -1);
	sink_run_file(&run, "b", "x");
	assert_int_equal(file_sink_finish(run.sink, &run.err), -1);
	assert_int_equal(run.err.code, ERR_IO);
	assert_non_null(strstr(run.err.msg, "a sync failed before"));
	assert_false(tree_exists(run.target, "b"));
	sink_run_release(&run);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		tempdir_test(test_file_sink_write__brings_a_plain_tree_back),
		tempdir_test(test_file_sink_write__brings_sparse_files_back),
		tempdir_test(test_file_sink_write__brings_attributes_and_acls_back),
		tempdir_test(test_file_sink_write__brings_owners_and_capabilities_back),
		tempdir_test(test_file_sink_write__opens_a_file_once),
		tempdir_test(test_file_sink_free__names_nothing_after_a_sync_that_failed),
		tempdir_test(test_file_sink_finish__fails_after_a_sync_that_failed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
