/* SPDX-License-Identifier: Apache-2.0 */
#include "base/name_list.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/mem.h"

void name_list_init(struct name_list *list)
{
	buf_init(&list->text, NAME_LIST_BYTES_MAX);
	vec_init(&list->offsets, sizeof(uint32_t));
}

void name_list_release(struct name_list *list)
{
	buf_release(&list->text);
	vec_release(&list->offsets);
}

int name_list_add(struct name_list *list, const char *name, struct err *err)
{
	uint32_t offset = (uint32_t)list->text.len;

	if (buf_append_checked(&list->text, name, strlen(name) + 1,
			       "names of a directory", err) < 0)
		return -1;
	vec_push(&list->offsets, &offset);
	return 0;
}

static bool is_dot(const char *name)
{
	return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

static int read_all(struct name_list *list, DIR *dir, struct err *err)
{
	const struct dirent *found;

	for (;;) {
		errno = 0;
		found = readdir(dir);
		if (found == NULL)
			break;
		if (!is_dot(found->d_name) && name_list_add(list, found->d_name, err) < 0)
			return -1;
	}
	if (errno != 0)
		return err_set_errno(err, errno, "cannot be listed");
	return 0;
}

int name_list_read(struct name_list *list, int dir_fd, struct err *err)
{
	/* An own open file, not a dup(): that would share the read position. */
	int fd = openat(dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOATIME);
	DIR *dir;
	int result;

	if (fd < 0 && errno == EPERM) /* only its owner may ask for O_NOATIME */
		fd = openat(dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return err_set_errno(err, errno, "cannot be listed");
	dir = fdopendir(fd);
	if (dir == NULL) {
		err_set_errno(err, errno, "cannot be listed");
		close(fd);
		return -1;
	}
	result = read_all(list, dir, err);
	closedir(dir);
	name_list_sort(list);
	return result;
}

static int compare_names(const void *a, const void *b, void *text)
{
	const char *names = text;

	return strcmp(names + *(const uint32_t *)a, names + *(const uint32_t *)b);
}

void name_list_sort(struct name_list *list)
{
	if (list->offsets.n > 1)
		qsort_r(list->offsets.data, list->offsets.n, sizeof(uint32_t),
			compare_names, list->text.data);
}

size_t name_list_count(const struct name_list *list)
{
	return list->offsets.n;
}

const char *name_list_at(const struct name_list *list, size_t i)
{
	const uint32_t *offset = vec_at(&list->offsets, i);

	return (const char *)list->text.data + *offset;
}
