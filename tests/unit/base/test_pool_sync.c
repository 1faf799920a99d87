/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/pool.h"

static void set_event(void *task, unsigned worker)
{
	(void)worker;
	event_set(task);
}

static void test_event_wait__returns_once_set(void **state)
{
	CLEANUP(event_freep) struct event *event = event_new();
	struct err err = {0};
	struct pool *pool = NULL;

	(void)state;
	assert_int_equal(pool_new(1, 1, &pool, &err), 0);
	pool_submit(pool, set_event, event);
	event_wait(event);
	event_wait(event); /* at once, also the second time */
	pool_free(pool);
}

struct counter {
	struct mutex *mutex;
	unsigned long n;
};

static void count_to_10000(void *task, unsigned worker)
{
	struct counter *counter = task;

	(void)worker;
	for (int i = 0; i < 10000; i++) {
		LOCKED(counter->mutex);
		counter->n++;
	}
}

static void test_locked__excludes_other_threads_and_unlocks(void **state)
{
	CLEANUP(mutex_freep) struct mutex *mutex = mutex_new();
	struct counter counter = {.mutex = mutex};
	struct err err = {0};
	struct pool *pool = NULL;

	(void)state;
	assert_int_equal(pool_new(2, 2, &pool, &err), 0);
	pool_submit(pool, count_to_10000, &counter);
	pool_submit(pool, count_to_10000, &counter);
	pool_free(pool);
	assert_int_equal(counter.n, 20000);
}

static void test_condition_wait_for__is_false_when_nobody_signals(void **state)
{
	CLEANUP(mutex_freep) struct mutex *mutex = mutex_new();
	CLEANUP(condition_freep) struct condition *condition = condition_new();

	(void)state;
	LOCKED(mutex);
	/* A spurious wake-up may return true; it cannot do so for ever. */
	while (condition_wait_for(condition, mutex, 1))
		;
	assert_false(condition_wait_for(condition, mutex, 0));
}

struct signalled {
	struct mutex *mutex;
	struct condition *condition;
	bool done;
};

static void signal_done(void *task, unsigned worker)
{
	struct signalled *signalled = task;

	(void)worker;
	LOCKED(signalled->mutex);
	signalled->done = true;
	condition_signal_all(signalled->condition);
}

static void test_condition_wait_for__is_true_when_signalled(void **state)
{
	CLEANUP(mutex_freep) struct mutex *mutex = mutex_new();
	CLEANUP(condition_freep) struct condition *condition = condition_new();
	struct signalled signalled = {.mutex = mutex, .condition = condition};
	struct err err = {0};
	struct pool *pool = NULL;
	bool woken = true;

	(void)state;
	assert_int_equal(pool_new(1, 1, &pool, &err), 0);
	mutex_lock(mutex);
	pool_submit(pool, signal_done, &signalled);
	while (!signalled.done && woken)
		woken = condition_wait_for(condition, mutex, 60000);
	mutex_unlock(mutex);
	pool_free(pool);
	assert_true(woken);
}

static void test_sync_free__takes_null(void **state)
{
	struct mutex *mutex = NULL;

	(void)state;
	mutex_freep(&mutex);
	condition_free(NULL);
	event_free(NULL);
	assert_null(mutex);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_event_wait__returns_once_set),
		cmocka_unit_test(test_locked__excludes_other_threads_and_unlocks),
		cmocka_unit_test(test_condition_wait_for__is_false_when_nobody_signals),
		cmocka_unit_test(test_condition_wait_for__is_true_when_signalled),
		cmocka_unit_test(test_sync_free__takes_null),
	};

	return cmocka_run_group_tests_name("base/pool_sync", tests, NULL, NULL);
}
