/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/process.h"
#include "base/vec.h"
#include "support/tempdir.h"

#define SHELL(script)                                                                    \
	(const char *const[])                                                            \
	{                                                                                \
		"sh", "-c", script, NULL                                                 \
	}

static struct process *start(const struct process_options *options)
{
	struct err err = {0};
	struct process *process = NULL;

	if (process_start(options, &process, &err) < 0)
		fail_msg("%s", err.msg);
	return process;
}

static int wait_for(struct process *process)
{
	struct err err = {0};
	int status = -1;

	if (process_wait(process, NULL, &status, &err) < 0)
		fail_msg("%s", err.msg);
	return status;
}

static void read_line(struct process *process, char *line, size_t size)
{
	struct err err = {0};
	size_t n, len = 0;

	do {
		assert_true(len < size - 1);
		assert_int_equal(
			fd_read(process_stdout(process), line + len, 1, &n, &err), 0);
		len += n;
	} while (n > 0 && line[len - 1] != '\n');
	line[len] = '\0';
}

static void test_process_run__gives_the_output(void **state)
{
	CLEANUP(buf_release) struct buf output = {0};
	struct err err = {0};

	(void)state;
	assert_int_equal(
		process_run(SHELL("printf 'a b'; printf c"), 3 + 1, &output, NULL, &err),
		0);
	assert_string_equal(buf_string(&output), "a bc");
}

static void test_process_run__shows_status_and_last_line(void **state)
{
	CLEANUP(buf_release) struct buf output = {0};
	struct err err = {0};

	(void)state;
	assert_int_equal(process_run(SHELL("echo one >&2; echo two >&2; exit 3"), 10,
				     &output, NULL, &err),
			 -1);
	assert_int_equal(err.code, ERR_FAILED);
	assert_string_equal(err.msg, "sh: exit status 3: two");
}

static void test_process_run__shows_status_without_stderr(void **state)
{
	CLEANUP(buf_release) struct buf output = {0};
	struct err err = {0};

	(void)state;
	assert_int_equal(process_run(SHELL("exit 4"), 10, &output, NULL, &err), -1);
	assert_string_equal(err.msg, "sh: exit status 4");
}

static void test_process_run__names_the_signal(void **state)
{
	CLEANUP(buf_release) struct buf output = {0};
	struct err err = {0};

	(void)state;
	assert_int_equal(process_run(SHELL("kill -9 $$"), 10, &output, NULL, &err), -1);
	assert_string_equal(err.msg, "sh: killed by SIGKILL");
}

static void test_process_run__limits_the_output(void **state)
{
	CLEANUP(buf_release) struct buf output = {0};
	struct err err = {0};

	(void)state;
	assert_int_equal(process_run(SHELL("yes"), 1000, &output, NULL, &err), -1);
	assert_int_equal(err.code, ERR_LIMIT);
	assert_string_equal(err.msg, "sh: its output is larger than 1000 bytes");
}

static void test_process_run__stops_when_cancelled(void **state)
{
	CLEANUP(buf_release) struct buf output = {0};
	struct cancel cancel;
	struct err err = {0};

	(void)state;
	cancel_init(&cancel);
	cancel_set(&cancel, SIGTERM);
	assert_int_equal(process_run(SHELL("sleep 1000"), 10, &output, &cancel, &err),
			 -1);
	assert_int_equal(err.code, ERR_INTERRUPTED);
	assert_string_equal(err.msg, "sh: interrupted by SIGTERM");
}

static void test_process_start__names_a_missing_program(void **state)
{
	const char *const argv[] = {"no-such-program-here", NULL};
	struct process_options options = {.argv = argv};
	struct process *process = NULL;
	struct err err = {0};

	(void)state;
	assert_int_equal(process_start(&options, &process, &err), -1);
	assert_int_equal(err.code, ERR_NOT_FOUND);
	assert_string_equal(err.msg, "no-such-program-here: no such program in PATH");
	assert_null(process);
}

static void test_process_start__reports_why_exec_failed(void **state)
{
	CLEANUP(mem_freep) char *path = path_join(*state, "prog");
	CLEANUP(mem_freep)
	char *expected = mem_printf("cannot execute %s: Exec format error", path);
	const char *const argv[] = {path, NULL};
	struct process_options options = {.argv = argv};
	struct process *process = NULL;
	struct err err = {0};

	assert_int_equal(
		file_write(path, slice_of_string("no program"), 0700, FILE_CREATE, &err),
		0);
	assert_int_equal(process_start(&options, &process, &err), -1);
	assert_string_equal(err.msg, expected);
	assert_null(process);
}

static void test_process_start__pipes_both_ways(void **state)
{
	const char *const argv[] = {"cat", NULL};
	struct process_options options = {
		.argv = argv, .want_stdin = true, .want_stdout = true};
	CLEANUP(process_freep) struct process *process = start(&options);
	struct err err = {0};
	char line[16];

	(void)state;
	assert_int_equal(fd_write_all(process_stdin(process), "hello\n", 6, &err), 0);
	process_close_stdin(process);
	assert_int_equal(process_stdin(process), -1);
	read_line(process, line, sizeof(line));
	assert_string_equal(line, "hello\n");
	assert_int_equal(wait_for(process), 0);
}

static void test_process_start__unwanted_pipes_are_null(void **state)
{
	const char *const argv[] = {"cat", NULL};
	struct process_options options = {.argv = argv};
	CLEANUP(process_freep) struct process *process = start(&options);

	(void)state;
	assert_int_equal(process_stdin(process), -1);
	assert_int_equal(process_stdout(process), -1);
	assert_int_equal(wait_for(process), 0);
}

static void test_process_start__uses_given_descriptors(void **state)
{
	CLEANUP(mem_freep) char *in = path_join(*state, "in");
	CLEANUP(mem_freep) char *out = path_join(*state, "out");
	CLEANUP(buf_release) struct buf bytes = {0};
	CLEANUP(fd_closep) int in_fd = -1;
	CLEANUP(fd_closep) int out_fd = -1;
	const char *const argv[] = {"cat", NULL};
	struct process_options options = {.argv = argv};
	struct err err = {0};
	struct process *process;

	assert_int_equal(file_write(in, slice_of_string("x\n"), 0600, FILE_CREATE, &err),
			 0);
	in_fd = open(in, O_RDONLY | O_CLOEXEC);
	out_fd = open(out, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	options.stdin_fd = in_fd;
	options.stdout_fd = out_fd;
	process = start(&options);
	assert_int_equal(wait_for(process), 0);
	process_free(process);
	assert_int_equal(file_read(out, 100, &bytes, &err), 0);
	assert_string_equal(buf_string(&bytes), "x\n");
}

static void test_process_start__joins_stdout_and_stderr(void **state)
{
	const char *const argv[] = {"sh", "-c", "echo a; echo b >&2; echo c", NULL};
	struct process_options options = {.argv = argv, .stdout_to_stderr = true};
	CLEANUP(process_freep) struct process *process = start(&options);

	(void)state;
	assert_int_equal(wait_for(process), 0);
	assert_string_equal(process_stderr(process), "a\nb\nc");
}

static void keep_line(void *state, const char *line)
{
	strings_add(state, line);
}

/* Runs a script; *ret_lines is what it said. */
static void hear(const char *script, struct strings *ret_lines)
{
	struct process_options options = {.argv = SHELL(script),
					  .stdout_to_stderr = true,
					  .stderr_line = keep_line,
					  .stderr_line_state = ret_lines};
	CLEANUP(process_freep) struct process *process = NULL;

	strings_init(ret_lines);
	process = start(&options);
	assert_int_equal(wait_for(process), 0);
}

static void test_process_start__tells_each_line(void **state)
{
	CLEANUP(strings_release) struct strings lines = {0};

	(void)state;
	hear("echo out; printf 'a\\000b\\n\\nno end' >&2", &lines);
	assert_int_equal(strings_count(&lines), 4);
	assert_string_equal(strings_at(&lines, 0), "out");
	assert_string_equal(strings_at(&lines, 1), "a b");
	assert_string_equal(strings_at(&lines, 2), "");
	assert_string_equal(strings_at(&lines, 3), "no end");
}

static void test_process_start__cuts_a_line_without_end(void **state)
{
	CLEANUP(strings_release) struct strings lines = {0};

	(void)state;
	hear("head -c 300000 /dev/zero | tr '\\0' x; echo; echo last", &lines);
	assert_int_equal(strings_count(&lines), 2);
	assert_int_equal(strlen(strings_at(&lines, 0)), PROCESS_LINE_MAX);
	assert_string_equal(strings_at(&lines, 1), "last");
}

static void test_process_wait__gives_status_and_signal(void **state)
{
	struct process_options by_exit = {.argv = SHELL("exit 200")};
	struct process_options by_signal = {.argv = SHELL("kill -TERM $$")};
	CLEANUP(process_freep) struct process *exits = start(&by_exit);
	CLEANUP(process_freep) struct process *dies = start(&by_signal);

	(void)state;
	assert_int_equal(wait_for(exits), 200);
	assert_int_equal(wait_for(exits), 200);
	assert_int_equal(wait_for(dies), 128 + SIGTERM);
}

static void test_process_wait__closes_stdin(void **state)
{
	const char *const argv[] = {"cat", NULL};
	struct process_options options = {.argv = argv, .want_stdin = true};
	CLEANUP(process_freep) struct process *process = start(&options);

	(void)state;
	assert_int_equal(wait_for(process), 0);
}

static void test_process_wait__survives_a_chatty_child(void **state)
{
	struct process_options options = {
		.argv = SHELL("head -c 3000000 /dev/zero | tr '\\0' x >&2;"
			      "echo >&2; echo the end >&2")};
	CLEANUP(process_freep) struct process *process = start(&options);
	const char *text;

	(void)state;
	assert_int_equal(wait_for(process), 0);
	text = process_stderr(process);
	assert_true(strlen(text) <= PROCESS_STDERR_MAX);
	assert_true(strlen(text) > PROCESS_STDERR_MAX / 2);
	assert_non_null(strstr(text, "xxx\nthe end"));
}

static void test_process_wait__does_not_wait_for_what_the_child_left(void **state)
{
	struct process_options options = {
		.argv = SHELL("sleep 1000 & echo $! >&1; echo said >&2"),
		.want_stdout = true};
	CLEANUP(process_freep) struct process *process = start(&options);
	char line[32];
	long pid;

	(void)state;
	read_line(process, line, sizeof(line));
	assert_int_equal(wait_for(process), 0);
	assert_string_equal(process_stderr(process), "said");
	pid = strtol(line, NULL, 10);
	assert_true(pid > 1);
	assert_int_equal(kill((pid_t)pid, SIGKILL), 0);
}

static void test_process_wait__leaves_the_child_running(void **state)
{
	const char *const argv[] = {"sleep", "1000", NULL};
	struct process_options options = {.argv = argv};
	CLEANUP(process_freep) struct process *process = start(&options);
	struct cancel cancel;
	struct err err = {0};
	int status = -1;

	(void)state;
	cancel_init(&cancel);
	cancel_set(&cancel, SIGINT);
	assert_int_equal(process_wait(process, &cancel, &status, &err), -1);
	assert_int_equal(err.code, ERR_INTERRUPTED);
	assert_int_equal(err.signal, SIGINT);
	assert_string_equal(err.msg, "sleep: interrupted by SIGINT");
	assert_int_equal(status, -1);
}

static void test_process_check__quotes_foreign_text(void **state)
{
	struct process_options options = {.argv = SHELL("printf 'a\\033b' >&2; exit 1")};
	CLEANUP(process_freep) struct process *process = start(&options);
	struct err err = {0};

	(void)state;
	assert_int_equal(wait_for(process), 1);
	assert_int_equal(process_check(process, &err), -1);
	assert_memory_equal(err.msg, "sh: exit status 1: \"a\\x1", 24);
	assert_null(strchr(err.msg, '\033'));
}

static void test_process_check__accepts_success(void **state)
{
	struct process_options options = {.argv = SHELL("echo warning >&2")};
	CLEANUP(process_freep) struct process *process = start(&options);
	struct err err = {0};

	(void)state;
	assert_int_equal(wait_for(process), 0);
	assert_int_equal(process_check(process, &err), 0);
	assert_string_equal(process_stderr(process), "warning");
}

static void test_process_stderr__is_empty_when_inherited(void **state)
{
	struct process_options options = {.argv = SHELL(":"), .keep_stderr = true};
	CLEANUP(process_freep) struct process *process = start(&options);

	(void)state;
	assert_int_equal(wait_for(process), 0);
	assert_string_equal(process_stderr(process), "");
}

/* Every process of the group holds the write end of our stdout pipe; its end of file, seen
 * on a copy of the read end, proves that all are gone. */
static void test_process_free__ends_the_whole_group(void **state)
{
	struct process_options options = {
		.argv = SHELL("(trap '' TERM; sleep 1000) & echo up; wait; sleep 1000"),
		.want_stdout = true};
	struct process *process = start(&options);
	CLEANUP(fd_closep) int copy = fcntl(process_stdout(process), F_DUPFD_CLOEXEC, 0);
	struct err err = {0};
	char line[16];
	size_t n = 1;

	(void)state;
	read_line(process, line, sizeof(line));
	assert_string_equal(line, "up\n");
	process_free(process);
	assert_int_equal(fd_read(copy, line, sizeof(line), &n, &err), 0);
	assert_int_equal(n, 0);
}

static void test_process_free__takes_null(void **state)
{
	struct process *process = NULL;

	(void)state;
	process_freep(&process);
	assert_null(process);
}

static void test_process_stdin__gives_an_error_when_the_child_is_dead(void **state)
{
	static const uint8_t zeros[65536];
	struct process_options options = {.argv = SHELL("exit 0"), .want_stdin = true};
	CLEANUP(process_freep) struct process *process = start(&options);
	struct err err = {0};
	int failed = 0;

	(void)state;
	(void)signal(SIGPIPE, SIG_IGN);
	/* The pipe takes 64 KiB at most before the child's end closes it. */
	for (int i = 0; i < 3 && failed == 0; i++)
		failed = fd_write_all(process_stdin(process), zeros, sizeof(zeros), &err);
	assert_int_equal(failed, -1);
	assert_string_equal(err.msg, "cannot write: Broken pipe");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_process_run__gives_the_output),
		cmocka_unit_test(test_process_run__shows_status_and_last_line),
		cmocka_unit_test(test_process_run__shows_status_without_stderr),
		cmocka_unit_test(test_process_run__names_the_signal),
		cmocka_unit_test(test_process_run__limits_the_output),
		cmocka_unit_test(test_process_run__stops_when_cancelled),
		cmocka_unit_test(test_process_start__names_a_missing_program),
		tempdir_test(test_process_start__reports_why_exec_failed),
		cmocka_unit_test(test_process_start__pipes_both_ways),
		cmocka_unit_test(test_process_start__unwanted_pipes_are_null),
		tempdir_test(test_process_start__uses_given_descriptors),
		cmocka_unit_test(test_process_start__joins_stdout_and_stderr),
		cmocka_unit_test(test_process_start__tells_each_line),
		cmocka_unit_test(test_process_start__cuts_a_line_without_end),
		cmocka_unit_test(test_process_wait__gives_status_and_signal),
		cmocka_unit_test(test_process_wait__closes_stdin),
		cmocka_unit_test(test_process_wait__survives_a_chatty_child),
		cmocka_unit_test(
			test_process_wait__does_not_wait_for_what_the_child_left),
		cmocka_unit_test(test_process_wait__leaves_the_child_running),
		cmocka_unit_test(test_process_check__quotes_foreign_text),
		cmocka_unit_test(test_process_check__accepts_success),
		cmocka_unit_test(test_process_stderr__is_empty_when_inherited),
		cmocka_unit_test(test_process_free__ends_the_whole_group),
		cmocka_unit_test(test_process_free__takes_null),
		cmocka_unit_test(
			test_process_stdin__gives_an_error_when_the_child_is_dead),
	};

	return cmocka_run_group_tests_name("base/process", tests, NULL, NULL);
}
