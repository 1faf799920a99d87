/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Events, mutexes, conditions. pthread calls on a valid object fail only by misuse, so a
 * failure aborts at once instead of going on without the lock.
 */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "base/mem.h"
#include "base/pool.h"

struct mutex {
	pthread_mutex_t native;
};

struct condition {
	pthread_cond_t native;
};

struct event {
	struct mutex *mutex;
	struct condition *condition;
	bool set;
};

static void must(int error_number)
{
	if (error_number != 0)
		abort();
}

struct mutex *mutex_new(void)
{
	struct mutex *mutex = mem_zalloc(sizeof(*mutex));
	pthread_mutexattr_t attributes;

	/* Locking twice, or unlocking another's mutex, aborts instead of hanging. */
	must(pthread_mutexattr_init(&attributes));
	must(pthread_mutexattr_settype(&attributes, PTHREAD_MUTEX_ERRORCHECK));
	must(pthread_mutex_init(&mutex->native, &attributes));
	must(pthread_mutexattr_destroy(&attributes));
	return mutex;
}

void mutex_free(struct mutex *mutex)
{
	if (mutex == NULL)
		return;
	must(pthread_mutex_destroy(&mutex->native));
	mem_free(mutex);
}

void mutex_freep(struct mutex **mutex)
{
	mutex_free(*mutex);
}

void mutex_lock(struct mutex *mutex)
{
	must(pthread_mutex_lock(&mutex->native));
}

void mutex_unlock(struct mutex *mutex)
{
	must(pthread_mutex_unlock(&mutex->native));
}

struct mutex *mutex_hold(struct mutex *mutex)
{
	mutex_lock(mutex);
	return mutex;
}

void mutex_unlockp(struct mutex **mutex)
{
	mutex_unlock(*mutex);
}

struct condition *condition_new(void)
{
	struct condition *condition = mem_zalloc(sizeof(*condition));
	pthread_condattr_t attributes;

	/* Deadlines must not move when somebody sets the wall clock. */
	must(pthread_condattr_init(&attributes));
	must(pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC));
	must(pthread_cond_init(&condition->native, &attributes));
	must(pthread_condattr_destroy(&attributes));
	return condition;
}

void condition_free(struct condition *condition)
{
	if (condition == NULL)
		return;
	must(pthread_cond_destroy(&condition->native));
	mem_free(condition);
}

void condition_freep(struct condition **condition)
{
	condition_free(*condition);
}

void condition_wait(struct condition *condition, struct mutex *mutex)
{
	must(pthread_cond_wait(&condition->native, &mutex->native));
}

bool condition_wait_for(struct condition *condition, struct mutex *mutex, unsigned msec)
{
	struct timespec until;
	int result;

	must(clock_gettime(CLOCK_MONOTONIC, &until));
	until.tv_sec += msec / 1000;
	until.tv_nsec += (long)(msec % 1000) * 1000000;
	if (until.tv_nsec >= 1000000000) {
		until.tv_sec++;
		until.tv_nsec -= 1000000000;
	}
	result = pthread_cond_timedwait(&condition->native, &mutex->native, &until);
	if (result == ETIMEDOUT)
		return false;
	must(result);
	return true;
}

void condition_signal_one(struct condition *condition)
{
	must(pthread_cond_signal(&condition->native));
}

void condition_signal_all(struct condition *condition)
{
	must(pthread_cond_broadcast(&condition->native));
}

struct event *event_new(void)
{
	struct event *event = mem_zalloc(sizeof(*event));

	event->mutex = mutex_new();
	event->condition = condition_new();
	return event;
}

void event_free(struct event *event)
{
	if (event == NULL)
		return;
	condition_free(event->condition);
	mutex_free(event->mutex);
	mem_free(event);
}

void event_freep(struct event **event)
{
	event_free(*event);
}

void event_set(struct event *event)
{
	LOCKED(event->mutex);

	event->set = true;
	condition_signal_all(event->condition);
}

void event_wait(struct event *event)
{
	LOCKED(event->mutex);

	while (!event->set)
		condition_wait(event->condition, event->mutex);
}
