/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Regular files are opened without following links and without blocking (a FIFO may have
 * taken the name), then looked at through the descriptor only. A file is compared with
 * itself before and after: when size or times differ, the snapshot holds a mixture, which is
 * said, and the next run does not take it for unchanged; nor one that had another length than
 * the file system says.
 *
 * A sparse file's content is just its runs of data, and where these lie may change without a
 * trace in size or times (the file system may fill or punch holes on its own). Whether such
 * a file is unchanged therefore also depends on where its data lies: the identity's inode
 * number is mixed with a hash of the runs.
 */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/map.h"
#include "base/mem.h"
#include "files/file_content.h"
#include "files/file_extents.h"
#include "files/file_walk_internal.h"

static bool is_same(const struct stat *a, const struct stat *b)
{
	return a->st_size == b->st_size && a->st_mtim.tv_sec == b->st_mtim.tv_sec &&
	       a->st_mtim.tv_nsec == b->st_mtim.tv_nsec &&
	       a->st_ctim.tv_sec == b->st_ctim.tv_sec &&
	       a->st_ctim.tv_nsec == b->st_ctim.tv_nsec;
}

static struct file_identity identify(const struct walk *walk, const struct stat *st,
				     const struct entry *entry)
{
	static const uint8_t key[16] = "sparse identity";
	struct file_identity identity = {
		.size = (uint64_t)st->st_size,
		.inode = st->st_ino,
		.mtime_nsec = file_meta_nsec(&st->st_mtim),
		.ctime_nsec = file_meta_nsec(&st->st_ctim),
		.read_nsec = walk->options->clock->now_nsec(walk->options->clock),
	};

	if (entry->is_sparse && entry->extents.n > 0)
		identity.inode ^=
			siphash(key, slice_of(entry->extents.data,
					      entry->extents.n * sizeof(struct extent)));
	return identity;
}

static int find_content(struct walk *walk, int fd, struct entry *entry,
			const struct file_identity *identity,
			struct file_content_result *ret_result, struct err *err)
{
	const struct file_content_options options = {
		.cancel = walk->cancel,
		.progress = walk->options->progress,
	};
	struct content *known = NULL;

	*ret_result = (struct file_content_result){0};
	if (entry_content_len(entry) > 0 &&
	    walk->sink->ops->unchanged(walk->sink, entry->name, identity, &known, err) <
		    0)
		return -1;
	if (known == NULL)
		return file_content_read(walk->sink, fd, entry, &options, ret_result,
					 err);
	ret_result->content = known;
	progress_add(walk->options->progress, 0, entry_content_len(entry));
	return 0;
}

static int send_file(struct walk *walk, const struct walk_visit *visit, int fd,
		     const struct stat *st, struct err *err)
{
	CLEANUP(entry_release) struct entry entry;
	struct file_content_result result;
	struct file_identity identity;
	struct stat after;
	bool is_stable;

	walk_describe(walk, fd, st, visit->name, &entry);
	file_extents_find(fd, st, &entry);
	identity = identify(walk, st, &entry);
	if (walk_send_directories(walk, err) < 0 ||
	    find_content(walk, fd, &entry, &identity, &result, err) < 0)
		return -1;
	if (result.read_error != 0) {
		walk_warn_errno(walk, visit, "cannot be read", result.read_error);
		return 0;
	}
	is_stable = fstat(fd, &after) == 0 && is_same(st, &after);
	if (!is_stable)
		walk_warn(walk, WARN_NOTE, "changed while it was read");
	/* a file system that does not tell lengths may not tell of changes either */
	is_stable = is_stable && entry.size == (uint64_t)st->st_size;
	progress_add(walk->options->progress, 1, 0);
	return walk->sink->ops->add(walk->sink, &entry, result.content,
				    is_stable ? &identity : NULL, err);
}

enum walk_outcome walk_take_file(struct walk *walk, const struct walk_visit *visit,
				 struct err *err)
{
	CLEANUP(fd_closep)
	int fd = walk_open(visit->dir_fd, visit->name,
			   O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
	struct stat st;

	if (fd < 0 && (errno == ELOOP || errno == ENXIO))
		return WALK_REPLACED;
	if (fd < 0 || fstat(fd, &st) < 0) {
		walk_warn_errno(walk, visit, "cannot be read", errno);
		return WALK_DONE;
	}
	if (!S_ISREG(st.st_mode))
		return WALK_REPLACED;
	return send_file(walk, visit, fd, &st, err) < 0 ? WALK_FAILED : WALK_DONE;
}

/* NULL with errno when there is none. */
static char *read_target(int fd)
{
	CLEANUP(mem_freep) char *target = mem_alloc(ENTRY_TARGET_MAX + 1);
	ssize_t len = readlinkat(fd, "", target, ENTRY_TARGET_MAX + 1);

	if (len < 0)
		return NULL;
	if (len == 0 || len > ENTRY_TARGET_MAX) {
		errno = ENAMETOOLONG;
		return NULL;
	}
	target[len] = '\0';
	return STEAL(target);
}

/* The format has hard links of regular files only: those of others are rare, and nothing but the
 * number of inodes is lost with them. Told once, since a tree that has them has many. */
static void note_links(struct walk *walk, const struct stat *st)
{
	if (st->st_nlink < 2 || walk->has_noted_links)
		return;
	walk->has_noted_links = true;
	walk_warn(
		walk, WARN_NOTE,
		"has hard links, which are kept of regular files only: each of its names "
		"comes back as a file of its own; others like it are not told");
}

static int send_special(struct walk *walk, const struct walk_visit *visit, int fd,
			const struct stat *st, struct err *err)
{
	CLEANUP(entry_release) struct entry entry;

	walk_describe(walk, fd, st, visit->name, &entry);
	if (entry.type == ENTRY_SYMLINK) {
		entry.target = read_target(fd);
		if (entry.target == NULL) {
			walk_warn_errno(walk, visit, "cannot be read", errno);
			return 0;
		}
		if (visit->naming != PLAN_PASSED)
			walk_warn(
				walk, WARN_NOTE,
				"is a symbolic link: what it points to is not included");
	}
	note_links(walk, st);
	if (walk_send_directories(walk, err) < 0)
		return -1;
	progress_add(walk->options->progress, 1, 0);
	return walk->sink->ops->add(walk->sink, &entry, NULL, NULL, err);
}

enum walk_outcome walk_take_special(struct walk *walk, const struct walk_visit *visit,
				    struct err *err)
{
	CLEANUP(fd_closep) int fd = -1;
	enum entry_type type;
	struct stat st;

	if (!file_meta_type(visit->st.st_mode, &type)) {
		walk_warn(walk, WARN_NOTE,
			  S_ISSOCK(visit->st.st_mode) ? "is a socket: skipped"
						      : "is of an unknown type: skipped");
		return WALK_DONE;
	}
	fd = openat(visit->dir_fd, visit->name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) < 0) {
		walk_warn_errno(walk, visit, "cannot be read", errno);
		return WALK_DONE;
	}
	if ((st.st_mode & S_IFMT) != (visit->st.st_mode & S_IFMT))
		return WALK_REPLACED;
	return send_special(walk, visit, fd, &st, err) < 0 ? WALK_FAILED : WALK_DONE;
}
