/* SPDX-License-Identifier: Apache-2.0 */
#include "files/file_source.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/quote.h"
#include "files/file_walk.h"
#include "files/source_plan.h"

enum { OPEN_PIECE_MAX = 4000 }; /* bytes of a path that one openat() may get */

/* As open() of an absolute path that may be longer than PATH_MAX; -1 with errno. */
static int open_long(const char *path, int flags)
{
	int at = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);

	while (at >= 0 && strlen(path) > OPEN_PIECE_MAX) {
		CLEANUP(mem_freep) char *piece = mem_strndup(path, OPEN_PIECE_MAX);
		char *cut = strrchr(piece + 1, '/');
		int next = -1;

		if (cut == NULL) {
			errno = ENAMETOOLONG;
		} else {
			*cut = '\0';
			next = openat(at, piece + (*piece == '/'),
				      O_PATH | O_DIRECTORY | O_CLOEXEC);
			path += cut - piece + 1;
		}
		close(at);
		at = next;
	}
	if (at >= 0) {
		int fd;

		path += *path == '/';
		fd = openat(at, *path != '\0' ? path : ".", flags | O_CLOEXEC);
		close(at);
		at = fd;
	}
	return at;
}

/* That a root can be read is known before the first byte is written. */
static int check_root(const char *path, bool is_directory, struct err *err)
{
	int kind = is_directory ? O_DIRECTORY : O_NOFOLLOW;
	CLEANUP(fd_closep) int found = open_long(path, O_PATH | kind);
	CLEANUP(fd_closep) int opened = -1;
	char quoted[QUOTE_TEXT_MAX];
	struct stat st;

	if (found < 0 || fstat(found, &st) < 0)
		return err_set_errno(err, errno, "cannot open %s",
				     quote_string(path, quoted));
	if (S_ISSOCK(st.st_mode))
		return err_set(err, ERR_UNSUPPORTED,
			       "%s is a socket, which cannot be backed up",
			       quote_string(path, quoted));
	if (!S_ISDIR(st.st_mode) && !S_ISREG(st.st_mode))
		return 0;
	opened = open_long(path, O_RDONLY | kind | O_NONBLOCK | O_NOCTTY);
	if (opened < 0)
		return err_set_errno(err, errno, "cannot open %s",
				     quote_string(path, quoted));
	return 0;
}

static int add_roots(struct source_plan *plan, const struct strings *roots,
		     struct err *err)
{
	for (size_t i = 0; i < strings_count(roots); i++) {
		const char *root = strings_at(roots, i);
		CLEANUP(mem_freep) char *absolute = NULL;

		if (source_plan_add(plan, root, err) < 0)
			return -1;
		absolute = path_absolute(root, err);
		if (absolute == NULL ||
		    check_root(absolute, source_path_means_directory(root), err) < 0)
			return -1;
	}
	return 0;
}

int file_source_run(const struct file_source_options *options, struct tree_sink *sink,
		    const struct cancel *cancel, struct err *err)
{
	CLEANUP(source_plan_release) struct source_plan plan;

	source_plan_init(&plan);
	if (options->roots != NULL && add_roots(&plan, options->roots, err) < 0)
		return -1;
	if (options->files_from0 != NULL &&
	    source_plan_add_list(&plan, options->files_from0, err) < 0)
		return -1;
	if (source_plan_count(&plan) == 0)
		return err_set(err, ERR_USAGE, "no files to back up: expected paths");
	source_plan_sort(&plan);
	return file_walk_run(&plan, options, sink, cancel, err);
}
