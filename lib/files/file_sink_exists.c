/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What stands under a name before it is restored. A resumed restore takes a file for done
 * when type, size and modification time fit: a name is given only after the metadata, so
 * whatever an earlier run left under its final name fits. A file system that keeps times in
 * whole seconds gives them back so, which is accepted.
 *
 * A check comes before the first write, so it also foresees what this restore will do: what
 * is below a file or a symbolic link that makes room for a directory finds nothing there.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mem.h"
#include "base/name_list.h"
#include "base/path.h"
#include "files/file_meta.h"
#include "files/file_sink_internal.h"

enum { NSEC_PER_SEC = 1000000000 };

static bool has_time(const struct stat *st, int64_t mtime_nsec)
{
	int64_t found = file_meta_nsec(&st->st_mtim);

	return found == mtime_nsec ||
	       (found % NSEC_PER_SEC == 0 && mtime_nsec - found > 0 &&
		mtime_nsec - found < NSEC_PER_SEC);
}

static bool has_target(int parent_fd, const char *name, const char *target)
{
	char found[ENTRY_TARGET_MAX + 1];
	ssize_t len = readlinkat(parent_fd, name, found, sizeof(found));

	return len >= 0 && (size_t)len == strlen(target) &&
	       memcmp(found, target, (size_t)len) == 0;
}

static bool is_restored(int parent_fd, const char *name, const struct stat *st,
			const struct entry *entry)
{
	enum entry_type type;

	if (!file_meta_type(st->st_mode, &type) || type != entry->type)
		return false;
	switch (type) {
	case ENTRY_FILE:
		return (uint64_t)st->st_size == entry->size &&
		       has_time(st, entry->mtime_nsec);
	case ENTRY_SYMLINK:
		return has_target(parent_fd, name, entry->target);
	case ENTRY_CHAR_DEVICE:
	case ENTRY_BLOCK_DEVICE:
		return st->st_rdev == makedev(entry->rdev_major, entry->rdev_minor);
	case ENTRY_FIFO:
	case ENTRY_DIRECTORY:
		break;
	}
	return true;
}

static int refuse_full_directory(const struct file_sink *sink, const char *path,
				 struct err *err)
{
	CLEANUP(mem_freep) char *shown = sink_target_show(sink, path);

	err_set(err, ERR_TARGET,
		"%s is a directory that is not empty: the snapshot has no directory "
		"there",
		shown);
	return err_hint(err, "remove the directory, or restore to another target");
}

/* Only an empty directory makes room for a file. */
static int replace(struct file_sink *sink, int parent_fd, const char *path,
		   const struct stat *st, struct err *err)
{
	CLEANUP(mem_freep) char *shown = NULL;

	if (!S_ISDIR(st->st_mode) ||
	    unlinkat(parent_fd, path_basename(path), AT_REMOVEDIR) == 0)
		return 0;
	if (errno == ENOTEMPTY || errno == EEXIST)
		return refuse_full_directory(sink, path, err);
	shown = sink_target_show(sink, path);
	return err_set_errno(err, errno, "cannot remove %s", shown);
}

int sink_find(struct file_sink *sink, int parent_fd, const char *path,
	      const struct entry *entry, enum sink_found *ret_found, struct err *err)
{
	const char *name = path_basename(path);
	enum sink_found found = SINK_FOUND_REPLACE;
	struct stat st;

	if (fstatat(parent_fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0) {
		CLEANUP(mem_freep) char *shown = NULL;

		*ret_found = SINK_FOUND_NOTHING;
		if (errno == ENOENT)
			return 0;
		shown = sink_target_show(sink, path);
		return err_set_errno(err, errno, "%s", shown);
	}
	if (sink->is_resumed && is_restored(parent_fd, name, &st, entry))
		found = SINK_FOUND_DONE;
	else if (sink->existing == FILE_EXISTING_SKIP)
		found = SINK_FOUND_KEEP;
	else if (sink->existing == FILE_EXISTING_REFUSE)
		return sink_refuse(sink, path,
				   sink->is_resumed
					   ? "is not what the interrupted restore made"
					   : "exists",
				   err);
	else if (replace(sink, parent_fd, path, &st, err) < 0)
		return -1;
	*ret_found = found;
	return 0;
}

/* One that cannot be looked into is told when it is to go. */
static bool is_full_directory(int parent_fd, const char *name)
{
	CLEANUP(name_list_release) struct name_list names;
	CLEANUP(fd_closep) int fd = -1;
	struct err ignored = {0};

	name_list_init(&names);
	fd = openat(parent_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return fd >= 0 && name_list_read(&names, fd, &ignored) == 0 &&
	       name_list_count(&names) > 0;
}

/* A part of a check that knows what is there: one of the two is no directory. */
static int check_replaced(struct file_sink *sink, int parent_fd, const char *path,
			  const struct entry *entry, const struct stat *st,
			  struct err *err)
{
	if (entry->type == ENTRY_DIRECTORY) {
		mem_free(sink->replaced);
		sink->replaced = mem_strdup(path);
	} else if (S_ISDIR(st->st_mode) &&
		   is_full_directory(parent_fd, path_basename(path))) {
		return refuse_full_directory(sink, path, err);
	}
	return 0;
}

static int check_kept(const struct file_sink *sink, const char *path,
		      const struct entry *entry, struct err *err)
{
	if (entry->type == ENTRY_DIRECTORY)
		return sink_refuse_no_directory(sink, path, err);
	return sink->existing == FILE_EXISTING_SKIP
		       ? 0
		       : sink_refuse(sink, path, "exists", err);
}

/* Is it below what makes room for a directory? Then nothing is in its way. */
static bool is_below_replaced(const struct file_sink *sink, const char *path)
{
	size_t len = sink->replaced != NULL ? strlen(sink->replaced) : 0;

	return len > 0 && strncmp(path, sink->replaced, len) == 0 && path[len] == '/';
}

int file_sink_check(struct file_sink *sink, const char *path, const struct entry *entry,
		    struct err *err)
{
	struct err found = {0};
	const char *name;
	struct stat st;
	int parent_fd;

	if (sink->target_fd < 0 || *path == '\0' || is_below_replaced(sink, path))
		return 0;
	if (sink->is_resumed && sink->existing != FILE_EXISTING_REPLACE)
		return 0; /* what exists is compared with the snapshot when it is written */
	if (sink_parent_open(sink, &sink->parent, path, &parent_fd, &name, &found) < 0) {
		if (found.code == ERR_NOT_FOUND) /* so is this */
			return 0;
		*err = found;
		return -1;
	}
	if (fstatat(parent_fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return 0; /* absent; another reason comes back when it is written */
	if (S_ISDIR(st.st_mode) && entry->type == ENTRY_DIRECTORY)
		return 0;
	if (sink->existing == FILE_EXISTING_REPLACE)
		return check_replaced(sink, parent_fd, path, entry, &st, err);
	return check_kept(sink, path, entry, err);
}
