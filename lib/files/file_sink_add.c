/* SPDX-License-Identifier: Apache-2.0 */
/* Entries that are not directories, up to where their content may be written. */
#include <errno.h>
#include <fcntl.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/quote.h"
#include "files/file_sink_internal.h"

static int fail_at(const struct file_sink *sink, const char *path, int error_number,
		   struct err *err)
{
	CLEANUP(mem_freep) char *shown = sink_target_show(sink, path);

	return err_set_errno(err, error_number, "cannot make %s", shown);
}

void sink_warn(const struct file_sink *sink, const char *path, const char *why)
{
	char quoted[QUOTE_TEXT_MAX];

	if (sink->apply.warn != NULL)
		sink->apply.warn(sink->apply.warn_state, quote_rooted(path, quoted), why);
}

static void skip_with_warning(struct file_sink *sink, const char *path, const char *why)
{
	sink_count(sink, &sink->counts.skipped);
	sink_warn(sink, path, why);
}

/* A temporary file of an earlier run that nobody else can have a hand in. */
static int open_leftover(const struct file_sink *sink, int parent_fd, const char *temp,
			 const struct entry *entry)
{
	int fd = openat(parent_fd, temp, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	struct stat st;

	if (fd < 0)
		return -1;
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_nlink == 1 &&
	    (st.st_uid == geteuid() ||
	     (sink->apply.as_root && st.st_uid == entry->uid)) &&
	    fchmod(fd, 0600) == 0)
		return fd;
	close(fd);
	return -1;
}

static int make_temp(int parent_fd, const char *temp)
{
	const int flags = O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
	int fd = openat(parent_fd, temp, flags, 0600);

	if (fd < 0 && errno == EEXIST && unlinkat(parent_fd, temp, 0) == 0)
		fd = openat(parent_fd, temp, flags, 0600);
	return fd;
}

/* Between its runs of data a sparse file has holes, whatever an earlier run left there. */
static int clear_holes(int fd, const struct entry *entry)
{
	uint64_t at = 0;

	for (size_t i = 0; entry->is_sparse && i <= entry->extents.n; i++) {
		const struct extent end = {.offset = entry->size};
		const struct extent *next =
			i < entry->extents.n ? vec_at(&entry->extents, i) : &end;

		if (next->offset > at &&
		    fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, (off_t)at,
			      (off_t)(next->offset - at)) < 0)
			return -1;
		at = next->offset + next->len;
	}
	return 0;
}

static int open_temp(struct file_sink *sink, int parent_fd, const char *temp,
		     const struct entry *entry, bool *ret_continues)
{
	int fd = sink->is_resumed ? open_leftover(sink, parent_fd, temp, entry) : -1;

	*ret_continues = fd >= 0;
	if (fd >= 0 && ftruncate(fd, (off_t)entry->size) == 0 &&
	    clear_holes(fd, entry) == 0)
		return fd;
	fd_closep(&fd);
	*ret_continues = false;
	fd = make_temp(parent_fd, temp);
	if (fd >= 0 && ftruncate(fd, (off_t)entry->size) < 0) {
		int failure = errno;

		close(fd);
		(void)unlinkat(parent_fd, temp, 0); /* empty; the error counts */
		errno = failure;
		return -1;
	}
	return fd;
}

/* Where an entry goes. */
struct place {
	int parent_fd;
	const char *path;
	const struct entry *entry;
};

/* What an existing file means; *ret_is_settled: there is nothing to write. */
static int settle(struct file_sink *sink, const struct place *place,
		  enum file_sink_answer *ret_answer, bool *ret_is_settled,
		  struct err *err)
{
	enum sink_found found;

	*ret_is_settled = true;
	if (sink_find(sink, place->parent_fd, place->path, place->entry, &found, err) < 0)
		return -1;
	if (found == SINK_FOUND_KEEP) {
		sink_count(sink, &sink->counts.skipped);
		*ret_answer = FILE_SINK_SKIP;
	} else if (found == SINK_FOUND_DONE) {
		sink_count(sink, &sink->counts.already_done);
		*ret_answer = FILE_SINK_DONE;
	} else {
		*ret_is_settled = false;
	}
	return 0;
}

static int begin(struct file_sink *sink, const struct place *place,
		 enum file_sink_answer *ret_answer, uint32_t *ret_file, struct err *err)
{
	char temp[SINK_TEMP_NAME_MAX];
	bool continues;
	int fd;

	if (place->entry->size > INT64_MAX)
		return err_set(err, ERR_CORRUPT, "a file's size is out of range");
	sink_temp_name(sink, path_basename(place->path), temp);
	fd = open_temp(sink, place->parent_fd, temp, place->entry, &continues);
	if (fd < 0) {
		fail_at(sink, place->path, errno, err);
		return sink_note_failure(sink, err);
	}
	if (sink_file_add(sink, place->path, place->entry, fd, ret_file, err) < 0) {
		close(fd);
		return sink_note_failure(sink, err);
	}
	*ret_answer = continues ? FILE_SINK_CONTINUE : FILE_SINK_WRITE;
	return 0;
}

int file_sink_begin_file(struct file_sink *sink, const char *path,
			 const struct entry *entry, enum file_sink_answer *ret_answer,
			 uint32_t *ret_file, struct err *err)
{
	struct place place = {.path = path, .entry = entry};
	bool is_settled, is_link = false;
	const char *name;

	if (sink_target_is_marker(path)) {
		skip_with_warning(sink, path, "has the name of our marker: skipped");
		*ret_answer = FILE_SINK_SKIP;
		return 0;
	}
	if (sink_parent_open(sink, &sink->parent, path, &place.parent_fd, &name, err) <
		    0 ||
	    settle(sink, &place, ret_answer, &is_settled, err) < 0)
		return -1;
	if (is_settled)
		return *ret_answer == FILE_SINK_DONE
			       ? sink_link_first(sink, path, entry, err)
			       : 0;
	if (sink_link_note(sink, path, entry, &is_link, err) < 0)
		return -1;
	if (is_link) {
		*ret_answer = FILE_SINK_LINK;
		return 0;
	}
	return begin(sink, &place, ret_answer, ret_file, err);
}

static int make_special(int parent_fd, const char *temp, const struct entry *entry)
{
	switch (entry->type) {
	case ENTRY_SYMLINK:
		return symlinkat(entry->target, parent_fd, temp);
	case ENTRY_FIFO:
		return mkfifoat(parent_fd, temp, 0600);
	case ENTRY_CHAR_DEVICE:
	case ENTRY_BLOCK_DEVICE:
		return mknodat(parent_fd, temp,
			       (entry->type == ENTRY_CHAR_DEVICE ? S_IFCHR : S_IFBLK) |
				       0600,
			       makedev(entry->rdev_major, entry->rdev_minor));
	case ENTRY_FILE:
	case ENTRY_DIRECTORY:
		break;
	}
	errno = EINVAL;
	return -1;
}

static int make_temp_special(int parent_fd, const char *temp, const struct entry *entry)
{
	if (make_special(parent_fd, temp, entry) == 0)
		return 0;
	if (errno != EEXIST || unlinkat(parent_fd, temp, 0) < 0)
		return -1;
	return make_special(parent_fd, temp, entry);
}

static bool is_device(const struct entry *entry)
{
	return entry->type == ENTRY_CHAR_DEVICE || entry->type == ENTRY_BLOCK_DEVICE;
}

static int add_special(struct file_sink *sink, const struct place *place,
		       enum file_sink_answer *ret_answer, struct err *err)
{
	char temp[SINK_TEMP_NAME_MAX];
	CLEANUP(fd_closep) int fd = -1;

	sink_temp_name(sink, path_basename(place->path), temp);
	if (make_temp_special(place->parent_fd, temp, place->entry) < 0) {
		if (is_device(place->entry) && errno == EPERM) {
			skip_with_warning(sink, place->path,
					  "is a device, which needs root");
			*ret_answer = FILE_SINK_SKIP;
			return 0;
		}
		return fail_at(sink, place->path, errno, err);
	}
	fd = openat(place->parent_fd, temp, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return fail_at(sink, place->path, errno, err);
	file_apply_path(&sink->apply, fd, place->entry, place->path);
	if (sink_rename(sink, place->parent_fd, temp, place->path, err) < 0)
		return -1;
	sink_count(sink, &sink->counts.specials);
	*ret_answer = FILE_SINK_WRITE;
	return 0;
}

int file_sink_special(struct file_sink *sink, const char *path, const struct entry *entry,
		      enum file_sink_answer *ret_answer, struct err *err)
{
	struct place place = {.path = path, .entry = entry};
	bool is_settled;
	const char *name;
	uint32_t file;

	if (entry->type == ENTRY_FILE) {
		if (file_sink_begin_file(sink, path, entry, ret_answer, &file, err) < 0)
			return -1;
		if (*ret_answer == FILE_SINK_WRITE || *ret_answer == FILE_SINK_CONTINUE)
			return file_sink_finish_file(sink, file, err);
		return 0;
	}
	if (entry->type == ENTRY_SYMLINK && entry->target == NULL)
		return err_set(err, ERR_CORRUPT, "a symbolic link has no target");
	if (sink_parent_open(sink, &sink->parent, path, &place.parent_fd, &name, err) <
		    0 ||
	    settle(sink, &place, ret_answer, &is_settled, err) < 0)
		return -1;
	return is_settled ? 0 : add_special(sink, &place, ret_answer, err);
}
