/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mem.h"
#include "base/process_internal.h"

static const struct process_options quiet;

static struct stderr_tail *tail_of(int ends[static 2])
{
	struct stderr_tail *tail = NULL;
	struct err err = {0};

	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	if (stderr_tail_new_take(ends[0], &quiet, &tail, &err) < 0)
		fail_msg("%s", err.msg);
	return tail;
}

static void say(int fd, const char *text)
{
	struct err err = {0};

	assert_int_equal(fd_write_all(fd, text, strlen(text), &err), 0);
}

static void assert_text(struct stderr_tail *tail, const char *expected)
{
	CLEANUP(mem_freep) char *text = stderr_tail_text(tail);

	assert_string_equal(text, expected);
}

static void test_stderr_tail_stop__takes_what_is_in_the_open_pipe(void **state)
{
	int ends[2];
	struct stderr_tail *tail = tail_of(ends);

	(void)state;
	say(ends[1], "last words");
	stderr_tail_stop(tail);
	assert_text(tail, "last words");
	stderr_tail_free(tail);
	fd_closep(&ends[1]);
}

static void test_stderr_tail_stop__may_come_twice(void **state)
{
	int ends[2];
	struct stderr_tail *tail = tail_of(ends);

	(void)state;
	fd_closep(&ends[1]);
	stderr_tail_stop(tail);
	stderr_tail_stop(tail);
	assert_text(tail, "");
	stderr_tail_free(tail);
}

static void test_stderr_tail_text__trims_and_replaces_nul(void **state)
{
	int ends[2];
	struct stderr_tail *tail = tail_of(ends);
	struct err err = {0};

	(void)state;
	assert_int_equal(fd_write_all(ends[1], " \n\0a\0b\r\n\n", 9, &err), 0);
	stderr_tail_stop(tail);
	assert_text(tail, "a b");
	stderr_tail_free(tail);
	fd_closep(&ends[1]);
}

static void test_stderr_tail_text__keeps_the_end_only(void **state)
{
	int ends[2];
	struct stderr_tail *tail = tail_of(ends);
	char line[101];

	(void)state;
	memset(line, 'x', 100);
	line[100] = '\0';
	for (int i = 0; i < 1000; i++)
		say(ends[1], line);
	say(ends[1], "END");
	stderr_tail_stop(tail);
	{
		CLEANUP(mem_freep) char *text = stderr_tail_text(tail);
		size_t len = strlen(text);

		assert_int_equal(len, PROCESS_STDERR_MAX);
		assert_string_equal(text + len - 4, "xEND");
	}
	stderr_tail_free(tail);
	fd_closep(&ends[1]);
}

static void test_stderr_tail_new__reports_a_bad_descriptor(void **state)
{
	struct stderr_tail *tail = NULL;
	struct err err = {0};

	(void)state;
	assert_int_equal(stderr_tail_new_take(-1, &quiet, &tail, &err), -1);
	assert_non_null(strstr(err.msg, "Bad file descriptor"));
	assert_null(tail);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_stderr_tail_stop__takes_what_is_in_the_open_pipe),
		cmocka_unit_test(test_stderr_tail_stop__may_come_twice),
		cmocka_unit_test(test_stderr_tail_text__trims_and_replaces_nul),
		cmocka_unit_test(test_stderr_tail_text__keeps_the_end_only),
		cmocka_unit_test(test_stderr_tail_new__reports_a_bad_descriptor),
	};

	return cmocka_run_group_tests_name("base/process_stderr", tests, NULL, NULL);
}
