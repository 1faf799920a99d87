/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/cli_signals.h"

#include <signal.h>
#include <stdatomic.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/pool.h"

enum { POLL_MSEC = 100 };

struct cli_signals {
	struct cancel *cancel, *second_cancel;
	struct pool *pool;
	atomic_bool stop;
	sigset_t watched;
};

/* nohup and the like start a program with SIGHUP ignored; blocking it would undo that. */
static void choose_watched(sigset_t *set)
{
	struct sigaction hangup;

	(void)sigemptyset(set);
	(void)sigaddset(set, SIGINT);
	(void)sigaddset(set, SIGTERM);
	if (sigaction(SIGHUP, NULL, &hangup) == 0 && hangup.sa_handler != SIG_IGN)
		(void)sigaddset(set, SIGHUP);
}

/* The default action of a signal that is blocked everywhere else. */
static void die_of(int signal_number)
{
	sigset_t set;

	(void)signal(signal_number, SIG_DFL);
	(void)sigemptyset(&set);
	(void)sigaddset(&set, signal_number);
	(void)pthread_sigmask(SIG_UNBLOCK, &set, NULL);
	(void)raise(signal_number);
}

static void watch(void *task, unsigned worker)
{
	struct cli_signals *signals = task;
	const struct timespec wait = {.tv_nsec = POLL_MSEC * 1000000L};
	const struct timespec grace = {.tv_nsec = CLI_GRACE_MSEC * 1000000L};

	(void)worker;
	while (!atomic_load(&signals->stop)) {
		int signal_number = sigtimedwait(&signals->watched, NULL, &wait);

		if (signal_number <= 0)
			continue;
		bool is_second = cancel_is_set(signals->cancel);
		if (is_second && signal_number == SIGHUP)
			continue; /* terminal and shell both send it: nobody insists */
		cancel_set(is_second ? signals->second_cancel : signals->cancel,
			   signal_number);
		(void)nanosleep(&grace, NULL); /* no signal cuts it: all are blocked */
		if (is_second && !atomic_load(&signals->stop))
			die_of(signal_number);
	}
}

int cli_signals_start(struct cancel *cancel, struct cancel *second_cancel,
		      struct cli_signals **ret_signals, struct err *err)
{
	struct cli_signals *signals = mem_zalloc(sizeof(*signals));

	signals->cancel = cancel;
	signals->second_cancel = second_cancel;
	choose_watched(&signals->watched);
	(void)signal(SIGPIPE, SIG_IGN);
	(void)pthread_sigmask(SIG_BLOCK, &signals->watched, NULL);
	if (pool_new(1, 1, &signals->pool, err) < 0) {
		mem_free(signals);
		return -1;
	}
	pool_submit(signals->pool, watch, signals);
	*ret_signals = signals;
	return 0;
}

void cli_signals_stop(struct cli_signals *signals)
{
	if (signals == NULL)
		return;
	atomic_store(&signals->stop, true);
	pool_free(signals->pool);
	mem_free(signals);
}
