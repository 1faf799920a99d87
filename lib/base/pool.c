/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Workers and one bounded ring of tasks, under one mutex. Tasks here are large (compress and
 * seal a chunk of a megabyte, fetch an object), so a single lock is far from being the
 * bottleneck, and its order is easy to reason about: tasks start in the order in which they
 * were submitted.
 *
 * `active` counts tasks that wait or run; pool_wait() returns when it is 0. A worker leaves
 * when the pool stops and the ring is empty, so pool_free() finishes what was queued.
 *
 * Every signal is blocked while threads are made, and they inherit the mask: signals reach
 * the main thread only, whose handlers set a struct cancel.
 */
#include "base/pool.h"

#include <assert.h>
#include <pthread.h>
#include <signal.h>

#include "base/mem.h"

struct task {
	pool_task_fn *fn;
	void *argument;
};

struct worker {
	struct pool *pool;
	unsigned number;
	pthread_t thread;
};

struct pool {
	struct mutex *mutex;
	struct condition *work;	   /* a task came, or the pool stops */
	struct condition *changed; /* a task was taken or is done */
	struct task *ring;
	size_t capacity, first, waiting, active;
	bool stopping;
	unsigned n_workers; /* that run */
	struct worker *workers;
};

/* Blocks until there is a task; false when the worker shall end. */
static bool take_task(struct pool *pool, struct task *ret_task)
{
	LOCKED(pool->mutex);

	while (pool->waiting == 0 && !pool->stopping)
		condition_wait(pool->work, pool->mutex);
	if (pool->waiting == 0)
		return false;
	*ret_task = pool->ring[pool->first];
	pool->first = (pool->first + 1) % pool->capacity;
	pool->waiting--;
	condition_signal_all(pool->changed);
	return true;
}

static void finish_task(struct pool *pool)
{
	LOCKED(pool->mutex);

	pool->active--;
	condition_signal_all(pool->changed);
}

static void *worker_run(void *argument)
{
	struct worker *worker = argument;
	struct task task;

	while (take_task(worker->pool, &task)) {
		task.fn(task.argument, worker->number);
		finish_task(worker->pool);
	}
	return NULL;
}

static int start_workers(struct pool *pool, unsigned n_threads, struct err *err)
{
	sigset_t all, before;
	int failed = 0;

	sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all,
			      &before); /* valid arguments: cannot fail */
	for (unsigned i = 0; i < n_threads && failed == 0; i++) {
		struct worker *worker = &pool->workers[i];

		worker->pool = pool;
		worker->number = i;
		failed = pthread_create(&worker->thread, NULL, worker_run, worker);
		if (failed == 0)
			pool->n_workers++;
	}
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (failed == 0)
		return 0;
	(void)err_set_errno(err, failed, "cannot start thread %u of %u",
			    pool->n_workers + 1, n_threads);
	err->code = ERR_IO;
	return -1;
}

int pool_new(unsigned n_threads, size_t queue_len, struct pool **ret_pool,
	     struct err *err)
{
	CLEANUP(pool_freep) struct pool *pool = mem_zalloc(sizeof(*pool));

	assert(n_threads > 0 && queue_len > 0);
	pool->mutex = mutex_new();
	pool->work = condition_new();
	pool->changed = condition_new();
	pool->ring = mem_calloc(queue_len, sizeof(*pool->ring));
	pool->capacity = queue_len;
	pool->workers = mem_calloc(n_threads, sizeof(*pool->workers));
	if (start_workers(pool, n_threads, err) < 0)
		return -1;
	*ret_pool = STEAL(pool);
	return 0;
}

void pool_submit(struct pool *pool, pool_task_fn *fn, void *task)
{
	LOCKED(pool->mutex);

	while (pool->waiting == pool->capacity)
		condition_wait(pool->changed, pool->mutex);
	size_t last = (pool->first + pool->waiting) % pool->capacity;
	pool->ring[last] = (struct task){.fn = fn, .argument = task};
	pool->waiting++;
	pool->active++;
	condition_signal_one(pool->work);
}

void pool_wait(struct pool *pool)
{
	LOCKED(pool->mutex);

	while (pool->active > 0)
		condition_wait(pool->changed, pool->mutex);
}

unsigned pool_size(const struct pool *pool)
{
	return pool->n_workers;
}

static void stop_workers(struct pool *pool)
{
	LOCKED(pool->mutex);

	pool->stopping = true;
	condition_signal_all(pool->work);
}

void pool_free(struct pool *pool)
{
	if (pool == NULL)
		return;
	stop_workers(pool);
	for (unsigned i = 0; i < pool->n_workers; i++)
		(void)pthread_join(pool->workers[i].thread, NULL); /* ours, joined once */
	condition_free(pool->changed);
	condition_free(pool->work);
	mutex_free(pool->mutex);
	mem_free(pool->workers);
	mem_free(pool->ring);
	mem_free(pool);
}

void pool_freep(struct pool **pool)
{
	pool_free(*pool);
}
