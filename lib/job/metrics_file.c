/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The lock is on the file itself, so that nothing else has to lie in a directory that belongs
 * to Prometheus' node exporter. As the file is replaced by renaming, who got the lock may hold
 * that of a file which is no longer there, and looks again.
 *
 * The lock is held for a moment only. A holder that hangs must not keep a run from telling its
 * result, and a file system that knows no locks must not cost the metrics: there, two runs
 * that end in the same moment may lose one's lines until its next run.
 */
#include "job/metrics_file.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>

#include "base/fd.h"
#include "base/quote.h"

enum {
	LOCK_PATIENCE_MSEC = 30 * 1000,
	LOCK_HASTE_MSEC = 1000, /* once *cancel is set */
	LOCK_PAUSE_MSEC = 10,
};

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

static void pause_waiting(unsigned *waited_msec)
{
	const struct timespec pause = {.tv_nsec = LOCK_PAUSE_MSEC * 1000000L};

	(void)nanosleep(&pause, NULL);
	*waited_msec += LOCK_PAUSE_MSEC;
}

static bool is_patient(unsigned waited_msec, const struct cancel *cancel)
{
	return waited_msec <
	       (cancel_is_set(cancel) ? LOCK_HASTE_MSEC : LOCK_PATIENCE_MSEC);
}

/* 0 as well when no locks can be had. */
static int lock(int fd, const char *path, const struct cancel *cancel, struct err *err)
{
	unsigned waited_msec = 0;
	char shown[QUOTE_TEXT_MAX];

	while (flock(fd, LOCK_EX | LOCK_NB) < 0) {
		if (errno == EINTR)
			continue;
		if (errno != EWOULDBLOCK)
			return 0;
		if (!is_patient(waited_msec, cancel))
			return err_set(err, ERR_FAILED,
				       "cannot lock %s: another program holds it",
				       quote_string(path, shown));
		pause_waiting(&waited_msec);
	}
	return 0;
}

/* Empty when it was not there. Read access is enough for a lock; the file may be another
 * user's in a directory of ours. */
static int open_locked(const char *path, const struct cancel *cancel, int *ret_fd,
		       struct err *err)
{
	char shown[QUOTE_TEXT_MAX];

	for (;;) {
		CLEANUP(fd_closep)
		int fd = open(path, O_RDONLY | O_CREAT | O_NONBLOCK | O_CLOEXEC, 0644);

		if (fd < 0)
			return err_set_errno(err, errno, "cannot create %s",
					     quote_string(path, shown));
		if (lock(fd, path, cancel, err) < 0)
			return -1;
		if (is_still_there(fd, path)) {
			*ret_fd = fd;
			fd = -1;
			return 0;
		}
	}
}

static int update(const char *path, const struct run_report *reports, size_t n,
		  int64_t now_nsec, const struct cancel *cancel, struct err *err)
{
	CLEANUP(fd_closep) int locked = -1;
	CLEANUP(buf_release) struct buf before = {0};
	CLEANUP(buf_release) struct buf text = {0};

	if (open_locked(path, cancel, &locked, err) < 0 ||
	    check_regular(locked, path, err) < 0 ||
	    file_read(path, METRICS_FILE_MAX, &before, err) < 0)
		return -1;
	buf_init(&text, 0);
	run_metrics_text(&text, reports, n, now_nsec, buf_slice(&before));
	return file_write(path, buf_slice(&text), 0644, FILE_REPLACE, err);
}

int metrics_file_update(const char *path, const struct run_report *reports, size_t n,
			int64_t now_nsec, const struct cancel *cancel, struct err *err)
{
	if (update(path, reports, n, now_nsec, cancel, err) < 0)
		return err_wrap(err, "metrics");
	return 0;
}
