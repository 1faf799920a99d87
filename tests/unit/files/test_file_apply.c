/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <sys/xattr.h>

#include "base/fd.h"
#include "base/vec.h"
#include "files/file_apply.h"
#include "support/file_tree.h"

struct world {
	struct file_apply apply;
	struct entry entry;
	struct strings warnings;
	char *path;
};

static void keep_warning(void *state, const char *path, const char *message)
{
	CLEANUP(mem_freep) char *text = mem_printf("%s: %s", path, message);

	strings_add(state, text);
}

/* A file that has other metadata than the entry. */
static void world_init(struct world *world, void **state)
{
	file_apply_init(&world->apply);
	strings_init(&world->warnings);
	world->apply.warn = keep_warning;
	world->apply.warn_state = &world->warnings;
	entry_init(&world->entry, ENTRY_FILE, "f");
	world->entry.mode = 0640;
	world->entry.uid = geteuid();
	world->entry.gid = getegid();
	world->entry.mtime_nsec = 1234567890123456789;
	world->path = tree_path(*state, "f");
	tree_write(*state, "f", "x");
}

static void world_release(struct world *world)
{
	entry_release(&world->entry);
	strings_release(&world->warnings);
	mem_free(world->path);
}

static uint64_t failures(const struct world *world)
{
	const struct file_apply *apply = &world->apply;

	return atomic_load(&apply->owner_failures) + atomic_load(&apply->mode_failures) +
	       atomic_load(&apply->xattr_failures) + atomic_load(&apply->time_failures);
}

static void apply(struct world *world)
{
	int fd = open(world->path, O_RDWR | O_CLOEXEC);

	assert_true(fd >= 0);
	file_apply_open(&world->apply, fd, &world->entry, "d/f");
	close(fd);
}

static void skip_without_root(void)
{
	if (geteuid() == 0)
		return;
	print_message("changing owners needs root\n");
	skip();
}

static void test_file_apply_open__sets_mode_and_time(void **state)
{
	struct world world;
	struct stat st;

	world_init(&world, state);
	apply(&world);
	st = tree_stat(*state, "f");
	assert_int_equal(st.st_mode & 07777, 0640);
	assert_int_equal(st.st_mtim.tv_sec, 1234567890);
	assert_int_equal(st.st_mtim.tv_nsec, 123456789);
	assert_int_equal(failures(&world), 0);
	world_release(&world);
}

static void test_file_apply_open__sets_times_before_1970(void **state)
{
	struct world world;
	struct stat st;

	world_init(&world, state);
	world.entry.mtime_nsec = -1;
	apply(&world);
	st = tree_stat(*state, "f");
	assert_int_equal(st.st_mtim.tv_sec, -1);
	assert_int_equal(st.st_mtim.tv_nsec, 999999999);
	world_release(&world);
}

static void test_file_apply_open__keeps_setuid_after_the_owner(void **state)
{
	struct world world;
	struct stat st;

	skip_without_root();
	world_init(&world, state);
	world.entry.uid = 65534;
	world.entry.gid = 65533;
	world.entry.mode = 06711;
	apply(&world);
	st = tree_stat(*state, "f");
	assert_int_equal(st.st_uid, 65534);
	assert_int_equal(st.st_gid, 65533);
	assert_int_equal(st.st_mode & 07777, 06711);
	world_release(&world);
}

static void test_file_apply_open__gives_no_setuid_of_another_owner(void **state)
{
	struct world world;
	struct stat st;

	world_init(&world, state);
	world.apply.as_root = false;
	world.entry.uid = geteuid() + 1;
	world.entry.mode = 06755;
	apply(&world);
	st = tree_stat(*state, "f");
	assert_int_equal(st.st_uid, geteuid());
	assert_int_equal(st.st_mode & 07777, 0755);
	assert_int_equal(atomic_load(&world.apply.owners_left), 1);
	assert_int_equal(failures(&world), 0);
	world_release(&world);
}

/* VFS_CAP_REVISION_2, effective; cap_net_raw permitted */
static const uint8_t capability[20] = {1, 0, 0, 2, 0, 0x20};

static void test_file_apply_open__sets_capabilities_after_the_owner(void **state)
{
	uint8_t found[64];
	struct world world;

	skip_without_root();
	world_init(&world, state);
	world.entry.uid = 65534;
	entry_add_xattr(&world.entry, "security.capability",
			slice_of(capability, sizeof(capability)));
	apply(&world);
	if (atomic_load(&world.apply.xattr_failures) > 0) {
		world_release(&world);
		print_message("capabilities cannot be set here\n");
		skip();
	}
	assert_int_equal(
		getxattr(world.path, "security.capability", found, sizeof(found)),
		sizeof(capability));
	assert_memory_equal(found, capability, sizeof(capability));
	world_release(&world);
}

static void test_file_apply_open__counts_attributes_that_fail(void **state)
{
	struct world world;

	world_init(&world, state);
	entry_add_xattr(&world.entry, "nonsense.a", slice_of("1", 1));
	for (int i = 0; i < APPLY_WARNINGS_MAX + 5; i++)
		apply(&world);
	assert_int_equal(atomic_load(&world.apply.xattr_failures),
			 APPLY_WARNINGS_MAX + 5);
	assert_int_equal(strings_count(&world.warnings), APPLY_WARNINGS_MAX);
	assert_string_equal(strings_at(&world.warnings, 0),
			    "/d/f: attribute nonsense.a cannot be restored: "
			    "Operation not supported");
	assert_int_equal(tree_stat(*state, "f").st_mode & 07777, 0640);
	world_release(&world);
}

static void test_file_apply_open__leaves_attributes_that_need_root(void **state)
{
	struct world world;

	skip_without_root();
	world_init(&world, state);
	entry_add_xattr(&world.entry, "security.capability",
			slice_of(capability, sizeof(capability)));
	entry_add_xattr(&world.entry, "trusted.a", slice_of("1", 1));
	assert_int_equal(chown(world.path, 65534, 65534), 0);
	assert_int_equal(chmod(*state, 0755), 0);
	assert_int_equal(seteuid(65534), 0);
	world.apply.as_root = false;
	apply(&world);
	assert_int_equal(seteuid(0), 0);
	assert_int_equal(atomic_load(&world.apply.xattrs_left), 2);
	assert_int_equal(failures(&world), 0);
	assert_int_equal(strings_count(&world.warnings), 0);
	world_release(&world);
}

static void test_file_apply_open__removes_inherited_acls(void **state)
{
	/* version 2; owner rwx, user 1 rw-, group r-x, mask rwx, other r-x */
	static const uint8_t acl[] = {
		2, 0, 0,   0,	1,   0,	  7,  0, 255, 255, 255, 255, 2,	  0,  6,
		0, 1, 0,   0,	0,   4,	  0,  5, 0,   255, 255, 255, 255, 16, 0,
		7, 0, 255, 255, 255, 255, 32, 0, 5,   0,   255, 255, 255, 255};
	struct world world;
	uint8_t found[64];

	if (setxattr(*state, "system.posix_acl_default", acl, sizeof(acl), 0) < 0) {
		print_message("the file system has no ACLs\n");
		skip();
	}
	world_init(&world, state);
	assert_true(getxattr(world.path, "system.posix_acl_access", found,
			     sizeof(found)) > 0);
	apply(&world);
	assert_int_equal(
		getxattr(world.path, "system.posix_acl_access", found, sizeof(found)),
		-1);
	assert_int_equal(tree_stat(*state, "f").st_mode & 07777, 0640);
	world_release(&world);
}

static void test_file_apply_path__reaches_the_link_itself(void **state)
{
	struct world world;
	struct stat st;
	int fd;

	world_init(&world, state);
	tree_symlink(*state, "link", "f");
	world.entry.type = ENTRY_SYMLINK;
	world.entry.mode = 0777;
	{
		CLEANUP(mem_freep) char *path = tree_path(*state, "link");

		fd = open(path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	}
	file_apply_path(&world.apply, fd, &world.entry, "d/link");
	close(fd);
	st = tree_stat(*state, "link");
	assert_int_equal(st.st_mtim.tv_sec, 1234567890);
	assert_int_equal(tree_stat(*state, "f").st_mode & 07777, 0644);
	assert_true(tree_stat(*state, "f").st_mtim.tv_sec != 1234567890);
	assert_int_equal(failures(&world), 0);
	world_release(&world);
}

static void test_file_apply_path__sets_the_mode_of_a_fifo(void **state)
{
	CLEANUP(mem_freep) char *path = tree_path(*state, "pipe");
	struct world world;
	int fd;

	world_init(&world, state);
	assert_int_equal(mkfifo(path, 0600), 0);
	fd = open(path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	world.entry.type = ENTRY_FIFO;
	world.entry.mode = 0622;
	file_apply_path(&world.apply, fd, &world.entry, "pipe");
	close(fd);
	assert_int_equal(tree_stat(*state, "pipe").st_mode & 07777, 0622);
	assert_int_equal(failures(&world), 0);
	world_release(&world);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		tempdir_test(test_file_apply_open__sets_mode_and_time),
		tempdir_test(test_file_apply_open__sets_times_before_1970),
		tempdir_test(test_file_apply_open__keeps_setuid_after_the_owner),
		tempdir_test(test_file_apply_open__gives_no_setuid_of_another_owner),
		tempdir_test(test_file_apply_open__sets_capabilities_after_the_owner),
		tempdir_test(test_file_apply_open__counts_attributes_that_fail),
		tempdir_test(test_file_apply_open__leaves_attributes_that_need_root),
		tempdir_test(test_file_apply_open__removes_inherited_acls),
		tempdir_test(test_file_apply_path__reaches_the_link_itself),
		tempdir_test(test_file_apply_path__sets_the_mode_of_a_fifo),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
