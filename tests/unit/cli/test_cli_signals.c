/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <signal.h>
#include <sys/mman.h>
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
	struct cancel cancel, second;
	struct cli_signals *signals;
	struct err err = {0};

	cancel_init(&cancel);
	cancel_init(&second);
	if (cli_signals_start(&cancel, &second, &signals, &err) < 0)
		return 9;
	(void)kill(getpid(), SIGTERM);
	wait_for(&cancel);
	cli_signals_stop(signals);
	if (cancel_is_set(&second))
		return 2;
	return cancel_check(&cancel, &err) < 0 && err.signal == SIGTERM ? 42 : 1;
}

/* What the child of second_signal() was told before it died. */
static struct cancel *told;

static int second_signal(void)
{
	struct cancel cancel;
	struct cli_signals *signals;
	struct err err = {0};

	cancel_init(&cancel);
	cancel_init(told);
	if (cli_signals_start(&cancel, told, &signals, &err) < 0)
		return 9;
	(void)kill(getpid(), SIGINT);
	wait_for(&cancel);
	(void)kill(getpid(), SIGINT);
	for (;;)
		(void)pause();
}

/* A terminal that closes: both its driver and the shell send SIGHUP. */
static int hung_up(void)
{
	struct cancel cancel, second;
	struct cli_signals *signals;
	struct err err = {0};

	cancel_init(&cancel);
	cancel_init(&second);
	if (cli_signals_start(&cancel, &second, &signals, &err) < 0)
		return 9;
	(void)kill(getpid(), SIGHUP);
	wait_for(&cancel);
	(void)kill(getpid(), SIGHUP);
	(void)usleep(2 * CLI_GRACE_MSEC * 1000);
	cli_signals_stop(signals);
	if (cancel_is_set(&second))
		return 2;
	return cancel_check(&cancel, &err) < 0 && err.signal == SIGHUP ? 42 : 1;
}

static int hung_up_under_nohup(void)
{
	struct cancel cancel, second;
	struct cli_signals *signals;
	struct err err = {0};

	cancel_init(&cancel);
	cancel_init(&second);
	(void)signal(SIGHUP, SIG_IGN);
	if (cli_signals_start(&cancel, &second, &signals, &err) < 0)
		return 9;
	(void)kill(getpid(), SIGHUP);
	(void)kill(getpid(), SIGTERM);
	wait_for(&cancel);
	cli_signals_stop(signals);
	if (cancel_is_set(&second))
		return 2;
	return cancel_check(&cancel, &err) < 0 && err.signal == SIGTERM ? 42 : 1;
}

static void test_cli_signals__a_hangup_is_one_signal(void **state)
{
	(void)state;
	int status = in_child(hung_up);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 42);
}

static void test_cli_signals__ignored_hangups_stay_so(void **state)
{
	(void)state;
	int status = in_child(hung_up_under_nohup);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 42);
}

static void test_cli_signals__the_first_sets_the_flag(void **state)
{
	(void)state;
	int status = in_child(first_signal);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 42);
}

static void test_cli_signals__the_second_is_told_and_ends_the_process(void **state)
{
	(void)state;
	told = mmap(NULL, sizeof(*told), PROT_READ | PROT_WRITE,
		    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	assert_true(told != MAP_FAILED);
	int status = in_child(second_signal);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGINT);
	assert_true(cancel_is_set(told));
	assert_int_equal(munmap(told, sizeof(*told)), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cli_signals__the_first_sets_the_flag),
		cmocka_unit_test(test_cli_signals__a_hangup_is_one_signal),
		cmocka_unit_test(test_cli_signals__ignored_hangups_stay_so),
		cmocka_unit_test(
			test_cli_signals__the_second_is_told_and_ends_the_process),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
