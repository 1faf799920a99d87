/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The lock is on the file itself, so that nothing else has to lie in a directory that belongs
 * to Prometheus' node exporter. As the file is replaced by renaming, who got the lock may hold
 * that of a file which is no longer there, and looks again.
 */
#include "job/metrics_file.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "base/fd.h"
#include "base/quote.h"

/* To rename over a device or to read from a pipe would do harm. */
static int check_regular(int fd, const char *path, struct err *err)
{
	struct stat st;
	char shown[QUOTE_TEXT_MAX];

	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode))
		return 0;
	return err_set(err, ERR_FAILED, "%s is not a regular file",
		       quote_string(path, shown));
}

static bool is_still_there(int fd, const char *path)
{
	struct stat opened, named;

	return fstat(fd, &opened) == 0 && stat(path, &named) == 0 &&
	       opened.st_dev == named.st_dev && opened.st_ino == named.st_ino;
}

/* Empty when it was not there. Read access is enough for a lock; the file may be another
 * user's in a directory of ours. */
static int open_locked(const char *path, int *ret_fd, struct err *err)
{
	char shown[QUOTE_TEXT_MAX];

	for (;;) {
		CLEANUP(fd_closep)
		int fd = open(path, O_RDONLY | O_CREAT | O_NONBLOCK | O_CLOEXEC, 0644);

		if (fd < 0)
			return err_set_errno(err, errno, "cannot create %s",
					     quote_string(path, shown));
		while (flock(fd, LOCK_EX) < 0)
			if (errno != EINTR)
				return err_set_errno(err, errno, "cannot lock %s",
						     quote_string(path, shown));
		if (is_still_there(fd, path)) {
			*ret_fd = fd;
			fd = -1;
			return 0;
		}
	}
}

static int update(const char *path, const struct run_report *reports, size_t n,
		  int64_t now_nsec, struct err *err)
{
	CLEANUP(fd_closep) int lock = -1;
	CLEANUP(buf_release) struct buf before = {0};
	CLEANUP(buf_release) struct buf text = {0};

	if (open_locked(path, &lock, err) < 0 || check_regular(lock, path, err) < 0 ||
	    file_read(path, METRICS_FILE_MAX, &before, err) < 0)
		return -1;
	buf_init(&text, 0);
	run_metrics_text(&text, reports, n, now_nsec, buf_slice(&before));
	return file_write(path, buf_slice(&text), 0644, FILE_REPLACE, err);
}

int metrics_file_update(const char *path, const struct run_report *reports, size_t n,
			int64_t now_nsec, struct err *err)
{
	if (update(path, reports, n, now_nsec, err) < 0)
		return err_wrap(err, "metrics");
	return 0;
}
