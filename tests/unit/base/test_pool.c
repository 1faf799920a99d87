/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>

#include "base/pool.h"

static struct pool *start_pool(unsigned n_threads, size_t queue_len)
{
	struct err err = {0};
	struct pool *pool = NULL;

	if (pool_new(n_threads, queue_len, &pool, &err) < 0)
		fail_msg("%s", err.msg);
	return pool;
}

static void count_up(void *task, unsigned worker)
{
	atomic_uint *counter = task;

	(void)worker;
	atomic_fetch_add(counter, 1);
}

static void test_pool_wait__all_tasks_have_run(void **state)
{
	CLEANUP(pool_freep) struct pool *pool = start_pool(3, 4);
	atomic_uint counter;

	(void)state;
	atomic_init(&counter, 0);
	for (int i = 0; i < 1000; i++)
		pool_submit(pool, count_up, &counter);
	pool_wait(pool);
	assert_int_equal(atomic_load(&counter), 1000);
}

static void test_pool_wait__returns_at_once_when_idle(void **state)
{
	CLEANUP(pool_freep) struct pool *pool = start_pool(2, 1);

	(void)state;
	pool_wait(pool);
	assert_int_equal(pool_size(pool), 2);
}

static void test_pool_free__runs_what_was_queued(void **state)
{
	struct pool *pool = start_pool(1, 100);
	atomic_uint counter;

	(void)state;
	atomic_init(&counter, 0);
	for (int i = 0; i < 100; i++)
		pool_submit(pool, count_up, &counter);
	pool_free(pool);
	assert_int_equal(atomic_load(&counter), 100);
}

static void test_pool_free__takes_null(void **state)
{
	struct pool *pool = NULL;

	(void)state;
	pool_free(pool);
	pool_freep(&pool);
	assert_null(pool);
}

enum { N_MEETING = 4 };

struct meeting {
	struct mutex *mutex;
	struct condition *changed;
	unsigned present;
	unsigned seen[N_MEETING];
};

/* Returns only when all workers are inside at the same time. */
static void meet(void *task, unsigned worker)
{
	struct meeting *meeting = task;

	LOCKED(meeting->mutex);
	meeting->seen[worker % N_MEETING]++;
	meeting->present++;
	condition_signal_all(meeting->changed);
	while (meeting->present < N_MEETING)
		condition_wait(meeting->changed, meeting->mutex);
}

static void test_pool_submit__workers_run_at_once_under_their_numbers(void **state)
{
	CLEANUP(mutex_freep) struct mutex *mutex = mutex_new();
	CLEANUP(condition_freep) struct condition *changed = condition_new();
	CLEANUP(pool_freep) struct pool *pool = start_pool(N_MEETING, N_MEETING);
	struct meeting meeting = {.mutex = mutex, .changed = changed};

	(void)state;
	for (int i = 0; i < N_MEETING; i++)
		pool_submit(pool, meet, &meeting);
	pool_wait(pool);
	for (int i = 0; i < N_MEETING; i++)
		assert_int_equal(meeting.seen[i], 1);
}

static void tell_mask(void *task, unsigned worker)
{
	(void)worker;
	(void)pthread_sigmask(SIG_SETMASK, NULL, task);
}

static void test_pool_new__blocks_signals_in_workers_only(void **state)
{
	CLEANUP(pool_freep) struct pool *pool = start_pool(1, 1);
	sigset_t in_worker, here;

	(void)state;
	sigemptyset(&in_worker);
	pool_submit(pool, tell_mask, &in_worker);
	pool_wait(pool);
	assert_int_equal(sigismember(&in_worker, SIGINT), 1);
	assert_int_equal(sigismember(&in_worker, SIGTERM), 1);
	assert_int_equal(pthread_sigmask(SIG_SETMASK, NULL, &here), 0);
	assert_int_equal(sigismember(&here, SIGINT), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pool_wait__all_tasks_have_run),
		cmocka_unit_test(test_pool_wait__returns_at_once_when_idle),
		cmocka_unit_test(test_pool_free__runs_what_was_queued),
		cmocka_unit_test(test_pool_free__takes_null),
		cmocka_unit_test(
			test_pool_submit__workers_run_at_once_under_their_numbers),
		cmocka_unit_test(test_pool_new__blocks_signals_in_workers_only),
	};

	return cmocka_run_group_tests_name("base/pool", tests, NULL, NULL);
}
