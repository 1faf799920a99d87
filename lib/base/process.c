/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Life of a child: start, wait, or end by force.
 *
 * The child leads a process group of its own, so that Ctrl-C at a terminal reaches us alone
 * and we decide, and so that a shell's whole pipeline can be ended at once. The group's
 * number is free for others as soon as the leader is reaped; therefore the end is awaited
 * with WNOWAIT, what is left of the group is killed while the leader is still a zombie, and
 * only then it is reaped.
 *
 * Waiting that must notice a cancel looks every few milliseconds: a signal handler sets only
 * an atomic flag and cannot wake another thread's waitid().
 */
#include "base/process.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mem.h"
#include "base/process_internal.h"
#include "base/quote.h"

enum {
	SIGNAL_BASE = 128,
	TERM_PATIENCE_MSEC = 5000,
	PAUSE_MAX_MSEC = 20,
	POLL_MSEC = 100,
	READ_STEP = 64 * 1024,
	NAME_SHOWN = QUOTE_TEXT_MAX,
};

struct process {
	pid_t pid;
	int stdin_fd, stdout_fd; /* our ends; -1 */
	bool reaped;
	int status;			  /* once reaped: as process_wait() gives it */
	int signal;			  /* once reaped: what killed it, or 0 */
	const struct cancel *no_patience; /* borrowed; NULL */
	struct stderr_tail *tail;
	char *stderr_text;
	char name[NAME_SHOWN];
};

/* Descriptors between the start of a pipe and the end of process_start(). */
struct plumbing {
	int null;
	int ours[3], theirs[3]; /* -1, or owned */
};

static void plumbing_release(struct plumbing *p)
{
	fd_closep(&p->null);
	for (int i = 0; i < 3; i++) {
		fd_closep(&p->ours[i]);
		fd_closep(&p->theirs[i]);
	}
}

/* A pipe for the child's descriptor `which`; reads_child: we hold the read end. */
static int add_pipe(struct plumbing *p, int which, bool reads_child, struct err *err)
{
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) < 0)
		return err_set_errno(err, errno, "cannot make a pipe");
	p->ours[which] = ends[reads_child ? 0 : 1];
	p->theirs[which] = ends[reads_child ? 1 : 0];
	return 0;
}

static int lay_pipes(struct plumbing *p, const struct process_options *options,
		     struct err *err)
{
	p->null = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (p->null < 0)
		return err_set_errno(err, errno, "cannot open /dev/null");
	if (options->want_stdin && add_pipe(p, 0, false, err) < 0)
		return -1;
	if (options->want_stdout && add_pipe(p, 1, true, err) < 0)
		return -1;
	if (!options->keep_stderr && add_pipe(p, 2, true, err) < 0)
		return -1;
	return 0;
}

static int spawn(const struct process_options *options, const struct plumbing *p,
		 pid_t *ret_pid, struct err *err)
{
	int fds[3] = {
		options->stdin_fd > 0 ? options->stdin_fd : p->null,
		options->stdout_fd > 0 ? options->stdout_fd : p->null,
		STDERR_FILENO,
	};

	for (int i = 0; i < 3; i++)
		if (p->theirs[i] >= 0)
			fds[i] = p->theirs[i];
	if (options->stdout_to_stderr)
		fds[1] = fds[2];
	return process_spawn(options, fds, ret_pid, err);
}

static int take(int *fd)
{
	int taken = *fd;

	*fd = -1;
	return taken;
}

int process_start(const struct process_options *options, struct process **ret_process,
		  struct err *err)
{
	CLEANUP(plumbing_release)
	struct plumbing p = {.null = -1, .ours = {-1, -1, -1}, .theirs = {-1, -1, -1}};
	CLEANUP(process_freep) struct process *process = mem_zalloc(sizeof(*process));

	process->stdin_fd = process->stdout_fd = -1;
	process->reaped = true; /* nothing to kill yet */
	process->no_patience = options->no_patience;
	quote_string(options->argv[0], process->name);
	if (lay_pipes(&p, options, err) < 0)
		return err_wrap(err, "%s", process->name);
	if (spawn(options, &p, &process->pid, err) < 0)
		return -1;
	process->reaped = false;
	process->stdin_fd = take(&p.ours[0]);
	process->stdout_fd = take(&p.ours[1]);
	if (p.ours[2] >= 0 &&
	    stderr_tail_new_take(take(&p.ours[2]), options, &process->tail, err) < 0)
		return err_wrap(err, "%s", process->name);
	*ret_process = STEAL(process);
	return 0;
}

int process_stdin(const struct process *process)
{
	return process->stdin_fd;
}

int process_stdout(const struct process *process)
{
	return process->stdout_fd;
}

void process_close_stdin(struct process *process)
{
	fd_closep(&process->stdin_fd);
}

/* Has the child ended? It is not reaped. An impossible failure counts as its end. */
static bool has_ended(const struct process *process, bool block)
{
	int options = WEXITED | WNOWAIT | (block ? 0 : WNOHANG);
	siginfo_t info = {0};

	while (waitid(P_PID, (id_t)process->pid, &info, options) < 0)
		if (errno != EINTR)
			return true;
	return info.si_pid == process->pid;
}

static void reap(struct process *process)
{
	int status = 0;

	stderr_tail_stop(process->tail);
	while (waitpid(process->pid, &status, 0) < 0 && errno == EINTR)
		;
	process->reaped = true;
	if (WIFSIGNALED(status)) {
		process->signal = WTERMSIG(status);
		process->status = SIGNAL_BASE + process->signal;
	} else {
		process->status = WEXITSTATUS(status);
	}
}

static void pause_msec(unsigned msec)
{
	struct timespec time = {.tv_nsec = (long)msec * 1000000};

	(void)nanosleep(&time, NULL); /* a signal only makes it shorter */
}

static int await_end(const struct process *process, const struct cancel *cancel,
		     struct err *err)
{
	unsigned pause = 1;

	while (!has_ended(process, cancel == NULL)) {
		if (cancel_check(cancel, err) < 0)
			return err_wrap(err, "%s", process->name);
		pause_msec(pause);
		if (pause < PAUSE_MAX_MSEC)
			pause++;
	}
	return 0;
}

int process_wait(struct process *process, const struct cancel *cancel, int *ret_status,
		 struct err *err)
{
	process_close_stdin(process);
	if (!process->reaped) {
		if (await_end(process, cancel, err) < 0)
			return -1;
		reap(process);
	}
	*ret_status = process->status;
	return 0;
}

const char *process_stderr(struct process *process)
{
	if (process->tail == NULL)
		return "";
	mem_free(process->stderr_text);
	process->stderr_text = stderr_tail_text(process->tail);
	return process->stderr_text;
}

int process_check(struct process *process, struct err *err)
{
	const char *text = process_stderr(process);
	const char *line = strrchr(text, '\n');
	char shown[QUOTE_TEXT_MAX];

	if (process->status == 0)
		return 0;
	line = line == NULL ? text : line + 1;
	quote_string(line, shown);
	if (*line == '\0')
		shown[0] = '\0';
	if (process->signal != 0)
		return err_set(err, ERR_FAILED, "%s: killed by SIG%s%s%s", process->name,
			       sigabbrev_np(process->signal), *shown ? ": " : "", shown);
	return err_set(err, ERR_FAILED, "%s: exit status %d%s%s", process->name,
		       process->status, *shown ? ": " : "", shown);
}

static void kill_group(const struct process *process, int signal_number)
{
	/* A child that moved to another group is still our child. */
	if (kill(-process->pid, signal_number) < 0)
		(void)kill(process->pid, signal_number);
}

static void end_by_force(struct process *process)
{
	unsigned waited = 0, pause = 1;

	kill_group(process, SIGTERM);
	kill_group(process, SIGCONT); /* a stopped one would not notice */
	while (waited < TERM_PATIENCE_MSEC && !cancel_is_set(process->no_patience) &&
	       !has_ended(process, false)) {
		pause_msec(pause);
		waited += pause;
		if (pause < PAUSE_MAX_MSEC)
			pause++;
	}
	kill_group(process, SIGKILL);
	(void)has_ended(process, true);
	reap(process);
}

void process_free(struct process *process)
{
	if (process == NULL)
		return;
	fd_closep(&process->stdin_fd);
	fd_closep(&process->stdout_fd);
	if (!process->reaped)
		end_by_force(process);
	stderr_tail_free(process->tail);
	mem_free(process->stderr_text);
	mem_free(process);
}

void process_freep(struct process **process)
{
	process_free(*process);
}

/* One read, or none when nothing comes for a moment; *ret_end tells the end. */
static int read_some(struct process *process, struct buf *output, bool *ret_end,
		     struct err *err)
{
	struct pollfd fd = {.fd = process->stdout_fd, .events = POLLIN};
	size_t before = output->len;
	ssize_t n;

	if (poll(&fd, 1, POLL_MSEC) <= 0)
		return 0; /* time for the caller to look at its cancel */
	n = read(process->stdout_fd, buf_extend(output, READ_STEP), READ_STEP);
	output->len = before + (n > 0 ? (size_t)n : 0);
	output->data[output->len] = 0;
	if (n < 0 && errno != EINTR)
		return err_set_errno(err, errno, "cannot read its output");
	*ret_end = n == 0;
	return 0;
}

static int read_output(struct process *process, size_t max, struct buf *output,
		       const struct cancel *cancel, struct err *err)
{
	bool end = false;

	while (!end) {
		if (cancel_check(cancel, err) < 0 ||
		    read_some(process, output, &end, err) < 0)
			return -1;
		if (output->len > max)
			return err_set(err, ERR_LIMIT,
				       "its output is larger than %zu bytes", max);
	}
	return 0;
}

int process_run(const char *const *argv, size_t max, struct buf *ret_output,
		const struct cancel *cancel, struct err *err)
{
	struct process_options options = {.argv = argv, .want_stdout = true};
	CLEANUP(process_freep) struct process *process = NULL;
	CLEANUP(buf_release) struct buf output = {0};
	int status;

	buf_init(&output, max < BUF_MAX_DEFAULT / 2 ? 0 : max + 2 * (size_t)READ_STEP);
	if (process_start(&options, &process, err) < 0)
		return -1;
	if (read_output(process, max, &output, cancel, err) < 0)
		return err_wrap(err, "%s", process->name);
	if (process_wait(process, cancel, &status, err) < 0 ||
	    process_check(process, err) < 0)
		return -1;
	*ret_output = output;
	buf_init(&output, 0);
	return 0;
}
