/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which version: a newer pg_dump may write what an older server cannot restore, so of several
 * the lowest that is new enough is taken. PATH decides, as for any program; only behind
 * Debian's pg_wrapper, which would choose by its own rules, we choose ourselves.
 *
 * Arguments: one pattern for each table. Linux takes up to 6 MiB of arguments when the stack
 * limit is at least four times that, so the limit is raised while the child is started.
 */
#include "pg/pg_tools.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/quote.h"
#include "pg/pg_sqlstate.h"

#define VERSIONS_DIRECTORY "/usr/lib/postgresql"
#define WRAPPER_NAME	   "pg_wrapper"

enum {
	POLL_MSEC = 200,
	VERSION_OUTPUT_MAX = 4096,
	ARGUMENTS_MAX = 6 * 1024 * 1024 - 128 * 1024, /* Linux: 3/4 of 8 MiB; less a
		reserve for the environment */
	STACK_LIMIT = 32 * 1024 * 1024,
	MAJOR_MAX = 1000,
};

void pg_tool_release(struct pg_tool *tool)
{
	mem_free(tool->path);
	mem_free(tool->version);
	*tool = (struct pg_tool){0};
}

/* A decimal number at the start; 0 when there is none. */
static unsigned parse_major(const char *text)
{
	unsigned major = 0;

	while (isdigit((unsigned char)*text) && major < MAJOR_MAX)
		major = major * 10 + (unsigned)(*text++ - '0');
	return major;
}

bool pg_tool_parse_version(const char *text, char **ret_version, unsigned *ret_major)
{
	const char *mark = "(PostgreSQL) ";
	const char *version = strstr(text, mark);
	unsigned major;

	if (version == NULL)
		return false;
	version += strlen(mark);
	major = parse_major(version);
	if (major == 0)
		return false;
	*ret_version = mem_strndup(version, strcspn(version, " \n"));
	*ret_major = major;
	return true;
}

static int ask_version(const char *path, struct pg_tool *tool, struct err *err)
{
	const char *const argv[] = {path, "--version", NULL};
	CLEANUP(buf_release) struct buf output = {0};
	char shown[QUOTE_TEXT_MAX];

	if (process_run(argv, VERSION_OUTPUT_MAX, &output, NULL, err) < 0)
		return -1;
	if (!pg_tool_parse_version(buf_string(&output), &tool->version, &tool->major))
		return err_set(err, ERR_UNSUPPORTED,
			       "%s: its --version is not that of a PostgreSQL program",
			       quote_string(path, shown));
	tool->path = mem_strdup(path);
	return 0;
}

static bool is_wrapper(const char *path)
{
	char *real = realpath(path, NULL);
	bool is = real != NULL && strcmp(path_basename(real), WRAPPER_NAME) == 0;

	free(real);
	return is;
}

/* The lowest major version >= least whose directory has the program, else the highest; 0 when
 * there is none at all. */
static unsigned choose_installed(const char *name, unsigned least)
{
	DIR *directory = opendir(VERSIONS_DIRECTORY);
	unsigned best = 0;

	for (struct dirent *e; directory != NULL && (e = readdir(directory)) != NULL;) {
		CLEANUP(mem_freep)
		char *path =
			mem_printf("%s/%s/bin/%s", VERSIONS_DIRECTORY, e->d_name, name);
		unsigned major = parse_major(e->d_name);
		bool better =
			best < least ? major > best : major >= least && major < best;

		if (major != 0 && better && access(path, X_OK) == 0)
			best = major;
	}
	if (directory != NULL)
		(void)closedir(directory); /* it was only read */
	return best;
}

static char *installed_path(const char *name, unsigned major)
{
	return mem_printf("%s/%u/bin/%s", VERSIONS_DIRECTORY, major, name);
}

static int hint_install(const char *name, unsigned least, struct err *err)
{
	unsigned installed = choose_installed(name, least);

	if (installed >= least)
		return err_hint(err, "put %s/%u/bin in front of PATH", VERSIONS_DIRECTORY,
				installed);
	return err_hint(err, "install postgresql-client-%u or newer", least);
}

static int find_any(const char *name, unsigned least, struct pg_tool *tool,
		    struct err *err)
{
	CLEANUP(mem_freep) char *path = process_find(name);
	unsigned major = path != NULL && is_wrapper(path) ? choose_installed(name, least)
							  : MAJOR_MAX;

	if (path == NULL || major == 0) { /* a wrapper around nothing is no program */
		(void)err_set(err, ERR_NOT_FOUND, "%s: no such program in PATH", name);
		return hint_install(name, least, err);
	}
	if (major < MAJOR_MAX) {
		mem_free(path);
		path = installed_path(name, major);
	}
	return ask_version(path, tool, err);
}

int pg_tool_find(const char *name, unsigned least, const char *what,
		 struct pg_tool *ret_tool, struct err *err)
{
	CLEANUP(pg_tool_release) struct pg_tool tool = {0};

	if (find_any(name, least, &tool, err) < 0)
		return -1;
	if (tool.major < least) {
		(void)err_set(err, ERR_UNSUPPORTED,
			      "%s is version %s, but the %s is version %u; expected %s "
			      "%u or newer",
			      name, tool.version, what, least, name, least);
		return hint_install(name, least, err);
	}
	*ret_tool = tool;
	tool = (struct pg_tool){0};
	return 0;
}

static size_t arguments_size(const struct strings *arguments)
{
	size_t size = 0;

	for (size_t i = 0; i < strings_count(arguments); i++)
		size += strlen(strings_at(arguments, i)) + 1 + sizeof(char *);
	return size;
}

static int start_with_stack(const struct process_options *options,
			    struct process **ret_process, struct err *err)
{
	struct rlimit before, raised;
	int result;

	if (getrlimit(RLIMIT_STACK, &before) < 0)
		return err_set_errno(err, errno, "cannot read the stack limit");
	raised = before;
	if (before.rlim_cur != RLIM_INFINITY && before.rlim_cur < STACK_LIMIT)
		raised.rlim_cur =
			before.rlim_max < STACK_LIMIT ? before.rlim_max : STACK_LIMIT;
	(void)setrlimit(RLIMIT_STACK, &raised); /* execve() tells when it is too low */
	result = process_start(options, ret_process, err);
	(void)setrlimit(RLIMIT_STACK, &before);
	return result;
}

int pg_tool_start(const struct pg_tool *tool, const struct strings *arguments,
		  enum pg_tool_pipe pipe, struct pg_failures *failures,
		  struct process **ret_process, struct err *err)
{
	static const char *const unset[] = {"PGCLIENTENCODING", NULL};
	static const char *const set[] = {"LC_ALL=C", NULL}; /* messages are read here */
	size_t n = strings_count(arguments);
	const char **argv;
	int result;

	if (arguments_size(arguments) > ARGUMENTS_MAX)
		return err_set(
			err, ERR_LIMIT,
			"arguments of %s take %zu bytes for %zu tables; expected at "
			"most %d bytes",
			path_basename(tool->path), arguments_size(arguments), n,
			ARGUMENTS_MAX);
	argv = mem_calloc(n + 2, sizeof(*argv));
	argv[0] = tool->path;
	for (size_t i = 0; i < n; i++)
		argv[i + 1] = strings_at(arguments, i);
	result = start_with_stack(
		&(struct process_options){
			.argv = argv,
			.set_env = set,
			.unset_env = unset,
			.want_stdin = pipe == PG_TOOL_FEED,
			.want_stdout = pipe == PG_TOOL_READ,
			.stderr_line = failures != NULL ? pg_failures_line : NULL,
			.stderr_line_state = failures,
		},
		ret_process, err);
	mem_free(argv);
	return result;
}

/* Waits in short steps, so that an interruption is seen. */
static int wait_fd(int fd, short events, const struct cancel *cancel, struct err *err)
{
	struct pollfd wait = {.fd = fd, .events = events};

	do {
		if (cancel_check(cancel, err) < 0)
			return -1;
	} while (poll(&wait, 1, POLL_MSEC) <= 0);
	return 0;
}

int pg_tool_read(struct process *process, void *to, size_t len,
		 const struct cancel *cancel, size_t *ret_len, struct err *err)
{
	int fd = process_stdout(process);
	ssize_t n;

	do {
		if (wait_fd(fd, POLLIN, cancel, err) < 0)
			return -1;
		n = read(fd, to, len);
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		return err_set_errno(err, errno, "cannot read from the program");
	*ret_len = (size_t)n;
	return 0;
}

/* write() without SIGPIPE: the signal goes to the thread that writes, so it is blocked here,
 * taken back when it came, and everybody else's disposition stays as it is. */
static ssize_t write_quietly(int fd, const void *data, size_t len)
{
	const struct timespec at_once = {0};
	sigset_t pipe_signal, before;
	ssize_t n;
	int failure;

	sigemptyset(&pipe_signal);
	sigaddset(&pipe_signal, SIGPIPE);
	(void)pthread_sigmask(SIG_BLOCK, &pipe_signal, &before); /* valid arguments */
	n = write(fd, data, len);
	failure = errno;
	if (n < 0 && failure == EPIPE && !sigismember(&before, SIGPIPE))
		(void)sigtimedwait(&pipe_signal, NULL, &at_once);
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	errno = failure;
	return n;
}

int pg_tool_feed(struct process *process, struct slice bytes, const struct cancel *cancel,
		 bool *ret_closed, struct err *err)
{
	int fd = process_stdin(process);

	*ret_closed = false;
	while (bytes.len > 0) {
		/* No more than what a ready pipe takes at once, so that write() cannot
		 * wait for long. */
		size_t len = bytes.len < PIPE_BUF ? bytes.len : PIPE_BUF;
		ssize_t n;

		if (wait_fd(fd, POLLOUT, cancel, err) < 0)
			return -1;
		n = write_quietly(fd, bytes.data, len);
		if (n < 0 && errno == EPIPE) {
			*ret_closed = true;
			return 0;
		}
		if (n < 0 && errno != EINTR)
			return err_set_errno(err, errno, "cannot write to the program");
		if (n > 0)
			bytes = slice_of(bytes.data + n, bytes.len - (size_t)n);
	}
	return 0;
}

static bool has(const char *text, const char *part)
{
	return strstr(text, part) != NULL;
}

enum err_code pg_tool_code(const char *said)
{
	static const char *const denials[] = {
		"permission denied",	    "must be owner",
		"must be superuser",	    "must be member of role",
		"must be able to SET ROLE", "must have "};

	for (size_t i = 0; i < ARRAY_SIZE(denials); i++)
		if (has(said, denials[i]))
			return ERR_DENIED;
	if (has(said, "canceling statement due to lock timeout") ||
	    has(said, "canceling statement due to statement timeout") ||
	    has(said, "canceling statement due to conflict with recovery") ||
	    has(said, "server closed the connection") ||
	    has(said, "connection to server"))
		return ERR_TRANSIENT;
	if (has(said, "No space left"))
		return ERR_NO_SPACE;
	return has(said, "does not exist") ? ERR_NOT_FOUND : ERR_FAILED;
}

/* The line that tells why: the first with "error:", for later ones show the query. */
static const char *telling_line(const char *said)
{
	const char *error = strstr(said, "error: ");

	return error != NULL ? error + strlen("error: ") : said;
}

void pg_tool_warnings(struct process *process, struct strings *warnings)
{
	const char *mark = "warning: ";
	const char *at = process_stderr(process);

	while ((at = strstr(at, mark)) != NULL) {
		CLEANUP(mem_freep) char *line = NULL;

		at += strlen(mark);
		line = pg_first_line(at);
		strings_add(warnings, line);
	}
}

int pg_tool_wait(struct process *process, const char *name, const struct cancel *cancel,
		 struct err *err)
{
	int status;
	const char *said;
	CLEANUP(mem_freep) char *line = NULL;

	if (process_wait(process, cancel, &status, err) < 0)
		return -1;
	if (status == 0)
		return 0;
	said = process_stderr(process);
	line = pg_first_line(telling_line(said));
	if (*line == '\0')
		return err_set(err, ERR_FAILED, "%s ended with status %d", name, status);
	return err_set(err, pg_tool_code(said), "%s ended with status %d: %s", name,
		       status, line);
}
