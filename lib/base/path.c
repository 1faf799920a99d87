/* SPDX-License-Identifier: Apache-2.0 */
/* Path texts; opening beneath a directory is in path_beneath.c. */
#include "base/path.h"

#include <errno.h>
#include <limits.h>
#include <unistd.h>

#include "base/mem.h"

char *path_join(const char *directory, const char *name)
{
	size_t len = strlen(directory);

	if (len == 0)
		return mem_strdup(name);
	while (*name == '/')
		name++;
	if (*name == '\0')
		return mem_strdup(directory);
	return mem_printf("%s%s%s", directory, directory[len - 1] == '/' ? "" : "/",
			  name);
}

char *path_dirname(const char *path)
{
	const char *slash = strrchr(path, '/');

	if (slash == NULL)
		return mem_strdup(".");
	while (slash > path && slash[-1] == '/')
		slash--;
	if (slash == path)
		return mem_strdup("/");
	return mem_strndup(path, (size_t)(slash - path));
}

const char *path_basename(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash == NULL ? path : slash + 1;
}

/* Appends one component to an absolute path without a trailing '/'; "" stands for "/". */
static void append_component(struct buf *absolute, struct slice name)
{
	if (name.len == 0 || (name.len == 1 && name.data[0] == '.'))
		return;
	if (name.len == 2 && memcmp(name.data, "..", 2) == 0) {
		while (absolute->len > 0 && absolute->data[--absolute->len] != '/')
			;
		return;
	}
	buf_append_byte(absolute, '/');
	buf_append_slice(absolute, name);
}

static void append_components(struct buf *absolute, const char *path)
{
	while (*path != '\0') {
		size_t len = strcspn(path, "/");

		append_component(absolute, slice_of(path, len));
		path += len;
		path += strspn(path, "/");
	}
}

char *path_absolute(const char *path, struct err *err)
{
	CLEANUP(buf_release) struct buf absolute = {0};
	char cwd[PATH_MAX];

	buf_init(&absolute, 0);
	if (*path == '\0') {
		(void)err_set(err, ERR_USAGE, "a path is empty");
		return NULL;
	}
	if (*path != '/') {
		if (getcwd(cwd, sizeof(cwd)) == NULL) {
			(void)err_set_errno(err, errno,
					    "cannot tell the current directory");
			return NULL;
		}
		append_components(&absolute, cwd);
	}
	append_components(&absolute, path);
	if (absolute.len == 0)
		return mem_strdup("/");
	/* ".." only lowers len, so the text may go on behind it. */
	return mem_strndup((const char *)absolute.data, absolute.len);
}

bool path_component_valid(struct slice name)
{
	if (name.len == 0 || name.len > NAME_MAX)
		return false;
	if (memchr(name.data, '/', name.len) != NULL ||
	    memchr(name.data, '\0', name.len) != NULL)
		return false;
	if (name.data[0] != '.')
		return true;
	return !(name.len == 1 || (name.len == 2 && name.data[1] == '.'));
}

bool path_relative_valid(struct slice path)
{
	size_t start = 0;

	if (path.len == 0)
		return true;
	for (size_t i = 0; i <= path.len; i++) {
		if (i < path.len && path.data[i] != '/')
			continue;
		if (!path_component_valid(slice_of(path.data + start, i - start)))
			return false;
		start = i + 1;
	}
	return true;
}
