/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The marker is the target's memory of an unfinished restore: it names the snapshot, and a
 * lock on it keeps a second process out. It is written before anything else and removed when
 * everything else is on disk. A marker without text is a crash before the first file, so
 * there is nothing to continue.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mem.h"
#include "base/name_list.h"
#include "base/path.h"
#include "base/quote.h"
#include "files/file_sink_internal.h"

static const char marker_name[] = ".quipu-restore";
static const char marker_text[] = "quipu restore of snapshot ";

enum { MARKER_MAX = 256, HEX_MAX = 2 * SINK_ID_BYTES + 1 };

bool sink_target_is_marker(const char *path)
{
	return strcmp(path, marker_name) == 0;
}

char *sink_target_show(const struct file_sink *sink, const char *path)
{
	char shown[QUOTE_TEXT_MAX], target[QUOTE_TEXT_MAX];

	return mem_printf("%s in %s", quote_rooted(path, shown),
			  quote_string(sink->target, target));
}

int sink_wrap(const struct file_sink *sink, const char *path, struct err *err)
{
	CLEANUP(mem_freep) char *shown = sink_target_show(sink, path);

	return err_wrap(err, "%s", shown);
}

static int refuse_target(const struct file_sink *sink, const char *why, struct err *err)
{
	char quoted[QUOTE_TEXT_MAX];

	return err_set(err, ERR_TARGET, "target %s %s",
		       quote_string(sink->target, quoted), why);
}

static void format_id(const uint8_t id[static SINK_ID_BYTES], char out[static HEX_MAX])
{
	for (size_t i = 0; i < SINK_ID_BYTES; i++)
		(void)snprintf(out + 2 * i, HEX_MAX - 2 * i, "%02x", id[i]);
}

/* Compares the marker's text with this snapshot. */
static int read_marker(struct file_sink *sink, struct err *err)
{
	char text[MARKER_MAX + 1] = "", id[HEX_MAX];
	const size_t prefix_len = sizeof(marker_text) - 1;
	size_t len = 0;

	format_id(sink->id, id);
	if (fd_pread(sink->marker_fd, 0, text, MARKER_MAX, &len, err) < 0)
		return err_wrap(err, "%s", marker_name);
	if (len == 0)
		return 0;
	sink->is_resumed = strncmp(text, marker_text, prefix_len) == 0 &&
			   strncmp(text + prefix_len, id, HEX_MAX - 1) == 0 &&
			   strcmp(text + prefix_len + HEX_MAX - 1, "\n") == 0;
	if (sink->is_resumed)
		return 0;
	refuse_target(sink, "holds an unfinished restore of another snapshot", err);
	return err_hint(err, "finish that one, or remove %s there to give it up",
			marker_name);
}

static int lock_marker(const struct file_sink *sink, struct err *err)
{
	if (flock(sink->marker_fd, LOCK_EX | LOCK_NB) == 0)
		return 0;
	if (errno == EWOULDBLOCK)
		return refuse_target(sink, "is being restored into by another process",
				     err);
	return err_set_errno(err, errno, "cannot lock %s", marker_name);
}

static int find_marker(struct file_sink *sink, struct err *err)
{
	struct stat st;

	sink->marker_fd = openat(sink->target_fd, marker_name,
				 O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (sink->marker_fd < 0 && errno == ENOENT)
		return 0;
	if (sink->marker_fd < 0 || fstat(sink->marker_fd, &st) < 0 ||
	    !S_ISREG(st.st_mode) || st.st_uid != geteuid())
		return refuse_target(sink, "holds a .quipu-restore that is not ours",
				     err);
	if (lock_marker(sink, err) < 0)
		return -1;
	return read_marker(sink, err);
}

static int check_empty(const struct file_sink *sink, struct err *err)
{
	CLEANUP(name_list_release) struct name_list names;

	name_list_init(&names);
	if (name_list_read(&names, sink->target_fd, err) < 0)
		return err_wrap(err, "target");
	for (size_t i = 0; i < name_list_count(&names); i++) {
		const char *name = name_list_at(&names, i);

		if (strcmp(name, "lost+found") == 0 || sink_target_is_marker(name))
			continue;
		refuse_target(sink, "is not empty", err);
		return err_hint(err, "name an empty directory, or say what to do with "
				     "files that exist: --existing skip or replace");
	}
	return 0;
}

static int look_at_target(struct file_sink *sink, struct err *err)
{
	struct stat st;

	if (fstat(sink->target_fd, &st) < 0)
		return err_set_errno(err, errno, "target");
	sink->target_device = st.st_dev;
	if (find_marker(sink, err) < 0)
		return -1;
	sink->owns_target = sink->is_resumed && st.st_uid == geteuid() &&
			    (st.st_mode & 01777) == SINK_DIRECTORY_MODE;
	return 0;
}

int sink_target_open(struct file_sink *sink, bool must_be_empty, struct err *err)
{
	char quoted[QUOTE_TEXT_MAX];

	sink->target_fd = open(sink->target, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (sink->target_fd < 0 && errno == ENOENT)
		return 0; /* sink_target_start() makes it */
	if (sink->target_fd < 0 && errno == ENOTDIR)
		return refuse_target(sink, "is not a directory", err);
	if (sink->target_fd < 0)
		return err_set_errno(err, errno, "cannot open target %s",
				     quote_string(sink->target, quoted));
	if (look_at_target(sink, err) < 0)
		return -1;
	return must_be_empty && !sink->is_resumed ? check_empty(sink, err) : 0;
}

static int make_target(struct file_sink *sink, struct err *err)
{
	CLEANUP(mem_freep) char *parent = path_dirname(sink->target);
	char quoted[QUOTE_TEXT_MAX];

	if (directory_create(parent, 0755, err) < 0)
		return err_wrap(err, "target");
	if (mkdir(sink->target, SINK_DIRECTORY_MODE) < 0 ||
	    (sink->target_fd = open(sink->target,
				    O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)) < 0)
		return err_set_errno(err, errno, "cannot make target %s",
				     quote_string(sink->target, quoted));
	if (look_at_target(sink, err) < 0)
		return -1;
	sink->owns_target = true;
	return 0;
}

static int write_marker(struct file_sink *sink, struct err *err)
{
	char id[HEX_MAX], text[MARKER_MAX];

	if (sink->marker_fd < 0) {
		sink->marker_fd = openat(sink->target_fd, marker_name,
					 O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
		if (sink->marker_fd < 0)
			return err_set_errno(err, errno, "cannot make %s", marker_name);
		if (lock_marker(sink, err) < 0)
			return -1;
	}
	if (sink->is_resumed)
		return 0;
	format_id(sink->id, id);
	(void)snprintf(text, sizeof(text), "%s%s\n", marker_text, id);
	if (fd_pwrite_all(sink->marker_fd, 0, text, strlen(text), err) < 0 ||
	    fd_sync(sink->marker_fd, err) < 0 || fd_sync(sink->target_fd, err) < 0)
		return err_wrap(err, "%s", marker_name);
	return 0;
}

int sink_target_start(struct file_sink *sink, struct err *err)
{
	char quoted[QUOTE_TEXT_MAX];

	if (sink->target_fd < 0 && make_target(sink, err) < 0)
		return -1;
	if (write_marker(sink, err) < 0)
		return err_wrap(err, "target %s", quote_string(sink->target, quoted));
	return 0;
}

int sink_target_remove_marker(struct file_sink *sink, struct err *err)
{
	if (unlinkat(sink->target_fd, marker_name, 0) < 0 && errno != ENOENT)
		return err_set_errno(err, errno, "cannot remove %s", marker_name);
	fd_closep(&sink->marker_fd);
	sink->marker_fd = -1;
	return 0;
}
