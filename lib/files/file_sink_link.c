/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Hard links. Of each group the first name that is written is an ordinary file; the others
 * are made links to it at the end, when it is there under its name. Both are records of one
 * spill: `extra` is 0 for a first one, else 1 + the place of the first one's record. A first
 * one that was left as it is (--existing skip) starts no group: its content is not ours.
 *
 * Where a link is not possible (too many, no such thing on this file system, another one
 * mounted in between) the name becomes a copy of what was verified and restored before.
 */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mem.h"
#include "base/path.h"
#include "files/file_sink_internal.h"

enum { COPY_STEP = 1024 * 1024 };

static int append(struct file_sink *sink, const char *path, const struct entry *entry,
		  uint64_t extra, uint64_t *ret_at, struct err *err)
{
	buf_clear(&sink->scratch);
	sink_record_encode(path, entry, extra, &sink->scratch);
	return spill_append(sink->links, buf_slice(&sink->scratch), ret_at, err);
}

int sink_link_first(struct file_sink *sink, const char *path, const struct entry *entry,
		    struct err *err)
{
	struct entry plain;
	uint64_t at;
	int result;

	if (entry->n_links < 2 ||
	    link_table_get(sink->groups, entry->link_device, entry->link_inode, &at))
		return 0;
	entry_init(&plain, ENTRY_FILE, ""); /* only its path is of use */
	result = append(sink, path, &plain, 0, &at, err);
	entry_release(&plain);
	if (result == 0)
		link_table_add(sink->groups, entry->link_device, entry->link_inode, at);
	return result;
}

int sink_link_note(struct file_sink *sink, const char *path, const struct entry *entry,
		   bool *ret_is_link, struct err *err)
{
	uint64_t first, at;

	*ret_is_link =
		entry->n_links > 1 && link_table_get(sink->groups, entry->link_device,
						     entry->link_inode, &first);
	return *ret_is_link ? append(sink, path, entry, first + 1, &at, err)
			    : sink_link_first(sink, path, entry, err);
}

/* One pair of names. */
struct pair {
	struct file_sink *sink;
	const char *first;
	const struct sink_record *record; /* of the name to be made */
	int first_fd, parent_fd;	  /* of their directories */
	const char *first_name;
	char temp[SINK_TEMP_NAME_MAX];
};

static int fail_pair(const struct pair *pair, const char *what, struct err *err)
{
	int failure = errno;
	CLEANUP(mem_freep) char *shown = sink_target_show(pair->sink, pair->record->path);

	err_set_errno(err, failure, "cannot %s %s", what, shown);
	return sink_note_failure(pair->sink, err);
}

static int copy_range(int from, int to, uint64_t offset, uint64_t len, struct err *err)
{
	CLEANUP(mem_freep) uint8_t *bytes = mem_alloc(COPY_STEP);

	while (len > 0) {
		size_t step = len < COPY_STEP ? (size_t)len : COPY_STEP;

		if (fd_pread_exact(from, offset, bytes, step, err) < 0 ||
		    fd_pwrite_all(to, offset, bytes, step, err) < 0)
			return -1;
		offset += step;
		len -= step;
	}
	return 0;
}

static int copy_content(int from, int to, const struct entry *entry, struct err *err)
{
	if (ftruncate(to, (off_t)entry->size) < 0)
		return err_set_errno(err, errno, "cannot set the size");
	if (!entry->is_sparse)
		return copy_range(from, to, 0, entry->size, err);
	for (size_t i = 0; i < entry->extents.n; i++) {
		const struct extent *extent = vec_at(&entry->extents, i);

		if (copy_range(from, to, extent->offset, extent->len, err) < 0)
			return -1;
	}
	return 0;
}

static int copy_first(struct pair *pair, struct err *err)
{
	struct file_sink *sink = pair->sink;
	const struct sink_record *record = pair->record;
	CLEANUP(fd_closep) int from = -1;
	CLEANUP(fd_closep) int to = -1;

	from = openat(pair->first_fd, pair->first_name,
		      O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	to = openat(pair->parent_fd, pair->temp,
		    O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (from < 0 || to < 0)
		return fail_pair(pair, "copy", err);
	if (copy_content(from, to, &record->entry, err) < 0) {
		(void)sink_wrap(sink, record->path, err);
		(void)unlinkat(pair->parent_fd, pair->temp, 0); /* incomplete */
		return sink_note_failure(sink, err);
	}
	file_apply_open(&sink->apply, to, &record->entry, record->path);
	if (fd_sync(to, err) < 0)
		return sink_wrap(sink, record->path, err);
	sink_count(sink, &sink->counts.copies);
	return 0;
}

static bool may_copy(int error_number)
{
	return error_number == EMLINK || error_number == EXDEV || error_number == EPERM ||
	       error_number == EOPNOTSUPP || error_number == ENOSYS;
}

/* The first name must still be the file that was restored. */
static int check_first(const struct pair *pair, struct err *err)
{
	struct stat st;

	if (fstatat(pair->first_fd, pair->first_name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return fail_pair(pair, "link", err);
	if (S_ISREG(st.st_mode) && (uint64_t)st.st_size == pair->record->entry.size)
		return 0;
	return sink_refuse(pair->sink, pair->first,
			   "was changed by another program meanwhile", err);
}

/* A group whose first name was given up has no content to link to. */
static bool is_given_up(const struct pair *pair)
{
	struct stat st;

	return pair->sink->counts.given_up > 0 &&
	       fstatat(pair->first_fd, pair->first_name, &st, AT_SYMLINK_NOFOLLOW) < 0 &&
	       errno == ENOENT;
}

static int make_pair(struct pair *pair, struct err *err)
{
	struct file_sink *sink = pair->sink;

	if (is_given_up(pair)) {
		sink_count(sink, &sink->counts.given_up);
		sink_warn(sink, pair->record->path,
			  "is left out: its content, of a hard link, is lost");
		return 0;
	}
	if (check_first(pair, err) < 0)
		return -1;
	(void)unlinkat(pair->parent_fd, pair->temp, 0); /* an earlier run's, if at all */
	if (linkat(pair->first_fd, pair->first_name, pair->parent_fd, pair->temp, 0) == 0)
		sink_count(sink, &sink->counts.links);
	else if (!may_copy(errno))
		return fail_pair(pair, "link", err);
	else if (copy_first(pair, err) < 0)
		return -1;
	return sink_rename(sink, pair->parent_fd, pair->temp, pair->record->path, err);
}

static int link_one(struct file_sink *sink, struct sink_parent *first_parent,
		    const struct sink_record *record, struct err *err)
{
	struct pair pair = {.sink = sink, .record = record};
	CLEANUP(buf_release) struct buf bytes;
	struct sink_record first;
	const char *name;
	int result;

	buf_init(&bytes, 0);
	if (spill_read(sink->links, record->extra - 1, &bytes, err) < 0 ||
	    sink_record_decode(buf_slice(&bytes), &first, err) < 0)
		return -1;
	pair.first = first.path;
	result = sink_parent_open(sink, first_parent, first.path, &pair.first_fd,
				  &pair.first_name, err);
	if (result == 0)
		result = sink_parent_open(sink, &sink->parent, record->path,
					  &pair.parent_fd, &name, err);
	if (result == 0) {
		sink_temp_name(sink, name, pair.temp);
		result = make_pair(&pair, err);
	}
	sink_record_release(&first);
	return result;
}

static int link_next(struct file_sink *sink, struct sink_parent *first_parent,
		     struct slice bytes, struct err *err)
{
	struct sink_record record;
	int result = 0;

	if (cancel_check(sink->cancel, err) < 0 ||
	    sink_record_decode(bytes, &record, err) < 0)
		return -1;
	if (record.extra > 0)
		result = link_one(sink, first_parent, &record, err);
	sink_record_release(&record);
	return result;
}

int sink_link_all(struct file_sink *sink, struct err *err)
{
	struct sink_parent first_parent = {.fd = -1};
	CLEANUP(buf_release) struct buf bytes;
	uint64_t position = 0;
	bool is_end = false;
	int result;

	buf_init(&bytes, 0);
	do {
		result = spill_next(sink->links, &position, &bytes, &is_end, err);
		if (result == 0 && !is_end)
			result = link_next(sink, &first_parent, buf_slice(&bytes), err);
	} while (result == 0 && !is_end);
	sink_parent_close(&first_parent);
	return result;
}
