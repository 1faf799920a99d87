/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/pool.h"

static int memory_file(const char *content)
{
	struct err err = {0};
	int fd = memfd_create("test", MFD_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(fd_write_all(fd, content, strlen(content), &err), 0);
	return fd;
}

static void test_fd_closep__closes_and_marks(void **state)
{
	int fd = memory_file("");
	int copy = fd;

	(void)state;
	fd_closep(&fd);
	assert_int_equal(fd, -1);
	assert_int_equal(fcntl(copy, F_GETFD), -1);
	fd_closep(&fd);
	assert_int_equal(fd, -1);
}

static void test_fd_read__stops_at_the_end(void **state)
{
	CLEANUP(fd_closep) int fd = memory_file("hello");
	struct err err = {0};
	char bytes[8] = {0};
	size_t n = 0;

	(void)state;
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	assert_int_equal(fd_read(fd, bytes, sizeof(bytes), &n, &err), 0);
	assert_int_equal(n, 5);
	assert_string_equal(bytes, "hello");
}

struct slow_writer {
	int fd;
};

static void write_in_pieces(void *task, unsigned worker)
{
	struct slow_writer *writer = task;
	struct err err = {0};

	(void)worker;
	for (char c = 'a'; c <= 'j'; c++)
		if (fd_write_all(writer->fd, &c, 1, &err) < 0)
			break;
	fd_closep(&writer->fd);
}

static void test_fd_read__joins_pieces_of_a_pipe(void **state)
{
	int ends[2];
	struct err err = {0};
	struct pool *pool;
	struct slow_writer writer;
	char bytes[16] = {0};
	size_t n = 0;

	(void)state;
	assert_int_equal(pipe(ends), 0);
	writer.fd = ends[1];
	assert_int_equal(pool_new(1, 1, &pool, &err), 0);
	pool_submit(pool, write_in_pieces, &writer);
	assert_int_equal(fd_read(ends[0], bytes, sizeof(bytes), &n, &err), 0);
	pool_free(pool);
	fd_closep(&ends[0]);
	assert_int_equal(n, 10);
	assert_string_equal(bytes, "abcdefghij");
}

static void test_fd_read__reports_a_bad_descriptor(void **state)
{
	struct err err = {0};
	char byte;
	size_t n = 77;

	(void)state;
	assert_int_equal(fd_read(-1, &byte, 1, &n, &err), -1);
	assert_int_equal(err.code, ERR_IO);
	assert_string_equal(err.msg, "cannot read: Bad file descriptor");
	assert_int_equal(n, 77);
}

static void test_fd_pread__reads_at_an_offset(void **state)
{
	CLEANUP(fd_closep) int fd = memory_file("hello");
	struct err err = {0};
	char bytes[8] = {0};
	size_t n = 0;

	(void)state;
	assert_int_equal(fd_pread(fd, 3, bytes, sizeof(bytes), &n, &err), 0);
	assert_int_equal(n, 2);
	assert_string_equal(bytes, "lo");
}

static void test_fd_pread__refuses_offsets_beyond_any_file(void **state)
{
	CLEANUP(fd_closep) int fd = memory_file("x");
	struct err err = {0};
	char byte;
	size_t n;

	(void)state;
	assert_int_equal(fd_pread(fd, UINT64_MAX - 1, &byte, 1, &n, &err), -1);
	assert_int_equal(err.code, ERR_LIMIT);
	assert_string_equal(err.msg, "offset 18446744073709551614 plus 1 bytes exceeds "
				     "the largest file");
}

static void test_fd_pread_exact__reads_all(void **state)
{
	CLEANUP(fd_closep) int fd = memory_file("hello");
	struct err err = {0};
	char bytes[4] = {0};

	(void)state;
	assert_int_equal(fd_pread_exact(fd, 1, bytes, 3, &err), 0);
	assert_string_equal(bytes, "ell");
}

static void test_fd_pread_exact__reports_a_short_file(void **state)
{
	CLEANUP(fd_closep) int fd = memory_file("hello");
	struct err err = {0};
	char bytes[8];

	(void)state;
	assert_int_equal(fd_pread_exact(fd, 1, bytes, 8, &err), -1);
	assert_int_equal(err.code, ERR_CORRUPT);
	assert_string_equal(err.msg, "at offset 1: ends after 4 of 8 bytes");
}

static void test_fd_write_all__reports_a_full_device(void **state)
{
	CLEANUP(fd_closep) int fd = open("/dev/full", O_WRONLY | O_CLOEXEC);
	struct err err = {0};

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(fd_write_all(fd, "x", 1, &err), -1);
	assert_int_equal(err.code, ERR_NO_SPACE);
	assert_string_equal(err.msg, "cannot write: No space left on device");
}

static void test_fd_write_all__reports_a_closed_pipe(void **state)
{
	int ends[2];
	struct err err = {0};

	(void)state;
	(void)signal(SIGPIPE, SIG_IGN);
	assert_int_equal(pipe(ends), 0);
	fd_closep(&ends[0]);
	assert_int_equal(fd_write_all(ends[1], "x", 1, &err), -1);
	fd_closep(&ends[1]);
	assert_string_equal(err.msg, "cannot write: Broken pipe");
}

static void test_fd_pwrite_all__writes_at_an_offset(void **state)
{
	CLEANUP(fd_closep) int fd = memory_file("hello");
	struct err err = {0};
	char bytes[6] = {0};

	(void)state;
	assert_int_equal(fd_pwrite_all(fd, 2, "LL", 2, &err), 0);
	assert_int_equal(fd_pread_exact(fd, 0, bytes, 5, &err), 0);
	assert_string_equal(bytes, "heLLo");
}

static void test_fd_pwrite_all__names_the_offset(void **state)
{
	struct err err = {0};

	(void)state;
	assert_int_equal(fd_pwrite_all(-1, 42, "x", 1, &err), -1);
	assert_string_equal(err.msg, "cannot write at offset 42: Bad file descriptor");
}

static void test_fd_sync__forgives_what_cannot_be_synced(void **state)
{
	int ends[2];
	struct err err = {0};

	(void)state;
	assert_int_equal(pipe(ends), 0);
	assert_int_equal(fd_sync(ends[1], &err), 0);
	fd_closep(&ends[0]);
	fd_closep(&ends[1]);
	assert_int_equal(err.code, ERR_NONE);
}

static void test_fd_sync__reports_a_bad_descriptor(void **state)
{
	struct err err = {0};

	(void)state;
	assert_int_equal(fd_sync(-1, &err), -1);
	assert_string_equal(err.msg, "cannot sync: Bad file descriptor");
}

/* In a child without 0 to 2: what is wrong, as its exit status. */
static int take_without_standard(void)
{
	struct err err = {0};
	char byte = 0;

	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		(void)close(fd);
	if (fd_take_standard(&err) < 0)
		return 1;
	if (read(STDIN_FILENO, &byte, 1) != -1 || errno != EBADF)
		return 2;
	if (write(STDOUT_FILENO, &byte, 1) != -1 || errno != EBADF)
		return 3;
	if (write(STDERR_FILENO, &byte, 1) != 1)
		return 4;
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if ((fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0)
			return 5;
	return 0;
}

static void test_fd_take_standard__takes_closed_ones(void **state)
{
	int status = -1;

	(void)state;
	pid_t child = fork();
	if (child == 0)
		_exit(take_without_standard());
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

static void test_fd_take_standard__leaves_open_ones(void **state)
{
	struct err err = {0};
	int ends[2];
	char byte = 'x';

	(void)state;
	assert_int_equal(pipe(ends), 0);
	CLEANUP(fd_closep) int stdin_before = dup(STDIN_FILENO);
	assert_int_equal(dup2(ends[0], STDIN_FILENO), STDIN_FILENO);
	assert_int_equal(fd_take_standard(&err), 0);
	assert_int_equal(write(ends[1], &byte, 1), 1);
	assert_int_equal(read(STDIN_FILENO, &byte, 1), 1);
	assert_int_equal(dup2(stdin_before, STDIN_FILENO), STDIN_FILENO);
	fd_closep(&ends[0]);
	fd_closep(&ends[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fd_closep__closes_and_marks),
		cmocka_unit_test(test_fd_take_standard__takes_closed_ones),
		cmocka_unit_test(test_fd_take_standard__leaves_open_ones),
		cmocka_unit_test(test_fd_read__stops_at_the_end),
		cmocka_unit_test(test_fd_read__joins_pieces_of_a_pipe),
		cmocka_unit_test(test_fd_read__reports_a_bad_descriptor),
		cmocka_unit_test(test_fd_pread__reads_at_an_offset),
		cmocka_unit_test(test_fd_pread__refuses_offsets_beyond_any_file),
		cmocka_unit_test(test_fd_pread_exact__reads_all),
		cmocka_unit_test(test_fd_pread_exact__reports_a_short_file),
		cmocka_unit_test(test_fd_write_all__reports_a_full_device),
		cmocka_unit_test(test_fd_write_all__reports_a_closed_pipe),
		cmocka_unit_test(test_fd_pwrite_all__writes_at_an_offset),
		cmocka_unit_test(test_fd_pwrite_all__names_the_offset),
		cmocka_unit_test(test_fd_sync__forgives_what_cannot_be_synced),
		cmocka_unit_test(test_fd_sync__reports_a_bad_descriptor),
	};

	return cmocka_run_group_tests_name("base/fd", tests, NULL, NULL);
}
