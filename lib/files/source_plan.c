/* SPDX-License-Identifier: Apache-2.0 */
#include "files/source_plan.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/quote.h"

enum { LIST_READ_LEN = 64 * 1024 };

void source_plan_init(struct source_plan *plan)
{
	buf_init(&plan->text, SOURCE_PLAN_BYTES_MAX);
	vec_init(&plan->offsets, sizeof(uint32_t));
}

void source_plan_release(struct source_plan *plan)
{
	buf_release(&plan->text);
	vec_release(&plan->offsets);
}

bool source_path_means_directory(const char *path)
{
	size_t len = strlen(path);

	if (len > 1 && path[len - 1] == '.')
		len--;
	return len > 0 && path[len - 1] == '/';
}

int source_plan_add(struct source_plan *plan, const char *path, struct err *err)
{
	uint32_t offset = (uint32_t)plan->text.len;
	CLEANUP(mem_freep) char *absolute = NULL;
	CLEANUP(mem_freep) char *stored = NULL;

	if (*path == '\0')
		return err_set(err, ERR_USAGE,
			       "empty path: expected a file or directory");
	absolute = path_absolute(path, err);
	if (absolute == NULL)
		return -1;
	stored = mem_printf(
		"%s%s", absolute + 1,
		source_path_means_directory(path) && absolute[1] != '\0' ? "/" : "");
	if (buf_append_checked(&plan->text, stored, strlen(stored) + 1, "list of paths",
			       err) < 0)
		return -1;
	vec_push(&plan->offsets, &offset);
	return 0;
}

/* Takes the whole paths out of `bytes`; `pending` keeps the start of the last one. */
static int add_bytes(struct source_plan *plan, struct slice bytes, struct buf *pending,
		     struct err *err)
{
	while (bytes.len > 0) {
		const uint8_t *nul = memchr(bytes.data, 0, bytes.len);
		size_t len = nul != NULL ? (size_t)(nul - bytes.data) : bytes.len;

		if (buf_append_checked(pending, bytes.data, len, "path in the list",
				       err) < 0)
			return -1;
		if (nul == NULL)
			return 0;
		if (pending->len > 0 &&
		    source_plan_add(plan, buf_string(pending), err) < 0)
			return -1;
		buf_clear(pending);
		bytes = slice_of(nul + 1, bytes.len - len - 1);
	}
	return 0;
}

static int add_from_fd(struct source_plan *plan, int fd, struct err *err)
{
	CLEANUP(mem_freep) uint8_t *bytes = mem_alloc(LIST_READ_LEN);
	CLEANUP(buf_release) struct buf pending;
	size_t before = source_plan_count(plan);
	size_t len;

	buf_init(&pending, SOURCE_PATH_MAX);
	do {
		if (fd_read(fd, bytes, LIST_READ_LEN, &len, err) < 0 ||
		    add_bytes(plan, slice_of(bytes, len), &pending, err) < 0)
			return -1;
	} while (len > 0);
	if (source_plan_count(plan) == before && strchr(buf_string(&pending), '\n')) {
		err_set(err, ERR_USAGE, "expected paths separated by NUL bytes");
		return err_hint(err, "make the list with find ... -print0");
	}
	if (pending.len > 0 && source_plan_add(plan, buf_string(&pending), err) < 0)
		return -1;
	if (source_plan_count(plan) == before)
		return err_set(err, ERR_USAGE, "expected at least one path");
	return 0;
}

int source_plan_add_list(struct source_plan *plan, const char *file_name, struct err *err)
{
	bool is_stdin = strcmp(file_name, "-") == 0;
	CLEANUP(fd_closep) int opened = -1;
	char quoted[QUOTE_TEXT_MAX];

	if (!is_stdin) {
		opened = open(file_name, O_RDONLY | O_CLOEXEC);
		if (opened < 0)
			return err_set_errno(err, errno, "cannot open list of paths %s",
					     quote_string(file_name, quoted));
	}
	if (add_from_fd(plan, is_stdin ? STDIN_FILENO : opened, err) < 0)
		return err_wrap(err, "list of paths %s", quote_string(file_name, quoted));
	return 0;
}

/* As strcmp(), but the end of a component is lower than any of its bytes. */
static int compare_paths(const char *a, const char *b)
{
	while (*a != '\0' && *a == *b)
		a++, b++;
	if (*a == *b)
		return 0;
	if (*a == '\0' || *b == '\0')
		return *a == '\0' ? -1 : 1;
	if (*a == '/' || *b == '/')
		return *a == '/' ? -1 : 1;
	return (uint8_t)*a < (uint8_t)*b ? -1 : 1;
}

static int compare_offsets(const void *a, const void *b, void *text)
{
	const char *paths = text;

	return compare_paths(paths + *(const uint32_t *)a, paths + *(const uint32_t *)b);
}

void source_plan_sort(struct source_plan *plan)
{
	if (plan->offsets.n > 1)
		qsort_r(plan->offsets.data, plan->offsets.n, sizeof(uint32_t),
			compare_offsets, plan->text.data);
}

size_t source_plan_count(const struct source_plan *plan)
{
	return plan->offsets.n;
}

const char *source_plan_at(const struct source_plan *plan, size_t i)
{
	const uint32_t *offset = vec_at(&plan->offsets, i);

	return (const char *)plan->text.data + *offset;
}

struct slice source_plan_component(const struct source_plan *plan, size_t i,
				   size_t prefix_len)
{
	const char *rest = source_plan_at(plan, i) + prefix_len;

	if (prefix_len > 0 && *rest == '/')
		rest++;
	return slice_of(rest, strcspn(rest, "/"));
}

/* The first path in [first, end) whose component is not below `name` (or above it). */
static size_t find_bound(const struct source_plan *plan, struct plan_range range,
			 size_t prefix_len, struct slice name, bool above)
{
	size_t low = range.first, high = range.end;

	while (low < high) {
		size_t mid = low + (high - low) / 2;
		struct slice found = source_plan_component(plan, mid, prefix_len);
		int order = slice_compare(found, name);

		if (order < 0 || (above && order == 0))
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

struct plan_range source_plan_narrow(const struct source_plan *plan,
				     struct plan_range range, size_t prefix_len,
				     const char *name, enum plan_naming *ret_naming)
{
	struct slice component = slice_of_string(name);
	size_t name_end = prefix_len + (prefix_len > 0 ? 1 : 0) + component.len;
	struct plan_range found = {
		.first = find_bound(plan, range, prefix_len, component, false),
		.end = find_bound(plan, range, prefix_len, component, true),
	};

	*ret_naming = PLAN_PASSED;
	for (; found.first < found.end; found.first++) {
		const char *rest = source_plan_at(plan, found.first) + name_end;

		if (*rest != '\0' && strcmp(rest, "/") != 0)
			break;
		*ret_naming = *rest == '\0' ? PLAN_NAMED : PLAN_NAMED_DIRECTORY;
	}
	return found;
}
