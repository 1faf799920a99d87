/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/cli_signals.h"

/* In a child, since signal masks are the process's. Returns its wait status. */
static int in_child(int (*body)(void))
{
	int status = -1;
	pid_t pid = fork();

	if (pid == 0)
		_exit(body());
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

static void wait_for(const struct cancel *cancel)
{
	while (!cancel_is_set(cancel))
		(void)usleep(1000);
}

static int first_signal(void)
{
	struct cancel cancel;
	struct cli_signals *signals;
	struct err err = {0};

	cancel_init(&cancel);
	if (cli_signals_start(&cancel, &signals, &err) < 0)
		return 9;
	(void)kill(getpid(), SIGTERM);
	wait_for(&cancel);
	cli_signals_stop(signals);
	return cancel_check(&cancel, &err) < 0 && err.signal == SIGTERM ? 42 : 1;
}

static int second_signal(void)
{
	struct cancel cancel;
	struct cli_signals *signals;
	struct err err = {0};

	cancel_init(&cancel);
	if (cli_signals_start(&cancel, &signals, &err) < 0)
		return 9;
	(void)kill(getpid(), SIGINT);
	wait_for(&cancel);
	(void)kill(getpid(), SIGINT);
	for (;;)
		(void)pause();
}

static void test_cli_signals__the_first_sets_the_flag(void **state)
{
	(void)state;
	int status = in_child(first_signal);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 42);
}

static void test_cli_signals__the_second_ends_the_process(void **state)
{
	(void)state;
	int status = in_child(second_signal);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGINT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cli_signals__the_first_sets_the_flag),
		cmocka_unit_test(test_cli_signals__the_second_ends_the_process),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
