/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A child that writes more to stderr than a pipe holds would block for ever if nobody read,
 * and our caller is busy with its stdin or stdout; so a thread reads, and keeps the end,
 * where programs say why they failed.
 *
 * End of file may never come: a daemon that the child left behind may hold the pipe. When the
 * child itself has ended, all it wrote is in the pipe already, so the thread is told by an
 * eventfd to take what is there without waiting, at most DRAIN_MAX, and to leave.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mem.h"
#include "base/pool.h"
#include "base/process_internal.h"

enum { DRAIN_MAX = 1024 * 1024, DRAIN_STEP = 4096 };

struct stderr_tail {
	int fd;
	int stop_fd;
	struct pool *pool; /* one thread; NULL once it was joined */
	struct mutex *mutex;
	struct buf bytes; /* under mutex; up to twice what is kept */
	void (*tell)(void *state, const char *line); /* NULL: nobody is told */
	void *tell_state;
	struct buf line; /* of the thread: what came of it so far */
};

static void tell_line(struct stderr_tail *tail)
{
	tail->tell(tail->tell_state, buf_string(&tail->line));
	buf_clear(&tail->line);
}

static void tell(struct stderr_tail *tail, const uint8_t *bytes, size_t len)
{
	for (size_t i = 0; tail->tell != NULL && i < len; i++) {
		if (bytes[i] == '\n')
			tell_line(tail);
		else if (tail->line.len < PROCESS_LINE_MAX)
			buf_append_byte(&tail->line, bytes[i] == 0 ? ' ' : bytes[i]);
	}
}

static void keep(struct stderr_tail *tail, const uint8_t *bytes, size_t len)
{
	struct buf *kept = &tail->bytes;

	LOCKED(tail->mutex);
	buf_append(kept, bytes, len);
	if (kept->len <= 2 * (size_t)PROCESS_STDERR_MAX)
		return;
	memmove(kept->data, kept->data + kept->len - PROCESS_STDERR_MAX,
		PROCESS_STDERR_MAX);
	kept->len = PROCESS_STDERR_MAX;
	kept->data[kept->len] = 0;
}

/* Reads until the pipe is empty, *left bytes are read, or it ends; true when it is empty. */
static bool read_available(struct stderr_tail *tail, size_t *left)
{
	uint8_t bytes[DRAIN_STEP];

	while (*left > 0) {
		ssize_t n = read(tail->fd, bytes, sizeof(bytes));

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 && errno == EAGAIN;
		keep(tail, bytes, (size_t)n);
		tell(tail, bytes, (size_t)n);
		*left -= (size_t)n < *left ? (size_t)n : *left;
	}
	return false;
}

static void drain(void *task, unsigned worker)
{
	struct stderr_tail *tail = task;
	struct pollfd fds[] = {{.fd = tail->fd, .events = POLLIN},
			       {.fd = tail->stop_fd, .events = POLLIN}};
	bool open = true;

	(void)worker; /* the pool has one */
	while (open) {
		size_t left = DRAIN_MAX;
		bool stopped;

		if (poll(fds, ARRAY_SIZE(fds), -1) < 0)
			continue; /* EINTR: signals are blocked here, but a debugger's stop */
		stopped = fds[1].revents != 0; /* asked before the last read */
		open = read_available(tail, &left) || (left == 0 && !stopped);
		if (stopped)
			break;
	}
	if (tail->line.len > 0) /* without an end of its own */
		tell_line(tail);
}

int stderr_tail_new_take(int fd, const struct process_options *options,
			 struct stderr_tail **ret_tail, struct err *err)
{
	struct stderr_tail *tail = mem_zalloc(sizeof(*tail));

	tail->fd = fd;
	tail->mutex = mutex_new();
	buf_init(&tail->bytes, 0);
	buf_init(&tail->line, 0);
	tail->tell = options->stderr_line;
	tail->tell_state = options->stderr_line_state;
	tail->stop_fd = eventfd(0, EFD_CLOEXEC);
	if (tail->stop_fd < 0 || fcntl(fd, F_SETFL, O_NONBLOCK) < 0) {
		(void)err_set_errno(err, errno, "cannot make an event descriptor");
		stderr_tail_free(tail);
		return -1;
	}
	if (pool_new(1, 1, &tail->pool, err) < 0) {
		stderr_tail_free(tail);
		return -1;
	}
	pool_submit(tail->pool, drain, tail);
	*ret_tail = tail;
	return 0;
}

void stderr_tail_stop(struct stderr_tail *tail)
{
	if (tail == NULL || tail->pool == NULL)
		return;
	(void)eventfd_write(tail->stop_fd, 1); /* a counter at 0 takes a 1 */
	pool_free(STEAL(tail->pool));
}

char *stderr_tail_text(struct stderr_tail *tail)
{
	static const char blank[] = " \t\r\n";
	struct buf *bytes = &tail->bytes;
	size_t start = 0, end;
	char *text;

	LOCKED(tail->mutex);
	end = bytes->len;
	if (end > PROCESS_STDERR_MAX)
		start = end - PROCESS_STDERR_MAX;
	while (end > start && memchr(blank, bytes->data[end - 1], sizeof(blank)) != NULL)
		end--;
	while (start < end && memchr(blank, bytes->data[start], sizeof(blank)) != NULL)
		start++;
	text = mem_zalloc(end - start + 1);
	for (size_t i = start; i < end; i++)
		text[i - start] = bytes->data[i] == 0 ? ' ' : (char)bytes->data[i];
	return text;
}

void stderr_tail_free(struct stderr_tail *tail)
{
	if (tail == NULL)
		return;
	stderr_tail_stop(tail);
	fd_closep(&tail->fd);
	fd_closep(&tail->stop_fd);
	mutex_free(tail->mutex);
	buf_release(&tail->bytes);
	buf_release(&tail->line);
	mem_free(tail);
}
