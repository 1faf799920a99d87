/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "job/metrics_file.h"
#include "support/tempdir.h"

enum { WRITERS = 4, UPDATES = 25 };

static void read_text(const char *path, struct buf *ret_text)
{
	struct err err = {0};

	if (file_read(path, METRICS_FILE_MAX, ret_text, &err) < 0)
		fail_msg("%s", err.msg);
}

static struct cancel cancel;

/* What flock() fails with on a file system without locks; 0 = it has them. */
static int no_locks;

/* The C library's, as the module finds it. */
int flock(int fd, int operation)
{
	if (no_locks == 0)
		return (int)syscall(SYS_flock, fd, operation);
	errno = no_locks;
	return -1;
}

static int update(const char *path, const char *stream, int64_t now_nsec, struct err *err)
{
	const struct run_report report = {.stream = stream, .backed_up = true};

	return metrics_file_update(path, &report, 1, now_nsec, &cancel, err);
}

static void test_metrics_file_update__makes_and_replaces_the_file(void **state)
{
	CLEANUP(mem_freep) char *path = path_join(*state, "new.prom");
	CLEANUP(buf_release) struct buf text = {0};
	struct err err = {0};

	for (int64_t i = 1; i <= 2; i++)
		if (update(path, "s", i * 1000000000, &err) < 0)
			fail_msg("%s", err.msg);
	read_text(path, &text);
	assert_non_null(
		strstr(buf_string(&text),
		       "quipu_backup_last_run_timestamp_seconds{stream=\"s\"} 2.000\n"));
	assert_null(strstr(buf_string(&text), "} 1.000\nquipu_backup_last_run"));
}

/* One of several programs that update the file at the same time, each for its streams. */
static int write_often(const char *path, int writer)
{
	struct err err = {0};
	char stream[32];

	for (int i = 0; i < UPDATES; i++) {
		(void)snprintf(stream, sizeof(stream), "w%d/s%d", writer, i);
		if (update(path, stream, 0, &err) < 0)
			return 1;
	}
	return 0;
}

static void test_metrics_file_update__loses_nothing_of_others_at_once(void **state)
{
	CLEANUP(mem_freep) char *path = path_join(*state, "busy.prom");
	CLEANUP(buf_release) struct buf text = {0};
	pid_t writers[WRITERS];
	char line[80];

	for (int i = 0; i < WRITERS; i++) {
		writers[i] = fork();
		if (writers[i] == 0)
			_exit(write_often(path, i));
	}
	for (int i = 0; i < WRITERS; i++) {
		int status = -1;

		assert_int_equal(waitpid(writers[i], &status, 0), writers[i]);
		assert_int_equal(status, 0);
	}
	read_text(path, &text);
	for (int i = 0; i < WRITERS * UPDATES; i++) {
		(void)snprintf(line, sizeof(line),
			       "quipu_backup_success{stream=\"w%d/s%d\"} 1.000\n",
			       i / UPDATES, i % UPDATES);
		if (strstr(buf_string(&text), line) == NULL)
			fail_msg("lost: %s", line);
	}
}

static void test_metrics_file_update__refuses_what_is_no_file(void **state)
{
	CLEANUP(mem_freep) char *path = path_join(*state, "pipe");
	struct err err = {0};

	assert_int_equal(mkfifo(path, 0600), 0);
	assert_int_equal(update(path, "s", 0, &err), -1);
	assert_non_null(strstr(err.msg, "is not a regular file"));
	err_clear(&err);
	assert_int_equal(update("/nowhere/quipu.prom", "s", 0, &err), -1);
	assert_string_equal(err.msg,
			    "metrics: cannot create /nowhere/quipu.prom: No such "
			    "file or directory");
}

static void test_metrics_file_update__goes_without_locks(void **state)
{
	static const int reasons[] = {ENOLCK, ENOSYS, EOPNOTSUPP, EBADF};
	CLEANUP(mem_freep) char *path = path_join(*state, "lockless.prom");
	struct err err = {0};

	for (size_t i = 0; i < ARRAY_SIZE(reasons); i++) {
		CLEANUP(buf_release) struct buf text = {0};

		no_locks = reasons[i];
		int result = update(path, "s", (int64_t)i * 1000000000, &err);
		no_locks = 0;
		if (result < 0)
			fail_msg("%s", err.msg);
		read_text(path, &text);
		assert_non_null(strstr(buf_string(&text), "quipu_backup_success{"));
	}
}

static void
test_metrics_file_update__leaves_a_stuck_holder_after_an_interruption(void **state)
{
	CLEANUP(mem_freep) char *path = path_join(*state, "held.prom");
	CLEANUP(mem_freep)
	char *expected =
		mem_printf("metrics: cannot lock %s: another program holds it", path);
	CLEANUP(fd_closep) int holder = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	struct err err = {0};

	assert_int_equal(flock(holder, LOCK_EX), 0);
	cancel_set(&cancel, SIGINT);
	assert_int_equal(update(path, "s", 0, &err), -1);
	assert_int_equal(err.code, ERR_FAILED);
	assert_string_equal(err.msg, expected);

	/* an interrupted run that finds it free still tells what it did */
	err_clear(&err);
	assert_int_equal(flock(holder, LOCK_UN), 0);
	assert_int_equal(update(path, "s", 0, &err), 0);
	cancel_init(&cancel);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_metrics_file_update__makes_and_replaces_the_file),
		cmocka_unit_test(
			test_metrics_file_update__loses_nothing_of_others_at_once),
		cmocka_unit_test(test_metrics_file_update__refuses_what_is_no_file),
		cmocka_unit_test(test_metrics_file_update__goes_without_locks),
		cmocka_unit_test(
			test_metrics_file_update__leaves_a_stuck_holder_after_an_interruption),
	};
	return cmocka_run_group_tests(tests, tempdir_setup, tempdir_teardown);
}
