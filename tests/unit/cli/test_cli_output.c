/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/cli_output.h"
#include "support/tempdir.h"

/* What a child writes that puts out `n` rows of 1,000 bytes and then ends without success. */
static uint64_t written(const char *directory, unsigned n)
{
	CLEANUP(mem_freep) char *path = path_join(directory, "stdout");
	struct cli cli = {0};
	struct err err = {0};
	struct stat st;
	char row[1000];
	int status;

	pid_t pid = fork();
	if (pid == 0) {
		int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

		(void)dup2(fd, STDOUT_FILENO);
		memset(row, 'r', sizeof(row));
		buf_init(&cli.output, 2 * CLI_OUTPUT_PIECE);
		for (unsigned i = 0; i < n; i++) {
			buf_append(&cli.output, row, sizeof(row));
			if (cli_output_row(&cli, &err) < 0)
				_exit(1);
		}
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_int_equal(stat(path, &st), 0);
	return (uint64_t)st.st_size;
}

static void test_cli_output_row__keeps_a_short_result_together(void **state)
{
	assert_int_equal(written(*state, CLI_OUTPUT_PIECE / 1000), 0);
}

static void test_cli_output_row__writes_a_long_one_in_pieces(void **state)
{
	uint64_t n = written(*state, 1000);

	assert_true(n > 1000 * 1000 - CLI_OUTPUT_PIECE);
	assert_int_equal(n % 1000, 0); /* whole rows */
}

static void test_cli_output_write__fails_where_nothing_can_be_written(void **state)
{
	struct buf text;
	struct err err = {0};
	int saved = dup(STDERR_FILENO);
	int full = open("/dev/full", O_WRONLY | O_CLOEXEC);

	(void)state;
	buf_init(&text, 0);
	buf_append_string(&text, "result");
	(void)dup2(full, STDERR_FILENO);
	int result = cli_output_write(&text, true, &err);
	(void)dup2(saved, STDERR_FILENO);
	assert_int_equal(result, -1);
	assert_int_equal(err.code, ERR_NO_SPACE);
	assert_non_null(strstr(err.msg, "cannot write the result to stderr"));
	buf_release(&text);
	(void)close(full);
	(void)close(saved);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cli_output_row__keeps_a_short_result_together),
		cmocka_unit_test(test_cli_output_row__writes_a_long_one_in_pieces),
		cmocka_unit_test(
			test_cli_output_write__fails_where_nothing_can_be_written),
	};
	return cmocka_run_group_tests(tests, tempdir_setup, tempdir_teardown);
}
