/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "cli/cli.h"
#include "support/tempdir.h"

struct sample_options {
	struct common_options common;
	bool fail;
};

static int run_sample(void *context, void *options, const struct strings *operands,
		      struct err *err)
{
	struct cli *cli = context;
	const struct sample_options *sample = options;

	(void)operands;
	buf_append_string(&cli->output, "data\n");
	if (cli->common->repo != NULL)
		buf_printf(&cli->output, "repo %s\n", cli->common->repo);
	if (cli->common->key != NULL)
		buf_printf(&cli->output, "key %s\n", cli->common->key);
	if (!sample->fail)
		return 3;
	(void)err_set(err, ERR_KEY, "wrong key");
	return err_hint(err, "try another");
}

static const struct opt sample_opts[] = {
	{.name = "fail",
	 .type = OPT_FLAG,
	 .offset = offsetof(struct sample_options, fail),
	 .help = "fails"},
	{0},
};
static const struct opt *const sample_tables[] = {sample_opts, NULL};
static const struct cmd sample_cmd = {.name = "go",
				      .tables = sample_tables,
				      .options_len = sizeof(struct sample_options),
				      .run = run_sample,
				      .summary = "goes"};
static const struct cmd *const commands[] = {&sample_cmd, NULL};
static const struct program program = {.name = "sample",
				       .version = "1",
				       .summary = "a sample",
				       .commands = commands,
				       .common = cli_common_options};

struct outcome {
	int status;
	struct buf out, err;
};

static void read_all(int fd, struct buf *to)
{
	size_t n;
	struct err err = {0};

	buf_init(to, 0);
	assert_int_equal(fd_read(fd, buf_extend(to, 4096), 4096, &n, &err), 0);
	to->len = n;
	to->data[n] = '\0';
	(void)close(fd);
}

/* Runs the program in a child with its output in pipes. */
static void run(struct outcome *outcome, const char *a, const char *b)
{
	char *argv[] = {(char *)(uintptr_t) "sample", (char *)(uintptr_t)a,
			(char *)(uintptr_t)b, NULL};
	int argc = b != NULL ? 3 : 2;
	int out[2];
	int err[2];

	assert_int_equal(pipe(out), 0);
	assert_int_equal(pipe(err), 0);
	pid_t pid = fork();
	if (pid == 0) {
		(void)dup2(out[1], STDOUT_FILENO);
		(void)dup2(err[1], STDERR_FILENO);
		_exit(cli_run(&program, argc, argv));
	}
	(void)close(out[1]);
	(void)close(err[1]);
	read_all(out[0], &outcome->out);
	read_all(err[0], &outcome->err);
	assert_int_equal(waitpid(pid, &outcome->status, 0), pid);
	outcome->status = WEXITSTATUS(outcome->status);
}

static void release(struct outcome *outcome)
{
	buf_release(&outcome->out);
	buf_release(&outcome->err);
}

static void test_cli_run__prints_data_and_passes_the_exit_code_on(void **state)
{
	struct outcome outcome;

	(void)state;
	run(&outcome, "go", NULL);
	assert_int_equal(outcome.status, 3);
	assert_string_equal(buf_string(&outcome.out), "data\n");
	assert_string_equal(buf_string(&outcome.err), "");
	release(&outcome);
}

static void test_cli_run__a_failure_leaves_stdout_empty(void **state)
{
	struct outcome outcome;

	(void)state;
	run(&outcome, "go", "--fail");
	assert_int_equal(outcome.status, 12);
	assert_string_equal(buf_string(&outcome.out), "");
	assert_string_equal(buf_string(&outcome.err),
			    "sample: wrong key\nhint: try another\n");
	release(&outcome);
}

static void test_cli_run__errors_are_json_when_asked(void **state)
{
	struct outcome outcome;

	(void)state;
	run(&outcome, "--json", "gp");
	assert_int_equal(outcome.status, 2);
	assert_non_null(
		strstr(buf_string(&outcome.err), "{\"error\":{\"code\":\"usage\""));
	release(&outcome);
}

static void test_cli_run__help_is_data(void **state)
{
	struct outcome outcome;

	(void)state;
	run(&outcome, "--help", NULL);
	assert_int_equal(outcome.status, 0);
	assert_non_null(strstr(buf_string(&outcome.out), "sample"));
	assert_string_equal(buf_string(&outcome.err), "");
	release(&outcome);
}

static void expect_with_config(const char *directory, const char *text, int status,
			       const char *out, const char *err_part)
{
	CLEANUP(mem_freep) char *path = path_join(directory, "quipu.toml");
	CLEANUP(mem_freep) char *option = mem_printf("--config=%s", path);
	struct outcome outcome;
	struct err err = {0};

	assert_int_equal(
		file_write(path, slice_of_string(text), 0600, FILE_REPLACE, &err), 0);
	run(&outcome, option, "go");
	assert_int_equal(outcome.status, status);
	assert_string_equal(buf_string(&outcome.out), out);
	assert_non_null(strstr(buf_string(&outcome.err), err_part));
	release(&outcome);
}

static void test_cli_run__the_configuration_gives_what_is_absent(void **state)
{
	const char *text = "[repository]\nurl = \"file:///a\"\nkey = \"k\"\n";

	expect_with_config(*state, text, 3, "data\nrepo file:///a\nkey k\n", "");
	assert_int_equal(setenv("QUIPU_REPO", "file:///b", 1), 0);
	expect_with_config(*state, text, 3, "data\nrepo file:///b\nkey k\n", "");
	assert_int_equal(unsetenv("QUIPU_REPO"), 0);
}

static void test_cli_run__a_wrong_configuration_is_a_usage_error(void **state)
{
	expect_with_config(*state, "x = 1\n", 2, "", "quipu.toml:1:1");
}

static void test_cli_run__wrong_jobs_are_a_warning_to_who_runs_none(void **state)
{
	const char *text = "[repository]\nurl = \"file:///a\"\nkey = \"k\"\n"
			   "[[job]]\nmemory = \"1MiB\"\n";

	expect_with_config(*state, text, 3, "data\nrepo file:///a\nkey k\n", "warning: ");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cli_run__prints_data_and_passes_the_exit_code_on),
		cmocka_unit_test(test_cli_run__a_failure_leaves_stdout_empty),
		cmocka_unit_test(test_cli_run__errors_are_json_when_asked),
		cmocka_unit_test(test_cli_run__help_is_data),
		tempdir_test(test_cli_run__the_configuration_gives_what_is_absent),
		tempdir_test(test_cli_run__a_wrong_configuration_is_a_usage_error),
		tempdir_test(test_cli_run__wrong_jobs_are_a_warning_to_who_runs_none),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
