/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads and writes that end only with the whole length, the end of input, or an error. The
 * kernel may return fewer bytes than asked at any time (signals, pipes, quotas), and every
 * caller that forgets it is a truncated backup; so the loops are here and nowhere else.
 *
 * A signal does not end a loop: who wants to stop work polls its struct cancel between
 * calls. These functions know no name for what they read, so their texts start with the act
 * ("cannot read: Input/output error") and the caller puts its object in front.
 */
#include "base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <unistd.h>

void fd_closep(int *fd)
{
	if (*fd >= 0)
		(void)close(*fd); /* what was written and matters was fsynced before */
	*fd = -1;
}

/* Opened the wrong way round on purpose: to back up an empty stdin, or to throw a result away,
 * would pass for success. */
int fd_take_standard(struct err *err)
{
	static const int modes[] = {
		[STDIN_FILENO] = O_WRONLY,
		[STDOUT_FILENO] = O_RDONLY,
		[STDERR_FILENO] = O_RDWR,
	};

	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
		if (fcntl(fd, F_GETFD) >= 0)
			continue;
		/* Not O_CLOEXEC: children are to find these three as well. The lowest free
		 * number is given, and all below are taken. */
		if (open("/dev/null", modes[fd]) != fd)
			return err_set_errno(
				err, errno, "cannot open /dev/null as descriptor %d", fd);
	}
	return 0;
}

/* The kernel's offsets are signed: offset + len must stay within them. */
static int check_range(uint64_t offset, size_t len, struct err *err)
{
	if (offset > (uint64_t)INT64_MAX || len > (uint64_t)INT64_MAX - offset)
		return err_set(err, ERR_LIMIT,
			       "offset %" PRIu64
			       " plus %zu bytes exceeds the largest file",
			       offset, len);
	return 0;
}

int fd_read(int fd, void *to, size_t len, size_t *ret_len, struct err *err)
{
	uint8_t *bytes = to;
	size_t have = 0;

	while (have < len) {
		ssize_t n = read(fd, bytes + have, len - have);

		if (n == 0)
			break;
		if (n > 0)
			have += (size_t)n;
		else if (errno != EINTR)
			return err_set_errno(err, errno, "cannot read");
	}
	*ret_len = have;
	return 0;
}

int fd_pread(int fd, uint64_t offset, void *to, size_t len, size_t *ret_len,
	     struct err *err)
{
	uint8_t *bytes = to;
	size_t have = 0;

	if (check_range(offset, len, err) < 0)
		return -1;
	while (have < len) {
		ssize_t n = pread(fd, bytes + have, len - have, (off_t)(offset + have));

		if (n == 0)
			break;
		if (n > 0)
			have += (size_t)n;
		else if (errno != EINTR)
			return err_set_errno(err, errno, "cannot read at offset %" PRIu64,
					     offset + have);
	}
	*ret_len = have;
	return 0;
}

int fd_pread_exact(int fd, uint64_t offset, void *to, size_t len, struct err *err)
{
	size_t have;

	if (fd_pread(fd, offset, to, len, &have, err) < 0)
		return -1;
	if (have != len)
		return err_set(err, ERR_CORRUPT,
			       "at offset %" PRIu64 ": ends after %zu of %zu bytes",
			       offset, have, len);
	return 0;
}

int fd_write_all(int fd, const void *data, size_t len, struct err *err)
{
	const uint8_t *bytes = data;
	size_t done = 0;

	while (done < len) {
		ssize_t n = write(fd, bytes + done, len - done);

		if (n >= 0)
			done += (size_t)n;
		else if (errno != EINTR)
			return err_set_errno(err, errno, "cannot write");
	}
	return 0;
}

int fd_pwrite_all(int fd, uint64_t offset, const void *data, size_t len, struct err *err)
{
	const uint8_t *bytes = data;
	size_t done = 0;

	if (check_range(offset, len, err) < 0)
		return -1;
	while (done < len) {
		ssize_t n = pwrite(fd, bytes + done, len - done, (off_t)(offset + done));

		if (n >= 0)
			done += (size_t)n;
		else if (errno != EINTR)
			return err_set_errno(err, errno,
					     "cannot write at offset %" PRIu64,
					     offset + done);
	}
	return 0;
}

int fd_sync(int fd, struct err *err)
{
	while (fsync(fd) < 0) {
		/* Pipes, terminals and some file systems' directories have nothing to sync. */
		if (errno == EINVAL || errno == EROFS)
			return 0;
		if (errno != EINTR)
			return err_set_errno(err, errno, "cannot sync");
	}
	return 0;
}
