/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Temporary names are a function of snapshot and final name, so that a later run finds what
 * an interrupted one left without a table. The hash is keyed with the snapshot's id, which
 * is only known when all names are fixed: nobody can choose two names that collide.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/quote.h"
#include "files/file_sink_internal.h"

static size_t format_prefix(const struct file_sink *sink,
			    char out[static SINK_TEMP_NAME_MAX])
{
	return (size_t)snprintf(out, SINK_TEMP_NAME_MAX, ".quipu-%02x%02x%02x%02x-",
				sink->id[0], sink->id[1], sink->id[2], sink->id[3]);
}

const char *sink_temp_name(const struct file_sink *sink, const char *name,
			   char out[static SINK_TEMP_NAME_MAX])
{
	size_t len = format_prefix(sink, out);

	(void)snprintf(out + len, SINK_TEMP_NAME_MAX - len, "%016" PRIx64,
		       siphash(sink->id, slice_of_string(name)));
	return out;
}

bool sink_is_temp_name(const struct file_sink *sink, const char *name)
{
	char prefix[SINK_TEMP_NAME_MAX];
	size_t len = format_prefix(sink, prefix);

	return strncmp(name, prefix, len) == 0 && strlen(name) == len + 16 &&
	       strspn(name + len, "0123456789abcdef") == 16;
}

int sink_parent_open(struct file_sink *sink, struct sink_parent *parent, const char *path,
		     int *ret_fd, const char **ret_name, struct err *err)
{
	const char *name = path_basename(path);
	size_t len = name == path ? 0 : (size_t)(name - path) - 1;
	char quoted[QUOTE_TEXT_MAX];
	int fd;

	if (parent->path == NULL || strlen(parent->path) != len ||
	    memcmp(parent->path, path, len) != 0) {
		if (path_open_parent_beneath(sink->target_fd, path, &fd, &name, err) < 0)
			return err_wrap(err, "target %s",
					quote_string(sink->target, quoted));
		sink_parent_close(parent);
		*parent = (struct sink_parent){.path = mem_strndup(path, len), .fd = fd};
	}
	*ret_fd = parent->fd;
	*ret_name = name;
	return 0;
}

void sink_parent_close(struct sink_parent *parent)
{
	if (parent->path == NULL)
		return;
	mem_free(parent->path);
	fd_closep(&parent->fd);
	*parent = (struct sink_parent){.fd = -1};
}

int sink_refuse(const struct file_sink *sink, const char *path, const char *why,
		struct err *err)
{
	CLEANUP(mem_freep) char *shown = sink_target_show(sink, path);

	err_set(err, ERR_TARGET, "%s %s", shown, why);
	return err_hint(err, "--existing skip leaves files that exist as they are, "
			     "--existing replace overwrites them");
}

int sink_refuse_no_directory(const struct file_sink *sink, const char *path,
			     struct err *err)
{
	CLEANUP(mem_freep) char *shown = sink_target_show(sink, path);

	err_set(err, ERR_TARGET, "%s is not a directory", shown);
	return err_hint(err, "--existing replace removes it and makes the directory of "
			     "the snapshot; what a symbolic link points to stays");
}

/* As renameat2(RENAME_NOREPLACE) also where the file system does not know it. */
static int rename_new(int fd, const char *from, const char *to)
{
	if (renameat2(fd, from, fd, to, RENAME_NOREPLACE) == 0)
		return 0;
	if (errno != EINVAL && errno != ENOSYS)
		return -1;
	return linkat(fd, from, fd, to, 0) < 0 ? -1 : unlinkat(fd, from, 0);
}

int sink_rename(struct file_sink *sink, int parent_fd, const char *temp, const char *path,
		struct err *err)
{
	const char *name = path_basename(path);
	CLEANUP(mem_freep) char *shown = NULL;

	if (sink->existing == FILE_EXISTING_REPLACE) {
		if (renameat(parent_fd, temp, parent_fd, name) == 0) {
			/* Of two names of one file rename() leaves both. */
			(void)unlinkat(parent_fd, temp, 0);
			return 0;
		}
	} else if (rename_new(parent_fd, temp, name) == 0) {
		return 0;
	}
	if (errno == EEXIST)
		return sink_refuse(sink, path, "was made by another program meanwhile",
				   err);
	shown = sink_target_show(sink, path);
	return err_set_errno(err, errno, "cannot name %s", shown);
}
