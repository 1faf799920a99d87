/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From fork() to the new program. Other threads may hold any lock at that moment, so between
 * fork() and execve() only async-signal-safe calls are made: the program's path and its
 * environment are ready before, and nothing is allocated.
 *
 * How the parent learns that execve() failed: a pipe that execve() closes. End of file means
 * that the program runs; an errno means that it does not, and the child is reaped.
 *
 * All signals are blocked around fork(), so that no handler of ours runs in the child before
 * its dispositions are reset. execve() would reset handlers, but keeps ignored signals
 * ignored, and a child that does not die of SIGPIPE may spin on a closed pipe.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/process_internal.h"
#include "base/quote.h"
#include "base/vec.h"

#define PATH_DEFAULT "/usr/local/bin:/usr/bin:/bin"

enum { EXIT_CANNOT_EXECUTE = 126, FD_FIRST_FREE = 3 };

struct image {
	const char *program; /* with a '/' */
	const char *const *argv;
	const char *const *environment;
};

static bool is_program(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISREG(st.st_mode) && access(path, X_OK) == 0;
}

char *process_find(const char *name)
{
	const char *path = getenv("PATH");

	if (path == NULL || *path == '\0')
		path = PATH_DEFAULT;
	for (;;) {
		size_t len = strcspn(path, ":");
		CLEANUP(mem_freep)
		char *directory = len == 0 ? mem_strdup(".") : mem_strndup(path, len);
		CLEANUP(mem_freep) char *candidate = path_join(directory, name);

		if (is_program(candidate))
			return STEAL(candidate);
		if (path[len] == '\0')
			return NULL;
		path += len + 1;
	}
}

static int find_program(const char *name, char **ret_program, struct err *err)
{
	char shown[QUOTE_TEXT_MAX];

	if (strchr(name, '/') != NULL) {
		*ret_program =
			mem_strdup(name); /* execve() tells what is wrong with it */
		return 0;
	}
	*ret_program = *name == '\0' ? NULL : process_find(name);
	if (*ret_program == NULL)
		return err_set(err, ERR_NOT_FOUND, "%s: no such program in PATH",
			       quote_string(name, shown));
	return 0;
}

static size_t name_length(const char *assignment)
{
	return strcspn(assignment, "=");
}

/* Is the variable of `assignment` named in `list` (of "NAME" or "NAME=value")? */
static bool is_named(const char *const *list, const char *assignment)
{
	size_t len = name_length(assignment);

	for (; list != NULL && *list != NULL; list++)
		if (name_length(*list) == len && memcmp(*list, assignment, len) == 0)
			return true;
	return false;
}

/* Pointers to our own environment and the caller's texts, ended by NULL. */
static void collect_environment(const struct process_options *options, struct vec *list)
{
	for (char **ours = environ; ours != NULL && *ours != NULL; ours++)
		if (!is_named(options->unset_env, *ours) &&
		    !is_named(options->set_env, *ours))
			vec_push(list, ours);
	for (const char *const *more = options->set_env; more != NULL && *more != NULL;
	     more++)
		vec_push(list, more);
	vec_push(list, NULL);
}

static int place_fds(const int fds[static 3])
{
	int high[3];

	/* First above 2, so that no dup2() closes one that is still needed. */
	for (int i = 0; i < 3; i++) {
		high[i] = fcntl(fds[i], F_DUPFD_CLOEXEC, FD_FIRST_FREE);
		if (high[i] < 0)
			return -1;
	}
	for (int i = 0; i < 3; i++)
		if (dup2(high[i], i) < 0)
			return -1;
	/* Files of libraries that forgot O_CLOEXEC; kernels before 5.11 leave them open. */
	(void)close_range(FD_FIRST_FREE, ~0U, CLOSE_RANGE_CLOEXEC);
	return 0;
}

static char *const *unconst(const char *const *list)
{
	char *const *result;

	memcpy(&result, &list, sizeof(result)); /* execve() does not write, by POSIX */
	return result;
}

/* Runs in the child; async-signal-safe calls only. Returns only on failure. */
static void become(const struct image *image, const int fds[static 3])
{
	sigset_t none;

	(void)setpgid(0, 0); /* cannot fail right after fork() */
	for (int i = 1; i < NSIG; i++)
		(void)signal(i, SIG_DFL); /* SIGKILL, SIGSTOP refuse, rightly */
	if (place_fds(fds) < 0)
		return;
	sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL); /* valid arguments */
	(void)execve(image->program, unconst(image->argv), unconst(image->environment));
}

static void child_main(const struct image *image, const int fds[static 3], int report)
{
	int failure;

	report = fcntl(report, F_DUPFD_CLOEXEC, FD_FIRST_FREE);
	become(image, fds);
	failure = errno;
	if (write(report, &failure, sizeof(failure)) < 0)
		_exit(EXIT_CANNOT_EXECUTE); /* the parent is gone: nobody to tell */
	_exit(EXIT_CANNOT_EXECUTE);
}

static pid_t fork_blocked(const struct image *image, const int fds[static 3], int report)
{
	sigset_t all, before;
	pid_t pid;
	int failure;

	sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &before); /* valid arguments */
	pid = fork();
	if (pid == 0)
		child_main(image, fds, report);
	failure = errno;
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	errno = failure;
	return pid;
}

static int start(const struct image *image, const int fds[static 3], pid_t *ret_pid,
		 struct err *err)
{
	CLEANUP(fd_closep) int from_child = -1;
	CLEANUP(fd_closep) int report = -1;
	char shown[QUOTE_TEXT_MAX];
	int ends[2], failure = 0;
	size_t n;
	pid_t pid;

	quote_string(image->argv[0], shown);
	if (pipe2(ends, O_CLOEXEC) < 0)
		return err_set_errno(err, errno, "cannot start %s: no pipe", shown);
	from_child = ends[0];
	report = ends[1];
	pid = fork_blocked(image, fds, report);
	if (pid < 0)
		return err_set_errno(err, errno, "cannot start %s", shown);
	fd_closep(&report);
	if (fd_read(from_child, &failure, sizeof(failure), &n, err) == 0 && n == 0) {
		*ret_pid = pid;
		return 0;
	}
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	return err_set_errno(err, failure, "cannot execute %s", shown);
}

int process_spawn(const struct process_options *options, const int child_fds[static 3],
		  pid_t *ret_pid, struct err *err)
{
	CLEANUP(mem_freep) char *program = NULL;
	CLEANUP(vec_release) struct vec environment = {0};
	struct image image = {.argv = options->argv};

	vec_init(&environment, sizeof(char *));
	if (find_program(options->argv[0], &program, err) < 0)
		return -1;
	collect_environment(options, &environment);
	image.program = program;
	image.environment = environment.data;
	return start(&image, child_fds, ret_pid, err);
}
