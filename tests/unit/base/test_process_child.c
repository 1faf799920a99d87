/* SPDX-License-Identifier: Apache-2.0 */
/* What a child finds when it starts: environment, group, signals, open files. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mem.h"
#include "base/process.h"
#include "support/tempdir.h"

static void output_of(const struct process_options *options, char *text, size_t size)
{
	struct err err = {0};
	struct process *process = NULL;
	size_t n;
	int status;

	if (process_start(options, &process, &err) < 0)
		fail_msg("%s", err.msg);
	assert_int_equal(fd_read(process_stdout(process), text, size - 1, &n, &err), 0);
	text[n] = '\0';
	assert_int_equal(process_wait(process, NULL, &status, &err), 0);
	assert_int_equal(status, 0);
	process_free(process);
}

static void shell_output(const char *script, char *text, size_t size)
{
	const char *const argv[] = {"sh", "-c", script, NULL};
	struct process_options options = {.argv = argv, .want_stdout = true};

	output_of(&options, text, size);
}

static void test_process_child__gets_the_changed_environment(void **state)
{
	const char *const argv[] = {
		"sh", "-c", "echo \"$QT_KEPT $QT_SET $QT_NEW ${QT_GONE-gone}\"", NULL};
	const char *const set_env[] = {"QT_SET=new value", "QT_NEW=n", NULL};
	const char *const unset_env[] = {"QT_GONE", "QT_NOT_THERE", NULL};
	struct process_options options = {.argv = argv,
					  .want_stdout = true,
					  .set_env = set_env,
					  .unset_env = unset_env};
	char text[100];

	(void)state;
	assert_int_equal(setenv("QT_KEPT", "kept", 1), 0);
	assert_int_equal(setenv("QT_SET", "old", 1), 0);
	assert_int_equal(setenv("QT_GONE", "still", 1), 0);
	output_of(&options, text, sizeof(text));
	assert_string_equal(text, "kept new value n gone\n");
}

static void test_process_find__follows_path(void **state)
{
	CLEANUP(mem_freep) char *program = mem_printf("%s/quipu-probe", (char *)*state);
	CLEANUP(mem_freep) char *search = mem_printf("/nowhere:%s", (char *)*state);
	CLEANUP(mem_freep) char *before = mem_strdup(getenv("PATH"));
	CLEANUP(mem_freep) char *found = NULL;
	CLEANUP(mem_freep) char *absent = NULL;
	struct err err = {0};

	assert_int_equal(file_write(program, slice_of_string("#!/bin/sh\n"), 0755,
				    FILE_REPLACE, &err),
			 0);
	assert_int_equal(setenv("PATH", search, 1), 0);
	found = process_find("quipu-probe");
	absent = process_find("quipu-absent");
	assert_int_equal(setenv("PATH", before, 1), 0);
	assert_non_null(found);
	assert_string_equal(found, program);
	assert_null(absent);
}

static void test_process_child__leads_its_own_group(void **state)
{
	char text[100];
	char *end;
	long pid, group;

	(void)state;
	/* /proc/self/stat would be the reader's; $$ is the shell's own number. */
	shell_output("read p c s pp group rest < /proc/$$/stat; echo $p $group", text,
		     sizeof(text));
	pid = strtol(text, &end, 10);
	group = strtol(end, NULL, 10);
	assert_true(pid > 1);
	assert_int_equal(pid, group);
	assert_true(group != (long)getpgrp());
}

static void test_process_child__has_default_signals(void **state)
{
	sigset_t block;
	char text[200];
	char *end;

	(void)state;
	(void)signal(SIGPIPE, SIG_IGN);
	(void)signal(SIGUSR1, SIG_IGN);
	sigemptyset(&block);
	sigaddset(&block, SIGTERM);
	assert_int_equal(sigprocmask(SIG_BLOCK, &block, NULL), 0);
	shell_output("while read name value; do case $name in SigBlk:|SigIgn:) "
		     "echo $value;; esac; done < /proc/$$/status",
		     text, sizeof(text));
	assert_int_equal(sigprocmask(SIG_UNBLOCK, &block, NULL), 0);
	(void)signal(SIGUSR1, SIG_DFL);
	assert_int_equal(strtoull(text, &end, 16), 0);
	/* Signal 32 is the C library's own and not ours to change. */
	assert_int_equal(strtoull(end, NULL, 16) & 0x7fffffff, 0);
}

static void test_process_child__inherits_no_other_files(void **state)
{
	int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
	int leaky = fcntl(null, F_DUPFD, 55); /* as a careless library does */
	char text[200];

	(void)state;
	assert_int_equal(leaky, 55);
	shell_output("for f in 0 1 2 55; do test -e /proc/$$/fd/$f && echo $f; done; :",
		     text, sizeof(text));
	fd_closep(&leaky);
	fd_closep(&null);
	assert_string_equal(text, "0\n1\n2\n");
}

static void test_process_child__may_swap_descriptors(void **state)
{
	const char *const argv[] = {"sh", "-c", "echo to-stdout-fd", NULL};
	int ends[2];
	struct process_options options = {.argv = argv};
	struct process *process = NULL;
	struct err err = {0};
	char text[32] = {0};
	size_t n;
	int status;

	(void)state;
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	options.stdout_fd = ends[1];
	options.stdin_fd = ends[0];
	assert_int_equal(process_start(&options, &process, &err), 0);
	assert_int_equal(process_wait(process, NULL, &status, &err), 0);
	process_free(process);
	fd_closep(&ends[1]);
	assert_int_equal(fd_read(ends[0], text, sizeof(text) - 1, &n, &err), 0);
	fd_closep(&ends[0]);
	assert_string_equal(text, "to-stdout-fd\n");
}

static void test_process_child__is_found_in_path_order(void **state)
{
	CLEANUP(mem_freep) char *before = mem_strdup(getenv("PATH"));
	CLEANUP(mem_freep) char *first = path_join(*state, "first");
	CLEANUP(mem_freep) char *second = path_join(*state, "second");
	CLEANUP(mem_freep) char *unusable = path_join(first, "qt-program");
	CLEANUP(mem_freep) char *program = path_join(second, "qt-program");
	CLEANUP(mem_freep) char *path = mem_printf("%s:/none:%s", first, second);
	const char *const argv[] = {"qt-program", NULL};
	struct process_options options = {.argv = argv, .want_stdout = true};
	struct err err = {0};
	char text[32];

	assert_int_equal(directory_create(first, 0700, &err), 0);
	assert_int_equal(directory_create(second, 0700, &err), 0);
	assert_int_equal(mkdir(unusable, 0700), 0);
	assert_int_equal(file_write(program, slice_of_string("#!/bin/sh\necho found\n"),
				    0700, FILE_CREATE, &err),
			 0);
	assert_int_equal(setenv("PATH", path, 1), 0);
	output_of(&options, text, sizeof(text));
	assert_int_equal(setenv("PATH", before, 1), 0);
	assert_string_equal(text, "found\n");
}

static void test_process_child__names_a_missing_path(void **state)
{
	const char *const argv[] = {"/nonexistent/program", NULL};
	struct process_options options = {.argv = argv};
	struct process *process = NULL;
	struct err err = {0};

	(void)state;
	assert_int_equal(process_start(&options, &process, &err), -1);
	assert_int_equal(err.code, ERR_NOT_FOUND);
	assert_string_equal(err.msg, "cannot execute /nonexistent/program: No such file "
				     "or directory");
}

static void test_process_child__refuses_an_empty_name(void **state)
{
	const char *const argv[] = {"", NULL};
	struct process_options options = {.argv = argv};
	struct process *process = NULL;
	struct err err = {0};

	(void)state;
	assert_int_equal(process_start(&options, &process, &err), -1);
	assert_string_equal(err.msg, "\"\": no such program in PATH");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_process_child__gets_the_changed_environment),
		tempdir_test(test_process_find__follows_path),
		cmocka_unit_test(test_process_child__leads_its_own_group),
		cmocka_unit_test(test_process_child__has_default_signals),
		cmocka_unit_test(test_process_child__inherits_no_other_files),
		cmocka_unit_test(test_process_child__may_swap_descriptors),
		tempdir_test(test_process_child__is_found_in_path_order),
		cmocka_unit_test(test_process_child__names_a_missing_path),
		cmocka_unit_test(test_process_child__refuses_an_empty_name),
	};

	return cmocka_run_group_tests_name("base/process_child", tests, NULL, NULL);
}
