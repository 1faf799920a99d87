/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Directories are made with a mode of their own (SINK_DIRECTORY_MODE), which says "ours and
 * unfinished" also to a later run, and get their metadata at the end, deepest first: by then
 * nothing changes their times any more, and one that its owner may not write to does not
 * stand in our way. Their entries wait in a spill that is read backwards.
 */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mem.h"
#include "base/name_list.h"
#include "base/path.h"
#include "files/file_sink_internal.h"

enum { DIRECTORY_KEEP, DIRECTORY_APPLY }; /* in `extra` of its record */

static int fail_at(const struct file_sink *sink, const char *path, struct err *err)
{
	int failure = errno;
	CLEANUP(mem_freep) char *shown = sink_target_show(sink, path);

	return err_set_errno(err, failure, "cannot make directory %s", shown);
}

/* Something has the name. *ret_is_ours: it is a directory that gets our metadata. */
static int take_existing(struct file_sink *sink, int parent_fd, const char *path,
			 bool *ret_is_ours, struct err *err)
{
	const char *name = path_basename(path);
	bool replaces = sink->existing == FILE_EXISTING_REPLACE;
	struct stat st;

	if (fstatat(parent_fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return fail_at(sink, path, err);
	*ret_is_ours = replaces || (sink->is_resumed && st.st_uid == geteuid() &&
				    (st.st_mode & 01777) == SINK_DIRECTORY_MODE);
	if (S_ISDIR(st.st_mode))
		return 0;
	if (!replaces)
		return sink_refuse_no_directory(sink, path, err);
	if (unlinkat(parent_fd, name, 0) < 0 ||
	    mkdirat(parent_fd, name, SINK_DIRECTORY_MODE) < 0)
		return fail_at(sink, path, err);
	return 0;
}

static int make(struct file_sink *sink, const char *path, bool *ret_is_ours,
		struct err *err)
{
	const char *name;
	int parent_fd;

	if (sink_parent_open(sink, &sink->parent, path, &parent_fd, &name, err) < 0)
		return -1;
	*ret_is_ours = true;
	if (mkdirat(parent_fd, name, SINK_DIRECTORY_MODE) == 0)
		return 0;
	if (errno == EEXIST)
		return take_existing(sink, parent_fd, path, ret_is_ours, err);
	fail_at(sink, path, err);
	return sink_note_failure(sink, err);
}

int file_sink_directory(struct file_sink *sink, const char *path,
			const struct entry *entry, struct err *err)
{
	bool is_ours;
	uint64_t at;

	if (*path == '\0') {
		if (!sink->has_root_entry)
			entry_copy(&sink->root_entry, entry);
		sink->has_root_entry = true;
		return 0;
	}
	if (make(sink, path, &is_ours, err) < 0)
		return -1;
	if (is_ours)
		sink_count(sink, &sink->counts.directories);
	if (!is_ours && !sink->is_resumed)
		return 0; /* nothing to do with it at the end */
	buf_clear(&sink->scratch);
	sink_record_encode(path, entry, is_ours ? DIRECTORY_APPLY : DIRECTORY_KEEP,
			   &sink->scratch);
	return spill_append(sink->directories, buf_slice(&sink->scratch), &at, err);
}

int sink_remove_leftovers(struct file_sink *sink, int dir_fd, struct err *err)
{
	CLEANUP(name_list_release) struct name_list names;

	name_list_init(&names);
	if (name_list_read(&names, dir_fd, err) < 0)
		return -1;
	for (size_t i = 0; i < name_list_count(&names); i++)
		if (sink_is_temp_name(sink, name_list_at(&names, i)))
			(void)unlinkat(dir_fd, name_list_at(&names, i), 0);
	return 0;
}

static int finish_one(struct file_sink *sink, const struct sink_record *record,
		      struct err *err)
{
	bool is_ours = record->extra == DIRECTORY_APPLY;
	CLEANUP(fd_closep) int fd = -1;
	struct err ignored = {0};

	if (path_open_beneath(sink->target_fd, record->path, O_RDONLY | O_DIRECTORY, 0,
			      &fd, is_ours ? err : &ignored) < 0)
		return is_ours ? -1
			       : 0; /* one that we may not even read holds no leftover */
	if (sink->is_resumed && sink_remove_leftovers(sink, fd, err) < 0)
		return sink_wrap(sink, record->path, err);
	if (is_ours)
		file_apply_open(&sink->apply, fd, &record->entry, record->path);
	return 0;
}

int sink_directories_finish(struct file_sink *sink, struct err *err)
{
	CLEANUP(buf_release) struct buf bytes;
	uint64_t position = spill_end(sink->directories);
	struct sink_record record;

	buf_init(&bytes, 0);
	for (;;) {
		bool is_end;
		int result;

		if (cancel_check(sink->cancel, err) < 0 ||
		    spill_previous(sink->directories, &position, &bytes, &is_end, err) <
			    0)
			return -1;
		if (is_end)
			return 0;
		if (sink_record_decode(buf_slice(&bytes), &record, err) < 0)
			return -1;
		result = finish_one(sink, &record, err);
		sink_record_release(&record);
		if (result < 0)
			return -1;
	}
}
